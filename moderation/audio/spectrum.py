"""What the spectrum of a block shows beside its level: a held tone (howl) and a sound that does not change
(noise).

Howl is acoustic feedback: nearly all power in one narrow peak whose frequency stands still. Both signs are
among those compared by T. van Waterschoot and M. Moonen, "Fifty years of acoustic feedback control", Proc.
IEEE 99(2), 2011: the peak's share of the power (their PTPR and PNPR in one) and its persistence (IPMP). A
voice that sings one note wavers by more than the 10 cents that are allowed here; an instrument may not, so
a rule must ask for seconds of it.

Steady noise is a spectrum whose bands each stay where they were over the last seconds. Speech and music
move by many decibels from one block to the next; a fan, hiss or hum by one or two.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.audio.kweighting import BLOCK_SAMPLES, SAMPLE_RATE, Samples

_SIZE: Final = 3072
_MIDDLE: Final = slice((BLOCK_SAMPLES - _SIZE) // 2, (BLOCK_SAMPLES + _SIZE) // 2)
_EVERY: Final = 2
"""64 ms of every other block are looked at: what is sought lasts for seconds, and this is the dearest measure."""
_HZ_PER_BIN: Final = SAMPLE_RATE / _SIZE
_LOWEST_BIN: Final = 6
"""Below 94 Hz lie rumble and the direct current's skirt."""
_WINDOW: Final = np.hanning(_SIZE + 1)[:_SIZE]
_BAND_EDGES: Final = np.array([6, 11, 16, 24, 35, 50, 70, 96, 130, 180, 250, 350])
"""Twelve bands of at least five bins, about a third to half an octave each."""
_BANDS_END: Final = 513
"""At 8 kHz: above, what a codec leaves out would count as steady."""
_BAND_WIDTHS: Final = tuple(np.diff(np.append(_BAND_EDGES, _BANDS_END)).tolist())
_BANDS: Final = len(_BAND_WIDTHS)
_BINS: Final = np.empty(_SIZE // 2 + 1, np.complex128)
"""Where each look puts its transform, since to make room for it takes as long as to fill it. For one thread only."""
_BIN_SCALE: Final = 2.0 / (_SIZE * float(np.square(_WINDOW).sum()))
"""From squared magnitude to mean square."""

_TONE_SHARE: Final = 0.6
_TONE_DRIFT: Final = 2.0 ** (10.0 / 1200.0) - 1.0
_TONE_DRIFT_HZ: Final = 3.0
"""What interpolating between bins can tell apart."""
_STEADY_DB: Final = 3.0
"""Mean over the bands. White noise stays below 2.5 in 999 of 1000 looks; speech is above 2.7 in 95 of 100."""
_MEMORY: Final = 0.3
"""Weight of a new block in each band's average: about half a second."""
_BAND_FLOOR: Final = 1e-10


class Shape(NamedTuple):
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
        self._average_db: list[float] | None = None
        self._steady_seconds = 0.0
        self._unseen_seconds = 0.0
        self._unseen_blocks = _EVERY
        self._shape = Shape(0.0, 0.0, 0.0, 0.0, 0.0)

    def update(self, block: Samples, seconds: float, *, speech: bool) -> Shape:
        """One block of shape (BLOCK_SAMPLES,). `speech`: someone speaks in it, so it tells nothing of the noise
        beneath."""
        self._unseen_seconds += seconds
        self._unseen_blocks += 1
        if self._unseen_blocks >= _EVERY:
            self._shape = self._look(block, self._unseen_seconds, speech=speech)
            self._unseen_seconds, self._unseen_blocks = 0.0, 0
        return self._shape

    def _look(self, block: Samples, seconds: float, *, speech: bool) -> Shape:
        bins = np.fft.rfft(block[_MIDDLE] * _WINDOW, out=_BINS)
        power = bins.real**2 + bins.imag**2
        bands = np.add.reduceat(power[:_BANDS_END], _BAND_EDGES).tolist()
        hz, share = _strongest(power, float(power[_LOWEST_BIN:].sum()))
        self._hold_tone(hz, share, seconds)
        density = [
            sum_ * _BIN_SCALE / width + _BAND_FLOOR for sum_, width in zip(bands, _BAND_WIDTHS, strict=True)
        ]
        bands_db = [10.0 * math.log10(d) for d in density]
        if not speech:
            self._hold_steady(bands_db, seconds)
        flatness = 10.0 ** (sum(bands_db) / _BANDS / 10.0) / (sum(density) / _BANDS)
        return Shape(hz, share, self._tone_seconds, min(1.0, flatness), self._steady_seconds)

    def _hold_tone(self, hz: float, share: float, seconds: float) -> None:
        drift = max(_TONE_DRIFT_HZ, _TONE_DRIFT * self._anchor_hz)
        if share < _TONE_SHARE:
            self._tone_seconds = 0.0
        elif self._tone_seconds and abs(hz - self._anchor_hz) <= drift:
            self._tone_seconds += seconds
        else:
            self._anchor_hz, self._tone_seconds = hz, seconds

    def _hold_steady(self, bands_db: list[float], seconds: float) -> None:
        if self._average_db is None:
            self._average_db = bands_db
            return
        changes = [now - before for now, before in zip(bands_db, self._average_db, strict=True)]
        self._average_db = [
            before + _MEMORY * change for before, change in zip(self._average_db, changes, strict=True)
        ]
        steady = sum(map(abs, changes)) <= _STEADY_DB * _BANDS
        self._steady_seconds = self._steady_seconds + seconds if steady else 0.0


def _strongest(power: NDArray[np.float64], total: float) -> tuple[float, float]:
    """Frequency of the strongest peak, between bins by a parabola through its logarithms, and its share of `total`."""
    peak = int(power[_LOWEST_BIN:-2].argmax()) + _LOWEST_BIN
    around = power[peak - 2 : peak + 3].tolist()
    below, top, above = (math.log(p + 1e-30) for p in around[1:4])
    curve = below - 2.0 * top + above
    offset = 0.5 * (below - above) / curve if curve < 0.0 else 0.0
    share = sum(around) / total if total > 0.0 else 0.0
    return (peak + offset) * _HZ_PER_BIN, min(1.0, share)
