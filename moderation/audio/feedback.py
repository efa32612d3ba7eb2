"""Acoustic feedback: a loudspeaker that a microphone hears, over and over, until it howls.

What is sought is how it comes about, not how it sounds: a held note of an instrument, a ringing telephone and mains hum
stand as still as a howl does. A loop that amplifies lets a frequency at which the room carries best grow by the same
number of decibels each time around: out of what was there before, in a straight line on the decibel scale, without
moving and without a second harmonic, until something limits it. An instrument begins within a tenth of a second, or
swells with its harmonics; a fade-in slows down on that scale. This is the criterion known as peak slope, beside those
for peak-to-harmonic power, peak-to-neighbouring power and persistence (T. van Waterschoot and M. Moonen, "Fifty years
of acoustic feedback control", Proc. IEEE 99(2), 2011, section IV).

After that the tone is feedback for as long as it stands, and again when it comes back soon after, as it does with each
sentence of the speaker whose voice starts it.
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

LOOKS: Final = 12
"""How many are remembered one by one."""
_SLOW: Final = 2
"""And as many again of so many together: for what grows slowly, and for frequencies so close that they beat."""
_HIGHEST_HZ: Final = 6_000.0
"""What is remembered of the spectrum, two bins in one."""
_LINES: Final = 3
"""Frequencies that are followed: feedback rings at one to three."""
_MOST_KNOWN: Final = 8
_LOWEST_HZ: Final = 160.0
_AWAY_BINS: Final = 4
"""From one line to the next."""
_LEAST_SHARE: Final = 0.12
"""Of all power, for a line to be followed."""
_GROWN_SHARE: Final = 0.4
"""Of all power in the lines together, for the sound to be called ringing."""
_SECOND_HARMONIC_DB: Final = -24.0
"""Relative to the line. A line at twice its frequency that is louder makes it a note; so does one at half of it, or at
two thirds and one third, for then the line is itself a harmonic."""
_STILL_HZ: Final = 4.0
"""How far a line that grows may move from where it stood at one of the last two looks: a loop carries frequencies a few
hertz apart, and the strongest takes turns. A voice or a whistle wavers more."""
_STANDING_HZ: Final = 16.0
"""How far from where something has grown a line may stand: those frequencies beat."""
_LEAST_GROWTH_DB: Final = 14.0
_LEAST_STEPS: Final = 3
"""Fewer are an onset."""
_BESIDE, _BESIDE_DB = 4, 6
"""Pairs of bins to each side, and by how much they may be louder."""
_CROOKED_DB, _CROOKED = 2.0, 0.12
"""RMS distance from the straight line: in dB, or of the rise."""
_SLOWING: Final = 0.65
"""The slope of the later half over that of the earlier, at least."""
_RUN_SECONDS: Final = 0.6
"""A tone must stand for so long to count: a vowel passes by sooner."""
_MEMORY_SECONDS: Final = 3.0
"""After so long without ringing it is forgotten."""
_LEAST: Final = 1e-12
_FLOOR: Final = np.float32(_LEAST)
_DB: Final = np.float32(10.0)
_GRAIN: Final = 1e-6


class Ringing(NamedTuple):
    """Feedback as of now."""

    hz: float
    """The strongest of its frequencies; 0 while it is not heard."""
    seconds: float
    """How long it has been heard, pauses between not counted; 0 while it is not heard, and until a tone that grew has
    stood for longer than a vowel."""
    growth_db: float
    """By how much it was seen to grow, from that moment on; 0 once it is forgotten."""


class Feedback:
    """The memory of one track."""

    def __init__(self, hz_per_bin: float) -> None:
        self._hz_per_bin = hz_per_bin
        self._still, self._standing = _STILL_HZ / hz_per_bin, _STANDING_HZ / hz_per_bin
        self._lowest = math.ceil(_LOWEST_HZ / hz_per_bin)
        self._pairs = int(_HIGHEST_HZ / hz_per_bin) // 2
        self._fast, self._slow = _Looks(self._pairs), _Looks(self._pairs)
        self._lines: list[float] = []
        self._lines_before: list[float] = []
        """Where the strongest lines were at the last look and at the one before it, in bins."""
        self._known: list[float] = []
        """Where something was seen to grow."""
        self._growth_db = 0.0
        self._seconds = self._run = self._quiet_seconds = 0.0

    def reset(self) -> None:
        """What follows does not continue what came last."""
        self._fast.seen = self._slow.seen = 0
        self._known, self._seconds, self._run, self._growth_db = [], 0.0, 0.0, 0.0

    def update(self, power: NDArray[np.float32], seconds: float) -> Ringing:
        """Take a look in: mean square in each bin of the spectrum, from 0 Hz on; `seconds` since the last look."""
        pairs = power[: 2 * self._pairs : 2] + power[1 : 2 * self._pairs : 2]
        pairs += _FLOOR
        levels = np.log10(pairs, out=pairs)
        levels *= _DB
        self._fast.add(levels)
        if self._fast.seen % _SLOW == 0:
            self._slow.add(self._fast.highest_of(_SLOW))
        lines = self._strongest(power)
        places = [_between(power, line) for line in lines]
        recent, standing = [*self._lines, *self._lines_before], []
        for line, place in zip(lines, places, strict=True):
            if _among(place, self._known, self._standing):
                standing.append(line)
            elif _among(place, recent, self._still) and (grown := self._growth(line)) > 0.0:
                self._known = [*self._known[1 - _MOST_KNOWN :], place]
                self._growth_db = max(grown, self._growth_db)
                standing.append(line)
        self._lines_before, self._lines = self._lines, places
        return self._hold(standing, power, seconds)

    def _hold(self, standing: list[int], power: NDArray[np.float32], seconds: float) -> Ringing:
        share = _share(power, standing, self._lowest) if standing else 0.0
        if share < _GROWN_SHARE:
            self._run = 0.0
            self._quiet_seconds += seconds
            if self._known and self._quiet_seconds > _MEMORY_SECONDS:
                self._known, self._seconds, self._growth_db = [], 0.0, 0.0
            return Ringing(0.0, 0.0, self._growth_db)
        self._run += seconds
        if self._run < _RUN_SECONDS - _GRAIN:
            return Ringing(0.0, 0.0, self._growth_db)
        self._seconds += seconds if self._run >= _RUN_SECONDS + seconds - _GRAIN else self._run
        self._quiet_seconds = 0.0
        return Ringing(standing[0] * self._hz_per_bin, self._seconds, self._growth_db)

    def _strongest(self, power: NDArray[np.float32]) -> list[int]:
        """The bins of the strongest narrow peaks that hold some share of the power, strongest first."""
        rest = power[self._lowest : -2].copy()
        least = _LEAST_SHARE * float(np.add.reduce(rest))
        found: list[int] = []
        while len(found) < _LINES and least > 0.0:
            at = int(rest.argmax())
            peak = self._lowest + at
            if sum(power[peak - 1 : peak + 2].tolist()) < least:
                break
            found.append(peak)
            rest[max(0, at - _AWAY_BINS) : at + _AWAY_BINS + 1] = 0.0
        return found

    def _growth(self, line: int) -> float:
        """By how many dB this line has grown in the way that feedback does; 0.0 if it has not."""
        return self._fast.growth(line // 2) or self._slow.growth(line // 2)


class _Looks:
    """The levels of each two bins at the last looks, in whole dBFS."""

    def __init__(self, pairs: int) -> None:
        self._rows = np.full((LOOKS, pairs), -128, np.int8)
        self.seen = 0

    def add(self, levels: NDArray[Any]) -> None:
        self._rows[self.seen % LOOKS] = levels
        self.seen += 1

    def highest_of(self, looks: int) -> NDArray[np.int8]:
        """Of the last looks, whose number divides `LOOKS`, when as many have been added."""
        first = (self.seen - looks) % LOOKS
        highest: NDArray[np.int8] = self._rows[first : first + looks].max(axis=0)
        return highest

    def growth(self, line: int) -> float:
        """By how many dB the line has grown, as of the last look; 0.0 if it has not, or is part of a note."""
        count = min(self.seen, LOOKS)
        if count <= _LEAST_STEPS or line + 2 > self._rows.shape[1]:
            return 0.0
        levels = self._rows[:, line - 1 : line + 2].max(axis=1).tolist()
        newest = self.seen % LOOKS
        around = [*levels[newest:], *levels[:newest]][-count:]
        if around[-1] - min(around) < _LEAST_GROWTH_DB:
            return 0.0
        now = self._rows[newest - 1]
        for other in (2 * line, line // 2):
            if (
                other + 2 <= len(now)
                and int(now[other - 1 : other + 2].max()) - around[-1] > _SECOND_HARMONIC_DB
            ):
                return 0.0
        middle, rise = _straight_growth(around)
        if rise <= 0.0:
            return 0.0
        # A tone that glides to where it stays grows there, too; but half-way it was beside.
        beside = self._rows[(self.seen - count + middle) % LOOKS, max(0, line - _BESIDE) : line + _BESIDE + 1]
        return rise if int(beside.max()) - around[middle] <= _BESIDE_DB else 0.0


def _straight_growth(levels: list[int]) -> tuple[int, float]:
    """The middle of where the levels (dB, oldest first) have grown evenly, and by how much; 0.0 if they have not.

    The last may already stand still at the top, so what is looked at ends with the first that comes within 1 dB of it.
    """
    end = next(i for i, level in enumerate(levels) if level >= levels[-1] - 1)
    for first in range(end - _LEAST_STEPS + 1):
        rise, steps = levels[end] - levels[first], end - first
        if rise < _LEAST_GROWTH_DB:
            continue
        middle = first + steps // 2
        early = (levels[middle] - levels[first]) / (middle - first)
        late = (levels[end] - levels[middle]) / (end - middle)
        if early <= 0.0 or late < _SLOWING * early:
            continue
        off = sum((levels[first + i] - levels[first] - rise * i / steps) ** 2 for i in range(steps + 1))
        if off <= max(_CROOKED_DB, _CROOKED * rise) ** 2 * (steps + 1):
            return middle, float(rise)
    return 0, 0.0


def _among(place: float, others: list[float], near: float) -> bool:
    return any(abs(place - other) <= near for other in others)


def _between(power: NDArray[np.float32], line: int) -> float:
    """Where the peak is, in bins, by a parabola through its logarithms."""
    below, top, above = (math.log(p + _LEAST) for p in power[line - 1 : line + 2].tolist())
    curve = below - 2.0 * top + above
    return line + (0.5 * (below - above) / curve if curve < 0.0 else 0.0)


def _share(power: NDArray[np.float32], lines: list[int], lowest: int) -> float:
    total = float(power[lowest:].sum())
    inside = sum(float(power[line - 2 : line + 3].sum()) for line in lines)
    return inside / total if total > 0.0 else 0.0
