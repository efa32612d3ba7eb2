"""Whether someone speaks, and the noise they speak above, from the levels of 20 ms frames.

The noise floor is the lowest frame of the last 8 s (minimum statistics, after R. Martin, IEEE Trans. Speech
and Audio Processing 9(5), 2001): speech has pauses, so its own floor stays visible below it, and a sound
that never pauses for 8 s becomes the floor and stops counting as speech. Speech is a level well above the
floor: it takes three frames to begin (attack, so that a click is none), a lower level to go on (hysteresis)
and 300 ms below that to end (hangover, so that words join up).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from moderation.audio.decibels import SILENCE

FRAME_SECONDS: Final = 0.02
_SLOTS: Final = 8
_BLOCKS_PER_SLOT: Final = 5
"""One slot of the floor's memory is 1 s."""

_BEGIN_DB, _CONTINUE_DB = 9.0, 5.0
"""Above the noise floor."""
_BEGIN_DBFS, _CONTINUE_DBFS = -52.0, -56.0
"""And in any case: softer is not heard by anyone."""
_ATTACK_FRAMES: Final = 3
_HANGOVER_FRAMES: Final = 15


class NoiseFloor:
    """The lowest frame of the last 8 s of received sound."""

    def __init__(self) -> None:
        self._slots: deque[float] = deque(maxlen=_SLOTS)
        self._blocks = 0

    def update(self, frames_dbfs: Sequence[float]) -> float:
        """Take one block's frames in; the floor in dBFS."""
        lowest = min(frames_dbfs)
        if self._blocks % _BLOCKS_PER_SLOT == 0:
            self._slots.append(lowest)
        else:
            self._slots[-1] = min(self._slots[-1], lowest)
        self._blocks += 1
        return max(SILENCE, min(self._slots))


@dataclass(slots=True)
class Activity:
    """The speech detector of one track."""

    active: bool = False
    _above: int = 0
    _below: int = 0

    def reset(self) -> None:
        """Forget what was heard: nobody speaks."""
        self.active, self._above, self._below = False, 0, 0

    def update(self, frames_dbfs: Sequence[float], floor_dbfs: float) -> int:
        """Take one block's frames in; how many of them were speech."""
        begin = max(floor_dbfs + _BEGIN_DB, _BEGIN_DBFS)
        go_on = max(floor_dbfs + _CONTINUE_DB, _CONTINUE_DBFS)
        active, above, below, spoken = self.active, self._above, self._below, 0
        for level in frames_dbfs:
            if active:
                below = 0 if level >= go_on else below + 1
                active, above = below < _HANGOVER_FRAMES, 0
            else:
                above = above + 1 if level >= begin else 0
                active, below = above >= _ATTACK_FRAMES, 0
            spoken += active
        self.active, self._above, self._below = active, above, below
        return spoken
