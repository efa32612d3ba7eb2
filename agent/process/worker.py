"""One worker process: puts the parts together and runs them.

Dispatches and the watcher say which rooms there are, the host moderates them.
"""

import asyncio
import gc
import logging
import signal

from livekit import api

from agent.core.clock import DatabaseClock
from agent.core.errand import Errand, in_order
from agent.core.evidence import Evidence
from agent.core.fleet import Fleet
from agent.core.fleet_facts import FleetRole, Swept, WorkerState
from agent.core.host import Host
from agent.core.inbox import Inbox
from agent.core.lease import RoomName
from agent.core.ports import PortError
from agent.core.puller import Puller, Rhythm
from agent.core.relay_key import RelayKey
from agent.core.shared import Shared
from agent.core.wakes import Hints, Listener
from agent.core.watcher import Pace, Watcher
from agent.livekit.dispatches import Dispatches
from agent.livekit.hearing import Hearing
from agent.livekit.native import RoomEvents, run_no_programs
from agent.livekit.room import LiveKitRoom, Native
from agent.livekit.room_calls import LiveKitCalls
from agent.livekit.server import LiveKitServer
from agent.postgres.listen import PostgresHints, Ring
from agent.process.health import serve_health
from agent.process.load import Load
from agent.process.memory import give_back_often
from agent.process.opus import encoded
from agent.process.outside import Outside, reach, recorder_of
from agent.process.report import Parts, Report
from agent.process.settings import Settings
from agent.process.shift import Rooms, Shift, Work
from agent.process.watchdog import LoopWatchdog, past_memory_limit
from agent.supabase.broadcasts import LevelsBroadcast
from agent.supabase.pager import Pager
from agent.supabase.pushes import pushes
from agent.supabase.realtime_budget import RealtimeBudget
from agent.supabase.shelf import SupabaseShelf
from agent.supabase.sound_rows import incident_of
from agent.supabase.store import SqlStore
from agent.supabase.wakeups import WakeUps
from handlers.facts import Identity

log = logging.getLogger(__name__)

GRACE_SECONDS = 0.3
"""In which a worker that lives takes its lock again and renews; the database grants no claim before 0.25 s of it."""


