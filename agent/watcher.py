"""Finds rooms that nobody moderates, and takes them; and keeps the sweep going, which needs the same list.

LiveKit dispatches an agent once, when a room opens; a crash, a drain or a room opened while no worker was up leaves it
alone for good. So every worker compares LiveKit's rooms with the leases and serves what is left over. It joins with a
token of its own instead of asking for a dispatch, which without a registered worker would be lost silently; the lease
decides between two watchers.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping

from agent.metrics import Metrics
from agent.ports import PortError, RoomActions, RoomName, Store

log = logging.getLogger(__name__)

AFTER_EXPIRY_SECONDS = 0.02


class Watcher:
    def __init__(
        self,
        store: Store,
        actions: RoomActions,
        serve: Callable[[RoomName], None],
        failed_at: Callable[[], float],
        metrics: Metrics,
        *,
        every_seconds: float,
        grace_seconds: float,
    ) -> None:
        """`failed_at`: when the database last did not answer (monotonic). For `grace_seconds` after that nothing is
        taken: leases may have run out only because nobody could renew them."""
        self._store, self._actions, self._serve, self._failed_at = store, actions, serve, failed_at
        self._every, self._grace, self._metrics = every_seconds, grace_seconds, metrics
        self._seen: frozenset[RoomName] = frozenset()
        self._hint = asyncio.Event()
        self._alone: dict[RoomName, float] = {}
        self.looked_at = 0.0
        """When it last saw all rooms (Unix time)."""

    @property
    def unmoderated(self) -> Mapping[RoomName, float]:
        """Rooms of running sessions and calls that nobody moderates, and for how many seconds that is known."""
        now = time.monotonic()
        return {room: now - since for room, since in self._alone.items()}

    def hint(self) -> None:
        """Something is on offer: look now."""
        self._hint.set()

    async def run(self) -> None:
        """Look for ever: at every interval, at a hint, and the moment that a lease runs out."""
        while True:
            pause = self._every
            try:
                pause = await self._look()
            except PortError as error:
                log.warning("could not look for unmoderated rooms", extra={"error": str(error)})
            self._hint.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._hint.wait()

    async def _look(self) -> float:
        """Serve what nobody serves. Returns for how long nothing more can be expected."""
        there = await self._actions.rooms()
        await self._store.sweep(there)
        leases = await self._store.overview()
        self._note(there, leases)
        if time.monotonic() - self._failed_at() < self._grace:
            return self._every
        for room in there:
            # A room of no running session is looked at once: serving it deletes it if its session is over.
            if leases.get(room, self._every if room in self._seen else None) is None:
                log.info("room without an agent", extra={"room": room})
                self._serve(room)
        self._seen = there
        left = [seconds for room, seconds in leases.items() if seconds is not None and room in there]
        return min([self._every, *(seconds + AFTER_EXPIRY_SECONDS for seconds in left)])

    def _note(self, there: frozenset[RoomName], leases: Mapping[RoomName, float | None]) -> None:
        now, self.looked_at = time.monotonic(), time.time()
        alone = {room for room in there if room in leases and leases[room] is None}
        for room in self._alone.keys() - alone:
            since = self._alone.pop(room)
            if room in there and room in leases:
                self._metrics.unmoderated_seconds.observe(now - since)
        for room in alone:
            self._alone.setdefault(room, now)
