"""Listens on this worker's private Realtime topic and passes on which room has news. A hint, never the truth.

The worker that watches over the rooms that nobody has listens on `live:wake` too.

Supabase's client gives up silently in several ways (a clean close, an exception in its listener, fifteen seconds
without a server), so it is not trusted to recover: this supervisor holds one client at a time, and as soon as that one
is not certainly alive it is thrown away for a new one. What was missed meanwhile is found by looking everywhere once.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from realtime import (
    AsyncRealtimeChannel,
    AsyncRealtimeClient,
    RealtimeChannelOptions,
    RealtimeSubscribeStates,
)

from agent.core.backoff import Backoff
from agent.core.lease import RoomName
from agent.core.wakes import Listener, WakeUpMetrics

log = logging.getLogger(__name__)

TOPIC = "live:wake"
EVENT = "wake"
OFFER = "offer"
SERVE = "serve"
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


class WakeUps:
    """`agent.core.wakes.Hints` over Realtime."""

    def __init__(
        self, connect: Callable[[], AsyncRealtimeClient], metrics: WakeUpMetrics, worker: str
    ) -> None:
        self._connect, self._metrics, self._topic = connect, metrics, f"{TOPIC}:{worker}"
        self._trouble, self._posted = asyncio.Event(), asyncio.Event()
        self._leads = False
        self.joined = False

    def distrust(self) -> None:
        """The database had news that no hint announced: the channel may be deaf. Start over with a new one."""
        self._trouble.set()

    def lead(self, *, on: bool) -> None:
        """From now on this worker watches over what nobody has, or does no more."""
        if on != self._leads:
            self._leads = on
            self._posted.set()

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
            channel = await self._subscribe(client, self._topic, listener)
            if channel.is_joined:
                self._joined(now=True)
                listener.missed()
                await self._until_trouble(client, channel, listener)
        finally:
            self._joined(now=False)
            with contextlib.suppress(Exception):
                # Not asyncio.timeout, see core/host.py: this task may be cancelled already.
                await asyncio.wait_for(client.close(), CLOSE_SECONDS)

    async def _subscribe(
        self, client: AsyncRealtimeClient, topic: str, listener: Listener
    ) -> AsyncRealtimeChannel:
        async with asyncio.timeout(JOIN_SECONDS):
            channel = client.channel(topic, OPTIONS)
            channel.on_broadcast(EVENT, lambda message: self._on_wake(message, listener))
            channel.on_broadcast(OFFER, lambda _: listener.offered())
            channel.on_broadcast(SERVE, lambda _: listener.handed())
            await channel.subscribe(lambda state, error: self._on_state(topic, state, error))
        return channel

    async def _until_trouble(
        self, client: AsyncRealtimeClient, channel: AsyncRealtimeChannel, listener: Listener
    ) -> None:
        leading: AsyncRealtimeChannel | None = None
        self._posted.set()
        # Nothing in the client's interface tells that its listener died; its task does.
        while client.is_connected and channel.is_joined and not _ended(client._listen_task):  # noqa: SLF001
            if self._posted.is_set():
                self._posted.clear()
                leading = await self._post(client, leading, listener)
            if self._trouble.is_set():
                return
            await _first(CHECK_SECONDS, self._trouble, self._posted)

    async def _post(
        self, client: AsyncRealtimeClient, leading: AsyncRealtimeChannel | None, listener: Listener
    ) -> AsyncRealtimeChannel | None:
        """Join the topic of what nobody holds, or leave it."""
        if self._leads and leading is None:
            leading = await self._subscribe(client, TOPIC, listener)
            listener.offered()  # what was sent before this moment went to somebody else
            return leading
        if not self._leads and leading is not None:
            async with asyncio.timeout(JOIN_SECONDS):
                await client.remove_channel(leading)
            return None
        return leading

    def _joined(self, *, now: bool) -> None:
        if now:
            log.info("wake-ups joined")
        elif self.joined:
            log.warning("wake-ups lost; polling goes on")
        self.joined = now
        self._metrics.wakeups_connected.set(now)

    def _on_state(self, topic: str, state: RealtimeSubscribeStates, error: Exception | None) -> None:
        if state is RealtimeSubscribeStates.SUBSCRIBED or (topic == TOPIC and not self._leads):
            return
        log.info(
            "wake-up channel changed", extra={"topic": topic, "state": state.value, "error": repr(error)}
        )
        self._trouble.set()

    def _on_wake(self, message: Any, listener: Listener) -> None:
        # An exception here would kill the client's listener for good.
        room = message.get("payload", {}).get("room") if isinstance(message, dict) else None
        if isinstance(room, str):
            self._metrics.wakeups.inc()
            self._metrics.last_wakeup.set(time.time())
            listener.wake(RoomName(room))


async def _first(seconds: float, *events: asyncio.Event) -> None:
    """Until one of the events is set, or the time is up."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when="FIRST_COMPLETED")
    finally:
        for wait in waits:
            wait.cancel()


def _ended(task: asyncio.Task[None] | None) -> bool:
    return task is None or task.done()
