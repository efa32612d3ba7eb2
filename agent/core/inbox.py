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
        self._arrival: asyncio.Future[bool] | None = None
        """What `get` waits for; whether something has come, or the deadline."""
        self._broken: Exception | None = None

    def put(self, event: Event) -> None:
        """Never blocks; call it on the loop's own thread."""
        if isinstance(event, Measured):
            self._measured.append(event)
            self._wake(came=True)
            return
        if len(self._events) >= self._limit:
            self.fail(InboxOverflow(f"more than {self._limit} events are waiting"))
            return
        self._events.append(event)
        self._wake(came=True)

    def fail(self, error: Exception) -> None:
        """Nothing that comes now can be trusted: the next `get` raises this."""
        self._broken = error
        self._wake(came=True)

    async def get(self, seconds_left: float | None) -> Event:
        """The next event, or `Ticked` when the deadline comes first. None: no deadline.

        Raises:
            InboxOverflow: an event was refused.
            Exception: what `fail` was given.
        """
        if (
            not self._events
            and not self._measured
            and self._broken is None
            and not await self._comes(seconds_left)
        ):
            return Ticked()
        if self._broken is not None:
            raise self._broken
        return self._events.popleft() if self._events else self._measured.popleft()

    async def _comes(self, seconds_left: float | None) -> bool:
        """Whether something comes before the deadline."""
        # A room does this for every block of sound: `asyncio.timeout` around an event takes twice as long.
        loop = asyncio.get_running_loop()
        self._arrival = loop.create_future()
        timer = None if seconds_left is None else loop.call_later(seconds_left, self._wake)
        try:
            return await self._arrival
        finally:
            if timer is not None:
                timer.cancel()

    def _wake(self, *, came: bool = False) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(came)

    def __len__(self) -> int:
        return len(self._events)
