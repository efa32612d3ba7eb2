"""How much of a sound is cut off, told from what is left of it after the codec.

An overdriven input has flat tops. A codec rounds them, and more so where the sound was turned down afterwards: hardly a
sample stays where it was cut. What stays is how the wave is made, and that is measured over the last two seconds:

- **Flatness**, the kurtosis of the amplitude in frames of 20 ms: 1 for a square wave, 1.5 for a sine, 3 to 5 for a
  voice, and 1.4 to 3 for a voice that is cut by 14 dB or more, at whatever level.
- **Flanks**, the kurtosis of the slope: 1.5 for a sine, below 4 for a few of them. A cut wave is nearly level on its
  tops and very steep between them.
- **Crowd**: amplitudes are counted, and a level is sought, the rail, around which there are about as many samples as a
  little below it, and above which there are few. Speech and music have fewer samples the higher the amplitude, also
  when a limiter holds their peaks.
- **Cut again**: samples at full scale, where the decoder cuts what the codec's noise has taken above it. Where they are
  many, less of a crowd will do.
- **Level tops**: the slope near the rail is no greater than elsewhere. A bowed string has flanks but no level tops.
- **Change**: the spectrum moves within nearly every block. A held note has flat tops by nature; a tune moves only
  where a note begins.

Since the judgement needs some seconds, how long a sound has been cut is counted from the first block that looks so.
Calibrated with 25 voices cut by 3 to 40 dB and turned down by 0 to 10 dB, through Opus at 48 kbit/s, against the same
voices uncut or limited, music and noise; see decisions 0016 and 0019.
"""

from bisect import bisect_left
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.audio.kweighting import BLOCK_SAMPLES, SAMPLE_RATE, Samples

_BLOCKS: Final = 15
"""In 3 s."""
_BLOCK_SECONDS: Final = BLOCK_SAMPLES / SAMPLE_RATE
_KEPT: Final = 0.9
"""Of what was counted, from block to block: a mean of the last 2 s."""
_EVERY: Final = 8
_COUNTED: Final = BLOCK_SAMPLES // _EVERY
"""Each eighth sample."""
_FRAMES: Final = 10
_FRAME: Final = _COUNTED // _FRAMES
"""20 ms of them."""
_BINS: Final = 100
_TOP_BIN: Final = np.float32(99.9)
_LOWEST_PEAK: Final = 0.12
"""Below -18 dBFS nothing is looked for."""
_HIGHEST_FLATNESS: Final = 4.3
_LOWEST_FLANKS: Final = 3.5
"""Nothing above, or below, is looked at closer."""
_CLEAR_FLANKS, _FEWER_FLANKS, _STEADY_TOPS = 4.8, 3.8, 0.88
"""A high voice has few harmonics, so fewer flanks; its tops are then the more level."""
_FLAT: Final = 1.85
"""A moving sound that is flatter than this is cut, whether its rail is seen or not."""
_CROWD: Final = 0.9
"""Samples around the rail over those in a band as wide below it. Limited voices are below 0.8."""
_ABOVE: Final = 0.25
"""Samples above the rail's band over those in it."""
_BLURRED_FLATNESS, _BLURRED_TOPS, _BLURRED_CROWD, _BLURRED_ABOVE = 3.0, 0.88, 0.6, 1.0
"""The same where it was turned down after it was cut: the codec's noise stands on the tops. The tops of instruments are
as blurred, and smooth."""
_FULL: Final = np.float32(0.9995)
_DECODER_CUTS: Final = 0.0015
"""Share of the samples at full scale. The codec's noise takes what was cut there above it half of the time, and the
decoder cuts it again; of what a limiter holds there, hardly a peak: below 0.0018 for a voice that is held by 12 dB."""
_CLEARLY_CUTS, _BREATHY_FLANKS = 0.005, 3.2
"""So many that no rail need be seen: there is none where a breathy voice is cut. Music held by 20 dB: 0.0031."""
_LEAST_BLOCKS: Final = 1.5
"""That must have been counted: fewer are a chance."""
_LEAST_SHARE: Final = 0.02
_HIGHEST_TOP_SLOPE: Final = 1.25
"""Median slope around the rail over the median slope below it."""
_LEAST_CHANGE: Final = 0.3
"""Between the spectra of a block's halves, 0..1."""
_SHARP_FLANKS, _LITTLE_CHANGE = 6.0, 0.15
"""Flanks that hardly an instrument has: a vowel may be held."""
_CHANGING: Final = 0.65
"""The share of blocks with so much change."""
_LEAST_CLOSE: Final = 2.5
_LOOKS, _MOST_LOOKS = 2, 5
"""So many looks more must have found it cut than not, or it is a chance; and so many are remembered."""
_QUANTILES: Final = (0.85, 0.95)
_OF_MOST, _OF_TOP = 0.85, 0.72
"""What counts as cut off: what is above these parts of the levels below which so many samples lie."""
_LOWEST_TOP: Final = 6
_STILL: Final = 1e-12
"""A mean square; what is below says nothing."""

