"""Rooms without media: live sessions in the database, and workers that are nothing but the real store.

What such a worker asks of the database is what a real one does; only nobody is in its rooms.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from agent.core.clock import DatabaseClock
from agent.core.lease import Claim, ClaimOutcome, Finish, Known, Lease, Release, RoomName, Written
from agent.postgres.lane import own_lane
from agent.supabase.client import Supabase, supabase_client
from agent.supabase.store import SqlStore
from handlers.effects import FinishAction, Outcome
from handlers.facts import Action, Identity
from local.lane import lane_url
from local.stack import Stack

TIMEOUT_SECONDS, CONNECTIONS = 60.0, 200
FINISH_BATCH = 200


async def open_sessions(database: asyncpg.Connection, count: int) -> list[RoomName]:
    """So many live audio rooms, each of a host of its own."""
    users = [uuid.uuid4() for _ in range(count)]
    rooms = [f"synthetic-{user}" for user in users]
    await database.execute(
        "insert into auth.users (id, email) select id, id || '@bench.example' from unnest($1::uuid[]) as x (id)",
        users,
    )
    await database.execute(
        "insert into public.live_sessions (creator_id, type, access_type, title, livekit_room, status)"
        " select id, 'audio_room', 'public', 'Synthetic', room, 'live'"
        " from unnest($1::uuid[], $2::text[]) as x (id, room)",
        users,
        rooms,
    )
    await database.execute("analyze")
    return [RoomName(room) for room in rooms]


@dataclass(slots=True)
class SyntheticWorker:
    """Holds its rooms and beats for them. Times are ms."""

    name: str
    store: SqlStore
    rooms: Sequence[RoomName]
    cursors: dict[Lease, str] = field(default_factory=dict)
    claimed_ms: list[float] = field(default_factory=list)
    beat_ms: list[float] = field(default_factory=list)
    finish_ms: list[float] = field(default_factory=list)
    lost: int = 0
    """Rooms of which a beat said that the lease was gone."""

    async def claim(self, room: RoomName) -> None:
        """Adds the milliseconds to `claimed_ms`. Raises AssertionError when another worker has the room."""
        begun = time.monotonic()
        claim: Claim = await self.store.claim(room, Identity(f"agent-{uuid.uuid4()}"))
        self.claimed_ms.append(1000 * (time.monotonic() - begun))
        assert claim.outcome is ClaimOutcome.CLAIMED, claim
        self.cursors[Lease(room, claim.epoch)] = claim.cursor

    async def beat(self, rooms: int | None = None) -> list[tuple[Lease, Action]]:
        """Renews the leases of its first `rooms` rooms, or of all; the rows that came with it."""
        asked = dict(list(self.cursors.items())[:rooms])
        begun = time.monotonic()
        news = await self.store.pull({lease: Known(cursor) for lease, cursor in asked.items()})
        self.beat_ms.append(1000 * (time.monotonic() - begun))
        by_room, found = {lease.room: lease for lease in asked}, list[tuple[Lease, Action]]()
        for item in news:
            if item.pulled is None:
                self.lost += 1
                continue
            lease = by_room[item.room]
            self.cursors[lease] = item.cursor or self.cursors[lease]
            found += [(lease, action) for action in item.pulled.actions]
        return found

    async def beat_for(self, seconds: float, every: float) -> None:
        """At its rhythm, or as fast as the database lets it."""
        end = time.monotonic() + seconds
        while (begun := time.monotonic()) < end:
            await self.beat()
            await asyncio.sleep(max(0.0, begun + every - time.monotonic()))

    async def finish(self, rows: Sequence[tuple[Lease, Action]]) -> list[Written]:
        """Says of each that it is true, in batches as the outbox makes them."""
        answers = list[Written]()
        for first in range(0, len(rows), FINISH_BATCH):
            batch = [
                Finish(lease, FinishAction(action.id, Outcome.APPLIED), self.store.now())
                for lease, action in rows[first : first + FINISH_BATCH]
            ]
            begun = time.monotonic()
            answers += await self.store.finish(batch)
            self.finish_ms.append(1000 * (time.monotonic() - begun))
        return answers

    async def release(self) -> None:
        """All rooms in one call, none of them closed."""
        await self.store.release([Release(lease, closed=False, at_ms=0) for lease in self.cursors])


def database_of(stack: Stack) -> AbstractAsyncContextManager[Supabase]:
    """One client for all synthetic workers, with connections for each."""
    return supabase_client(stack.url, stack.keys.secret, TIMEOUT_SECONDS, connections=CONNECTIONS)


def workers(
    supabase: Supabase, rooms: Sequence[RoomName], each: int, lease_seconds: float
) -> list[SyntheticWorker]:
    """As many as these rooms need with so many rooms each."""
    return [
        SyntheticWorker(
            name := f"synthetic-{first}",
            SqlStore(supabase, name, DatabaseClock(), lease_seconds=lease_seconds),
            rooms[first : first + each],
        )
        for first in range(0, len(rooms), each)
    ]


@asynccontextmanager
async def on_own_lanes(
    stack: Stack, fleet: Sequence[SyntheticWorker], lease_seconds: float
) -> AsyncIterator[list[SyntheticWorker]]:
    """The same workers with the same rooms, each over a lane of its own to Postgres, whose connection is open."""
    url = await lane_url(stack.database_url)
    async with AsyncExitStack() as opened:
        moved = list[SyntheticWorker]()
        for worker in fleet:
            lane = await opened.enter_async_context(
                own_lane(url, worker.name, TIMEOUT_SECONDS, lambda *_: None)
            )
            store = SqlStore(lane, worker.name, DatabaseClock(), lease_seconds=lease_seconds)
            moved.append(SyntheticWorker(worker.name, store, worker.rooms, worker.cursors))
            await moved[-1].beat(1)
        yield moved
