"""How much of a sound is cut off, told from what is left of it after the codec.

An overdriven input has flat tops. A codec rounds them: hardly a sample stays at full scale, but they stay crowded
around the level at which they were cut. So the amplitudes of the last seconds are counted, and what is sought is a
level, the rail, around which there are more samples than a little below it, and above which there are few. Speech and
music have fewer samples the higher the amplitude, also when a limiter holds their peaks; only waves that are round at
the top look alike. Those are told by their slope: a sine's is spread evenly (kurtosis 1.5, sums of a few sines below
3), that of a cut voice is nearly nothing on the tops and very steep between them. A sawtooth and a bowed string have
steep flanks but no flat tops: there, the slope near the rail is no smaller than elsewhere.

Calibrated with voices cut by 6 to 40 dB through Opus at 24 to 64 kbit/s; see decision 0016.
"""

from collections import deque
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.audio.kweighting import BLOCK_SAMPLES, SAMPLE_RATE, Samples

_BLOCKS: Final = 15
"""In 3 s."""
_KEPT: Final = np.float32(0.9)
"""Of what was counted, from block to block: a mean of the last 2 s."""
_EVERY: Final = 8
_COUNTED: Final = BLOCK_SAMPLES // _EVERY
"""Each eighth sample."""
_BINS: Final = 100
_TOP_BIN: Final = 99.9
_LOWEST_PEAK: Final = 0.12
"""Below -18 dBFS nothing is looked for."""
_HIGHEST_CREST: Final = 5.0
"""Peak over RMS, as amplitudes. A block above has too few samples at its top to say anything."""
_LOWEST_SLOPE_KURTOSIS: Final = 7.5
_HIGHEST_TOP_SLOPE: Final = 1.25
"""Median slope around the rail over the median slope below it."""
_LEAST_CHANGE: Final = 0.1
"""Between the spectra of a block's halves, 0..1. A held note has hardly any; a voice has, however flat its tops."""
_CROWD: Final = 1.1
"""Samples around the rail over those in a band as wide below it. Voices cut by 14 dB are above 1.1, limited ones
below 0.8."""
_LEAST_BLOCKS: Final = 1.5
"""That must have been counted: fewer are a chance."""
_LEAST_SHARE: Final = 0.02
_MOST: Final = 0.98
_LEAST_TOP: Final = 0.4
"""Samples in the highest quarter of a block's amplitudes over those in the next."""
_LEAST_CUT_BLOCKS: Final = 2
"""In 3 s: one is a tone that begins."""
_ABOVE: Final = 0.25
"""Samples above the rail's band over those in it."""

_ZERO: Final = np.zeros(1, np.float32)
_RAILS: Final = np.arange(12, 101, 2)
_RAIL_FROM: Final = np.round(_RAILS * 0.88).astype(np.intp)
_RAIL_TO: Final = np.minimum(_BINS, np.round(_RAILS * 1.12).astype(np.intp))
_BELOW_FROM: Final = np.round(_RAILS * 0.56).astype(np.intp)
_PART: Final = 2048
_FIRST_PART: Final = slice(2000, 2000 + _PART)
_LAST_PART: Final = slice(4800, 4800 + _PART)
"""43 ms each, in the middle of the block; 58 ms from one to the other."""
_WINDOW: Final = np.hanning(_PART).astype(np.float32)
_BELOW_TO: Final = np.round(_RAILS * 0.80).astype(np.intp)


class Cut(NamedTuple):
    """What is cut off."""

    ratio: float
    """Share of this block's samples that lie at the rail, 0..1; 0 while nothing is cut off."""
    ratio_3s: float
    """The same over the last 3 s; what was not received counts as not cut."""


UNCUT: Final = Cut(0.0, 0.0)


