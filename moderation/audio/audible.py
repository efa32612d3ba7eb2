"""Whether anything can be heard on a track: a voice, music, rain; not whether it is speech.

Two things are audible: what is loud, whatever it is, and what is softer but stands out from the track's own noise
floor. Levels are K-weighted, as an ear weighs them, over 100 ms. The floor is the lowest of the last 10 s, so a whisper
over a quiet room is heard, and the noise of an open microphone in an empty one is not, while it is below `LOUD_LUFS`.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from moderation.audio.decibels import lufs

LOUD_LUFS: Final = -44.0
"""Nobody calls this silence, be it as steady as rain."""
_SOFTEST_LUFS: Final = -75.0
_ABOVE_FLOOR_LU: Final = 6.0
_ATTACK: Final = 2
"""In a row: a single 100 ms is a click."""
_REMEMBERED: Final = 100
STEP_SECONDS: Final = 0.1


class Audible:
    """The memory of one track: the levels of the last 10 s."""

    def __init__(self) -> None:
        self._slots: deque[float] = deque(maxlen=_REMEMBERED // 10)
        """The lowest level of each second."""
        self._steps = 0
        self._above = 0

    def update(self, energies: Sequence[float], *, hum: bool) -> float:
        """K-weighted mean squares of a block's steps of 100 ms; `hum`: its steady part is mains hum, which is no sound
        that anybody makes. Answers how many of its seconds are audible."""
        seconds = 0.0
        for level in map(lufs, energies):
            self._remember(level)
            stands_out = level >= max(min(self._slots) + _ABOVE_FLOOR_LU, _SOFTEST_LUFS)
            self._above = self._above + 1 if stands_out else 0
            if self._above >= _ATTACK or (level >= LOUD_LUFS and not hum):
                seconds += STEP_SECONDS
        return seconds

    def _remember(self, level: float) -> None:
        if self._steps % 10 == 0:
            self._slots.append(level)
        else:
            self._slots[-1] = min(self._slots[-1], level)
        self._steps += 1
