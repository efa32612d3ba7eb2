"""How long the whole spectrum has not changed, and how noisy it is."""

import numpy as np
import pytest

from moderation.audio.spectrum import Spectrum

FLAT = np.full(513, 1e-4, np.float32)


def steady_after(*powers: float, speech: bool = False) -> float:
    """Seconds, after one flat spectrum for each of these factors, 0.4 s apart."""
    spectrum = Spectrum()
    for power in powers:
        spectrum._compare(FLAT * np.float32(power), 0.4, speech=speech)
    return spectrum._steady_seconds


def test_what_stays_as_it_was_is_steady_from_its_second_look_on() -> None:
    assert steady_after(1.0) == 0.0
    assert steady_after(1.0, 1.0, 1.0) == pytest.approx(0.8)


def test_a_change_begins_the_count_anew() -> None:
    assert steady_after(1.0, 1.0, 1.0, 1000.0) == 0.0


def test_while_somebody_speaks_nothing_is_learned() -> None:
    assert steady_after(1.0, 1.0, 1.0, speech=True) == 0.0
