"""`python -m bench.throughput`: presence and gifts a second until something saturates, and what did.

Presence: comings and goings reported in full batches through the real store, by one worker after another and by
several at once. Gifts: as many as the database takes, to one session and to ten at once. Rows of moderation are in
`bench.actions` and `bench.capacity`.
"""

import asyncio
import itertools
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence

import asyncpg

from agent.core.lease import Joined, Lease, Left
from bench import parts
from bench.command import measured
from bench.synthetic import SyntheticWorker, database_of, open_sessions, workers
from handlers.facts import Connection, Identity, Sid
from local.paths import STATE
from local.results import Figure, say
from local.stack import Stack

WORKERS, ROOMS_EACH, BATCH = 4, 25, 200
SECONDS = 6.0
SENDERS, SENDERS_COINS = 40, 1_000_000
GIFT_CONNECTIONS = 15
SESSIONS = (1, 10)


async def measure() -> list[Figure]:
    """Figures `throughput.*` of presence by one and several workers, and of gifts to one and ten sessions."""
    async with (
        Stack(STATE / "bench", realtime_plan="team") as stack,
        database_of(stack) as supabase,
        asyncpg.create_pool(
            stack.database_url, min_size=GIFT_CONNECTIONS, max_size=GIFT_CONNECTIONS, command_timeout=30
        ) as database,
    ):
        rooms = await open_sessions(database, WORKERS * ROOMS_EACH)
        fleet = workers(supabase, rooms, ROOMS_EACH, lease_seconds=600)
        for worker in fleet:
            for room in worker.rooms:
                await worker.claim(room)
        people = [uuid.UUID(room.removeprefix("synthetic-")) for room in rooms]
        figures = list[Figure]()
        for size in (1, WORKERS):
            figures += await presence(stack, fleet[:size], people)
        for size in SESSIONS:
            figures += await gifts(stack, database, rooms[:size], people)
    return figures


async def presence(
    stack: Stack, fleet: Sequence[SyntheticWorker], people: Sequence[uuid.UUID]
) -> list[Figure]:
    """Each worker has one batch under way at a time, as its outbox does."""

    async def flood(worker: SyntheticWorker, end: float) -> int:
        written, reports = 0, visits(list(worker.cursors), people)
        while time.monotonic() < end:
            batch = list(itertools.islice(reports, BATCH))
            answers = await worker.store.presence(batch)
            assert all(answer.ok for answer in answers), answers[0]
            written += len(batch)
        return written

    async def all_of_them() -> int:
        end = time.monotonic() + SECONDS
        return sum(await asyncio.gather(*(flood(worker, end) for worker in fleet)))

    return await saturated(stack, f"throughput.presence.by_{len(fleet)}_workers", "events", all_of_them)


def visits(leases: Sequence[Lease], people: Sequence[uuid.UUID]) -> "itertools.chain[Joined | Left]":
    """Somebody comes into each room in turn, and goes."""
    return itertools.chain.from_iterable(_visit(lease, person) for lease, person in _pairs(leases, people))


def _pairs(leases: Sequence[Lease], people: Sequence[uuid.UUID]) -> "zip[tuple[Lease, uuid.UUID]]":
    return zip(itertools.cycle(leases), itertools.cycle(people), strict=False)


def _visit(lease: Lease, person: uuid.UUID) -> tuple[Joined | Left, ...]:
    who, sid, now = Identity(str(person)), Sid(f"PA_{uuid.uuid4().hex}"), round(time.time() * 1000)
    return (
        Joined(lease, who, Connection(sid, now, None)),
        Left(lease, who, sid, "client_initiated", now),
    )


async def gifts(
    stack: Stack, database: asyncpg.Pool, rooms: Sequence[str], people: Sequence[uuid.UUID]
) -> list[Figure]:
    """As PostgREST gives them, over as many connections as it has, without its HTTP."""
    sessions = await database.fetch(
        "select id from public.live_sessions where livekit_room = any($1)", list(rooms)
    )
    senders = people[-SENDERS:]
    await database.execute(
        "select public.credit_coins(u, $2, 'bench-' || gen_random_uuid()) from unnest($1::uuid[]) as x (u)",
        list(senders),
        SENDERS_COINS,
    )
    await database.execute(
        "update public.app_settings set value = value || '{\"gifts_per_minute\": 1000000}' where key = 'limits'"
    )
    turns = zip(itertools.cycle(sessions), itertools.cycle(senders), strict=False)

    async def giver(end: float) -> int:
        given = 0
        while time.monotonic() < end:
            session, sender = next(turns)
            await give(database, session["id"], sender)
            given += 1
        return given

    async def all_of_them() -> int:
        end = time.monotonic() + SECONDS
        return sum(await asyncio.gather(*(giver(end) for _ in range(GIFT_CONNECTIONS))))

    return await saturated(stack, f"throughput.gifts.to_{len(rooms)}_sessions", "gifts", all_of_them)


async def give(database: asyncpg.Pool, session: uuid.UUID, sender: uuid.UUID) -> None:
    """A transaction with the claims that PostgREST would set, and one `send_gift` of a rose."""
    claims = json.dumps({"role": "authenticated", "sub": str(sender)})
    async with database.acquire() as connection, connection.transaction():
        await connection.execute(
            "select set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)",
            claims,
        )
        await connection.fetchval("select public.send_gift($1, 'rose', 1, $2)", session, str(uuid.uuid4()))


async def saturated(stack: Stack, name: str, unit: str, flood: Callable[[], Awaitable[int]]) -> list[Figure]:
    """`<name>.rate` of what `flood` answers (how many it did), and the cores of each part meanwhile."""
    before, begun = parts.snapshot(stack), time.monotonic()
    done = await flood()
    rate = done / (time.monotonic() - begun)
    used = parts.busy(before, parts.snapshot(stack))
    say(f"  {name}: {rate:.0f} {unit}/s; cores: {parts.told(used)}")
    return [
        Figure(f"{name}.rate", round(rate, 1), f"{unit}/s", done),
        *(
            Figure(f"{name}.cores.{part}", round(share, 2), "cores")
            for part, share in used.items()
            if share >= 0.05
        ),
    ]


if __name__ == "__main__":
    sys.exit(measured("throughput", measure()))
