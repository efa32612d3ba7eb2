"""Feedback: a tone that grows as a loop makes it grow; no tone that stands, swells or glides."""

from collections.abc import Callable

import numpy as np
import pytest

from bench.hearing_offenders import chance
from bench.hearing_sounds import instruments, voices
from bench.hearing_sounds.offences import Loop
from local import sounds
from local.people.sound import RATE
from moderation.audio.kweighting import BLOCK_SAMPLES
from moderation.audio.spectrum import Shape, Spectrum

BLOCK_SECONDS = BLOCK_SAMPLES / RATE
SECONDS = 6.0


def heard(signal: sounds.Signal) -> list[Shape]:
    spectrum = Spectrum()
    blocks = signal[: len(signal) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES)
    return [spectrum.update(block.astype(np.float32), BLOCK_SECONDS, speech=False) for block in blocks]


def growing(hz: float, db_per_second: float, top_db: float = -10.0) -> sounds.Signal:
    """From -60 dBFS to the top, over a little noise, then it stands."""
    t = np.arange(round(SECONDS * RATE)) / RATE
    level = np.minimum(top_db, -60.0 + db_per_second * np.maximum(0.0, t - 1.0))
    noise = sounds.white_noise(-62.0, SECONDS, RATE, np.random.default_rng(2))
    return np.asarray(10.0 ** (level / 20.0) * np.sin(2.0 * np.pi * hz * t) + noise)


@pytest.mark.parametrize("hz", [300.0, 1234.0, 4000.0])
@pytest.mark.parametrize("db_per_second", [12.0, 30.0, 60.0])
def test_even_growth_is_feedback_and_stays_so_while_the_tone_stands(hz: float, db_per_second: float) -> None:
    found = heard(growing(hz, db_per_second))
    assert found[-1].ring_hz == pytest.approx(hz, abs=20.0)
    assert found[-1].ring_growth_db >= 14.0
    assert found[-1].ring_seconds > 1.0
    assert not any(f.ring_seconds for f in found[:5]), "before it grew"


@pytest.mark.parametrize(
    "make",
    [
        lambda: instruments.held(instruments.SINE, 1000.0, SECONDS),
        lambda: instruments.held(instruments.FLUTE, 587.0, SECONDS, 5.0),
        lambda: instruments.swelling(instruments.NEY, 440.0, SECONDS, 3.0),
        lambda: instruments.swelling(instruments.ORGAN, 440.0, SECONDS, 0.0),
        lambda: instruments.on_off(instruments.held(instruments.SINE, 425.0, SECONDS), 0.5, 0.5),
        lambda: np.sin(instruments.phase(300.0 * 10.0 ** (instruments.time(SECONDS) / SECONDS), SECONDS)),
    ],
    ids=["a test tone", "a flute", "a ney that swells", "a swell pedal", "a busy tone", "a sweep"],
)
def test_a_tone_that_does_not_grow_so_is_none(make: Callable[[], sounds.Signal]) -> None:
    assert not any(f.ring_seconds for f in heard(sounds.at_rms(make(), -20.0)))


def test_it_is_forgotten_three_seconds_after_it_ended() -> None:
    rings = growing(1000.0, 40.0)
    noise = sounds.white_noise(-62.0, 5.0, RATE, np.random.default_rng(3))
    stands = 0.3 * np.sin(2.0 * np.pi * 1000.0 * np.arange(2 * RATE) / RATE)
    soon, late = (heard(np.concatenate([rings, noise[: round(s * RATE)], stands]))[-1] for s in (1.0, 5.0))
    assert soon.ring_seconds > 0.0
    assert late.ring_seconds == 0.0


@pytest.mark.skipif(not voices.can_speak(), reason="eSpeak NG has no voices here")
@pytest.mark.parametrize(("delay", "margin_db"), [(0.1, 4.0), (0.25, 4.0)])
def test_a_loop_through_a_room_is_found_soon_after_it_rings(delay: float, margin_db: float) -> None:
    """In the longer one the strongest of its frequencies, 4 Hz apart, takes turns."""
    said = sounds.at_rms(voices.spoken("tr", 12.0), -26.0)
    signal, rings = Loop(delay, margin_db).heard(said, 2.0, chance(f"{delay} {margin_db}"))
    found = heard(signal)
    first = next(i for i, f in enumerate(found) if f.ring_seconds >= 1.0)
    assert (first + 1) * BLOCK_SECONDS <= rings + 4.0
    assert not any(f.ring_seconds for f in found[: round(2.0 / BLOCK_SECONDS)])


def test_a_tone_beside_one_that_grew_is_the_same_feedback_and_one_farther_away_is_none() -> None:
    rings = growing(1000.0, 40.0)
    for hz, same in ((1010.0, True), (1060.0, False)):
        stands = 0.3 * np.sin(2.0 * np.pi * hz * np.arange(2 * RATE) / RATE)
        assert (heard(np.concatenate([rings, stands]))[-1].ring_seconds > 0.0) is same
