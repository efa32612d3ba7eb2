"""Loudness over time: the cases of EBU Tech 3341 and 3342 that exist in mono, and the peers.

The cases give a sine's peak level for two channels; one channel of weight 1 reads 3.01 LU less. The cases for
surround, for authentic programmes and for true peak have no mono form.
"""

import numpy as np
import pyebur128  # type: ignore[import-untyped]
import pyloudnorm  # type: ignore[import-untyped]
import pytest

from local import sounds
from moderation.audio.kweighting import SAMPLE_RATE
from moderation.audio.measurement import Measurement
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter

ONE_CHANNEL = 3.01


def steps(*levels_and_seconds: tuple[float, float], hz: float = 1000.0) -> sounds.Signal:
    return np.concatenate(
        [sounds.tone(hz, level, seconds, SAMPLE_RATE) for level, seconds in levels_and_seconds]
    )


def measured(signal: sounds.Signal) -> tuple[TrackMeter, list[Measurement]]:
    meter = TrackMeter()
    found = [meter.push(b, (i + 1) * BLOCK_SECONDS) for i, b in enumerate(sounds.as_blocks(signal))]
    return meter, [m for m in found if m is not None]


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        pytest.param(steps((-23, 20)), -23.0, id="3341-1"),
        pytest.param(steps((-33, 20)), -33.0, id="3341-2"),
        pytest.param(steps((-36, 10), (-23, 60), (-36, 10)), -23.0, id="3341-3"),
        pytest.param(steps((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0, id="3341-4"),
        pytest.param(steps((-26, 20), (-20, 20.2), (-26, 20)), -23.0, id="3341-5"),
    ],
)
def test_integrated_loudness_of_tech_3341(signal: sounds.Signal, expected: float) -> None:
    meter, _ = measured(signal)
    assert meter.loudness.integrated_lufs == pytest.approx(expected - ONE_CHANNEL, abs=0.1)


def test_short_term_loudness_of_tech_3341_case_9() -> None:
    _, found = measured(steps(*[(-20, 1.34), (-30, 1.66)] * 5))
    for m in found[15:]:
        assert m.short_term_lufs == pytest.approx(-23.0 - ONE_CHANNEL, abs=0.1)


@pytest.mark.parametrize("lead", [0.0, 0.05, 0.25, 1.15, 2.85])
def test_highest_short_term_loudness_of_tech_3341_cases_10_and_11(lead: float) -> None:
    """A burst of 3 s is caught in full only where a window ends with it; ours come every 200 ms."""
    signal = np.concatenate([np.zeros(int(lead * SAMPLE_RATE)), steps((-23, 3)), np.zeros(SAMPLE_RATE)])
    meter, _ = measured(signal)
    caught = 10.0 * np.log10(1.0 - (lead % BLOCK_SECONDS) / 3.0)
    assert meter.loudness.max_short_term_lufs == pytest.approx(-23.0 - ONE_CHANNEL + caught, abs=0.2)


def test_momentary_loudness_of_tech_3341_case_12() -> None:
    _, found = measured(steps(*[(-20, 0.18), (-30, 0.22)] * 25))
    for m in found[2:]:
        assert m.momentary_lufs == pytest.approx(-23.0 - ONE_CHANNEL, abs=0.1)


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        pytest.param(steps((-20, 20), (-30, 20)), 10.0, id="3342-1"),
        pytest.param(steps((-20, 20), (-15, 20)), 5.0, id="3342-2"),
        pytest.param(steps((-40, 20), (-20, 20)), 20.0, id="3342-3"),
        pytest.param(steps((-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)), 15.0, id="3342-4"),
    ],
)
def test_loudness_range_of_tech_3342(signal: sounds.Signal, expected: float) -> None:
    meter, _ = measured(signal)
    assert meter.loudness.range_lu == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize(("make", "seed"), [(sounds.speech, 1), (sounds.music, 2), (sounds.shout, 3)])
def test_the_peers_say_the_same_of_the_same_sound_at_48_khz(make: sounds.Maker, seed: int) -> None:
    sound = make(-20.0, 12.0, 48_000, np.random.default_rng(seed))
    meter, found = measured(sounds.to_rate(sound, 48_000, SAMPLE_RATE))
    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(1, 48_000, mode.MODE_I | mode.MODE_S | mode.MODE_LRA)
    state.add_frames(np.ascontiguousarray(sound), len(sound))
    ours = meter.loudness
    assert ours.integrated_lufs == pytest.approx(pyebur128.get_loudness_global(state), abs=0.1)
    assert ours.integrated_lufs == pytest.approx(pyloudnorm.Meter(48_000).integrated_loudness(sound), abs=0.1)
    assert found[-1].short_term_lufs == pytest.approx(pyebur128.get_loudness_shortterm(state), abs=0.1)
    assert ours.range_lu == pytest.approx(pyebur128.get_loudness_range(state), abs=1.0)


def test_nothing_above_the_absolute_gate_is_no_loudness() -> None:
    meter, _ = measured(steps((-75, 5)))
    assert meter.loudness.integrated_lufs is None
    assert meter.loudness.range_lu is None


def test_loss_only_lowers_the_sliding_loudness() -> None:
    rng = np.random.default_rng(4)
    blocks = sounds.as_blocks(sounds.speech(-20.0, 20.0, SAMPLE_RATE, rng))
    whole, lossy = TrackMeter(), TrackMeter()
    for i, block in enumerate(blocks):
        at = (i + 1) * BLOCK_SECONDS
        complete = whole.push(block, at)
        if rng.random() < 0.3 and i:
            continue
        found = lossy.push(block, at)
        assert found is not None
        assert complete is not None
        assert found.short_term_lufs <= complete.short_term_lufs + 0.1
