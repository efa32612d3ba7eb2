"""What is told to be cut off, and since when: voices through Opus, and waves that look alike."""

import numpy as np
import pytest

from bench.hearing_sounds import instruments, voices
from bench.hearing_sounds.offences import overdriven
from bench.hearing_sounds.opus import through_opus
from local import sounds
from local.people.sound import RATE
from moderation.audio.kweighting import BLOCK_SAMPLES, Samples
from moderation.audio.overdrive import UNCUT, Cut, Overdrive, _level_tops

BLOCK_SECONDS = BLOCK_SAMPLES / RATE
needs_voices = pytest.mark.skipif(not voices.can_speak(), reason="eSpeak NG has no voices here")


def blocks(signal: sounds.Signal, kbps: int = 48) -> list[Samples]:
    heard = through_opus(signal, kbps).astype(np.float32) / np.float32(32768.0)
    return list(heard[: len(heard) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES))


def found(signal: sounds.Signal, kbps: int = 48) -> list[Cut]:
    overdrive = Overdrive()
    return [overdrive.update(block, float(np.abs(block).max())) for block in blocks(signal, kbps)]


@needs_voices
@pytest.mark.parametrize("voice", ["tr", "tr+f2", "en-us+m3"])
@pytest.mark.parametrize(
    ("gain", "down", "kbps"),
    [(14.0, 0.0, 48), (20.0, 1.0, 48), (26.0, 6.0, 48), (40.0, 6.0, 48), (20.0, 0.0, 32)],
)
def test_an_overdriven_voice_is_cut_also_after_it_was_turned_down(
    voice: str, gain: float, down: float, kbps: int
) -> None:
    cut = found(overdriven(voices.spoken(voice, 6.0), gain) * 10.0 ** (-down / 20.0), kbps)
    told = [i for i, c in enumerate(cut) if c.ratio_3s >= 0.01]
    assert told
    assert cut[told[0]].seconds <= (told[0] + 1) * BLOCK_SECONDS + 1e-6
    assert max(c.seconds for c in cut) >= 3.0, "counted from where it began to look so"


@needs_voices
@pytest.mark.parametrize(
    ("voice", "gain"), [("en-us+Alicia", 17.0), ("en-us+Alicia", 40.0), ("tr+caleb", 26.0)]
)
def test_a_breathy_voice_is_cut_by_what_the_decoder_cuts_again(voice: str, gain: float) -> None:
    """It has no steep flanks, and hardly a rail."""
    breathy = voices.spoken(voice, 8.0)
    cut = found(overdriven(breathy, gain))
    assert any(c.seconds >= 3.0 and c.ratio_3s >= 0.01 for c in cut)
    assert set(found(instruments.limited(breathy, 6.0))) == {UNCUT}


@needs_voices
@pytest.mark.parametrize("voice", ["tr", "tr+f2", "en-us+m3"])
def test_a_voice_that_a_limiter_holds_at_full_scale_is_not_cut(voice: str) -> None:
    held = instruments.limited(voices.spoken(voice, 6.0), 12.0)
    assert set(found(held / np.abs(held).max())) == {UNCUT}


@needs_voices
@pytest.mark.parametrize("voice", ["tr", "tr+f2", "en-us+m3"])
def test_a_loud_voice_is_not_cut_nor_one_whose_peaks_are_held(voice: str) -> None:
    clean = voices.spoken(voice, 8.0)
    for signal in (0.95 * clean, instruments.limited(clean, 12.0), overdriven(clean, 3.0)):
        assert set(found(signal)) == {UNCUT}


@needs_voices
def test_the_more_is_cut_off_the_larger_is_the_share() -> None:
    shares = [
        max(c.ratio_3s for c in found(overdriven(voices.spoken("tr", 6.0), gain)))
        for gain in (14.0, 20.0, 40.0)
    ]
    assert shares == sorted(shares)
    assert 0.01 < shares[0] < 0.3
    assert shares[-1] > 0.3


@pytest.mark.parametrize("voice", ["FLUTE", "NEY", "VIOLIN", "ORGAN", "CLARINET", "SINE"])
def test_no_instrument_is_cut_though_its_tops_be_flat(voice: str) -> None:
    wave = getattr(instruments, voice)
    for signal in (
        instruments.held(wave, 440.0, 6.0, 5.0),
        instruments.melody(wave, 330.0, 6.0, 0.3, np.random.default_rng(3)),
    ):
        assert set(found(0.9 * signal / np.abs(signal).max())) == {UNCUT}