class Overdrive:
    """The memory of one track: how often each amplitude was there, the longer ago the less."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS, np.float32)
        self._cut = deque([0] * _BLOCKS, maxlen=_BLOCKS)
        """Samples at the rail in each of the last blocks."""

    def miss(self, seconds: float) -> None:
        """So long nothing was received."""
        blocks = min(round(seconds * SAMPLE_RATE / BLOCK_SAMPLES), _BLOCKS)
        self._counts *= _KEPT**blocks
        self._cut.extend([0] * blocks)

    def update(self, block: Samples, peak: float) -> Cut:
        """Take a block in: samples of shape (9600,), 1.0 = full scale, and the highest of them."""
        self._counts *= _KEPT
        cut = 0 if peak < _LOWEST_PEAK else self._look(block)
        self._cut.append(cut)
        several = sum(c > 0 for c in self._cut) >= _LEAST_CUT_BLOCKS
        return Cut(cut / _COUNTED, sum(self._cut) / (_COUNTED * _BLOCKS) if several else 0.0)

    def _look(self, block: Samples) -> int:
        """How many of the counted samples are cut off."""
        amplitude = np.abs(block[::_EVERY])
        peak = float(amplitude.max())
        if peak * peak * _COUNTED > _HIGHEST_CREST**2 * float(amplitude @ amplitude):
            return 0
        counts = np.bincount((amplitude * _TOP_BIN).astype(np.intp), minlength=_BINS)
        if _is_thin(counts):
            self._counts += counts
            return 0
        slope = np.abs(block[1::_EVERY] - block[:-1:_EVERY])
        if not _has_flanks(slope):
            return 0
        together = self._counts + counts
        if (rail := _rail(together)) is None:
            self._counts = together
            return 0
        if not (_flat(amplitude, slope, _RAILS[rail] / _BINS) and _changes(block)):
            return 0
        self._counts = together
        return int(counts[_RAIL_FROM[rail] : _RAIL_TO[rail]].sum())


def _is_thin(counts: NDArray[np.int64]) -> bool:
    """Whether there are fewer samples near the highest than below, as of nearly every sound; cheap to see. The highest
    few are left out: a codec overshoots."""
    upto = np.cumsum(counts)
    highest = int(upto.searchsorted(_MOST * upto[-1])) + 1
    top, half = 3 * highest // 4, highest // 2
    return bool(upto[highest - 1] - upto[top - 1] < _LEAST_TOP * (upto[top - 1] - upto[half - 1]))


def _has_flanks(slope: Samples) -> bool:
    squares = np.square(slope)
    energy = float(squares.sum())
    return len(squares) * float(squares @ squares) >= _LOWEST_SLOPE_KURTOSIS * energy * energy


def _rail(counts: NDArray[np.float32]) -> int | None:
    """The level (an index into `_RAILS`) around which samples crowd; None if there is none."""
    upto = np.concatenate((_ZERO, np.cumsum(counts)))
    total = float(upto[-1])
    if total < _LEAST_BLOCKS * _COUNTED:
        return None
    around = upto[_RAIL_TO] - upto[_RAIL_FROM]
    below = upto[_BELOW_TO] - upto[_BELOW_FROM]
    fits = (total - upto[_RAIL_TO] <= _ABOVE * around) & (around >= _LEAST_SHARE * total)
    crowd = np.where(fits, around / np.maximum(below, 1.0), 0.0)
    best = int(crowd.argmax())
    return best if crowd[best] >= _CROWD else None


def _flat(amplitude: Samples, slope: Samples, level: float) -> bool:
    """Whether the wave is flatter around the rail than below it."""
    top = slope[(amplitude > 0.88 * level) & (amplitude < 1.12 * level)]
    under = slope[(amplitude > 0.2 * level) & (amplitude < 0.8 * level)]
    if not len(top) or not len(under):
        return False
    return float(np.median(top)) <= _HIGHEST_TOP_SLOPE * float(np.median(under))


def _changes(block: Samples) -> bool:
    """Whether the spectrum moves within the block."""
    first = np.abs(np.fft.rfft(block[_FIRST_PART] * _WINDOW))
    last = np.abs(np.fft.rfft(block[_LAST_PART] * _WINDOW))
    return float(np.abs(last - first).sum()) >= _LEAST_CHANGE * float((first + last).sum())
