"""Listens on the private Realtime topic `live:wake` and passes on which room has news. A hint, never the truth.

Supabase's client gives up silently in several ways (a clean close, an exception in its listener, fifteen seconds
without a server), so it is not trusted to recover: this supervisor holds one client at a time, and as soon as that one
is not certainly alive it is thrown away for a new one. What was missed meanwhile is found by looking everywhere once.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from realtime import (
    AsyncRealtimeChannel,
    AsyncRealtimeClient,
    RealtimeChannelOptions,
    RealtimeSubscribeStates,
)

from agent.core.backoff import Backoff
from agent.core.metrics import Counter, Gauge
from agent.core.ports import RoomName

log = logging.getLogger(__name__)

TOPIC = "live:wake"
EVENT = "wake"
OFFER = "offer"
OPTIONS: RealtimeChannelOptions = {
    "config": {
        "broadcast": {"ack": False, "self": False},
        "presence": {"key": "", "enabled": False},
        "private": True,
    }
}
JOIN_SECONDS = 10.0
CLOSE_SECONDS = 2.0
CHECK_SECONDS = 1.0
FIRST_RETRY_SECONDS = 0.2
RETRY_CAP_SECONDS = 2.0


class WakeUpMetrics(Protocol):
    @property
    def wakeups(self) -> Counter: ...
    @property
    def wakeups_connected(self) -> Gauge: ...
    @property
    def last_wakeup(self) -> Gauge:
        """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told what came."""

    wake: Callable[[RoomName], None]
    """This room has news."""
    offered: Callable[[], None]
    """A leaving worker offers its rooms."""
    missed: Callable[[], None]
    """Hints may have been missed until now."""


class WakeUps:
    def __init__(self, connect: Callable[[], AsyncRealtimeClient], metrics: WakeUpMetrics) -> None:
        self._connect, self._metrics = connect, metrics
        self._trouble = asyncio.Event()
        self.joined = False

    def distrust(self) -> None:
        """The database had news that no hint announced: the channel may be deaf. Start over with a new one."""
        self._trouble.set()

    async def run(self, listener: Listener) -> None:
        """Stay subscribed for ever."""
        backoff = Backoff(FIRST_RETRY_SECONDS, RETRY_CAP_SECONDS)
        while True:
            try:
                await self._listen(listener)
                backoff.reset()
            except Exception as error:  # noqa: BLE001  (the client raises whatever its transport raises)
                log.warning("no wake-ups; polling goes on", extra={"error": repr(error)})
            await asyncio.sleep(backoff.pause())

    async def _listen(self, listener: Listener) -> None:
        """One client, from joining until something about it is not right."""
        self._trouble.clear()
        client = self._connect()
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                channel = client.channel(TOPIC, OPTIONS)
                channel.on_broadcast(EVENT, lambda message: self._on_wake(message, listener))
                channel.on_broadcast(OFFER, lambda _: listener.offered())
                await channel.subscribe(self._on_state)
            if channel.is_joined:
                self._joined(now=True)
                listener.missed()
                await self._until_trouble(client, channel)
        finally:
            self._joined(now=False)
            with contextlib.suppress(Exception):
                # Not asyncio.timeout, see core/host.py: this task may be cancelled already.
                await asyncio.wait_for(client.close(), CLOSE_SECONDS)

    async def _until_trouble(self, client: AsyncRealtimeClient, channel: AsyncRealtimeChannel) -> None:
        # Nothing in the client's interface tells that its listener died; its task does.
        while client.is_connected and channel.is_joined and not _ended(client._listen_task):  # noqa: SLF001
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._trouble.wait()
                    return

    def _joined(self, *, now: bool) -> None:
        if now:
            log.info("wake-ups joined")
        elif self.joined:
            log.warning("wake-ups lost; polling goes on")
        self.joined = now
        self._metrics.wakeups_connected.set(now)

    def _on_state(self, state: RealtimeSubscribeStates, error: Exception | None) -> None:
        if state is not RealtimeSubscribeStates.SUBSCRIBED:
            log.info("wake-up channel changed", extra={"state": state.value, "error": repr(error)})
            self._trouble.set()

    def _on_wake(self, message: Any, listener: Listener) -> None:
        # An exception here would kill the client's listener for good.
        room = message.get("payload", {}).get("room") if isinstance(message, dict) else None
        if isinstance(room, str):
            self._metrics.wakeups.inc()
            self._metrics.last_wakeup.set(time.time())
            listener.wake(RoomName(room))


def _ended(task: asyncio.Task[None] | None) -> bool:
    return task is None or task.done()
