"""Workers with lanes of their own to Postgres: a death is seen at once, and a fallen lock alone moves no room."""

import time
from collections.abc import Mapping, Sequence

from local.people.waiting import until
from local.results import Figure
from tests.chaos.arena import Arena, Holding
from tests.chaos.asking import count, figure, rooms_of
from tests.chaos.faults import Fault, killed_in_turn


async def killed_on_own_lane(arena: Arena) -> list[Figure]:
    """Each worker in turn, by SIGKILL: its session lock falls, and its neighbour does not wait for the leases."""
    seconds = await killed_in_turn(arena, arena.bots)
    return [
        figure("killed_on_own_lane.enforced", seconds, "p50", 0.7),
        figure("killed_on_own_lane.enforced", seconds, "max", 1.5),
    ]


async def locks_fall(arena: Arena) -> list[Figure]:
    """The server ends the session of each lock, as a restart or a failover does: workers that live keep their rooms."""
    before = await arena.holdings()
    ended = await arena.sql(
        "select count(pg_terminate_backend(pid)) as n from pg_locks where locktype = 'advisory' and granted"
    )
    seconds = await arena.enforced(time.monotonic(), arena.places)
    await until("both listen again", lambda: all_listen(arena), 30)
    moved = await rooms_moved(arena, before)
    return [
        count("locks_fall.sessions", ended[0]["n"]),
        figure("locks_fall.enforced", seconds, "max", 3.0),
        count("locks_fall.rooms_moved", moved, 0),
    ]


async def rooms_moved(arena: Arena, before: Mapping[str, Holding]) -> int:
    """How many rooms another worker holds by now."""
    after = await arena.holdings()
    return sum(after[room].worker != held.worker for room, held in before.items())


async def all_listen(arena: Arena) -> bool:
    return all([(await bot.reasons()).get("wakeups") for bot in arena.bots])


async def cut_from_own_lane(arena: Arena) -> list[Figure]:
    """A lane goes half-open while Supabase's API answers: the lease finds it, and another worker takes its rooms."""
    bot = arena.bots[0]
    rooms = await rooms_of(arena, bot)
    bot.postgres.stall()
    seconds = await arena.enforced(time.monotonic(), rooms)
    bot.postgres.restore()
    await arena.settled()
    return [figure("cut_from_own_lane.enforced", seconds, "max", 4.5)]


async def postgres_restarted_on_own_lane(arena: Arena) -> list[Figure]:
    before = await arena.holdings()
    await arena.stack.postgres.restart()
    seconds = await arena.enforced(time.monotonic(), arena.places)
    await until("both listen again", lambda: all_listen(arena), 30)
    await arena.settled()
    moved = await rooms_moved(arena, before)
    return [
        figure("postgres_restarted_on_own_lane.enforced_after_answer", seconds, "max", 2.0),
        count("postgres_restarted_on_own_lane.rooms_moved", moved, 0),
    ]


LANE_TABLE: Sequence[tuple[str, Fault]] = (
    ("one worker SIGKILLed, own lane", killed_on_own_lane),
    ("every session lock falls", locks_fall),
    ("Postgres restarted, own lane", postgres_restarted_on_own_lane),
    ("a worker's own lane half-open", cut_from_own_lane),
)
"""With workers on lanes of their own."""
