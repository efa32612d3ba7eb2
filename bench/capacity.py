"""`python -m bench.capacity`: the database side of 10,000 rooms, without media.

Forty workers of 250 rooms each, through the real store to real Postgres: taking the rooms, beating for them, finding
what nobody moderates, finishing rows. The same machine carries the load, the gateway and PostgREST beside Postgres,
so what it bears is less than a database of its own size would.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import asyncpg

from agent.core.clock import DatabaseClock
from agent.core.fleet import CHECK_IN_SECONDS, EARLY_SECONDS
from agent.core.fleet_facts import FleetRole, WorkerState
from agent.core.lease import RoomName
from agent.process.settings import OWN_LANE_BEAT_SECONDS
from agent.supabase.client import Supabase
from agent.supabase.store import SqlStore
from bench import parts
from bench.command import measured
from bench.synthetic import SyntheticWorker, database_of, on_own_lanes, open_sessions, workers
from local.paths import STATE
from local.results import Figure, at_most, percentile, say, spread
from local.stack import Stack

ROOMS, EACH = 10_000, 250
CLAIMS_AT_ONCE = 8
BEAT_SECONDS = OWN_LANE_BEAT_SECONDS
LEASE_SECONDS = 600.0
"""No room may lapse while others are still being taken; a beat costs the same whatever the lease's length."""
ALONE, ALONE_SIZES = 20, (1, 40, EACH)
FLEETS, FLEET_SECONDS = (10, 20, 40), 6.0
LOOKS = 10
WATCHED_BY = 97
ROWS = 2000
INSERT = """
    insert into public.moderation_actions (id, session_id, target_user_id, action, requested_via)
    select gen_random_uuid(), s.id, s.creator_id, $2, 'ops' from public.live_sessions s where s.livekit_room = any($1)
"""
APPLIED = """
    select greatest(0, extract(epoch from applied_at - $2) * 1000) as ms
      from public.moderation_actions where status = 'applied' and action = $1
"""


async def measure() -> list[Figure]:
    """A stack without a real worker; rooms are rows in the database. Figures `capacity.*`."""
    async with (
        Stack(STATE / "bench", realtime_plan="team") as stack,
        database_of(stack) as supabase,
    ):
        database = await asyncpg.connect(stack.database_url)
        rooms = await open_sessions(database, ROOMS)
        fleet = workers(supabase, rooms, EACH, LEASE_SECONDS)
        say(f"  {len(rooms)} live sessions, {len(fleet)} workers of {EACH}")
        figures = [
            Figure("capacity.rooms", len(rooms), "rooms"),
            Figure("capacity.workers", len(fleet), "workers"),
            *await claims(stack, fleet),
            *await beats_alone(fleet[0]),
            *[figure for size in FLEETS for figure in await fleet_beats(stack, fleet[:size])],
            *await looks(fleet[0], rooms),
            *await watching(stack, supabase),
            *await rows(stack, database, fleet),
            *await releases(fleet),
        ]
        await database.close()
    return figures


async def claims(stack: Stack, fleet: Sequence[SyntheticWorker]) -> list[Figure]:
    """All rooms, `CLAIMS_AT_ONCE` at a time: milliseconds of each claim, and claims a second."""
    free = asyncio.Semaphore(CLAIMS_AT_ONCE)

    async def one(worker: SyntheticWorker, room: RoomName) -> None:
        async with free:
            await worker.claim(room)

    before, begun = parts.snapshot(stack), time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for worker in fleet:
            for room in worker.rooms:
                tasks.create_task(one(worker, room))
    rate = ROOMS / (time.monotonic() - begun)
    say(f"  claims: {rate:.0f}/s; cores: {parts.told(parts.busy(before, parts.snapshot(stack)))}")
    return [
        *spread("capacity.claim", [ms for worker in fleet for ms in worker.claimed_ms]),
        Figure("capacity.claim.rate", round(rate, 1), "1/s", ROOMS),
    ]


async def beats_alone(worker: SyntheticWorker) -> list[Figure]:
    """Milliseconds of a beat for 1, 40 and all rooms of this worker, while no other works."""
    figures = list[Figure]()
    for size in ALONE_SIZES:
        worker.beat_ms.clear()
        for _ in range(ALONE):
            await worker.beat(size)
        figures += spread(f"capacity.beat.of_{size}", worker.beat_ms)
        say(f"  a beat for {size} rooms: {figures[-4].value:.1f} ms")
    return figures


async def fleet_beats(stack: Stack, fleet: Sequence[SyntheticWorker]) -> list[Figure]:
    """All of them at their rhythm: how many beats a second come through of those that are due."""
    for worker in fleet:
        worker.beat_ms.clear()
    before, begun = parts.snapshot(stack), time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for worker in fleet:
            tasks.create_task(worker.beat_for(FLEET_SECONDS, BEAT_SECONDS))
    seconds, used = time.monotonic() - begun, parts.busy(before, parts.snapshot(stack))
    taken = [ms for worker in fleet for ms in worker.beat_ms]
    due, rooms = len(fleet) / BEAT_SECONDS, len(fleet) * EACH
    where = f"capacity.fleet.of_{rooms}"
    say(f"  {rooms} rooms beat: {len(taken) / seconds:.1f}/s of {due:.1f} due; cores: {parts.told(used)}")
    return [
        *spread(f"{where}.beat", taken),
        Figure(f"{where}.beats_due", round(due, 1), "1/s"),
        Figure(f"{where}.beats_done", round(len(taken) / seconds, 1), "1/s", len(taken)),
        Figure(f"{where}.leases_lost", sum(worker.lost for worker in fleet), "rooms"),
        *(
            [at_most("scale.idle_fleet.cores", used["postgres"], 0.5, "cores", rooms)]
            if rooms == ROOMS
            else []
        ),
        *(Figure(f"{where}.cores.{part}", round(share, 2), "cores") for part, share in used.items()),
    ]


