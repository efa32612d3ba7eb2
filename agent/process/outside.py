"""What a worker reaches the outside with: its connections, opened before its parts are made and closed after them."""

import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from livekit import api

from agent.core.clock import DatabaseClock
from agent.core.recorder import Recorder
from agent.core.recording_ports import RecordingOutside
from agent.livekit.api_budget import ApiBudget, heed_limit
from agent.livekit.egress import LiveKitEgress
from agent.livekit.room_calls import LiveKitCalls
from agent.postgres.lane import Lane, own_lane
from agent.process.metrics import Metrics
from agent.process.settings import Settings
from agent.supabase.client import Supabase, supabase_client
from agent.supabase.recording_files import StoredRecordings, stores_of
from agent.supabase.recording_looks import RecordingLooks
from agent.supabase.recording_place import RecordingPlace
from agent.supabase.recording_store import SqlRecordings


@dataclass(frozen=True, slots=True)
class Outside:
    """What a worker reaches the outside with."""

    http: aiohttp.ClientSession
    """For LiveKit's server API, within `budget`."""
    budget: ApiBudget
    supabase: Supabase
    lane: Lane | None
    """None: the database is called over Supabase's API."""
    files: StoredRecordings
    looks: RecordingLooks
    metrics: Metrics
    name: str
    """The worker's."""


def worker_name(settings: Settings) -> str:
    """Unique per process and start: a restarted worker must not pass for the one before it."""
    return settings.live_worker_id or f"{socket.gethostname()}-{os.getpid()}-{time.time_ns() // 1_000_000:x}"


def recorded_files(
    settings: Settings, supabase: Supabase, metrics: Metrics
) -> tuple[StoredRecordings, RecordingLooks]:
    """Recorded files in every store that this worker can reach, and who looks whether they are recordings'."""
    place = settings.recording_place
    stores = stores_of(place, supabase, settings.live_store_timeout)
    looks = RecordingLooks(supabase, stores, metrics.recording_strays)
    return StoredRecordings(supabase, stores, place.store), looks


def recorder_of(
    settings: Settings,
    outside: Outside,
    livekit: api.LiveKitAPI,
    calls: LiveKitCalls,
    clock: DatabaseClock,
) -> Recorder:
    """What sees to recordings."""
    place, metrics = settings.recording_place, outside.metrics
    places = RecordingPlace(outside.supabase, place)
    return Recorder(
        RecordingOutside(
            rows=SqlRecordings(outside.lane or outside.supabase, outside.name),
            egresses=LiveKitEgress(livekit, outside.budget, metrics, settings.live_api_timeout, places),
            calls=calls,
            files=outside.files,
            clock=clock,
            metrics=metrics,
        )
    )


@asynccontextmanager
async def reach(settings: Settings) -> AsyncIterator[Outside]:
    """Its connections, closed at the end."""
    budget = ApiBudget(settings.api_rate, settings.live_api_burst, time.monotonic)
    metrics, key = Metrics(), settings.supabase_service_role_key.get_secret_value()

    def observe(function: str, outcome: str, seconds: float) -> None:
        metrics.store_seconds.labels(function, outcome).observe(seconds)

    name, lane = worker_name(settings), None
    async with AsyncExitStack() as opened:
        http = await opened.enter_async_context(aiohttp.ClientSession(middlewares=(heed_limit(budget),)))
        supabase = await opened.enter_async_context(
            supabase_client(settings.supabase_url, key, settings.live_store_timeout, observe)
        )
        if (url := settings.database_url) is not None:
            lane = await opened.enter_async_context(own_lane(url, name, settings.live_store_timeout, observe))
        files, looks = recorded_files(settings, supabase, metrics)
        yield Outside(http, budget, supabase, lane, files, looks, metrics, name)
