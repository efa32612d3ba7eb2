"""What counts as heard: what is loud, and what stands out from the track's own floor."""

import pytest

from moderation.audio.audible import LOUD_LUFS, STEP_SECONDS, Audible
from moderation.audio.decibels import weighted_mean_square


def heard(levels: list[float], *, hum: bool = False) -> float:
    """Seconds, of steps of 100 ms at these levels in LUFS, two at a time."""
    audible = Audible()
    energies = list(map(weighted_mean_square, levels))
    return sum(audible.update(energies[at : at + 2], hum=hum) for at in range(0, len(energies), 2))


FLOOR = [-68.0] * 100


def test_a_steady_floor_is_not_heard_however_long() -> None:
    assert heard([-60.0] * 600) == 0.0


@pytest.mark.parametrize("hum", [False, True])
def test_what_is_loud_is_heard_though_it_be_steady_unless_it_is_hum(hum: bool) -> None:
    assert heard([LOUD_LUFS + 1.0] * 100, hum=hum) == pytest.approx(0.0 if hum else 10.0)


def test_a_whisper_six_above_the_floor_is_heard_and_five_above_is_not() -> None:
    assert heard(FLOOR + [-61.9] * 10) == pytest.approx(9 * STEP_SECONDS)
    assert heard(FLOOR + [-62.1] * 10) == 0.0


def test_a_click_is_not_heard() -> None:
    assert heard([*FLOOR, -50.0, *FLOOR]) == 0.0


def test_below_all_hearing_nothing_stands_out() -> None:
    assert heard([-110.0] * 100 + [-76.0] * 20) == 0.0


def test_the_floor_is_forgotten_after_ten_seconds() -> None:
    begins = [-50.0] * 200
    assert 0.0 < heard(FLOOR + begins) <= 10.0 + STEP_SECONDS
