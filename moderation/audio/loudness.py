"""Loudness over time, after ITU-R BS.1770-4 and EBU Tech 3341 and 3342, from K-weighted energies of 10 ms.

`SlidingLoudness` is momentary (400 ms) and short-term (3 s). Both are told every 100 ms; their maxima are looked for
every 10 ms, since a burst of 400 ms that falls between two steps of 100 ms would read up to 0.6 LU too low.
`IntegratedLoudness` and `GatedLoudness`, which adds loudness range, keep four bytes for each window that they get: a
minute of a track is at most 300 of them. Nothing in a room gathers for longer.

What was not received counts as nothing in the sliding windows: a lost frame can only lower them, which is
what keeps loss from ever accusing anyone (libebur128 does the same before its first window is full). The
gated figures leave every window out that was not received in full.
"""

from array import array
from collections import deque
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.audio.decibels import lufs, weighted_mean_square

STEP_SECONDS: Final = 0.1
SLICES_PER_STEP: Final = 10
"""A slice is 10 ms."""
_MOMENTARY_STEPS: Final = 4
_SHORT_TERM_STEPS: Final = 30
_MOMENTARY: Final = _MOMENTARY_STEPS * SLICES_PER_STEP
_SHORT_TERM: Final = _SHORT_TERM_STEPS * SLICES_PER_STEP
_AT: Final = slice(SLICES_PER_STEP - 1, None, SLICES_PER_STEP)
"""Where a step ends."""

_ABSOLUTE_GATE: Final = weighted_mean_square(-70.0)
_RELATIVE_GATE: Final = 0.1
"""10 LU below the mean, and 20 LU for the range, as parts of it."""
_RANGE_GATE: Final = 0.01
_RANGE: Final = (0.10, 0.95)


class Windows(NamedTuple):
    """Mean squares of the windows that end within one block."""

    momentary: list[float]
    """At the end of each 100 ms, the last 400 ms."""
    short_term: list[float]
    """At the end of each 100 ms, the last 3 s."""
    loudest_momentary: float
    """The highest of every 10 ms."""
    loudest_short_term: float
    steps: list[float]
    """Of each 100 ms alone."""


class SlidingLoudness:
    """The last 3 s of one track."""

    def __init__(self) -> None:
        self._slices = np.zeros(_SHORT_TERM, np.float32)
        """Each slice's mean square. Single precision: off by 0.000001 dB."""
        self._heard = deque([False] * _SHORT_TERM_STEPS, maxlen=_SHORT_TERM_STEPS)
        self._received = 0
        """How many of those steps were."""
        self._contiguous = 0
        """Steps that were received since the last that was not."""

    def add(self, slices: NDArray[np.float32]) -> Windows:
        """Whole steps of 100 ms: the mean squares of their slices, K-weighted, the channels added up."""
        count = len(slices)
        for _ in range(count // SLICES_PER_STEP):
            self._received += not self._heard[0]
            self._heard.append(True)
            self._contiguous += 1
        known = np.concatenate((self._slices, slices))
        upto = known.cumsum(dtype=np.float64)
        self._slices = known[count:]
        ends = upto[_SHORT_TERM:]
        momentary = ((ends - upto[_SHORT_TERM - _MOMENTARY : -_MOMENTARY]) / _MOMENTARY).tolist()
        short_term = ((ends - upto[:count]) / _SHORT_TERM).tolist()
        marks = upto[_SHORT_TERM - 1 :: SLICES_PER_STEP].tolist()
        return Windows(
            momentary[_AT],
            short_term[_AT],
            max(momentary),
            max(short_term),
            [(after - before) / SLICES_PER_STEP for before, after in pairwise(marks)],
        )

    def miss(self, steps: int) -> float:
        """So many steps of 100 ms were not received; the short-term mean square after them."""
        lost = min(steps, _SHORT_TERM_STEPS)
        nothing = np.zeros(lost * SLICES_PER_STEP, np.float32)
        self._slices = np.concatenate((self._slices[len(nothing) :], nothing))
        self._heard.extend([False] * lost)
        self._received = sum(self._heard)
        self._contiguous = 0
        return float(self._slices.sum()) / _SHORT_TERM

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
        # No list, for its memory: every room has several of these.
        self._energies = array("f")

    def add_momentary(self, energy: float) -> None:
        """A whole 400 ms window's mean square: one gating block."""
        if energy >= _ABSOLUTE_GATE:
            self._energies.append(energy)

    @property
    def integrated_lufs(self) -> float | None:
        """`None` while nothing was above the absolute gate of -70 LUFS."""
        energies = np.array(self._energies)
        return lufs(float(_above(energies, _RELATIVE_GATE).mean())) if len(energies) else None


class GatedLoudness(IntegratedLoudness):
    """The same with loudness range (Tech 3342)."""

    def __init__(self) -> None:
        super().__init__()
        self._short_terms = array("f")

    def add_short_term(self, energy: float) -> None:
        """A whole 3 s window: one sample of the loudness range."""
        if energy >= _ABSOLUTE_GATE:
            self._short_terms.append(energy)

    @property
    def range_lu(self) -> float | None:
        """From the 10th to the 95th percentile of what is within 20 LU of the mean; `None` as above."""
        short_terms = np.array(self._short_terms)
        if not len(short_terms):
            return None
        low, high = np.quantile(_above(short_terms, _RANGE_GATE), _RANGE, method="nearest").tolist()
        return lufs(high) - lufs(low)


def _above(energies: NDArray[np.float32], gate: float) -> NDArray[np.float32]:
    """Those above this part of their mean."""
    above: NDArray[np.float32] = energies[energies >= gate * float(energies.mean())]
    return above
