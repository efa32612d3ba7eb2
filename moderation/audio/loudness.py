"""Loudness over time, after ITU-R BS.1770-4 and EBU Tech 3341 and 3342, from K-weighted energies of 100 ms.

`SlidingLoudness` is momentary (400 ms) and short-term (3 s). `GatedLoudness` is integrated loudness and
loudness range; it keeps histograms with bins of 0.1 LU, so its memory does not grow with time.

What was not received counts as nothing in the sliding windows: a lost frame can only lower them, which is
what keeps loss from ever accusing anyone (libebur128 does the same before its first window is full). The
gated figures leave every window out that was not received in full.
"""

from array import array
from collections import deque
from typing import Final

import numpy as np

from moderation.audio.decibels import lufs, weighted_mean_square

STEP_SECONDS: Final = 0.1
MOMENTARY_STEPS: Final = 4
SHORT_TERM_STEPS: Final = 30

_LOWEST: Final = -70.0
"""The absolute gate; nothing below it is kept."""
_BINS: Final = 750
_PER_LU: Final = 10


class SlidingLoudness:
    """The last 3 s of one track in steps of 100 ms."""

    def __init__(self) -> None:
        self._energies = deque([0.0] * SHORT_TERM_STEPS, maxlen=SHORT_TERM_STEPS)
        self._heard = deque([False] * SHORT_TERM_STEPS, maxlen=SHORT_TERM_STEPS)
        self._received = 0
        """How many of them were."""

    def add(self, energy: float) -> None:
        """One step of 100 ms: the mean square of its K-weighted samples."""
        self._received += not self._heard[0]
        self._energies.append(energy)
        self._heard.append(True)

    def miss(self, steps: int) -> None:
        """So many steps of 100 ms were not received."""
        count = min(steps, SHORT_TERM_STEPS)
        self._energies.extend([0.0] * count)
        self._heard.extend([False] * count)
        self._received = sum(self._heard)

    @property
    def momentary_energy(self) -> float:
        newest = self._energies
        return (newest[-1] + newest[-2] + newest[-3] + newest[-4]) / MOMENTARY_STEPS

    @property
    def momentary_whole(self) -> bool:
        newest = self._heard
        return newest[-1] and newest[-2] and newest[-3] and newest[-4]

    @property
    def short_term_energy(self) -> float:
        return sum(self._energies) / SHORT_TERM_STEPS

    @property
    def coverage(self) -> float:
        """How much of the last 3 s was received, 0..1."""
        return self._received / SHORT_TERM_STEPS


class GatedLoudness:
    """Integrated loudness (BS.1770-4 annex 1, equations 5 to 7) and loudness range (Tech 3342)."""

    def __init__(self) -> None:
        # No numpy: one bin is changed ten times a second, all of them are read once a minute. No lists: every room has
        # several of these.
        self._blocks = array("I", bytes(4 * _BINS))
        self._energies = array("d", bytes(8 * _BINS))
        self._short_terms = array("I", bytes(4 * _BINS))

    def add_momentary(self, energy: float, loudness_lufs: float) -> None:
        """A whole 400 ms window's mean square, and what that is in LUFS: one gating block."""
        if (bin_ := _bin(loudness_lufs)) is not None:
            self._blocks[bin_] += 1
            self._energies[bin_] += energy

    def add_short_term(self, loudness_lufs: float) -> None:
        """A whole 3 s window: one sample of the loudness range."""
        if (bin_ := _bin(loudness_lufs)) is not None:
            self._short_terms[bin_] += 1

    @property
    def integrated_lufs(self) -> float | None:
        """`None` while nothing was above the absolute gate of -70 LUFS. The relative gate is 10 LU down."""
        blocks = sum(self._blocks)
        if not blocks:
            return None
        gate = _bin(lufs(sum(self._energies) / blocks) - 10.0) or 0
        return lufs(sum(self._energies[gate:]) / sum(self._blocks[gate:]))

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
