"""What the spectrum of a block shows beside its level: a held tone (howl) and a sound that does not change
(noise).

Howl is acoustic feedback: nearly all power in one narrow peak whose frequency stands still. Both signs are
among those compared by T. van Waterschoot and M. Moonen, "Fifty years of acoustic feedback control", Proc.
IEEE 99(2), 2011: the peak's share of the power (their PTPR and PNPR in one) and its persistence (IPMP). A
voice that sings one note wavers by more than the 10 cents that are allowed here; an instrument may not, so
a rule must ask for seconds of it.

Steady noise is a spectrum whose bands each stay where they were over the last seconds. Speech and music
move by many decibels from one block to the next; a fan, hiss or hum by less than two.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.audio.kweighting import BLOCK_SAMPLES, SAMPLE_RATE

_SIZE: Final = 1024
_FRAMES: Final = BLOCK_SAMPLES // _SIZE
_HZ_PER_BIN: Final = SAMPLE_RATE / _SIZE
_LOWEST_BIN: Final = 6
"""Below 94 Hz lie rumble and the direct current's skirt."""
_WINDOW: Final = np.hanning(_SIZE + 1)[:_SIZE]
_BAND_EDGES: Final = np.array([6, 11, 16, 24, 35, 50, 70, 96, 130, 180, 250, 350])
"""Twelve bands of at least five bins, about a third to half an octave each."""
_BANDS: Final = len(_BAND_EDGES)
_BAND_SCALE: Final = 2.0 / (
    _FRAMES * _SIZE * np.square(_WINDOW).sum() * np.diff(np.append(_BAND_EDGES, _SIZE // 2 + 1))
)
"""From summed power to mean square per bin of each band."""

_TONE_SHARE: Final = 0.6
_TONE_DRIFT: Final = 2.0 ** (10.0 / 1200.0) - 1.0
_TONE_DRIFT_HZ: Final = 3.0
"""What interpolating between bins can tell apart."""
_STEADY_DB: Final = 2.0
_MEMORY: Final = 0.3
"""Weight of a new block in each band's average: about half a second."""
_BAND_FLOOR: Final = 1e-10


@dataclass(frozen=True, slots=True)
class Shape:
    """The spectrum of one block in five figures."""

    tone_hz: float
    """Frequency of the strongest peak."""
    tone_share: float
    """How much of the power is in it, 0..1."""
    tone_seconds: float
    """How long it has stood still and held most of the power."""
    flatness: float
    """Geometric over arithmetic mean of the bands' density: 1 for white noise, near 0 for a tone."""
    steady_seconds: float
    """How long the whole spectrum has not changed; stands still while someone speaks over it."""


class Spectrum:
    """The spectral memory of one track."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows does not continue what came last."""
        self._anchor_hz = 0.0
        self._tone_seconds = 0.0
        self._average_db: NDArray[np.float64] | None = None
        self._steady_seconds = 0.0

    def update(self, block: NDArray[np.float64], seconds: float, *, speech: bool) -> Shape:
        """One block of shape (BLOCK_SAMPLES,), 1.0 = full scale. `speech`:
        someone speaks in it, so it tells nothing of the noise beneath."""
        frames = block[: _FRAMES * _SIZE].reshape(_FRAMES, _SIZE) * _WINDOW
        bins = np.fft.rfft(frames)
        parts = np.square(bins.view(np.float64)).sum(axis=0)
        power = parts[::2] + parts[1::2]
        hz, share = _strongest(power)
        self._hold_tone(hz, share, seconds)
        density = np.add.reduceat(power, _BAND_EDGES) * _BAND_SCALE + _BAND_FLOOR
        bands_db = np.log10(density) * 10.0
        if not speech:
            self._hold_steady(bands_db, seconds)
        flatness = 10.0 ** (float(bands_db.sum()) / _BANDS / 10.0) / (float(density.sum()) / _BANDS)
        return Shape(hz, share, self._tone_seconds, min(1.0, flatness), self._steady_seconds)

    def _hold_tone(self, hz: float, share: float, seconds: float) -> None:
        drift = max(_TONE_DRIFT_HZ, _TONE_DRIFT * self._anchor_hz)
        if share < _TONE_SHARE:
            self._tone_seconds = 0.0
        elif self._tone_seconds and abs(hz - self._anchor_hz) <= drift:
            self._tone_seconds += seconds
        else:
            self._anchor_hz, self._tone_seconds = hz, seconds

    def _hold_steady(self, bands_db: NDArray[np.float64], seconds: float) -> None:
        if self._average_db is None:
            self._average_db = bands_db
            return
        change = bands_db - self._average_db
        self._average_db = self._average_db + _MEMORY * change
        steady = float(np.abs(change).sum()) <= _STEADY_DB * _BANDS
        self._steady_seconds = self._steady_seconds + seconds if steady else 0.0


def _strongest(power: NDArray[np.float64]) -> tuple[float, float]:
    """Frequency of the strongest peak, between bins by a parabola through its logarithms, and its share."""
    total = float(power[_LOWEST_BIN:].sum())
    peak = int(power[_LOWEST_BIN:-1].argmax()) + _LOWEST_BIN
    below, top, above = (math.log(float(p) + 1e-30) for p in power[peak - 1 : peak + 2])
    curve = below - 2.0 * top + above
    offset = 0.5 * (below - above) / curve if curve < 0.0 else 0.0
    share = float(power[peak - 2 : peak + 3].sum()) / total if total > 0.0 else 0.0
    return (peak + offset) * _HZ_PER_BIN, min(1.0, share)
