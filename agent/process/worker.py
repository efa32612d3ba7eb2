"""One worker process: puts the parts together, and leaves in good order.

Dispatches and the watcher say which rooms there are, the host moderates them.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from livekit import api

from agent.core.clock import DatabaseClock
from agent.core.host import Host
from agent.core.inbox import Inbox
from agent.core.ports import RoomName
from agent.core.puller import Puller
from agent.core.relay_key import RelayKey
from agent.core.watcher import Watcher
from agent.livekit.actions import LiveKitActions
from agent.livekit.api_budget import ApiBudget, heed_limit
from agent.livekit.dispatches import Dispatches
from agent.livekit.hearing import Hearing
from agent.livekit.native import RoomEvents
from agent.livekit.room import LiveKitRoom, hidden_token
from agent.process.health import serve_health
from agent.process.memory import give_back_often
from agent.process.metrics import Metrics
from agent.process.readiness import Conditions
from agent.process.report import Report
from agent.process.settings import Settings
from agent.process.watchdog import LoopWatchdog, past_memory_limit
from agent.supabase.broadcasts import LevelsBroadcast
from agent.supabase.client import Supabase, supabase_client
from agent.supabase.store import SupabaseStore
from agent.supabase.wakeups import WakeUps
from handlers.events import Identity

log = logging.getLogger(__name__)


def worker_name(settings: Settings) -> str:
    """Unique per process and start: a restarted worker must not pass for the one before it."""
    return settings.live_worker_id or f"{socket.gethostname()}-{os.getpid()}-{time.time_ns() // 1_000_000:x}"


@dataclass(frozen=True, slots=True)
class Outside:
    """What a worker reaches the outside with."""

    http: aiohttp.ClientSession
    """For LiveKit's server API, within `budget`."""
    budget: ApiBudget
    supabase: Supabase
    metrics: Metrics


@asynccontextmanager
async def reach(settings: Settings) -> AsyncIterator[Outside]:
    """Its connections, closed at the end."""
    budget = ApiBudget(settings.api_rate, settings.live_api_burst, time.monotonic)
    metrics, key = Metrics(), settings.supabase_service_role_key.get_secret_value()

    def observe(function: str, outcome: str, seconds: float) -> None:
        metrics.store_seconds.labels(function, outcome).observe(seconds)

    async with (
        aiohttp.ClientSession(middlewares=(heed_limit(budget),)) as http,
        supabase_client(settings.supabase_url, key, settings.live_store_timeout, observe) as supabase,
    ):
        yield Outside(http, budget, supabase, metrics)


