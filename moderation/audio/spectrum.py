"""What the spectrum of a block shows beside its level: feedback that grows (howl), and a sound that does not change
(noise).

Of each block, 64 ms are looked at, at a third of the sample rate. How feedback is told is in
`moderation.audio.feedback`.

Steady noise is a spectrum whose bands each stay where they were over the last seconds. Speech and music move by many
decibels from one block to the next; a fan, hiss or hum by one or two. A held chord stays too, but all its power lies in
narrow lines, so it has no noisiness: that of noise is 0.56 whatever its colour, since the power in a bin of its
spectrum is distributed exponentially.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.audio.feedback import Feedback
from moderation.audio.kweighting import BLOCK_SAMPLES, SAMPLE_RATE, Samples

_FACTOR: Final = 3
_SIZE: Final = 1024
_LAST: Final = slice(BLOCK_SAMPLES - _FACTOR * _SIZE, BLOCK_SAMPLES)
"""The end of the block, as near to now as can be."""
HZ_PER_BIN: Final = SAMPLE_RATE / _FACTOR / _SIZE
_EVERY: Final = 2
"""Bands are compared in every other block: what is sought lasts for seconds."""
_WINDOW: Final = np.hanning(_SIZE + 1)[:_SIZE].astype(np.float32)
_BAND_EDGES: Final = np.array([6, 11, 16, 24, 35, 50, 70, 96, 130, 180, 250, 350])
"""Twelve bands of at least five bins, about a third to half an octave each. Below 94 Hz lie rumble and the direct
current's skirt."""
_BANDS_END: Final = _SIZE // 2 + 1
"""At 8 kHz: above, what a codec leaves out would count as steady."""
_BAND_WIDTHS: Final = np.diff(np.append(_BAND_EDGES, _BANDS_END)).astype(np.float32)
_BANDS: Final = len(_BAND_WIDTHS)
_ONES: Final = np.ones(_FACTOR, np.float32)
_SCALES: Final = np.full(2, 2.0 / _FACTOR**2 / (_SIZE * float(np.square(_WINDOW).sum())), np.float32)
"""From squared magnitude to mean square; three samples are added up to one."""

_STEADY_DB: Final = 3.0
"""Mean over the bands. White noise stays below 2.5 in 999 of 1000 looks; speech is above 2.7 in 95 of 100."""
_MEMORY: Final = 0.3
"""Weight of a new block in each band's average: about half a second."""
_BAND_FLOOR: Final = 1e-10
_BIN_FLOOR: Final = np.float32(1e-14)


class Shape(NamedTuple):
    """The spectrum of one block in a few figures."""

    ring_hz: float
    ring_seconds: float
    ring_growth_db: float
    """See `moderation.audio.feedback.Ringing`."""
    noisiness: float
    """Geometric over arithmetic mean of the power of neighbouring bins, over all bands: about 0.56 for noise of any
    colour, near 0 for tones. As of the last look while nobody spoke."""
    steady_seconds: float
    """How long the whole spectrum has not changed; stands still while someone speaks over it."""


class Spectrum:
    """The spectral memory of one track."""

    def __init__(self) -> None:
        self._feedback = Feedback(HZ_PER_BIN)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows does not continue what came last."""
        self._feedback.reset()
        self._average_db: list[float] | None = None
        self._noisiness = 0.0
        self._steady_seconds = 0.0
        self._unseen_seconds = 0.0
        self._unseen_blocks = _EVERY

    def update(self, block: Samples, seconds: float, *, speech: bool) -> Shape:
        """One block of shape (BLOCK_SAMPLES,). `speech`: someone speaks in it, so it tells nothing of the noise
        beneath."""
        power = _power(block[_LAST])
        ringing = self._feedback.update(power, seconds)
        self._unseen_seconds += seconds
        self._unseen_blocks += 1
        if self._unseen_blocks >= _EVERY:
            self._compare(power, self._unseen_seconds, speech=speech)
            self._unseen_seconds, self._unseen_blocks = 0.0, 0
        return Shape(ringing.hz, ringing.seconds, ringing.growth_db, self._noisiness, self._steady_seconds)

    def _compare(self, power: Samples, seconds: float, *, speech: bool) -> None:
        if speech:
            return
        bands = np.add.reduceat(power, _BAND_EDGES)
        self._noisiness = _noisiness(power, bands)
        bands_db = [10.0 * math.log10(density + _BAND_FLOOR) for density in (bands / _BAND_WIDTHS).tolist()]
        if self._average_db is None:
            self._average_db = bands_db
            return
        changes = [now - before for now, before in zip(bands_db, self._average_db, strict=True)]
        self._average_db = [
            before + _MEMORY * change for before, change in zip(self._average_db, changes, strict=True)
        ]
        steady = sum(map(abs, changes)) <= _STEADY_DB * _BANDS
        self._steady_seconds = self._steady_seconds + seconds if steady else 0.0


def _power(samples: Samples) -> Samples:
    """Mean square in each bin."""
    fewer = samples.reshape(_SIZE, _FACTOR) @ _ONES
    fewer *= _WINDOW
    parts = np.fft.rfft(fewer).view(np.float32)
    parts *= parts
    power: Samples = parts.reshape(-1, 2) @ _SCALES
    return power


def _noisiness(power: Samples, bands: NDArray[np.float32]) -> float:
    total = float(bands.sum())
    if total <= _BAND_FLOOR:
        return 0.0
    logs = np.add.reduceat(np.log(power + _BIN_FLOOR), _BAND_EDGES) / _BAND_WIDTHS
    return min(1.0, float((np.exp(logs) * _BAND_WIDTHS).sum()) / total)
