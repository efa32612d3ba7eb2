"""Mains hum: lines at multiples of 50 or 60 Hz, from a ground loop, a dimmer or a transformer.

The mains' frequency drifts by up to a percent, and which of its multiples are strong depends on the cause, so what is
measured is how much of the power below 240 Hz lies on a comb of four lines, the best of those near 50 and 60 Hz.
"""

from typing import Final, NamedTuple

import numpy as np

from moderation.audio.decibels import SILENCE, power_db
from moderation.audio.kweighting import BLOCK_SAMPLES, SAMPLE_RATE, Samples

_RATE: Final = 500
_FACTOR: Final = SAMPLE_RATE // _RATE
_PER_BLOCK: Final = BLOCK_SAMPLES // _FACTOR
_SIZE: Final = 5 * _PER_BLOCK
"""One second."""
_ONES: Final = np.ones(_FACTOR, np.float32)
_WINDOW: Final = np.hanning(_SIZE + 1)[:_SIZE].astype(np.float32)
_SCALE: Final = 2.0 / (_SIZE * float(np.square(_WINDOW).sum()) * _FACTOR**2)
_LOWEST, _HIGHEST = 30, 246
"""Hz, and bins: the resolution is 1 Hz."""
_HARMONICS: Final = np.arange(1, 5)
_MAINS_HZ: Final = np.concatenate([np.arange(49.5, 50.51, 0.1), np.arange(59.4, 60.61, 0.1)])
_COMB: Final = np.round(_MAINS_HZ[:, None] * _HARMONICS).astype(np.intp)
_SIDES: Final = np.array([-1, 0, 1])
_LEAST_SHARE: Final = 0.8
_LEAST_LOW: Final = 0.3
"""Of the comb's power in its first two lines."""
_BELOW_ALL_DB: Final = 8.0
"""How far below all sound hum may lie: what is left of a note above 250 Hz, folded down, lies lower."""
_STEADY_DB: Final = 3.0


class MainsHum(NamedTuple):
    """Hum as of the last second in which nobody spoke."""

    hz: float
    """Of the mains; 0 without hum."""
    dbfs: float
    """Of all its lines together; -120 without hum."""
    seconds: float
    """How long it has been heard, speech over it not counted."""


NO_HUM: Final = MainsHum(0.0, SILENCE, 0.0)


class Hum:
    """The memory of one track: a second at 500 Hz."""

    def __init__(self) -> None:
        self._samples = np.zeros(_SIZE, np.float32)
        self._known = NO_HUM
        self._filled = 0

    def reset(self) -> None:
        """What follows does not continue what came last."""
        self._known, self._filled = NO_HUM, 0

    def update(self, block: Samples, *, speech: bool) -> MainsHum:
        """One block of shape (BLOCK_SAMPLES,). `speech`: someone speaks in it, so it tells nothing of the hum."""
        if speech:
            self._filled = 0
            return self._known
        at = self._filled * _PER_BLOCK
        self._samples[at : at + _PER_BLOCK] = block.reshape(_PER_BLOCK, _FACTOR) @ _ONES
        self._filled += 1
        if at + _PER_BLOCK == _SIZE:
            self._filled = 0
            self._known = self._heard(power_db(float(block @ block) / BLOCK_SAMPLES))
        return self._known

    def _heard(self, rms_dbfs: float) -> MainsHum:
        bins = np.fft.rfft((self._samples - self._samples.mean()) * _WINDOW)
        power = np.square(np.abs(bins))
        total = float(power[_LOWEST:_HIGHEST].sum())
        lines = power[_COMB[:, :, None] + _SIDES].sum(axis=(1, 2))
        best = int(lines.argmax())
        comb = float(lines[best])
        dbfs = power_db(comb * _SCALE)
        low = float(power[_COMB[best, :2, None] + _SIDES].sum())
        if dbfs <= SILENCE or comb < _LEAST_SHARE * total or low < _LEAST_LOW * comb:
            return NO_HUM
        if dbfs < rms_dbfs - _BELOW_ALL_DB:
            return NO_HUM
        before = self._known
        steady = before.seconds > 0.0 and abs(dbfs - before.dbfs) <= _STEADY_DB
        return MainsHum(float(_MAINS_HZ[best]), dbfs, 1.0 + (before.seconds if steady else 0.0))