class Worker:
    def __init__(self, settings: Settings, outside: Outside) -> None:
        http, budget, supabase, metrics = outside.http, outside.budget, outside.supabase, outside.metrics
        self._settings, self.name = settings, worker_name(settings)
        self.metrics, self._clock = metrics, DatabaseClock()
        self._leaving = False
        self._watching: asyncio.Task[None] | None = None
        self._store = SupabaseStore(
            supabase, self.name, self._clock, lease_seconds=settings.live_lease_seconds
        )
        seed = settings.live_relay_key.get_secret_value() if settings.live_relay_key else None
        self._key = RelayKey(self._store, seed)
        self._livekit = api.LiveKitAPI(
            settings.livekit_url,
            settings.livekit_api_key,
            settings.livekit_api_secret.get_secret_value(),
            session=http,
        )
        actions = LiveKitActions(self._livekit, budget, self.metrics, settings.live_api_timeout)
        self._puller = Puller(
            self._store,
            self._clock,
            self.metrics,
            lease_seconds=settings.live_lease_seconds,
            beat_seconds=settings.live_beat_seconds,
            patience_seconds=settings.live_store_timeout,
            deaf=self._distrust_wakeups,
        )
        self._hearing = Hearing(self._clock, self.metrics)
        self._room_events = RoomEvents()
        self._host = Host(
            self._store,
            actions,
            self._puller,
            self._clock,
            self.metrics,
            self._key,
            self._livekit_room,
            LevelsBroadcast(supabase, self.metrics),
        )
        self._wakeups = WakeUps(
            supabase.realtime,
            self._puller.wake,
            self._look_at_offers,
            self._puller.wake_all,
            self.metrics,
        )
        self._watcher = Watcher(
            self._store,
            actions,
            self._serve,
            lambda: self._store.failed_at,
            self._host.offer_all,
            every_seconds=settings.live_watch_seconds,
            grace_seconds=settings.live_lease_seconds,
            ours=lambda: self._host.rooms,
        )
        self._dispatches = Dispatches(
            settings.livekit_url,
            settings.livekit_api_key,
            settings.livekit_api_secret.get_secret_value(),
            self.metrics,
            serve=self._serve,
            taking=lambda: not self._leaving,
        )
        self._report = Report(
            self.name,
            self._key,
            self._host,
            self._puller,
            self._watcher,
            budget,
            self._clock,
            memory_limit_mb=settings.live_memory_limit_mb,
            joined=lambda: self._wakeups.joined if settings.live_realtime else None,
            itself=self._conditions,
            listening=lambda: sorted(ears.room for ears in self._hearing.rooms),
        )
        self.metrics.registry.register(self._report)

    def _livekit_room(self, room: RoomName, identity: Identity, inbox: Inbox) -> LiveKitRoom:
        settings = self._settings
        key, secret = settings.livekit_api_key, settings.livekit_api_secret.get_secret_value()

        def witness_token() -> str:
            return hidden_token(key, secret, room, Identity(f"witness-{uuid.uuid4()}"))

        return LiveKitRoom(
            settings.livekit_url,
            hidden_token(key, secret, room, identity),
            identity,
            lambda: int(self._clock.now() * 1000),
            inbox.put,
            inbox.fail,
            self._hearing,
            self._room_events,
            witness_token,
        )

    def _distrust_wakeups(self) -> None:
        self._wakeups.distrust()

    def _look_at_offers(self) -> None:
        self._watcher.hint()

    def _serve(self, room: RoomName, succeed_at: float | None = None) -> None:
        if not self._leaving:
            self._host.serve(room, succeed_at)

    async def run(self) -> None:
        """Work until told to stop: SIGTERM hands the rooms over first, SIGINT and a second SIGTERM leave at once."""
        drain, stop = asyncio.Event(), asyncio.Event()

        def on_sigterm() -> None:
            (stop if drain.is_set() else drain).set()

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, on_sigterm)
        loop.add_signal_handler(signal.SIGINT, stop.set)
        settings = self._settings
        health = await serve_health(
            settings.live_health_host, settings.live_health_port, self.metrics.registry, self._report
        )
        try:
            await self._until_told(drain, stop)
        finally:
            self._room_events.close()
            await health.cleanup()

    async def _until_told(self, drain: asyncio.Event, stop: asyncio.Event) -> None:
        settings = self._settings
        watchdog = LoopWatchdog(settings.live_watchdog_seconds, self.metrics.loop_lag.observe)
        async with asyncio.TaskGroup() as tasks:
            working = [
                tasks.create_task(watchdog.run(), name="watchdog"),
                tasks.create_task(self._mind_memory(drain), name="memory"),
                tasks.create_task(give_back_often(lambda: self._host.ended), name="give back"),
                tasks.create_task(self._work(), name="work"),
            ]
            leaving = [
                tasks.create_task(self._hand_over(drain), name="hand over"),
                tasks.create_task(stop.wait(), name="stop"),
            ]
            await asyncio.wait(leaving, return_when="FIRST_COMPLETED")
            self._leaving = True
            log.info("leaving", extra={"rooms": len(self._host.rooms)})
            await self._host.leave_all()
            for task in (*working, *leaving):
                task.cancel()

    async def _hand_over(self, drain: asyncio.Event) -> None:
        await drain.wait()
        self._leaving = True
        if self._watching is not None:
            self._watching.cancel()
        await self._dispatches.drain()
        log.info("handing over", extra={"rooms": len(self._host.rooms)})
        await self._host.hand_over(self._settings.live_drain_seconds)

    async def _mind_memory(self, drain: asyncio.Event) -> None:
        await past_memory_limit(self._settings.live_memory_limit_mb)
        drain.set()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._host.run(), name="host")
            tasks.create_task(self._hearing.run(), name="hearing")
            await self._key.publish()
            tasks.create_task(self._key.keep_valid(), name="key")
            if self._settings.live_realtime:
                tasks.create_task(self._wakeups.run(), name="wake-ups")
            self._watching = tasks.create_task(self._watcher.run(), name="watcher")
            tasks.create_task(self._dispatches.run(), name="dispatches")

    def _conditions(self) -> Conditions:
        return {
            "registered": self._dispatches.registered,
            "key_published": self._key.published,
            "taking_rooms": not self._leaving,
        }


async def run(settings: Settings) -> None:
    # What has been imported stays: a collection that looks at it stops every room for 80 ms, one without it for 12. And
    # collections come when a quarter more is there than the last one left, so now they come as often as rooms close.
    gc.freeze()
    gc.collect()
    async with reach(settings) as outside:
        await Worker(settings, outside).run()
