"""Loudness over time: the cases of EBU Tech 3341 and 3342 that can be made from tones, and the peers.

The cases for surround, for authentic programmes and for true peak need more than two channels, recordings, or a meter
of another kind.
"""

import numpy as np
import pyebur128  # type: ignore[import-untyped]
import pyloudnorm  # type: ignore[import-untyped]
import pytest

from bench import ebu
from local import sounds
from moderation.audio.decibels import weighted_mean_square
from moderation.audio.kweighting import SAMPLE_RATE
from moderation.audio.loudness import SLICES_PER_STEP, GatedLoudness, IntegratedLoudness, SlidingLoudness
from moderation.audio.measurement import Measurement
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter

steps = ebu.steps


def measured(signal: sounds.Signal) -> tuple[GatedLoudness, list[Measurement]]:
    whole = GatedLoudness()
    meter = TrackMeter(whole)
    found = [meter.push(b, (i + 1) * BLOCK_SECONDS) for i, b in enumerate(sounds.as_blocks(signal))]
    return whole, [m for m in found if m is not None]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ebu.cases()])
def test_the_cases_of_tech_3341_and_3342(case: ebu.EbuCase) -> None:
    off = case.off(ebu.heard(case.sound))
    assert off
    assert max(map(abs, off)) <= case.tolerance


@pytest.mark.parametrize("lead", [0.005, 0.085, 0.1337])
def test_a_burst_is_caught_in_full_wherever_it_falls(lead: float) -> None:
    """Between two looks of 10 ms, that is; with looks of 100 ms only it would read up to 0.6 LU too low."""
    burst = np.concatenate([np.zeros(round(lead * SAMPLE_RATE)), steps((-23, 0.4)), np.zeros(SAMPLE_RATE)])
    _, found = measured(burst)
    assert max(m.loudest_momentary_lufs for m in found) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(("make", "seed"), [(sounds.speech, 1), (sounds.music, 2), (sounds.shout, 3)])
def test_the_peers_say_the_same_of_the_same_sound_in_two_channels(make: sounds.Maker, seed: int) -> None:
    sound = make(-20.0, 12.0, 48_000, np.random.default_rng(seed))
    other = make(-26.0, 12.0, 48_000, np.random.default_rng(seed + 10))
    both = np.stack([sound, other - 0.5 * sound], axis=1)
    ours, found = measured(both)
    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(2, 48_000, mode.MODE_I | mode.MODE_S | mode.MODE_LRA)
    state.add_frames(both.ravel(), len(both))
    assert ours.integrated_lufs == pytest.approx(pyebur128.get_loudness_global(state), abs=0.1)
    assert ours.integrated_lufs == pytest.approx(pyloudnorm.Meter(48_000).integrated_loudness(both), abs=0.1)
    assert found[-1].short_term_lufs == pytest.approx(pyebur128.get_loudness_shortterm(state), abs=0.1)
    assert ours.range_lu == pytest.approx(pyebur128.get_loudness_range(state), abs=1.0)


def test_nothing_above_the_absolute_gate_is_no_loudness() -> None:
    whole, _ = measured(steps((-75, 5)))
    assert whole.integrated_lufs is None
    assert whole.range_lu is None


@pytest.mark.parametrize(
    ("seconds", "integrated", "ranged"),
    [(0.2, False, False), (0.4, True, False), (2.8, True, False), (3.0, True, True)],
)
def test_only_windows_that_were_received_to_their_end_are_gathered(
    seconds: float, integrated: bool, ranged: bool
) -> None:
    whole, _ = measured(steps((-20, seconds)))
    assert (whole.integrated_lufs is not None, whole.range_lu is not None) == (integrated, ranged)


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


def test_a_block_at_the_absolute_gate_counts_and_one_below_it_does_not() -> None:
    """Tech 3341 and BS.1770 leave out blocks below -70 LUFS."""
    loudness = IntegratedLoudness()
    loudness.add_momentary(weighted_mean_square(-70.0))
    assert loudness.integrated_lufs == pytest.approx(-70.0, abs=0.001)
    silent = IntegratedLoudness()
    silent.add_momentary(weighted_mean_square(-70.1))
    assert silent.integrated_lufs is None


def test_the_sliding_windows_end_with_each_step_and_each_step_is_told_alone() -> None:
    sliding = SlidingLoudness()
    sliding.add(np.repeat(np.float32([7.0]), 30 * SLICES_PER_STEP))
    told = sliding.add(np.repeat(np.float32([1.0, 2.0, 4.0]), SLICES_PER_STEP))
    assert told.steps == pytest.approx([1.0, 2.0, 4.0])
    assert told.momentary == pytest.approx([(21 + 1) / 4, (14 + 1 + 2) / 4, (7 + 1 + 2 + 4) / 4])
    assert told.short_term == pytest.approx([(203 + 1) / 30, (196 + 3) / 30, (189 + 7) / 30])
    assert told.loudest_momentary == pytest.approx((70 * 4 - 6) / 40)
    assert told.loudest_short_term == pytest.approx((70 * 30 - 6) / 300)
