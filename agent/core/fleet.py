"""This worker among the others: says that it is up, learns whether it watches for all, and takes what is handed to it.

One worker at a time watches over the rooms that nobody has (`watcher.py`). The database gives it that post for as long
as it checks in; a deputy looks as well as soon as the leader was not seen in time. A message is only a hint that
something was handed over: the check-in after it, and every other, brings it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from agent.core.clock import DatabaseClock
from agent.core.fleet_facts import CheckedIn, FleetRole, WorkerState
from agent.core.lease import RoomName
from agent.core.ports import PortError, Store

log = logging.getLogger(__name__)

CHECK_IN_SECONDS = 0.8
EARLY_SECONDS = 1.0
"""A lease with less than this left has missed its renewals. A room's is joined, which takes a good part of that; a
leader's means that somebody else begins to look as well."""
SHORTEST_PAUSE_SECONDS = 0.1
AFTER_SECONDS = 0.02
ALONE_SHARE = 0.9
"""Of the leader's lease."""
PATIENCE_SECONDS = 2.0
LEAVE_SECONDS = 1.0


class Takes(Protocol):
    """What takes the rooms that are handed over; `agent.core.host` is it."""

    def serve(self, room: RoomName, succeed_at: float | None = None) -> None:
        """See to it that a room is moderated. `succeed_at` (monotonic): when its lease can be taken from another."""


class Fleet:
    def __init__(
        self, store: Store, clock: DatabaseClock, host: Takes, state: Callable[[], WorkerState]
    ) -> None:
        """`state`: how this worker is now."""
        self._store, self._monotonic, self._host, self.state = store, clock.monotonic, host, state
        self._due_at = 0.0
        self._hint = asyncio.Event()
        self.standing = FleetRole.STANDBY
        self.workers = 1
        self.neighbour: str | None = None
        self.on_change: list[Callable[[], None]] = []
        """Called when the standing, the neighbour or the number of workers has changed."""

    @property
    def watches(self) -> bool:
        """Whether this worker watches over the rooms that nobody has."""
        return self.standing is not FleetRole.STANDBY

    def hint(self) -> None:
        """Rooms were handed to this worker: ask now."""
        self._hint.set()

    async def run(self) -> None:
        """Check in for ever. A worker that the database does not hear watches over nothing."""
        while True:
            self._hint.clear()
            self._due_at = self._monotonic() + CHECK_IN_SECONDS
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    self.checked_in(await self._store.check_in(self.state(), EARLY_SECONDS))
            except (PortError, TimeoutError) as error:
                log.warning("not checked in", extra={"error": str(error) or "timed out"})
                self._stand(FleetRole.STANDBY, self.workers, self.neighbour)
            while not self._hint.is_set() and (left := self._due_at - self._monotonic()) > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._hint.wait()

    async def leave(self) -> None:
        """This worker is going: say so, for another to lead at once. Its state takes no rooms any more."""
        try:
            await asyncio.wait_for(self._store.check_in(self.state(), EARLY_SECONDS), LEAVE_SECONDS)
        except (PortError, TimeoutError) as error:
            log.warning("left without a word", extra={"error": str(error) or "timed out"})

    def checked_in(self, answer: CheckedIn) -> None:
        """Do what a check-in answered, and wait from now on for the next. A look of the watcher's is one too."""
        if answer.handed:
            log.info("rooms handed over to us", extra={"rooms": len(answer.handed)})
        self.take(answer.handed)
        self._due_at = self._monotonic() + _pause(answer)
        self._stand(answer.standing, answer.workers, answer.neighbour)

    def take(self, rooms: Mapping[RoomName, float]) -> None:
        """Serve rooms that other workers have or had, each with the seconds until its claim is granted."""
        now = self._monotonic()
        for room, seconds in rooms.items():
            self._host.serve(room, now + seconds)

    def _stand(self, standing: FleetRole, workers: int, neighbour: str | None) -> None:
        before = (self.standing, self.workers, self.neighbour)
        if before == (standing, workers, neighbour):
            return
        if standing is not self.standing:
            log.info("standing changed", extra={"standing": standing.value})
        self.standing, self.workers, self.neighbour = standing, workers, neighbour
        for call in self.on_change:
            call()


def _pause(answer: CheckedIn) -> float:
    """Seconds until the next check-in. One that is alone has nobody to show itself to: its looks are enough."""
    if answer.standing is FleetRole.STANDBY:
        # At the moment at which a leader that is not seen any more needs a deputy.
        left = answer.leader_left - EARLY_SECONDS + AFTER_SECONDS
        return min(CHECK_IN_SECONDS, max(SHORTEST_PAUSE_SECONDS, left))
    if answer.workers == 1:
        return max(CHECK_IN_SECONDS, ALONE_SHARE * answer.leader_left)
    return CHECK_IN_SECONDS