async def looks(worker: SyntheticWorker, rooms: Sequence[RoomName]) -> list[Figure]:
    """What the watcher asks, among as many rooms as there are."""
    there = frozenset(rooms)
    return [
        *spread("capacity.watch", await timed(LOOKS, lambda: worker.store.watch(EARLY_SECONDS, None))),
        *spread("capacity.sweep", await timed(LOOKS, lambda: worker.store.watch(EARLY_SECONDS, there))),
    ]


async def watching(stack: Stack, supabase: Supabase) -> list[Figure]:
    """What the database does for a fleet that watches: everybody checks in, and the leader looks."""
    stores = [
        SqlStore(supabase, f"standing-{n}", DatabaseClock(), lease_seconds=LEASE_SECONDS)
        for n in range(WATCHED_BY)
    ]
    idle = WorkerState(takes=True, rooms=EACH, load=0.5)

    async def check_in(store: SqlStore) -> None:
        until = time.monotonic() + FLEET_SECONDS
        while time.monotonic() < until:
            answer = await store.check_in(idle, EARLY_SECONDS)
            if answer.standing is FleetRole.LEADER:
                await store.watch(EARLY_SECONDS, None)
            await asyncio.sleep(CHECK_IN_SECONDS)

    before = parts.snapshot(stack)
    await asyncio.gather(*map(check_in, stores))
    used = parts.busy(before, parts.snapshot(stack))
    say(f"  {WATCHED_BY} workers check in, one watches; cores: {parts.told(used)}")
    return [at_most("scale.watcher.cores", used["postgres"], 0.1, "cores", WATCHED_BY)]


async def timed(times: int, ask: Callable[[], Awaitable[object]]) -> list[float]:
    """Milliseconds of each of `times` calls, one after the other."""
    taken = list[float]()
    for _ in range(times):
        begun = time.monotonic()
        await ask()
        taken.append(1000 * (time.monotonic() - begun))
    return taken


async def rows(stack: Stack, database: asyncpg.Connection, fleet: Sequence[SyntheticWorker]) -> list[Figure]:
    """One row in each of many rooms at once, found by beats and finished in batches, over either lane."""
    over_api = await applied(stack, database, fleet, "mute")
    async with on_own_lanes(stack, fleet, LEASE_SECONDS) as moved:
        over_own = await applied(stack, database, moved, "unmute")
    return [
        at_most("capacity.rows.missing", 2 * ROWS - len(over_api) - len(over_own), 0, "rows", 2 * ROWS),
        at_most("scale.rows.p99", percentile(over_own, 99), 1500, n=len(over_own)),
        at_most("scale.rows_over_api.p99", percentile(over_api, 99), 1500, n=len(over_api)),
        *spread("capacity.rows.beat", [ms for worker in fleet for ms in worker.beat_ms]),
        *spread("capacity.rows.finish", [ms for worker in fleet for ms in worker.finish_ms]),
        *spread("capacity.rows.own_lane.beat", [ms for worker in moved for ms in worker.beat_ms]),
        *spread("capacity.rows.own_lane.finish", [ms for worker in moved for ms in worker.finish_ms]),
    ]


async def applied(
    stack: Stack, database: asyncpg.Connection, fleet: Sequence[SyntheticWorker], action: str
) -> list[float]:
    """Of each row, the milliseconds from when all were there to when it was true, by the database's clock."""
    there_at = await insert_rows(database, fleet, action)
    for worker in fleet:
        worker.beat_ms.clear()
        worker.finish_ms.clear()
    before, begun = parts.snapshot(stack), time.monotonic()
    await asyncio.gather(*map(turn, fleet))
    seconds = time.monotonic() - begun
    taken = [float(row["ms"]) for row in await database.fetch(APPLIED, action, there_at)]
    used = parts.told(parts.busy(before, parts.snapshot(stack)))
    say(f"  {len(taken)} rows: {len(taken) / seconds:.0f}/s; cores: {used}")
    return taken


async def turn(worker: SyntheticWorker) -> None:
    """A beat for all rooms, and the finishing of all rows that came with it."""
    await worker.finish(await worker.beat())


async def insert_rows(
    database: asyncpg.Connection, fleet: Sequence[SyntheticWorker], action: str
) -> datetime:
    """Ops acts on the host of so many rooms, who is away: true as soon as it is written. When the rows were there."""
    by_turns = itertools.chain.from_iterable(zip(*(worker.rooms for worker in fleet), strict=True))
    rooms = list(itertools.islice(by_turns, ROWS))
    await database.execute(INSERT, rooms, action)
    there_at: datetime = await database.fetchval("select clock_timestamp()")
    return there_at


async def releases(fleet: Sequence[SyntheticWorker]) -> list[Figure]:
    """Milliseconds in which a worker gives up all its rooms in one call, one worker after the other."""
    return spread("capacity.release", [ms for worker in fleet for ms in await timed(1, worker.release)])


if __name__ == "__main__":
    sys.exit(measured("capacity", measure()))
