"""Finds rooms that nobody moderates, and takes them; and keeps the sweep going, which needs the same list.

LiveKit dispatches an agent once, when a room opens; a crash, a drain or a room opened while no worker was up leaves it
alone for good. So every worker compares LiveKit's rooms with the leases and serves what is left over. It joins with a
token of its own instead of asking for a dispatch, which without a registered worker would be lost silently; the lease
decides between two watchers.
"""

import asyncio
import logging
from collections.abc import Callable

from agent.ports import PortError, RoomActions, RoomName, Store

log = logging.getLogger(__name__)


class Watcher:
    def __init__(
        self,
        store: Store,
        actions: RoomActions,
        serve: Callable[[RoomName], None],
        *,
        every_seconds: float,
        grace_seconds: float,
    ) -> None:
        """`grace_seconds`: after an outage of the database the others may renew first, for this long."""
        self._store, self._actions, self._serve = store, actions, serve
        self._every, self._grace = every_seconds, grace_seconds
        self._seen: frozenset[RoomName] = frozenset()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self._look()
            except PortError as error:
                log.warning("could not look for unmoderated rooms", extra={"error": str(error)})
                await asyncio.sleep(self._grace)
            await asyncio.sleep(self._every)

    async def _look(self) -> None:
        there = await self._actions.rooms()
        await self._store.sweep(there)
        moderated = await self._store.overview()
        for room in there:
            if not moderated.get(room, room in self._seen):
                log.info("room without an agent", extra={"room": room})
                self._serve(room)
        # A room of no running session is looked at once: serving it deletes it if its session is over.
        self._seen = there