_ONES: Final = np.full(_FRAME, 1.0 / _FRAME, np.float32)
_WAVE: Final = np.empty((2, _COUNTED), np.float32)
"""Where a block's samples and slopes are worked on. For one thread only."""
_RAILS: Final = (
    0.68,
    0.73,
    0.78,
    0.82,
    0.86,
    0.89,
    0.92,
    0.95,
    0.98,
    1.01,
    1.04,
    1.08,
    1.13,
    1.18,
    1.24,
    1.3,
)
"""Where the rail is sought, in parts of the level below which nearly all samples lie; above it where few reach it."""
_PART: Final = 1024
_PAIRS: Final = np.full(2, 0.5, np.float32)
_FIRST_PART: Final = slice(2000, 2000 + 2 * _PART)
_LAST_PART: Final = slice(4800, 4800 + 2 * _PART)
"""43 ms each, in the middle of the block, at 24 kHz; 58 ms from one to the other."""
_WINDOW: Final = np.hanning(_PART).astype(np.float32)


class Cut(NamedTuple):
    """What is cut off."""

    ratio: float
    """Share of this block's samples that lie at the top, 0..1; 0 while nothing is cut off."""
    ratio_3s: float
    """The same over the last 3 s; what was not received counts as not cut."""
    seconds: float
    """How long the sound has looked so without a gap, pauses below 3 s included; 0 while nothing is cut off."""


UNCUT: Final = Cut(0.0, 0.0, 0.0)


class _Wave(NamedTuple):
    """How the wave has been made over the last seconds; each a mean over frames, weighted by their power."""

    flatness: float
    flanks: float
    tops: float
    """How steep it is where it is high: 0.5 for a sine, 1 where slope and height are unrelated."""
    blocks: float
    """How many have been counted."""


