"""`python -m bench.lists`: a page of the console's lists, of 5,000 people in a room and of 2,000 live rooms.

As the console asks for it: over Supabase's API, by somebody of ops, sorted by trouble.
"""

import sys
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg

from bench.command import command
from local.paths import STATE
from local.people.person import People
from local.results import Figure, at_most, percentile
from local.stack import Stack

PEOPLE, ROOMS, TIMES = 5_000, 2_000, 40
BAR_MS = 100.0
CROWD = """
  with guest as (insert into auth.users (id) select gen_random_uuid() from generate_series(1, $2::int) returning id)
  insert into live_participants (session_id, user_id, role, is_online, first_joined_at, last_joined_at)
  select $1, id, 'listener', true, now() - interval '1 hour', now() - interval '1 hour' from guest
"""
STREET = """
  with host as (insert into auth.users (id) select gen_random_uuid() from generate_series(1, $1::int) returning id)
  insert into live_sessions (creator_id, type, title, status, access_type)
  select id, 'audio_room', $2, 'live', 'public' from host
"""


async def measure(port_base: int | None) -> list[Figure]:
    """Milliseconds from the request to the whole answer."""
    async with Stack(STATE / "bench", port_base=port_base) as stack, People(stack.env) as people:
        ops, host = await people.arrive("Ops", ops=True), await people.arrive("Host", creator=True)
        session = await host.open_session("audio_room")
        database = await asyncpg.connect(stack.database_url)
        await database.execute(CROWD, UUID(session.id), PEOPLE)
        await database.execute(STREET, ROOMS, "Street")
        await database.execute("analyze")
        await database.close()
        crowd = await timed(lambda: ops.api.rpc("console_people", session_id=session.id))
        rooms = await timed(lambda: ops.api.rpc("console_rooms"))
    return [
        at_most("lists.people_of_5000.p50", percentile(crowd, 50), BAR_MS, n=TIMES),
        Figure("lists.people_of_5000.p99", round(percentile(crowd, 99), 1), "ms", TIMES),
        at_most("lists.rooms_of_2000.p50", percentile(rooms, 50), BAR_MS, n=TIMES),
        Figure("lists.rooms_of_2000.p99", round(percentile(rooms, 99), 1), "ms", TIMES),
    ]


async def timed(ask: Callable[[], Awaitable[object]]) -> list[float]:
    """Milliseconds of each of so many requests, one at a time; the first is left out, as it makes plans."""
    taken = list[float]()
    for _ in range(TIMES + 1):
        begun = time.monotonic()
        await ask()
        taken.append(1000 * (time.monotonic() - begun))
    return taken[1:]


if __name__ == "__main__":
    sys.exit(command("lists", __doc__, measure))
