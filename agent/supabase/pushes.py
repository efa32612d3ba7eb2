"""Has the edge function push-send send what waits in the push outbox, when a sweep says that something does.

The functions that ring a phone send those pushes themselves, at once. This is for all other pushes, and for what they
could not finish. One request at a time; a failure waits, ever longer, and takes nothing else with it.
"""

import asyncio
import logging

from agent.core.ports import PortError
from agent.supabase.client import Supabase

log = logging.getLogger(__name__)

ANSWER_SECONDS = 30.0
"""push-send works for 20 s at most."""
LONGEST_PAUSE_SECONDS = 60.0


class Pushes:
    def __init__(self, supabase: Supabase) -> None:
        self._supabase, self._due = supabase, asyncio.Event()

    def due(self) -> None:
        """Something waits."""
        self._due.set()

    async def run(self) -> None:
        """Send for ever, when something is due."""
        failures = 0
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._supabase.invoke("push-send", ANSWER_SECONDS)
                failures = 0
            except PortError as error:
                failures += 1
                log.warning("pushes not sent", extra={"error": str(error), "failures": failures})
                await asyncio.sleep(min(2.0**failures, LONGEST_PAUSE_SECONDS))
