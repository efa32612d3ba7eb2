"""`python -m bench.scale`: what a row costs a fleet, and how long it takes over each of the two lanes to the database.

One row at a time in twenty live rooms: over a worker's own lane; over the same while thirty people keep PostgREST's
pool full, there from the commit, since the insert itself waits among the reads; and over Supabase's API with three
workers, of which one holds the room. The figures of 10,000 rooms are `bench.capacity`'s.
"""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import asyncpg

from bench.actions import SELF_HOSTED, enforce_ms, enter_as_speaker, one_by_one
from bench.command import command
from bench.flood import READERS, flooded
from bench.variants import one_core
from local.lane import lane_url
from local.paths import STATE
from local.people.api import Json
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.ports import LOOPBACK
from local.results import Figure, at_most, percentile
from local.stack import Stack
from local.supervisor import Child

ROOMS, ROWS, FLOODED_ROWS = 20, 100, 40
WORKERS = 3
COMMITTED_MS = """
    select extract(epoch from a.applied_at - pg_xact_commit_timestamp(e.xmin)) * 1000 as ms
      from public.moderation_actions a
      -- The door writes it in the act's own transaction, and nothing writes it again.
      join public.live_events e on e.session_id = a.session_id and e.type = a.action || 'd'
                               and e.created_at between a.created_at and a.applied_at
     where a.id = any ($1::uuid[])
"""
SENT = "select count(*) from realtime.messages where topic like 'live:wake%'"


async def furnish(people: People, ops: Person) -> tuple[OpenSession, Person, Device]:
    """Twenty live rooms; the last one with somebody who may speak."""
    for number in range(ROOMS):
        host = await people.arrive(f"Host{number}", creator=True)
        session = await host.open_session("audio_room")
        await host.enter(session.id, session.join)
    guest = await people.arrive("Guest")
    return session, guest, await enter_as_speaker(ops, guest, session)


@asynccontextmanager
async def working(stack: Stack, names: Sequence[str], env: dict[str, str]) -> AsyncIterator[list[Child]]:
    """Workers that are stopped at the end, each letting the next ones in."""
    running = [await stack.start_worker(name, {**one_core(), **SELF_HOSTED, **env}) for name in names]
    try:
        yield running
    finally:
        for child in running:
            await child.stop()


async def own_lane(stack: Stack, people: People, ops: Person) -> list[Figure]:
    """Figures `scale.own_lane.*` and `scale.mute_while_pool_full.p99`: one worker with a lane to Postgres."""
    async with working(stack, ["own"], {"LIVE_DATABASE_URL": await lane_url(stack.database_url)}):
        session, guest, device = await furnish(people, ops)
        before = await sent(stack)
        alone = enforce_ms(await one_by_one(ops, session, guest, device, ROWS))
        told = await sent(stack) - before
        tokens = [await reader(people, session) for _ in range(READERS)]
        async with flooded(stack, session.id, tokens):
            rows = await one_by_one(ops, session, guest, device, FLOODED_ROWS)
    full = await committed_ms(stack, rows)
    where = "scale.own_lane"
    return [
        at_most(f"{where}.insert_to_confirmed.p50", percentile(alone, 50), 10, n=ROWS),
        at_most(f"{where}.insert_to_confirmed.p99", percentile(alone, 99), 40, n=ROWS),
        at_most(f"{where}.realtime_per_row", told / len(alone), 0, "messages", ROWS),
        at_most("scale.mute_while_pool_full.p99", percentile(full, 99), 100, n=FLOODED_ROWS),
        # The insert waits its turn among the reads, over the pool that they share.
        Figure(
            "scale.mute_while_pool_full.from_insert.p99",
            round(percentile(enforce_ms(rows), 99), 1),
            "ms",
            FLOODED_ROWS,
        ),
    ]


async def committed_ms(stack: Stack, rows: Sequence[Json]) -> list[float]:
    """Milliseconds from each row's commit, by the database's own note of it, until LiveKit had confirmed."""
    database = await asyncpg.connect(stack.database_url)
    try:
        found = [float(row["ms"]) for row in await database.fetch(COMMITTED_MS, [row["id"] for row in rows])]
    finally:
        await database.close()
    assert len(found) == len(rows), f"{len(found)} commits of {len(rows)} rows"
    return found


async def reader(people: People, session: OpenSession) -> str:
    """The access token of somebody who is on the session's list."""
    person = await people.arrive("Reader")
    await person.token(session.id)
    return person.api.access_token


async def api_lane(stack: Stack, people: People, ops: Person) -> list[Figure]:
    """Figures `scale.api_lane.*` and `scale.realtime_per_row`: `WORKERS` workers, without a lane."""
    async with working(stack, [f"api{n}" for n in range(WORKERS)], {}) as workers:
        session, guest, device = await furnish(people, ops)
        before = await messages(stack, workers)
        alone = enforce_ms(await one_by_one(ops, session, guest, device, ROWS))
        told = await messages(stack, workers) - before
    where = "scale.api_lane"
    return [
        at_most(f"{where}.insert_to_confirmed.p50", percentile(alone, 50), 15, n=ROWS),
        at_most(f"{where}.insert_to_confirmed.p99", percentile(alone, 99), 60, n=ROWS),
        at_most("scale.realtime_per_row", told / len(alone), 2, "messages", ROWS),
    ]


async def messages(stack: Stack, workers: Sequence[Child]) -> float:
    """Realtime messages of wake-ups as hosted Realtime counts them: sent, and delivered to each worker."""
    return await sent(stack) + sum([await delivered(worker) for worker in workers])


async def sent(stack: Stack) -> float:
    """How many wake-ups are in Realtime's table, those of earlier workers included."""
    database = await asyncpg.connect(stack.database_url)
    try:
        return float(await database.fetchval(SENT))
    finally:
        await database.close()


async def delivered(worker: Child) -> float:
    """Wake-ups that this worker has got, by its metrics. Raises RuntimeError where they name none."""
    url = f"http://{LOOPBACK}:{worker.spec.env['LIVE_HEALTH_PORT']}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        lines = (await response.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("live_wakeups_total "))


async def measure(port_base: int | None) -> list[Figure]:
    """Both lanes on one stack. `port_base`: None for the stack's own choice."""
    async with Stack(STATE / "bench", port_base=port_base) as stack, People(stack.env) as people:
        ops = await people.arrive("Ops", ops=True)
        return [*await own_lane(stack, people, ops), *await api_lane(stack, people, ops)]


if __name__ == "__main__":
    sys.exit(command("scale", __doc__, measure))
