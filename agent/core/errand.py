"""Something that is done when a sweep says that it is due, once at a time; after a failure it waits, ever longer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from agent.core.ports import PortError

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 60.0


async def in_order(*works: Callable[[], Awaitable[None]]) -> None:
    """One after the other."""
    for work in works:
        await work()


class Errand:
    def __init__(self, work: Callable[[], Awaitable[None]], failed: str) -> None:
        """`work` does all that is due, and raises `PortError` when it cannot. `failed`: what the log says then."""
        self._work, self._failed, self._due = work, failed, asyncio.Event()

    def due(self) -> None:
        """There is something to do."""
        self._due.set()

    async def run(self) -> None:
        """Do it for ever, when it is due."""
        failures = 0
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._work()
                failures = 0
            except PortError as error:
                failures += 1
                log.warning(self._failed, extra={"error": str(error), "failures": failures})
                await asyncio.sleep(min(2.0**failures, LONGEST_PAUSE_SECONDS))