@needs_voices
def test_it_ends_when_the_voice_is_clean_again() -> None:
    voice = voices.spoken("tr", 6.0)
    cut = found(np.concatenate([overdriven(voice, 20.0), 0.5 * voice, 0.5 * voice]))
    assert cut[round(5.8 / BLOCK_SECONDS)].ratio_3s > 0.01
    assert cut[-1] == UNCUT


@needs_voices
def test_a_gap_begins_the_count_anew() -> None:
    overdrive, heard = Overdrive(), blocks(overdriven(voices.spoken("tr", 8.0), 20.0))
    half = len(heard) // 2
    before = [overdrive.update(block, 1.0) for block in heard[:half]]
    overdrive.miss(0.4)
    after = [overdrive.update(block, 1.0) for block in heard[half:]]
    assert before[-1].seconds > 3.0
    assert max(c.seconds for c in after[:10]) <= 10 * BLOCK_SECONDS + 1e-6


@needs_voices
def test_a_block_that_is_silent_in_its_middle_shows_no_change() -> None:
    overdrive, heard = Overdrive(), blocks(overdriven(voices.spoken("tr", 6.0), 40.0))
    for block in heard:
        overdrive.update(block, 1.0)
    silent = heard[-10].copy()
    silent[1800:7000] = 0.0
    assert np.isfinite(overdrive.update(silent, 1.0)).all()


def test_what_is_soft_is_not_looked_at() -> None:
    square = 0.1 * np.sign(np.sin(2.0 * np.pi * 200.0 * np.arange(RATE * 2) / RATE))
    assert set(found(square)) == {UNCUT}


@needs_voices
def test_it_counts_from_where_the_voice_became_so_and_not_from_its_first_word() -> None:
    voice = voices.spoken("tr", 6.0)
    cut = found(np.concatenate([0.05 * voice, overdriven(voice, 20.0)]))
    first = next(i for i, c in enumerate(cut) if c.seconds)
    assert cut[first].seconds <= (first + 1) * BLOCK_SECONDS - 6.0


def test_the_figures_of_a_wave_are_those_of_the_books() -> None:
    """E[x^4] / E[x^2]^2 is 1.5 for a sine and 1 for a square wave; a sine is steep where it is low."""
    turns = 2.0 * np.pi * 30.0 * np.arange(1200) / 1200
    squares = np.stack([np.sin(turns) ** 2, np.cos(turns) ** 2]).astype(np.float32)
    overdrive = Overdrive()
    for blocks_counted in (1.0, 2.0):
        wave = overdrive._take(0.01 * squares)
        assert wave == pytest.approx((1.5, 1.5, 0.5, blocks_counted), rel=1e-3)
    even = Overdrive()._take(np.full((2, 1200), 0.25, np.float32))
    assert even == pytest.approx((1.0, 1.0, 1.0, 1.0), rel=1e-3)
    assert Overdrive()._take(np.zeros((2, 1200), np.float32)) == (0.0, 0.0, 0.0, 1.0), "silence says nothing"


def test_the_louder_a_frame_is_the_more_it_says() -> None:
    turns = 2.0 * np.pi * 30.0 * np.arange(1200) / 1200
    loud = np.stack([np.sin(turns) ** 2, np.cos(turns) ** 2]).astype(np.float32)
    loud[:, 600:] = 1e-4  # a square wave, softer by 37 dB and more
    assert Overdrive()._take(loud) == pytest.approx((1.5, 1.5, 0.5, 1.0), rel=1e-2)


@pytest.mark.parametrize(("steeper", "levels"), [(1.2, True), (1.3, False)])
def test_a_top_is_compared_with_the_wave_below_it(steeper: float, levels: bool) -> None:
    """Not with itself: between a fifth and four fifths of the rail, whatever the rail is."""
    below, top = np.full(3, 0.2), np.full(9, 0.5)
    slopes = np.concatenate([np.full(3, 1.0), np.full(9, steeper)])
    assert _level_tops(np.concatenate([below, top]), slopes, 0.5) is levels
