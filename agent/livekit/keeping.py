"""The last seconds of those in one room for whom there is a cause, and the clips that are being made of them.

All of it is memory: what is kept of somebody goes when the cause goes, when they leave, and with the room.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from handlers.facts import Identity
from moderation.audio.kept import Block, Cause, LastSeconds

CLIPS_AT_ONCE = 3
"""Of one person: what one clip holds another need not."""
Done = Callable[[Sequence[Block]], None]


@dataclass(eq=False, slots=True)
class _Pending:
    """A clip that still grows. Its blocks are its own from the moment it was begun."""

    identity: Identity
    blocks: list[Block]
    done: Done
    timer: asyncio.TimerHandle | None = field(default=None)


class Keeping:
    def __init__(self) -> None:
        self._kept: dict[Identity, LastSeconds] = {}
        self._causes: Mapping[Identity, Cause] = {}
        self._seconds = 0.0
        self._pending: list[_Pending] = []

    @property
    def kept(self) -> Mapping[Identity, LastSeconds]:
        """What is in memory now."""
        return self._kept

    def keep(self, causes: Mapping[Identity, Cause], seconds: float) -> None:
        """These from now on, each for its cause, and nobody else."""
        changed = seconds != self._seconds
        self._causes, self._seconds = dict(causes), seconds
        for identity in [who for who in self._kept if changed or who not in causes]:
            del self._kept[identity]

    def add(self, identity: Identity, samples: NDArray[np.int16], at: float) -> None:
        """A block that was measured of them. Of anybody without a cause it is forgotten here."""
        cause = self._causes.get(identity)
        if cause is None or self._seconds <= 0.0:
            return
        kept = self._kept.get(identity)
        if kept is None:
            kept = self._kept[identity] = LastSeconds(cause, self._seconds)
        if (block := kept.add(samples, at)) is not None:
            for clip in self._pending:
                if clip.identity == identity:
                    clip.blocks.append(block)

    def clip(self, identity: Identity, after_seconds: float, done: Done) -> None:
        """Begin a clip with what is kept; it is done `after_seconds` later, or when this is closed."""
        if (
            identity not in self._causes
            or sum(c.identity == identity for c in self._pending) >= CLIPS_AT_ONCE
        ):
            return
        kept = self._kept.get(identity)
        clip = _Pending(identity, [] if kept is None else list(kept.blocks), done)
        clip.timer = asyncio.get_running_loop().call_later(after_seconds, self._finish, clip)
        self._pending.append(clip)

    def forget(self, identity: Identity) -> None:
        """They have left. A clip of them goes on: it was begun for a cause."""
        self._kept.pop(identity, None)

    def close(self) -> None:
        """The room is let go: clips end with what they have."""
        for clip in tuple(self._pending):
            self._finish(clip)
        self.keep({}, 0.0)

    def _finish(self, clip: _Pending) -> None:
        self._pending.remove(clip)
        if clip.timer is not None:
            clip.timer.cancel()
        if clip.blocks:
            clip.done(clip.blocks)
