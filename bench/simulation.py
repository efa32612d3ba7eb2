"""`python -m bench.simulation`: 100,000 idle rooms in one database, and what each of the fleet's calls costs it.

The rows are there: sessions, their hosts, leases of 400 workers. No machine at hand carries such a fleet, so the calls
of some of its workers are made through the real store, over both lanes, Postgres' CPU is read for each, and the
fleet's is the sum at the default rhythm. People, sound and LiveKit are not part of it: `bench.plan` adds those.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import asyncpg
import psutil

from agent.core.clock import DatabaseClock
from agent.core.fleet import CHECK_IN_SECONDS, EARLY_SECONDS
from agent.core.fleet_facts import WorkerState
from agent.core.lease import Lease, RoomName
from agent.supabase.client import Supabase
from agent.supabase.store import SqlStore
from bench.capacity import BEAT_SECONDS, EACH, INSERT, LEASE_SECONDS
from bench.command import measured
from bench.synthetic import SyntheticWorker, database_of, on_own_lanes
from local import postgres
from local.paths import STATE
from local.results import Figure, at_most, say
from local.stack import Stack

ROOMS = 100_000
MEASURED = 4
"""Workers whose calls are made."""
BEATS, CHECK_INS, LOOKS = 10, 25, 5
"""Of each measured worker; looks are one worker's."""
LOOK_BAR_MS = 1000 * EARLY_SECONDS
"""A look that takes longer finds leases that have run out."""

# Triggers would take minutes for what they write beside a session, so that is written here too.
FILL = f"""
    set local session_replication_role = replica;
    create temporary table hosts on commit drop as
      select gen_random_uuid() as id, 'simulated-' || n as room, 'simulated-' || (n / {EACH}) as worker
        from generate_series(0, {ROOMS - 1}) n;
    insert into auth.users (id, email) select id, room || '@bench.example' from hosts;
    insert into public.live_sessions
      (creator_id, type, access_type, title, livekit_room, status, started_at, host_left_at)
      select id, 'audio_room', 'public', 'Simulated', room, 'live', clock_timestamp(), clock_timestamp() from hosts;
    insert into public.live_participants (session_id, user_id, role, role_by_rank)
      select s.id, h.id, 'host', live.rank_of_ops() from hosts h join public.live_sessions s on s.livekit_room = h.room;
    insert into live.wake_marks (room) select room from hosts;
    insert into live.session_hints (session_id)
      select s.id from hosts h join public.live_sessions s on s.livekit_room = h.room;
    insert into public.agent_rooms (room, worker_id, epoch, lease_expires_at, bot_identity)
      select room, worker, 1, clock_timestamp() + interval '1 hour', 'agent-' || room from hosts;
"""  # noqa: S608
ANALYZE = (
    "analyze auth.users, public.live_sessions, public.live_participants, live.wake_marks, public.agent_rooms"
)
RELAYED = "update public.live_sessions set relayed_seq = last_seq where livekit_room = any ($1)"
"""As the relay of these rooms would: events that wait are news at each beat."""
SESSIONS = (
    "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
)


async def measure() -> list[Figure]:
    """Figures `simulation.*`. The stack has no worker; those of the fleet are nothing but stores."""
    async with Stack(STATE / "bench", realtime_plan="team") as stack, database_of(stack) as supabase:
        begun = time.monotonic()
        cursor = await fill(stack)
        say(f"  {ROOMS:,} rooms were there after {time.monotonic() - begun:.0f} s")
        fleet = await standing(supabase, cursor)
        over_api = await costs(stack, fleet, "api_lane", "mute")
        async with on_own_lanes(stack, fleet, LEASE_SECONDS) as moved:
            over_own = await costs(stack, moved, "own_lane", "unmute")
    return [Figure("simulation.rooms", ROOMS, "rooms"), *over_api, *over_own]


async def fill(stack: Stack) -> str:
    """All rows; from where a worker that has just claimed would ask for news."""
    port = urlsplit(stack.database_url).port
    assert port is not None
    owner = await asyncpg.connect(postgres.url(port, postgres.SUPERUSER))
    try:
        async with owner.transaction():
            await owner.execute(FILL)
        await owner.execute(ANALYZE)
        cursor: str = await owner.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text")
        return cursor
    finally:
        await owner.close()


