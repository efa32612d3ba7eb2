"""A worker's rooms over the fakes, in virtual time: host, puller and watcher of one process. Several share a world."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agent.core.clock import DatabaseClock
from agent.core.envelope import Signer
from agent.core.fleet import Fleet
from agent.core.fleet_facts import WorkerState
from agent.core.host import Host
from agent.core.inbox import Inbox
from agent.core.lease import RoomName
from agent.core.puller import Puller, Rhythm
from agent.core.shared import Shared
from agent.core.watcher import Pace, Watcher
from agent.process.metrics import Metrics
from handlers.facts import Identity
from tests.fakes.livekit import FakeClips, FakeParticipant, FakeRoom, LiveKit, NoRecorder
from tests.fakes.screen import FakeScreen
from tests.fakes.store import Database, FakeStore
from tests.fakes.virtual_time import clock

LEASE_SECONDS, BEAT_SECONDS, PATIENCE_SECONDS, WATCH_SECONDS = 3.0, 1.0, 5.0, 2.0


@dataclass
class Outside:
    """One database and one LiveKit, for all processes of a test. Create it on the loop."""

    clock: DatabaseClock = field(default_factory=lambda: DatabaseClock(clock))

    def __post_init__(self) -> None:
        self.database, self.livekit = Database(self.clock.now), LiveKit(self.clock.now)


class Process:
    """A process that has not begun. `inside`: every hidden participant that it made, in order."""

    def __init__(self, outside: Outside, name: str = "one") -> None:
        self.outside, self.metrics = outside, Metrics()
        self.store = FakeStore(outside.database, name, LEASE_SECONDS)
        self.calls = FakeRoom(outside.livekit)
        self.inside: list[FakeParticipant] = []
        self.inboxes: list[Inbox] = []
        self.livekit_away = False
        self.deaf = 0
        rhythm = Rhythm(LEASE_SECONDS, BEAT_SECONDS, PATIENCE_SECONDS)
        self.puller = Puller(self.store, outside.clock, self.metrics, rhythm, self.on_deaf)
        self.shared = Shared(
            store=self.store,
            calls=self.calls,
            connect=self.connect,
            screen=FakeScreen(),
            signer=Signer(),
            clips=FakeClips(),
            recorder=NoRecorder(),
            clock=outside.clock,
            metrics=self.metrics,
        )
        self.host = Host(self.shared, self.puller)
        self.fleet = Fleet(self.store, outside.clock, self.host, self._state)
        self.watcher = Watcher(self.shared, self.host, self.fleet, Pace(WATCH_SECONDS, LEASE_SECONDS))
        self.fleet.on_change.append(self.watcher.hint)

    def _state(self) -> WorkerState:
        return WorkerState(self.host.taking and not self.watcher.blind, len(self.host.rooms), load=0.0)

    def on_deaf(self) -> None:
        self.deaf += 1

    def connect(self, room: RoomName, identity: Identity, inbox: Inbox) -> FakeParticipant:
        made = FakeParticipant(self.outside.livekit, room, identity, inbox)
        made.away = self.livekit_away
        self.inside.append(made)
        self.inboxes.append(inbox)
        return made

    def counted(self, name: str, **labels: str) -> float:
        """A metric's value now."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def serving(process: Process, *rooms: RoomName) -> AsyncIterator[Process]:
    """Its host runs and has been asked to serve these rooms; at the end it is cancelled."""
    running = asyncio.create_task(process.host.run())
    await asyncio.sleep(0)
    try:
        for room in rooms:
            process.host.serve(room)
        await asyncio.sleep(0.1)
        yield process
    finally:
        running.cancel()
        await asyncio.wait({running})
