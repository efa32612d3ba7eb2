"""Levels for those who look from outside a room: Realtime's `live:levels:<session_id>`, over HTTP.

One small request a flush for all rooms, nothing queued: what cannot be sent now is replaced by what is true next.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from agent.core.metrics import Counter
from agent.core.ports import PortError
from agent.supabase.client import Supabase

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.25
TOPIC, EVENT = "live:levels:", "levels"


class LevelsBroadcast:
    def __init__(self, supabase: Supabase, dropped: Counter) -> None:
        """`dropped` counts the levels that Realtime did not take."""
        self._supabase, self._dropped = supabase, dropped
        self._latest: dict[str, Mapping[str, Any]] = {}
        self._filled = asyncio.Event()

    def show(self, session_id: str, payload: Mapping[str, Any]) -> None:
        """Send this soon, or never if something newer comes first."""
        self._latest[session_id] = payload
        self._filled.set()

    async def run(self) -> None:
        """Flush for ever."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            latest, self._latest = self._latest, {}
            await self._send(latest)
            await asyncio.sleep(FLUSH_SECONDS)

    async def _send(self, latest: Mapping[str, Mapping[str, Any]]) -> None:
        messages = [
            {"topic": TOPIC + session_id, "event": EVENT, "payload": payload, "private": True}
            for session_id, payload in latest.items()
        ]
        try:
            await self._supabase.broadcast(messages)
        except PortError as error:
            self._dropped.inc(len(messages))
            log.warning("levels not sent", extra={"sessions": len(messages), "error": str(error)})
