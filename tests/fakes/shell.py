"""A room's shell over the fakes: loop, performer, puller and outboxes, without a network."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.core.clock import DatabaseClock
from agent.core.envelope import Envelope, Signer
from agent.core.held_room import HeldRoom
from agent.core.inbox import Inbox
from agent.core.lease import Lease, RoomFacts, RoomName, Written
from agent.core.outbox import Outbox
from agent.core.outboxes import Outboxes
from agent.core.performer import Performer
from agent.core.puller import Puller, Rhythm
from agent.core.room_loop import moderate
from agent.core.shared import Shared
from agent.core.world import World
from agent.process.metrics import Metrics
from handlers.effects import Effect, Leave
from handlers.events import Event
from handlers.facts import Identity
from handlers.state import RoomState
from moderation.desired import Permission
from tests.fakes.livekit import FakeClips, FakeParticipant, FakeRoom, LiveKit, NoRecorder
from tests.fakes.screen import FakeScreen
from tests.fakes.store import Database, FakeStore
from tests.fakes.virtual_time import clock

ROOM = RoomName("room")


async def never(_rows: Sequence[Any]) -> Sequence[Written]:
    raise AssertionError("nothing is flushed here")


@dataclass
class Shell:
    database: Database
    livekit: LiveKit
    actions: FakeRoom
    inside: FakeParticipant
    puller: Puller
    held: HeldRoom
    world: World
    signer: Signer
    inbox: Inbox = field(default_factory=Inbox)
    reported: list[Event] = field(default_factory=list)

    @property
    def envelope(self) -> Envelope:
        return Envelope(ROOM, RoomFacts("session", "id"), self.signer)

    async def moderate(self) -> Leave:
        return await moderate(self.held, self.inbox, self.world, self.envelope, RoomState())

    async def perform(self, *effects: Effect) -> list[Event]:
        """Carry them out, and return what was reported once all are done."""
        self.reported.clear()
        async with asyncio.TaskGroup() as tasks:
            performer = Performer(self.held, self.world, self.envelope, self.reported.append, tasks)
            for effect in effects:
                performer.perform(effect)
        return list(self.reported)


def shell(lease_seconds: float = 3.0) -> Shell:
    """A room whose lease begins now."""
    database_clock, metrics = DatabaseClock(clock), Metrics()
    database = Database(database_clock.now)
    database.live(ROOM)
    livekit = LiveKit(database_clock.now)
    actions = FakeRoom(livekit)
    store = FakeStore(database, "worker", lease_seconds)
    rhythm = Rhythm(lease_seconds, beat_seconds=1.0, patience_seconds=5.0)
    puller = Puller(store, database_clock, metrics, rhythm, deaf=lambda: None)
    inbox = Inbox()
    inside = FakeParticipant(livekit, ROOM, Identity("agent"), inbox)
    livekit.join(ROOM, inside.identity, Permission(frozenset()), agent=True)
    held = puller.hold(Lease(ROOM, 1), "0", clock(), inbox.put, inbox.fail)
    outboxes = Outboxes(
        Outbox("presence", never, lambda *_: None),
        Outbox("finishes", never, lambda *_: None),
        Outbox("cursors", never, lambda *_: None),
        Outbox("incidents", never, lambda *_: None),
        Outbox("minutes", never, lambda *_: None),
        Outbox("media", never, lambda *_: None),
    )
    signer = Signer()
    shared = Shared(
        store,
        actions,
        lambda *_: inside,
        FakeScreen(),
        signer,
        FakeClips(),
        NoRecorder(),
        database_clock,
        metrics,
    )
    world = World(inside, shared, outboxes, puller)
    return Shell(database, livekit, actions, inside, puller, held, world, signer, inbox)
