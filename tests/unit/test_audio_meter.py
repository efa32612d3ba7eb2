"""One block at a time: levels against the arithmetic, the filter against scipy, gaps, clipping, refusals."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import lfilter  # type: ignore[import-untyped]

from local import sounds
from moderation.audio.kweighting import BLOCK_SAMPLES, HIGH_PASS, HIGH_SHELF, SAMPLE_RATE, KWeighting
from moderation.audio.loudness import GatedLoudness
from moderation.audio.measurement import Gap, Measurement
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter

RATE = SAMPLE_RATE


def measure(signal: sounds.Signal, meter: TrackMeter | None = None, start: float = 0.0) -> list[Measurement]:
    meter = meter or TrackMeter()
    found = [
        meter.push(block, start + (i + 1) * BLOCK_SECONDS) for i, block in enumerate(sounds.as_blocks(signal))
    ]
    assert None not in found
    return [m for m in found if m is not None]


@pytest.mark.parametrize("peak_dbfs", [0.0, -1.0, -6.0, -20.0, -40.0, -50.0])
def test_a_sine_reads_three_decibels_below_its_peak(peak_dbfs: float) -> None:
    last = measure(sounds.tone(1000, peak_dbfs, 1.0, RATE))[-1]
    assert last.peak_dbfs == pytest.approx(peak_dbfs, abs=0.05)
    assert last.rms_dbfs == pytest.approx(peak_dbfs - 3.01, abs=0.05)


def test_the_momentary_level_is_of_two_blocks_and_of_none_from_before_a_gap() -> None:
    meter = TrackMeter()
    loud, soft = (sounds.tone(1000, peak, BLOCK_SECONDS, RATE) for peak in (-6.0, -40.0))
    first, both, quiet = measure(np.concatenate([loud, soft, soft]), meter)
    assert first.momentary_dbfs == pytest.approx(first.rms_dbfs)
    assert both.momentary_dbfs == pytest.approx(first.rms_dbfs - 3.01, abs=0.01)
    assert quiet.momentary_dbfs == pytest.approx(quiet.rms_dbfs, abs=0.01)
    measure(loud, meter, start=3 * BLOCK_SECONDS)
    assert measure(soft, meter, start=14.0)[0].momentary_dbfs == pytest.approx(quiet.rms_dbfs, abs=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_rms_and_peak_are_the_arithmetic(seed: int) -> None:
    rng = np.random.default_rng(seed)
    block = (
        (rng.laplace(0.0, 10.0 ** rng.uniform(0.5, 3.5), BLOCK_SAMPLES)).clip(-32768, 32767).astype(np.int16)
    )
    found = TrackMeter().push(block, 0.2)
    assert found is not None
    exact = block.astype(np.float64) / 32768.0
    assert found.rms_dbfs == pytest.approx(10.0 * math.log10(np.mean(exact**2)), abs=0.01)
    assert found.peak_dbfs == pytest.approx(20.0 * math.log10(np.abs(exact).max()), abs=0.01)


def test_the_most_negative_sample_is_full_scale() -> None:
    found = TrackMeter().push(np.full(BLOCK_SAMPLES, -32768, np.int16), 0.2)
    assert found is not None
    assert found.peak_dbfs == 0.0
    assert found.rms_dbfs == pytest.approx(0.0, abs=1e-9)


def test_silence_is_finite_and_nothing() -> None:
    last = measure(np.zeros(RATE * 4))[-1]
    assert (last.rms_dbfs, last.peak_dbfs, last.momentary_lufs, last.short_term_lufs) == (-120.0,) * 4
    assert not last.active
    assert last.coverage == 1.0


def test_a_full_scale_sine_at_997_hz_reads_minus_three_lufs_in_one_channel_and_nought_in_two() -> None:
    """ITU-R BS.1770-4, annex 1."""
    sine = sounds.tone(997, 0.0, 4.0, RATE)
    left_only = np.stack([sine, np.zeros_like(sine)], axis=1)
    assert measure(left_only)[-1].short_term_lufs == pytest.approx(-3.01, abs=0.02)
    assert measure(np.stack([sine, sine], axis=1))[-1].short_term_lufs == pytest.approx(0.0, abs=0.02)
    assert measure(sine)[-1].short_term_lufs == pytest.approx(0.0, abs=0.02), "it comes out of both speakers"


def test_the_loudness_of_a_block_is_that_of_the_window_at_its_end() -> None:
    tone = sounds.tone(997, -6.0, 1.0, RATE)
    for m in measure(tone):
        assert m.short_term_lufs == m.loudest_short_term_lufs, "it rises to the end"


@pytest.mark.parametrize(
    ("right", "correlation"),
    [
        pytest.param(lambda left, _: left, 1.0, id="the same"),
        pytest.param(lambda left, _: -left, -1.0, id="antiphase"),
        pytest.param(lambda left, _: -0.5 * left, -1.0, id="uneven antiphase"),
        pytest.param(lambda left, _: 0.0 * left, 0.0, id="left only"),
        pytest.param(lambda _, other: other, 0.0, id="unrelated"),
        pytest.param(lambda left, other: 0.6 * left + 0.8 * other, 0.6, id="half related"),
    ],
)
def test_no_relation_of_the_channels_hides_a_sound(
    right: Callable[[sounds.Signal, sounds.Signal], sounds.Signal], correlation: float
) -> None:
    rng = np.random.default_rng(4)
    left, other = (sounds.speech(-20.0, 6.0, RATE, rng) for _ in range(2))
    both = np.stack([left, right(left, other)], axis=1)
    for signal in (both, both[:, ::-1]):
        found, alone = measure(signal), measure(left)
        for m, one in zip(found, alone, strict=True):
            assert m.rms_dbfs >= one.rms_dbfs - 0.01
            assert m.peak_dbfs >= one.peak_dbfs - 0.01
            assert m.short_term_lufs >= one.short_term_lufs - 3.02
        loud = [m.correlation for m in found if m.rms_dbfs > -40.0]
        assert np.mean(loud) == pytest.approx(correlation, abs=0.1)


def test_what_one_channel_does_alone_is_seen() -> None:
    rng = np.random.default_rng(14)
    calm = 0.001 * rng.standard_normal(BLOCK_SAMPLES * 5)
    for loud in (0, 1):
        both = np.stack([calm, calm], axis=1)
        both[:, loud] += sounds.tone(440, 3.0, 1.0, RATE)
        last = measure(both)[-1]
        assert last.rms_dbfs > -3.0


def test_the_second_channel_may_come_and_go() -> None:
    """One stands for both only where both have been the same for long enough."""
    rng = np.random.default_rng(15)
    left, right = (sounds.speech(-20.0, 4.0, RATE, rng, pauses=0.0) for _ in range(2))
    right[: len(left) // 4] = left[: len(left) // 4]
    right[len(left) // 2 :] = left[len(left) // 2 :]
    blocks = np.stack([left, right], axis=1)
    weighting, expected = [], np.zeros(len(left))
    for channel in (left, right):
        filtered = channel
        for f in (HIGH_SHELF, HIGH_PASS):
            filtered = lfilter([f.b0, f.b1, f.b2], [1.0, f.a1, f.a2], filtered)
        expected += np.square(filtered)
    for i, m in enumerate(measure(blocks)):
        last_400_ms = expected[max(0, (i - 1) * BLOCK_SAMPLES) : (i + 1) * BLOCK_SAMPLES]
        weighting.append(m.momentary_lufs + 0.691 - 10.0 * np.log10(last_400_ms.sum() / (2 * BLOCK_SAMPLES)))
    assert np.abs(weighting).max() < 0.01


def test_one_channel_is_two_alike_in_every_figure() -> None:
    signal = sounds.speech(-20.0, 6.0, RATE, np.random.default_rng(16))
    assert measure(signal) == measure(np.stack([signal, signal], axis=1)) == measure(signal[:, None])


NOISE = np.random.default_rng(1).standard_normal(20 * BLOCK_SAMPLES)
RUMBLE = np.sin(2 * np.pi * 12.0 / RATE * np.arange(20 * BLOCK_SAMPLES))


@pytest.mark.parametrize(
    "signal",
    [0.1 * NOISE, 0.9 + 1e-5 * NOISE, 0.9 * RUMBLE, 1e-5 * NOISE],
    ids=["noise", "a whisper on direct current", "rumble", "a whisper"],
)
def test_filtering_by_blocks_is_filtering_sample_by_sample(signal: sounds.Signal) -> None:
    expected = signal
    for f in (HIGH_SHELF, HIGH_PASS):
        expected = lfilter([f.b0, f.b1, f.b2], [1.0, f.a1, f.a2], expected)
    for channels in ([expected], [expected, -0.5 * expected]):
        weighting, signs = KWeighting(), np.array([[1.0], [-0.5]])[: len(channels)]
        blocks = [np.asarray(signs * b, np.float32) for b in signal.reshape(-1, BLOCK_SAMPLES)]
        found = np.concatenate([weighting.apply(block).copy() for block in blocks], axis=1)
        error, loudest = np.sqrt(np.mean(np.square(found - np.stack(channels)))), np.abs(signal).max()
        assert 20.0 * np.log10(error / loudest) < -135.0, "single precision, whatever the signal"


def test_silence_does_not_decay_into_subnormal_numbers() -> None:
    weighting = KWeighting()
    weighting.apply(np.random.default_rng(1).standard_normal((2, BLOCK_SAMPLES)).astype(np.float32))
    for _ in range(100):
        output = weighting.apply(np.zeros((2, BLOCK_SAMPLES), np.float32))
    assert not output.any()


def test_a_gap_is_told_with_its_reason_and_is_not_silence() -> None:
    whole = GatedLoudness()
    meter = TrackMeter(whole)
    measure(sounds.tone(997, -20.0, 4.0, RATE), meter)
    meter.pause(Gap.MUTED)
    after = measure(sounds.tone(997, -20.0, 1.0, RATE), meter, start=14.0)
    assert after[0].gap is Gap.MUTED
    assert after[0].gap_seconds == pytest.approx(10.0)
    assert after[0].coverage == pytest.approx(0.2 / 3.0)
    assert after[1].gap is None
    assert whole.integrated_lufs == pytest.approx(-20.0, abs=0.1)


def test_frames_that_are_missing_without_a_word_are_lost() -> None:
    meter = TrackMeter()
    measure(sounds.tone(997, -20.0, 4.0, RATE), meter)
    after = measure(sounds.tone(997, -20.0, 0.2, RATE), meter, start=4.4)[0]
    assert (after.gap, round(after.gap_seconds, 6)) == (Gap.LOST, 0.4)
    assert after.coverage == pytest.approx(2.6 / 3.0)
    assert after.short_term_low_lufs <= after.short_term_lufs < -20.0


def test_the_wavering_of_arrival_times_is_no_gap() -> None:
    meter = TrackMeter()
    rng = np.random.default_rng(3)
    for i, block in enumerate(sounds.as_blocks(sounds.tone(997, -20.0, 20.0, RATE))):
        found = meter.push(block, (i + 1) * BLOCK_SECONDS + rng.uniform(0.0, 0.1))
        assert found is not None
        assert found.gap is None


def test_a_block_twice_or_out_of_order_is_left_out() -> None:
    meter = TrackMeter()
    blocks = sounds.as_blocks(sounds.tone(997, -20.0, 1.0, RATE))
    assert meter.push(blocks[0], 0.2) is not None
    assert meter.push(blocks[1], 0.4) is not None
    assert meter.push(blocks[1], 0.4) is None
    assert meter.push(blocks[0], 0.2) is None
    assert meter.push(blocks[2], 0.6) is not None


@pytest.mark.parametrize(
    "block",
    [np.zeros(4800, np.int16), np.zeros(BLOCK_SAMPLES, np.float32), np.zeros((2, BLOCK_SAMPLES), np.int16)],
)
def test_anything_but_a_block_is_refused(block: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected int16 of shape"):
        TrackMeter().push(block, 0.2)


def test_speech_begins_holds_and_ends() -> None:
    rng = np.random.default_rng(5)
    quiet = sounds.white_noise(-70.0, 3.0, RATE, rng)
    talk = sounds.speech(-25.0, 4.0, RATE, rng, pauses=0.0)
    found = measure(np.concatenate([quiet, talk, quiet]))
    assert not any(m.talk_seconds for m in found[:15])
    assert all(m.active for m in found[17:34])
    assert not any(m.talk_seconds for m in found[38:])
    assert sum(m.talk_seconds for m in found) == pytest.approx(4.2, abs=0.4)


@pytest.mark.parametrize("block", [20, 21])
def test_where_one_frame_is_speech_no_noise_is_judged(block: int) -> None:
    """Speech begins with its third frame: here the last one of the block. Spectra are compared in every other block."""
    signal = sounds.white_noise(-30.0, 4.4, RATE, np.random.default_rng(6))
    end = (block + 1) * RATE // 5
    voice = np.sin(2 * np.pi * 440 * np.arange(RATE * 3 // 50) / RATE)
    signal[end - len(voice) : end] += 0.5 * voice
    before, now = measure(signal[:end])[-2:]
    assert now.talk_seconds == pytest.approx(0.02)
    assert (now.steady_seconds, now.noisiness) == (before.steady_seconds, before.noisiness)
    assert now.steady_seconds > 1.0


def test_a_click_is_no_speech() -> None:
    signal = sounds.white_noise(-70.0, 6.0, RATE, np.random.default_rng(6))
    signal[RATE * 3 : RATE * 3 + 200] += 0.5
    assert not any(m.talk_seconds for m in measure(signal))


def test_noise_that_never_pauses_becomes_the_floor() -> None:
    rng = np.random.default_rng(7)
    signal = np.concatenate(
        [sounds.white_noise(-75.0, 4.0, RATE, rng), sounds.white_noise(-35.0, 16.0, RATE, rng)]
    )
    last = measure(signal)[-1]
    assert not last.active
    assert last.noise_floor_dbfs == pytest.approx(-36.0, abs=2.0)
    assert last.steady_seconds > 5.0
    assert last.noisiness > 0.45


def test_a_gliding_tone_is_no_howl() -> None:
    time = np.arange(RATE * 6) / RATE
    glide = 0.2 * np.sin(2.0 * np.pi * (600.0 * time + 40.0 * time**2))
    assert not any(m.ring_seconds for m in measure(glide))


@pytest.mark.parametrize("make", [sounds.speech, sounds.music])
def test_speech_and_music_are_neither_howl_nor_steady_noise(make: sounds.Maker) -> None:
    found = measure(make(-20.0, 20.0, RATE, np.random.default_rng(9)))
    assert max(m.ring_seconds for m in found) < 1.0
    assert max(m.steady_seconds for m in found) < 2.0
