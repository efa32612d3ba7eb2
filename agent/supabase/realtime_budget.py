"""Asks now and then whether Realtime still takes messages: hosted Supabase drops the database's in silence, wake-ups
among them, once the project's budget is spent. By HTTP it says so."""

import asyncio
import logging
from collections.abc import Callable

from agent.core.ports import PortError
from agent.supabase.client import BadAnswer, Supabase

log = logging.getLogger(__name__)

ASK_SECONDS = 2.0
"""With the packet to the room and a read, a line of chat that was written just before is not three seconds late."""
TOO_MANY_REQUESTS = 429
PROBE = {"topic": "live:probe", "event": "probe", "payload": {}, "private": True}
"""Nobody listens, so it costs one message."""


class RealtimeBudget:
    def __init__(self, supabase: Supabase, spent: Callable[[], None]) -> None:
        """`spent` is called each time that Realtime refuses the message."""
        self._supabase, self._spent = supabase, spent

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            await asyncio.sleep(ASK_SECONDS)
            await self.ask()

    async def ask(self) -> None:
        """Send one message that nobody hears: whether Realtime takes messages now."""
        try:
            await self._supabase.broadcast([PROBE])
        except PortError as error:
            if isinstance(error.__cause__, BadAnswer) and error.__cause__.status == TOO_MANY_REQUESTS:
                log.warning("Realtime's budget is spent: wake-ups are dropped")
                self._spent()
