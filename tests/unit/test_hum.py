"""Mains hum: what is one, at which frequency, since when; and what is none."""

from collections.abc import Callable

import numpy as np
import pytest

from bench.hearing_sounds import instruments, surroundings
from local import sounds
from local.people.sound import RATE
from moderation.audio.hum import NO_HUM, Hum, MainsHum
from moderation.audio.kweighting import BLOCK_SAMPLES

BLOCK_SECONDS = BLOCK_SAMPLES / RATE


def last(signal: sounds.Signal, hum: Hum | None = None, *, speech: bool = False) -> MainsHum:
    hum, found = hum or Hum(), NO_HUM
    for block in signal[: len(signal) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES):
        found = hum.update(block.astype(np.float32), speech=speech)
    return found


@pytest.mark.parametrize("mains", [50.0, 60.0])
@pytest.mark.parametrize("off", [-0.01, 0.0, 0.01])
def test_the_mains_are_found_though_they_drift(mains: float, off: float) -> None:
    made = sounds.at_rms(surroundings.mains(6.0, mains * (1.0 + off), 0.0, 1.0, 0.5, 0.3), -40.0)
    found = last(made)
    assert found.hz == pytest.approx(mains * (1.0 + off), abs=0.3)
    assert found.dbfs == pytest.approx(-40.0, abs=1.0)
    assert found.seconds == 6.0


@pytest.mark.parametrize(
    "make",
    [
        lambda r: sounds.white_noise(-40.0, 5.0, RATE, r),
        lambda _: instruments.held(instruments.SINE, 70.0, 5.0),
        lambda _: instruments.held(instruments.VIOLIN, 196.0, 5.0),
        lambda _: instruments.held(instruments.ORGAN, 440.0, 5.0),
        lambda _: np.zeros(5 * RATE),
    ],
    ids=["noise", "70 Hz", "violin", "organ", "silence"],
)
def test_what_is_none(make: Callable[[np.random.Generator], sounds.Signal]) -> None:
    assert last(make(np.random.default_rng(1))) == NO_HUM


def test_speech_over_it_is_waited_for_and_a_gap_forgets_it() -> None:
    made = sounds.at_rms(surroundings.mains(3.0, 50.0, 0.0, 1.0, 0.5), -40.0)
    hum = Hum()
    assert last(made, hum).seconds == 3.0
    assert last(made, hum, speech=True).seconds == 3.0
    assert last(made, hum).seconds == 6.0
    hum.reset()
    assert last(made[: RATE // 2], hum) == NO_HUM


def test_hum_far_below_all_other_sound_is_none() -> None:
    made = sounds.at_rms(surroundings.mains(3.0, 50.0, 0.0, 1.0), -40.0)
    other = sounds.at_rms(instruments.held(instruments.SINE, 1000.0, 3.0), -30.0)
    assert last(made + other) == NO_HUM
