"""What the worker measures of two channels in a real room is what FFmpeg says of what a listener there gets."""

import pytest

from bench.hearing_room import BAR_LU, all_sounds, differences
from local.chromium import NoChromiumError, find_chromium
from local.people.browser_speakers import browser_speakers
from local.stack import Stack

SOUNDS = {"speech", "left_only", "antiphase", "uneven_antiphase", "tone_50_hz", "tone_14000_hz"}
"""The others are measured by `bench.hearing`."""


@pytest.mark.skipif(find_chromium() is None, reason=str(NoChromiumError()))
async def test_no_channel_and_no_octave_escapes_the_worker(stack: Stack) -> None:
    every = [sound for sound in all_sounds() if sound.name in SOUNDS]
    async with browser_speakers(stack.env) as speakers:
        found = await differences(stack.env, speakers, every)
    assert found.keys() == SOUNDS
    assert {name: d for name, d in found.items() if d.largest > BAR_LU} == {}