class Overdrive:
    """The memory of one track."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS + 1, np.float32)
        """How often each hundredth was there, the longer ago the less; nothing comes first."""
        self._made = [0.0] * 5
        """Blocks, their power, and with it the three figures of `_Wave`."""
        self._full = 0.0
        """Of all samples of these blocks, how many are at full scale."""
        self._close = self._changing = 0.0
        """Blocks that looked cut, and those among them that changed."""
        self._cut = [0] * _BLOCKS
        """Samples at the top in each of the last blocks that look cut."""
        self._seconds = 0.0
        self._looks = 0

    def miss(self, seconds: float) -> None:
        """So long nothing was received."""
        blocks = min(round(seconds / _BLOCK_SECONDS), _BLOCKS)
        self._forget(_KEPT**blocks)
        self._cut = [*self._cut[blocks:], *[0] * blocks]
        self._seconds = 0.0

    def update(self, block: Samples, peak: float) -> Cut:
        """Take a block in: samples of shape (9600,), 1.0 = full scale, and the highest of them."""
        self._forget(_KEPT)
        if peak >= _FULL:
            self._full += np.count_nonzero(block >= _FULL) + np.count_nonzero(block <= -_FULL)
        cut = 0 if peak < _LOWEST_PEAK else self._look(block)
        self._cut = [*self._cut[1:], cut]
        together = sum(self._cut)
        self._seconds = self._seconds + _BLOCK_SECONDS if together else 0.0
        if self._looks < _LOOKS or not together:
            return UNCUT
        return Cut(cut / _COUNTED, together / (_COUNTED * _BLOCKS), self._seconds)

    def _forget(self, kept: float) -> None:
        self._counts *= np.float32(kept)
        self._made = [kept * made for made in self._made]
        self._full *= kept
        self._close *= kept
        self._changing *= kept

    def _look(self, block: Samples) -> int:
        """How many of the counted samples are cut off, as it looks."""
        _WAVE[0] = block[::_EVERY]
        np.subtract(block[1::_EVERY], _WAVE[0], out=_WAVE[1])
        wave = self._take(_WAVE * _WAVE)
        again = self._full / (BLOCK_SAMPLES * wave.blocks)
        least_flanks = _BREATHY_FLANKS if again >= _CLEARLY_CUTS else _LOWEST_FLANKS
        if wave.flatness > _HIGHEST_FLATNESS or wave.flanks < least_flanks:
            self._looks = 0
            return 0
        amplitude = np.abs(_WAVE[0])
        levels = (amplitude * _TOP_BIN).astype(np.intp)
        self._counts[1:] += np.bincount(levels, minlength=_BINS)
        upto = self._counts.cumsum().tolist()
        most, top = (max(_LOWEST_TOP, bisect_left(upto, part * upto[_BINS])) for part in _QUANTILES)
        cut = (
            wave.blocks >= _LEAST_BLOCKS
            and (again >= _CLEARLY_CUTS or self._is_cut(wave, amplitude, upto, top, again))
            and self._moves(wave, block)
        )
        self._looks = min(_MOST_LOOKS, self._looks + 1) if cut else max(0, self._looks - 1)
        return int(np.count_nonzero(levels >= max(_OF_MOST * most, _OF_TOP * top)))

    def _take(self, squares: NDArray[np.float32]) -> _Wave:
        """Of shape (2, 1200): of the samples, and of the slope at each."""
        frames = squares.reshape(2, _FRAMES, _FRAME)
        (power, steepness), (heights, slopes) = (frames @ _ONES).tolist(), np.vecdot(frames, frames).tolist()
        both = np.vecdot(frames[0], frames[1]).tolist()
        now = [1.0, 0.0, 0.0, 0.0, 0.0]
        for p, s, pp, ss, ps in zip(power, steepness, heights, slopes, both, strict=True):
            if s > _STILL and p > _STILL:
                now[1] += p
                now[2] += pp / p
                now[3] += p * ss / (s * s)
                now[4] += ps / s
        self._made = [before + new for before, new in zip(self._made, now, strict=True)]
        blocks, power_of_all, flatness, flanks, tops = self._made
        each = power_of_all * _FRAME + _STILL
        return _Wave(flatness / each, flanks / each, tops / each, blocks)

    def _is_cut(self, wave: _Wave, amplitude: Samples, upto: list[float], top: int, again: float) -> bool:
        if wave.flanks < _CLEAR_FLANKS and (wave.flanks < _FEWER_FLANKS or wave.tops > _STEADY_TOPS):
            return False
        if wave.flatness <= _FLAT and wave.flanks >= _CLEAR_FLANKS:
            return True
        rail = _rail(upto, top, _CROWD, _ABOVE)
        if (
            rail is None
            and wave.flatness <= _BLURRED_FLATNESS
            and (wave.tops >= _BLURRED_TOPS or again >= _DECODER_CUTS)
        ):
            rail = _rail(upto, top, _BLURRED_CROWD, _BLURRED_ABOVE)
        return rail is not None and _level_tops(amplitude, np.abs(_WAVE[1]), rail)

    def _moves(self, wave: _Wave, block: Samples) -> bool:
        """Whether the spectrum changes, in this block and in those before that looked cut."""
        self._close += 1.0
        self._changing += _change(block) >= (
            _LITTLE_CHANGE if wave.flanks >= _SHARP_FLANKS else _LEAST_CHANGE
        )
        return self._close >= _LEAST_CLOSE and self._changing >= _CHANGING * self._close


def _rail(upto: list[float], top: int, least_crowd: float, most_above: float) -> float | None:
    """The amplitude around which samples crowd, 1.0 = full scale; None if there is none. `upto`: how many samples lie
    below each hundredth; `top`: below which hundredth nearly all do."""
    best, crowd, all_of_them = 0.0, least_crowd, upto[_BINS]
    for band in _bands(top):
        reached = upto[band.high]
        around = reached - upto[band.low]
        if all_of_them - reached > most_above * around or around < _LEAST_SHARE * all_of_them:
            continue
        below = max(1.0, upto[band.below_high] - upto[band.below_low])
        if around >= crowd * below:
            best, crowd = band.rail / _BINS, around / below
    return best or None


class _Band(NamedTuple):
    """A place for the rail, in hundredths of full scale, and the bins around it and below it."""

    rail: float
    high: int
    low: int
    below_high: int
    below_low: int


@cache
def _bands(top: int) -> tuple[_Band, ...]:
    """The places where the rail is sought, up to full scale; there are at most a hundred answers."""
    bands = list[_Band]()
    for part in _RAILS:
        if bands and bands[-1].rail >= _BINS:
            break
        rail = min(float(_BINS), part * top)
        high = min(_BINS, round(1.12 * rail))
        bands.append(_Band(rail, high, round(0.88 * rail), round(0.80 * rail), round(0.56 * rail)))
    return tuple(bands)


def _level_tops(amplitude: Samples, slope: Samples, rail: float) -> bool:
    """Whether the wave is no steeper around the rail than below it."""
    top = slope[(amplitude > 0.88 * rail) & (amplitude < 1.12 * rail)]
    under = slope[(amplitude > 0.2 * rail) & (amplitude < 0.8 * rail)]
    if not len(top) or not len(under):
        return False
    return _median(top) <= _HIGHEST_TOP_SLOPE * _median(under)


def _median(values: Samples) -> float:
    """The upper one of the two in the middle; `np.median` takes five times as long."""
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def _change(block: Samples) -> float:
    """By how much of itself the spectrum moves within the block, 0..1; 0 where both parts are silent."""
    first, last = (
        np.abs(np.fft.rfft((block[part].reshape(_PART, 2) @ _PAIRS) * _WINDOW))
        for part in (_FIRST_PART, _LAST_PART)
    )
    whole = float((first + last).sum())
    return float(np.abs(last - first).sum()) / whole if whole else 0.0
