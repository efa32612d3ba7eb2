"""The bounded queue in front of a room's loop: one event or one deadline at a time.

What was heard waits in a lane of its own, behind everything else, and is dropped where there is too much of it.
"""

import asyncio
from collections import deque

from handlers.events import Event, Measured, Ticked

LIMIT = 4096
"""A room of 500 people that all leave at once is 500 events; this is several of those."""
MEASURED_LIMIT = 256
"""A second of fifty speakers. More means that the loop lags, and then older measurements are worth nothing."""


class InboxOverflow(Exception):
    """More came than the room can take. Its state must be rebuilt: an event may be missing from it."""


class Inbox:
    """Events in order of arrival. One too many is not lost silently: the next `get` says so."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._events: deque[Event] = deque()
        self._measured: deque[Measured] = deque(maxlen=MEASURED_LIMIT)
        self._limit = limit
        self._arrived = asyncio.Event()
        self._broken: Exception | None = None

    def put(self, event: Event) -> None:
        """Never blocks; call it on the loop's own thread."""
        if isinstance(event, Measured):
            self._measured.append(event)
            self._arrived.set()
            return
        if len(self._events) >= self._limit:
            self.fail(InboxOverflow(f"more than {self._limit} events are waiting"))
            return
        self._events.append(event)
        self._arrived.set()

    def fail(self, error: Exception) -> None:
        """Nothing that comes now can be trusted: the next `get` raises this."""
        self._broken = error
        self._arrived.set()

    async def get(self, seconds_left: float | None) -> Event:
        """The next event, or `Ticked` when the deadline comes first. None: no deadline.

        Raises:
            InboxOverflow: an event was refused.
            Exception: what `fail` was given.
        """
        if not self._events and not self._measured and self._broken is None:
            self._arrived.clear()
            try:
                async with asyncio.timeout(seconds_left):
                    await self._arrived.wait()
            except TimeoutError:
                return Ticked()
        if self._broken is not None:
            raise self._broken
        return self._events.popleft() if self._events else self._measured.popleft()

    def __len__(self) -> int:
        return len(self._events)
