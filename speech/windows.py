"""Cuts one person's speech into windows for a transcriber: 7 to 14 seconds, less where they have stopped. Pure.

A transcriber costs the same for two seconds as for twelve, so what is said without a longer pause is gathered. What is
silent costs nothing: it is left out but for half a second before each word.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 16_000
LEAST_SECONDS, MOST_SECONDS = 7.0, 14.0
PAUSE_SECONDS = 0.3
"""A window that is long enough ends at such a pause."""
OVER_SECONDS = 0.6
"""After such a pause an utterance is over, and its window with it."""
BEFORE_SECONDS = 0.5
"""What belongs to a word before a detector has noticed it."""
OVERLAP_SECONDS = 1.0
"""A window that was cut in the middle of speech gives so much to the next: a phrase is whole in one of them."""
LEAST_SPEECH_SECONDS = 0.25

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Window:
    """Speech to be transcribed: int16 at 16 kHz, and when its first and last word were said (seconds, any clock)."""

    samples: Samples
    begins: float
    ends: float


@dataclass(slots=True)
class SpeechWindows:
    """Of one person. `add` what a detector has looked at, in the order of time."""

    _before: deque[Samples] = field(default_factory=deque)
    _parts: list[Samples] = field(default_factory=list)
    _begins: float = 0.0
    _spoke_at: float = 0.0
    _speech: float = 0.0

    def add(self, samples: Samples, at: float, *, speaking: bool) -> Window | None:
        """A piece that ends at `at`. A window that ends with it, else None."""
        seconds = len(samples) / RATE
        if speaking:
            if not self._parts:
                self._begins = at - seconds
                self._parts = list(self._before)
                self._before.clear()
            self._parts.append(samples)
            self._spoke_at, self._speech = at, self._speech + seconds
            return self._cut(OVERLAP_SECONDS) if self._long >= MOST_SECONDS else None
        if not self._parts:
            self._before.append(samples)
            while sum(map(len, self._before)) > BEFORE_SECONDS * RATE:
                self._before.popleft()
            return None
        self._parts.append(samples)
        quiet = at - self._spoke_at
        over = quiet >= OVER_SECONDS or (quiet >= PAUSE_SECONDS and self._long >= LEAST_SECONDS)
        return self._cut(0.0) if over else None

    def flush(self) -> Window | None:
        """The track has ended: what there is of speech."""
        return self._cut(0.0) if self._parts else None

    @property
    def _long(self) -> float:
        return sum(map(len, self._parts)) / RATE

    def _cut(self, overlap: float) -> Window | None:
        whole = np.concatenate(self._parts)
        window = Window(whole, self._begins, self._spoke_at)
        enough = self._speech >= LEAST_SPEECH_SECONDS
        self._parts, self._speech = [], 0.0
        if overlap:
            self._parts = [whole[-round(overlap * RATE) :]]
            self._begins = self._spoke_at - overlap
        return window if enough else None
