"""Feedback: a tone that grows as a loop makes it grow; no tone that stands, swells or glides."""

from collections.abc import Callable

import numpy as np
import pytest

from bench.hearing_offenders import chance
from bench.hearing_sounds import instruments, voices
from bench.hearing_sounds.offences import Loop
from local import sounds
from local.people.sound import RATE
from moderation.audio.feedback import Feedback, Ringing, _between, _Looks, _straight_growth
from moderation.audio.kweighting import BLOCK_SAMPLES
from moderation.audio.spectrum import Shape, Spectrum

BLOCK_SECONDS = BLOCK_SAMPLES / RATE
SILENT = Ringing(0.0, 0.0, 0.0)
SECONDS = 6.0


def heard(signal: sounds.Signal) -> list[Shape]:
    spectrum = Spectrum()
    blocks = signal[: len(signal) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES)
    return [spectrum.update(block.astype(np.float32), BLOCK_SECONDS, speech=False) for block in blocks]


def growing(hz: float, db_per_second: float) -> sounds.Signal:
    return sounds.feedback(hz, db_per_second, SECONDS, RATE, np.random.default_rng(2))


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


def test_its_growth_is_told_from_the_moment_it_is_seen_and_forgotten_with_it() -> None:
    rings = growing(1000.0, 40.0)
    found = heard(np.concatenate([rings, sounds.white_noise(-62.0, 5.0, RATE, np.random.default_rng(3))]))
    seen = next(i for i, f in enumerate(found) if f.ring_growth_db > 0.0)
    rung = next(i for i, f in enumerate(found) if f.ring_seconds > 0.0)
    assert (rung - seen) * BLOCK_SECONDS == pytest.approx(0.4)
    assert seen * BLOCK_SECONDS <= 1.0 + 1.4, "it begins to grow after a second, by 40 dB in the next"
    assert all(f.ring_growth_db > 0.0 for f in found[seen : round((SECONDS + 2.5) / BLOCK_SECONDS)])
    assert found[-1].ring_growth_db == 0.0


def test_what_follows_a_gap_has_not_grown() -> None:
    feedback = Feedback(10.0)
    feedback._known, feedback._growth_db = [100.0], 20.0
    feedback.reset()
    assert feedback._hold([], TONE, 0.2) == SILENT


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


def test_one_tone_is_one_line_wherever_it_stands() -> None:
    """Also at the lowest frequency, with a peak as wide as the window makes it."""
    feedback = Feedback(RATE / 4096)
    lowest = feedback._lowest
    for peak in (*range(lowest, lowest + 8), 200, feedback._pairs):
        power = np.full(2049, 1e-9, np.float32)
        power[peak - 4 : peak + 5] = [0.2, 0.3, 0.5, 0.8, 1.0, 0.8, 0.5, 0.3, 0.2]
        assert feedback._strongest(power) == [peak]


def test_the_three_strongest_lines_are_followed_strongest_first_unless_they_hold_too_little() -> None:
    feedback = Feedback(RATE / 4096)
    power = np.full(2049, 1e-9, np.float32)
    power[[100, 200, 300, 400]] = [0.2, 0.4, 0.3, 0.19]
    assert feedback._strongest(power) == [200, 300, 100]
    power[[100, 400]] = [0.09, 0.0]
    assert feedback._strongest(power) == [200, 300], "an eighth of all power is the least"
    assert feedback._strongest(np.zeros(2049, np.float32)) == []


@pytest.mark.parametrize("beside", [-0.4, 0.0, 0.25])
def test_a_peak_between_two_bins_is_found_where_it_is(beside: float) -> None:
    bins = np.arange(20)
    power = np.exp(-((bins - 10.0 - beside) ** 2)).astype(np.float32)
    assert _between(power, 10) == pytest.approx(10.0 + beside, abs=1e-3)


def test_where_nothing_stands_out_the_middle_of_the_bin_is_taken() -> None:
    assert _between(np.full(20, 0.5, np.float32), 10) == 10.0