async def standing(supabase: Supabase, cursor: str) -> list[SyntheticWorker]:
    """All workers have checked in; the first `MEASURED` of them."""
    fleet = []
    for number in range(ROOMS // EACH):
        name = f"simulated-{number}"
        store = SqlStore(supabase, name, DatabaseClock(), lease_seconds=LEASE_SECONDS)
        await store.check_in(state(), EARLY_SECONDS)
        rooms = [RoomName(f"simulated-{n}") for n in range(number * EACH, (number + 1) * EACH)]
        fleet.append(SyntheticWorker(name, store, rooms, {Lease(room, 1): cursor for room in rooms}))
    return fleet[:MEASURED]


def state() -> WorkerState:
    """Of each of them, while nothing happens."""
    return WorkerState(takes=True, rooms=EACH, load=0.5)


def checking_in(store: SqlStore) -> Callable[[], Awaitable[object]]:
    """One check-in of this worker, as often as it is called."""
    return lambda: store.check_in(state(), EARLY_SECONDS)


async def costs(stack: Stack, fleet: Sequence[SyntheticWorker], lane: str, action: str) -> list[Figure]:
    """Postgres' milliseconds of CPU for each kind of call, and the cores of the whole fleet while nothing happens."""
    for worker in fleet:
        await worker.beat()  # plans
    beat = await cpu_ms(stack, BEATS, [worker.beat for worker in fleet])
    check_in = await cpu_ms(stack, CHECK_INS, [checking_in(worker.store) for worker in fleet])
    begun = time.monotonic()
    look = await cpu_ms(stack, LOOKS, [lambda: fleet[0].store.watch(EARLY_SECONDS, None)])
    look_took = 1000 * (time.monotonic() - begun) / LOOKS
    row = await row_ms(stack, fleet[0], action)
    workers = ROOMS / EACH
    idle = workers * (beat / BEAT_SECONDS + check_in / CHECK_IN_SECONDS) / 1000
    watching = look / CHECK_IN_SECONDS / 1000
    say(
        f"  {lane}: a beat {beat:.1f}, a check-in {check_in:.2f}, a look {look:.0f}, a row {row:.2f} ms of CPU"
    )
    where = f"simulation.{lane}"
    return [
        Figure(f"{where}.beat.cpu", round(beat, 2), "ms", BEATS * len(fleet)),
        Figure(f"{where}.check_in.cpu", round(check_in, 3), "ms", CHECK_INS * len(fleet)),
        Figure(f"{where}.look.cpu", round(look, 1), "ms", LOOKS),
        at_most(f"{where}.look", look_took, LOOK_BAR_MS, n=LOOKS),
        Figure(f"{where}.row.cpu", round(row, 2), "ms", EACH),
        Figure(f"{where}.idle_fleet.cores", round(idle, 2), "cores", ROOMS),
        Figure(f"{where}.watcher.cores", round(watching, 2), "cores", ROOMS),
    ]


async def row_ms(stack: Stack, worker: SyntheticWorker, action: str) -> float:
    """A row in each room of one worker: from the claim to the written outcome, for one row."""
    database = await asyncpg.connect(stack.database_url)
    try:
        await database.execute(INSERT, worker.rooms, action)

        async def turn() -> None:
            written = await worker.finish(await worker.beat())
            assert len(written) == EACH, f"{len(written)} of {EACH} rows"

        taken = await cpu_ms(stack, 1, [turn]) / EACH
        await database.execute(RELAYED, worker.rooms)
        return taken
    finally:
        await database.close()


async def cpu_ms(stack: Stack, times: int, calls: Sequence[Callable[[], Awaitable[object]]]) -> float:
    """Of Postgres' sessions, for one call. Autovacuum is not counted, which cleans up when it likes."""
    database = await asyncpg.connect(stack.database_url)
    try:
        sessions = [psutil.Process(row["pid"]) for row in await database.fetch(SESSIONS)]
        before = sum(map(used, sessions))
        for _ in range(times):
            for call in calls:
                await call()
        return 1000 * (sum(map(used, sessions)) - before) / times / len(calls)
    finally:
        await database.close()


def used(session: psutil.Process) -> float:
    """Seconds of CPU until now."""
    times = session.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    sys.exit(measured("simulation", measure()))
