"""Levels for those who look from outside a room: Realtime's `live:levels:<session_id>`, over HTTP.

One small request a flush for all rooms, nothing queued: what cannot be sent now is replaced by what is true next.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp

from agent.metrics import Metrics

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.25
TIMEOUT_SECONDS = 2.0
TOPIC, EVENT = "live:levels:", "levels"


class LevelsBroadcast:
    def __init__(
        self, session: aiohttp.ClientSession, url: str, service_role_key: str, metrics: Metrics
    ) -> None:
        self._session, self._metrics = session, metrics
        self._url = url.rstrip("/") + "/realtime/v1/api/broadcast"
        self._headers = {"apikey": service_role_key, "Authorization": f"Bearer {service_role_key}"}
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
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._session.post(self._url, json={"messages": messages}, headers=self._headers) as response,
            ):
                response.raise_for_status()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._metrics.levels_dropped.inc(len(messages))
            log.warning("levels not sent", extra={"sessions": len(messages), "error": repr(error)})
