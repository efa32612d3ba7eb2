"""What a worker does from its start to its end: takes rooms, hands them over when it is told to, and leaves.

A drain (SIGTERM, or memory past its limit) first lets other workers in, so that no room is alone meanwhile.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agent.core.fleet import Fleet
from agent.core.host import Host
from agent.core.relay_key import RelayKey
from agent.core.watcher import Watcher

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]
"""Runs until it is cancelled."""


class Offers(Protocol):
    """LiveKit's offers of rooms; `agent.livekit.dispatches` is it."""

    async def run(self) -> None:
        """Serve offers until cancelled."""

    async def drain(self) -> None:
        """Tell LiveKit to offer us no more rooms."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """The parts that bring rooms and hold them."""

    host: Host
    fleet: Fleet
    watcher: Watcher
    offers: Offers
    key: RelayKey


class Shift:
    def __init__(
        self,
        rooms: Rooms,
        background: Mapping[str, Work],
        *,
        drain_seconds: float,
        worn_out: Callable[[], Awaitable[None]],
    ) -> None:
        """`background`: what runs beside the rooms from the first moment to the last, by name. `drain_seconds`: how
        long a drain waits for others to take the rooms. `worn_out` returns when this process must drain by itself."""
        self._rooms, self._host, self._background = rooms, rooms.host, background
        self._drain_seconds, self._worn_out = drain_seconds, worn_out
        self._watching: asyncio.Task[None] | None = None

    async def run(self, drain: asyncio.Event, stop: asyncio.Event) -> None:
        """Work until `drain` (hand the rooms over first) or `stop` (leave at once) is set."""
        async with asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(work(), name=name) for name, work in self._background.items()]
            working += [
                tasks.create_task(self._mind(drain), name="worn out"),
                tasks.create_task(self._take_rooms(), name="rooms"),
            ]
            leaving = [
                tasks.create_task(self._hand_over(drain), name="hand over"),
                tasks.create_task(stop.wait(), name="stop"),
            ]
            await asyncio.wait(leaving, return_when="FIRST_COMPLETED")
            self._host.stop_taking()
            log.info("leaving", extra={"rooms": len(self._host.rooms)})
            await self._host.leave_all()
            await self._rooms.fleet.leave()
            for task in (*working, *leaving):
                task.cancel()

    async def _take_rooms(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._host.run(), name="host")
            await self._rooms.key.publish()  # clients refuse packets whose key they cannot look up
            tasks.create_task(self._rooms.key.keep_valid(), name="key")
            tasks.create_task(self._rooms.fleet.run(), name="fleet")
            self._watching = tasks.create_task(self._rooms.watcher.run(), name="watcher")
            tasks.create_task(self._rooms.offers.run(), name="dispatches")

    async def _mind(self, drain: asyncio.Event) -> None:
        await self._worn_out()
        drain.set()

    async def _hand_over(self, drain: asyncio.Event) -> None:
        await drain.wait()
        self._host.stop_taking()
        self._rooms.fleet.hint()  # another leads from now on
        if self._watching is not None:
            self._watching.cancel()
        await self._rooms.offers.drain()
        log.info("handing over", extra={"rooms": len(self._host.rooms)})
        await self._host.hand_over(self._drain_seconds)