class Worker:
    """The parts in the order in which each needs those before it."""

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self._settings, self.name = settings, outside.name
        self.metrics, self._clock = outside.metrics, DatabaseClock()
        self._server = LiveKitServer(
            settings.livekit_url, settings.livekit_api_key, settings.livekit_api_secret.get_secret_value()
        )
        self._livekit = api.LiveKitAPI(
            self._server.url, self._server.key, self._server.secret, session=outside.http
        )
        calls = LiveKitCalls(self._livekit, outside.budget, self.metrics, settings.live_api_timeout)
        self._store = SqlStore(
            outside.lane or outside.supabase,
            self.name,
            self._clock,
            lease_seconds=settings.live_lease_seconds,
        )
        seed = settings.live_relay_key.get_secret_value() if settings.live_relay_key else None
        self._key = RelayKey(self._store, seed)
        self._load = Load(settings.live_memory_limit_mb)
        self._ring: Ring | None = None
        self._wakeups: Hints = WakeUps(outside.supabase.realtime, self.metrics, self.name)
        if (url := settings.database_url) is not None:
            self._wakeups = PostgresHints(url, self.name, self.metrics)
            self._ring = Ring(url, self.name, self._neighbour_fell)
        self._levels = LevelsBroadcast(outside.supabase, self.metrics.levels_dropped)
        rhythm = Rhythm(
            settings.live_lease_seconds,
            settings.beat_seconds,
            settings.live_store_timeout,
            glances=self._ring is None,
        )
        self._puller = Puller(self._store, self._clock, self.metrics, rhythm, self._wakeups.distrust)
        self._realtime = RealtimeBudget(outside.supabase, self._puller.hints_lost)
        self._native = Native(Hearing(self._clock, self.metrics), RoomEvents())
        self._evidence = Evidence(
            SupabaseShelf(outside.supabase, self.name), encoded, incident_of, self.metrics.clips
        )
        self._recorder = recorder_of(settings, outside, self._livekit, calls, self._clock)
        self._puller.on_recorded = self._recorder.recorded
        self._recorded_files = Errand(
            lambda: in_order(outside.files.delete_due, outside.looks.look),
            "recorded files not deleted",
        )
        shared = Shared(
            store=self._store,
            recorder=self._recorder,
            clips=self._evidence,
            calls=calls,
            connect=self._livekit_room,
            screen=self._levels,
            signer=self._key,
            clock=self._clock,
            metrics=self.metrics,
        )
        self._host = Host(shared, self._puller)
        self._pushes = pushes(outside.supabase)
        receiver = settings.pager
        self._pager = Pager(outside.supabase, receiver, self.metrics.pages) if receiver else None
        self._fleet = Fleet(self._store, self._clock, self._host, self._state)
        self._fleet.on_change.append(self._on_standing)
        self._watcher = Watcher(
            shared,
            self._host,
            self._fleet,
            Pace(settings.live_watch_seconds, settings.live_lease_seconds),
            swept=self._on_swept,
        )
        self._dispatches = Dispatches(self._server, self._host, self.metrics)
        self._report = Report(
            Parts(
                name=self.name,
                key=self._key,
                host=self._host,
                puller=self._puller,
                watcher=self._watcher,
                dispatches=self._dispatches,
                hearing=self._native.hearing,
                wakeups=self._wakeups if self._woken_by_hints else None,
                budget=outside.budget,
                clock=self._clock,
                memory_limit_mb=settings.live_memory_limit_mb,
            )
        )
        self.metrics.registry.register(self._report)
        self._shift = Shift(
            Rooms(self._host, self._fleet, self._watcher, self._dispatches, self._key),
            self._background(),
            drain_seconds=settings.live_drain_seconds,
            worn_out=lambda: past_memory_limit(settings.live_memory_limit_mb),
        )

    def _on_swept(self, swept: Swept) -> None:
        if swept.pushes_due:
            self._pushes.due()
        if swept.recordings_over:
            self._recorded_files.due()
        if swept.recordings_due:
            self._recorder.errands_due()
        if swept.evidence_due:
            self._evidence.due()
        if swept.pages_due and self._pager is not None:
            self._pager.due()

    @property
    def _woken_by_hints(self) -> bool:
        return self._settings.live_realtime or self._ring is not None

    def _state(self) -> WorkerState:
        own = self._ring is not None
        return WorkerState(
            takes=self._host.taking and not self._watcher.blind,
            rooms=len(self._host.rooms),
            load=self._load.share(),
            lane="own" if own else "api",
            locked=own and self._wakeups.joined,
        )

    def _on_standing(self) -> None:
        self._wakeups.lead(on=self._fleet.standing is FleetRole.LEADER)
        if self._ring is not None:
            self._ring.watch(self._fleet.neighbour)
        if self._fleet.watches:
            self._watcher.hint()

    def _on_wake(self, room: RoomName) -> None:
        self._puller.wake(room)
        self._recorder.woken(room)
        if self._fleet.watches and room not in self._puller.rooms:
            self._watcher.woken()

    async def _neighbour_fell(self, neighbour: str) -> None:
        log.warning("neighbour's lock fell", extra={"neighbour": neighbour})
        try:
            self._fleet.take(await self._store.suspect(neighbour, GRACE_SECONDS))
        except PortError as error:
            log.warning(
                "neighbour's rooms not handed out", extra={"neighbour": neighbour, "error": str(error)}
            )
        self._fleet.hint()

    def _livekit_room(self, room: RoomName, identity: Identity, inbox: Inbox) -> LiveKitRoom:
        return LiveKitRoom(self._server, room, identity, inbox, self._native)

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
            await self._shift.run(drain, stop)
        finally:
            self._native.close()
            await health.cleanup()

    def _background(self) -> dict[str, Work]:
        settings = self._settings
        watchdog = LoopWatchdog(settings.live_watchdog_seconds, self.metrics.loop_lag.observe)
        listener = Listener(self._on_wake, self._watcher.hint, self._fleet.hint, self._puller.wake_all)
        return {
            "watchdog": watchdog.run,
            "give back": lambda: give_back_often(lambda: self._host.ended),
            "levels": self._levels.run,
            "pushes": self._pushes.run,
            "evidence": self._evidence.run,
            "recorder": self._recorder.run,
            "recorded files": self._recorded_files.run,
            **({"pager": self._pager.run} if self._pager else {}),
            "hearing": self._native.hearing.run,
            **({"wake-ups": lambda: self._wakeups.run(listener)} if self._woken_by_hints else {}),
            **(
                {"realtime budget": self._realtime.run}
                if settings.live_realtime and self._ring is None
                else {}
            ),
            **({"ring": self._ring.run} if self._ring is not None else {}),
        }


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    # What has been imported stays: a collection that looks at it stops every room for 80 ms, one without it for 12. And
    # collections come when a quarter more is there than the last one left, so now they come as often as rooms close.
    gc.freeze()
    gc.collect()
    run_no_programs()
    async with reach(settings) as outside:
        await Worker(settings, outside).run()