@pytest.mark.parametrize(
    ("levels", "grown"),
    [
        ([-60, -56, -52, -48, -44, -40], (2, 20.0)),
        ([-60, -60, -60, -55, -50, -45, -40, -40, -40], (3, 20.0)),
        ([-54, -49, -44, -40], (1, 14.0)),
        ([-53, -49, -44, -40], None),
        ([-60, -50, -40, -40, -40], None),
        ([-60, -40, -40, -40], None),
        ([-60, -50, -46, -43, -41, -40], None),
        ([-60, -59, -58, -52, -46, -40], (3, 19.0)),
        ([-60, -60, -60, -60, -60, -40], None),
        ([-40, -40, -40, -40], None),
    ],
    ids=[
        "even", "after a pause, and then it stands", "the least", "too little", "two steps are an onset", "an onset",
        "it slows down", "from where it is nearly even", "a jump at the end", "a tone that stands",
    ],
)  # fmt: skip
def test_growth_is_a_straight_line_of_decibels(levels: list[int], grown: tuple[int, float] | None) -> None:
    assert _straight_growth(levels) == (grown or (0, 0.0))


TONE = np.zeros(2049, np.float32)
TONE[[100, 700]] = [0.4, 0.6]
"""Two fifths of it in one line, which is just enough."""


def test_a_tone_rings_from_six_tenths_of_a_second_on_and_pauses_are_not_counted() -> None:
    feedback = Feedback(10.0)

    def hold(*lines: int) -> Ringing:
        return feedback._hold(list(lines), TONE, 0.2)

    assert [hold(100).seconds for _ in range(5)] == pytest.approx([0.0, 0.0, 0.6, 0.8, 1.0])
    assert hold() == SILENT
    assert [hold(100).seconds for _ in range(4)] == pytest.approx([0.0, 0.0, 1.6, 1.8])
    assert hold(100).hz == 1000.0


def test_a_tone_that_is_less_than_two_fifths_of_the_sound_does_not_ring() -> None:
    feedback, weaker = Feedback(10.0), TONE.copy()
    weaker[700] = 0.61
    assert {feedback._hold([100], weaker, 1.0) for _ in range(3)} == {SILENT}
    assert feedback._hold([100], TONE, 1.0).seconds == 1.0


def test_what_has_grown_is_known_through_three_seconds_of_quiet_and_each_ringing_begins_them_anew() -> None:
    feedback = Feedback(10.0)
    feedback._known = [100.0]
    for _ in range(2):
        for _ in range(3):
            feedback._hold([], TONE, 1.0)
        assert feedback._known == [100.0]
        assert feedback._hold([100], TONE, 1.0).seconds > 0.0
    for _ in range(4):
        feedback._hold([], TONE, 1.0)
    assert feedback._known == []
    assert feedback._hold([100], TONE, 1.0).seconds == 1.0, "and the count begins anew"


@pytest.mark.parametrize(("places", "grows"), [((101, 101, 101), True), ((99, 101, 103), False)])
def test_a_line_that_wavers_while_it_grows_is_a_voice(places: tuple[int, ...], grows: bool) -> None:
    """By 20 Hz from look to look, of which two are remembered."""
    feedback = Feedback(10.0)
    for look in range(12):
        power = np.full(2049, 1e-9, np.float32)
        power[places[look % 3]] = 10.0 ** ((-60.0 + 4.0 * look) / 10.0)
        feedback.update(power, 0.2)
    assert bool(feedback._known) is grows


def grown(levels: list[int], others: dict[tuple[int, int], int] | None = None, line: int = 20) -> float:
    """How far a line is seen to have grown; `others`: levels by look and place, where all else is silent."""
    remembered = _Looks(64)
    for look, level in enumerate(levels):
        row = np.full(64, -100.0)
        row[line] = level
        for (when, place), other in (others or {}).items():
            row[place] = other if when == look else row[place]
        remembered.add(row)
    return remembered.growth(line)


EVENLY = [-60, -55, -50, -45, -40, -35, -30, -25]


@pytest.mark.parametrize(("below_db", "feedback"), [(24, True), (23, False)])
@pytest.mark.parametrize("place", [40, 10])
def test_a_line_with_a_harmonic_that_is_less_than_24_db_below_it_is_a_note(
    place: int, below_db: int, feedback: bool
) -> None:
    assert grown(EVENLY, {(7, place): -25 - below_db}) == (35.0 if feedback else 0.0)


@pytest.mark.parametrize("look", range(len(EVENLY)))
def test_half_way_up_the_line_was_where_it_is_now(look: int) -> None:
    """A tone that glided there was beside; what is beside at other times is another sound."""
    half_way = len(EVENLY) // 2 - 1
    louder = {(look, 23): EVENLY[look] + 7}
    assert grown(EVENLY, louder) == (0.0 if look == half_way else 35.0)
    assert grown(EVENLY, {(look, 23): EVENLY[look] + 6}) == 35.0
