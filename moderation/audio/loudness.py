"""Loudness over time, after ITU-R BS.1770-4 and EBU Tech 3341 and 3342, from K-weighted energies of 10 ms.

`SlidingLoudness` is momentary (400 ms) and short-term (3 s). Both are told every 100 ms; their maxima are looked for
every 10 ms, since a burst of 400 ms that falls between two steps of 100 ms would read up to 0.6 LU too low.
`GatedLoudness` is integrated loudness and loudness range; it keeps histograms with bins of 0.1 LU, so its memory does
not grow with time.

What was not received counts as nothing in the sliding windows: a lost frame can only lower them, which is
what keeps loss from ever accusing anyone (libebur128 does the same before its first window is full). The
gated figures leave every window out that was not received in full.
"""

from array import array
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from moderation.audio.decibels import lufs, weighted_mean_square

STEP_SECONDS: Final = 0.1
SLICES_PER_STEP: Final = 10
"""A slice is 10 ms."""
_MOMENTARY_STEPS: Final = 4
_SHORT_TERM_STEPS: Final = 30
_MOMENTARY: Final = _MOMENTARY_STEPS * SLICES_PER_STEP
_SHORT_TERM: Final = _SHORT_TERM_STEPS * SLICES_PER_STEP

_LOWEST: Final = -70.0
"""The absolute gate; nothing below it is kept."""
_BINS: Final = 750
_PER_LU: Final = 10


class Windows(NamedTuple):
    """Mean squares of the windows that end within one block."""

    momentary: Sequence[float]
    """At the end of each 100 ms, the last 400 ms."""
    short_term: Sequence[float]
    """At the end of each 100 ms, the last 3 s."""
    loudest_momentary: float
    """The highest of every 10 ms."""
    loudest_short_term: float


class SlidingLoudness:
    """The last 3 s of one track."""

    def __init__(self) -> None:
        # No numpy: twenty are added at a time, and each call of it costs as much as that. No list, for its memory.
        # Single precision: off by 0.000001 dB.
        self._slices = array("f", [0.0]) * _SHORT_TERM
        """Each slice's mean square."""
        self._heard = deque([False] * _SHORT_TERM_STEPS, maxlen=_SHORT_TERM_STEPS)
        self._received = 0
        """How many of those steps were."""
        self._contiguous = 0
        """Steps that were received since the last that was not."""

    def add(self, slices: Sequence[float]) -> Windows:
        """Whole steps of 100 ms: the mean squares of their slices, K-weighted, the channels added up."""
        count = len(slices)
        for _ in range(count // SLICES_PER_STEP):
            self._received += not self._heard[0]
            self._heard.append(True)
            self._contiguous += 1
        known = self._slices
        known.extend(slices)
        short, long = sum(known[_SHORT_TERM - _MOMENTARY : _SHORT_TERM]), sum(known[:_SHORT_TERM])
        momentary, short_term = [], []
        for new, before, long_before in zip(slices, known[_SHORT_TERM - _MOMENTARY :], known, strict=False):
            short += new - before
            long += new - long_before
            momentary.append(short / _MOMENTARY)
            short_term.append(long / _SHORT_TERM)
        del known[:count]
        at = slice(SLICES_PER_STEP - 1, None, SLICES_PER_STEP)
        return Windows(momentary[at], short_term[at], max(momentary), max(short_term))

    def miss(self, steps: int) -> float:
        """So many steps of 100 ms were not received; the short-term mean square after them."""
        lost = min(steps, _SHORT_TERM_STEPS)
        self._slices.extend([0.0] * (lost * SLICES_PER_STEP))
        del self._slices[: lost * SLICES_PER_STEP]
        self._heard.extend([False] * lost)
        self._received = sum(self._heard)
        self._contiguous = 0
        return sum(self._slices) / _SHORT_TERM

    def momentary_whole(self, steps_ago: int) -> bool:
        """Whether the last 400 ms, as they were so many steps ago, were received in full."""
        return self._contiguous - steps_ago >= _MOMENTARY_STEPS

    def short_term_whole(self, steps_ago: int) -> bool:
        """The same of the last 3 s."""
        return self._contiguous - steps_ago >= _SHORT_TERM_STEPS

    @property
    def coverage(self) -> float:
        """How much of the last 3 s was received, 0..1."""
        return self._received / _SHORT_TERM_STEPS


class IntegratedLoudness:
    """BS.1770-4 annex 1, equations 5 to 7."""

    def __init__(self) -> None:
        # No numpy: one bin is changed ten times a second, all of them are read once a minute. No lists: every room has
        # several of these. Single precision: a bin's sum is off by less than 0.001 dB after an hour.
        self._blocks = array("I", [0]) * _BINS
        self._energies = array("f", [0.0]) * _BINS

    def add_momentary(self, energy: float, loudness_lufs: float) -> None:
        """A whole 400 ms window's mean square, and what that is in LUFS: one gating block."""
        if (bin_ := _bin(loudness_lufs)) is not None:
            self._blocks[bin_] += 1
            self._energies[bin_] += energy

    @property
    def integrated_lufs(self) -> float | None:
        """`None` while nothing was above the absolute gate of -70 LUFS. The relative gate is 10 LU down."""
        blocks = sum(self._blocks)
        if not blocks:
            return None
        gate = _bin(lufs(sum(self._energies) / blocks) - 10.0) or 0
        return lufs(sum(self._energies[gate:]) / sum(self._blocks[gate:]))


class GatedLoudness(IntegratedLoudness):
    """The same with loudness range (Tech 3342)."""

    def __init__(self) -> None:
        super().__init__()
        self._short_terms = array("I", [0]) * _BINS

    def add_short_term(self, loudness_lufs: float) -> None:
        """A whole 3 s window: one sample of the loudness range."""
        if (bin_ := _bin(loudness_lufs)) is not None:
            self._short_terms[bin_] += 1

    @property
    def range_lu(self) -> float | None:
        """From the 10th to the 95th percentile of what is within 20 LU of the mean, to 0.1 LU; `None` as
        above."""
        short_terms = np.array(self._short_terms)
        total = int(short_terms.sum())
        if not total:
            return None
        mean = float(short_terms @ _BIN_ENERGIES) / total
        gate = _bin(lufs(mean) - 20.0) or 0
        cumulated = np.cumsum(short_terms[gate:])
        ranks = np.round(np.array([0.10, 0.95]) * (cumulated[-1] - 1)) + 1
        low, high = np.searchsorted(cumulated, ranks)
        return float(high - low) / _PER_LU


def _bin(loudness_lufs: float) -> int | None:
    index = int((loudness_lufs - _LOWEST) * _PER_LU)
    return min(index, _BINS - 1) if loudness_lufs >= _LOWEST else None


_BIN_ENERGIES: Final = np.array([weighted_mean_square(_LOWEST + (i + 0.5) / _PER_LU) for i in range(_BINS)])
