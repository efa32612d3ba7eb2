"""`python -m bench.actions`: what the one door can take, and how long a single row needs in a full house.

500 rows over 20 live rooms in one insert, none contradicting another: all applied, in order per person, none twice.
Then one row at a time, each when the one before is through. Prints the distributions and holds the bars.
"""

import itertools
import statistics
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack

import asyncpg

from bench.command import command
from bench.variants import one_core
from local import results
from local.latency import P50_BAR_MS, P99_BAR_MS
from local.paths import STATE
from local.people.api import Json
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.waiting import until
from local.results import Figure, at_most, percentile
from local.stack import Stack

ROOMS, ROWS, ALONE = 20, 500, 100
PEOPLE_PER_ROOM = 5
SELF_HOSTED = {"LIVE_API_RATE": "2000", "LIVE_API_BURST": "2000"}
"""The default spares LiveKit Cloud, whose API is limited; our own server has no such limit."""
WISHES = ("mute", "camera_off", "mute", "camera_off", "mute")
"""What one person is asked to suffer, in this order: no two contradict each other."""
Seat = tuple[str, str]
"""A session and a person in it."""


async def furnish(people: People, ops: Person) -> list[Seat]:
    """Twenty live rooms with a speaker in each, and others who have left again: the room agrees about them too."""
    seats = list[Seat]()
    for number in range(ROOMS):
        host = await people.arrive(f"Host{number}", creator=True)
        session = await host.open_session("audio_room")
        await host.enter(session.id, session.join)
        guest = await people.arrive(f"Guest{number}")
        await enter_as_speaker(ops, guest, session)
        seats.append((session.id, guest.id))
        for one in range(PEOPLE_PER_ROOM - 1):
            absent = await people.arrive(f"Absent{number}-{one}")
            await absent.token(session.id)
            seats.append((session.id, absent.id))
    return seats


async def enter_as_speaker(ops: Person, guest: Person, session: OpenSession) -> Device:
    """The guest's device, once LiveKit lets it send. `ops` gives the role; the hand is raised before."""
    device = await guest.enter(session.id)
    await guest.raise_hand(session.id)
    await (await ops.ask("set_role", session.id, guest, params={"role": "speaker"})).applied()
    await device.until_may_send()
    return device


async def all_at_once(stack: Stack, seats: Sequence[Seat]) -> tuple[list[asyncpg.Record], float]:
    """The rows once all are final, by `n`, and the seconds from the insert until the last was confirmed."""
    turns = itertools.islice(itertools.cycle([(s, w) for w in WISHES for s in seats]), ROWS)
    rows = [(uuid.uuid4(), uuid.UUID(s), uuid.UUID(p), wish) for (s, p), wish in turns]
    database = await asyncpg.connect(stack.database_url)
    try:
        begun = time.monotonic()
        await database.execute(
            "insert into moderation_actions (id, session_id, target_user_id, action, requested_via)"
            " select * , 'ops' from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[])",
            *(list(column) for column in zip(*rows, strict=True)),
        )  # fmt: skip
        inserted = time.monotonic() - begun
        ids = [row[0] for row in rows]

        async def through() -> bool:
            left = "select count(*) from moderation_actions where id = any($1) and status in ('pending', 'claimed')"
            return bool(await database.fetchval(left, ids) == 0)

        await until("all rows are through", through, 60)
        final = await database.fetch("select * from moderation_actions where id = any($1) order by n", ids)
        first, last = min(row["created_at"] for row in final), max(row["applied_at"] for row in final)
        return final, max((last - first).total_seconds(), inserted)
    finally:
        await database.close()


def faults(rows: Sequence[asyncpg.Record]) -> dict[str, int]:
    """What must not be: rows not applied, applied before an earlier one of the same person, or taken on twice."""
    by_person: dict[tuple[object, object], list[asyncpg.Record]] = {}
    for row in rows:
        by_person.setdefault((row["session_id"], row["target_user_id"]), []).append(row)
    pairs = [pair for mine in by_person.values() for pair in itertools.pairwise(mine)]
    return {
        "not_applied": sum(row["status"] != "applied" for row in rows),
        "out_of_order": sum(before["applied_at"] > after["applied_at"] for before, after in pairs),
        "twice": sum(row["attempts"] > 1 for row in rows),
    }


async def one_by_one(
    ops: Person, session: OpenSession, guest: Person, device: Device, rows: int = ALONE
) -> list[Json]:
    """The rows of so many mutes and unmutes by turns, each asked for when the one before was through.

    The device is watched, and the row is read when the device knows: asking the database all the while would be timed.
    """
    taken = []
    for turn in range(rows + 2):
        asked = await ops.ask("unmute" if turn % 2 else "mute", session.id, guest)
        await (device.until_may_send() if turn % 2 else device.until_may_not_send())
        taken.append(await asked.applied())
    return taken[2:]  # what is slow once only: connections, plans


def enforce_ms(rows: Sequence[Json]) -> list[float]:
    """Milliseconds of each row, which must be confirmed: `enforce_ms` is null until then, and raises TypeError."""
    return [float(row["enforce_ms"]) for row in rows]


def judge(rows: Sequence[asyncpg.Record], seconds: float, alone: Sequence[float]) -> list[Figure]:
    """`rows` are those of the burst, which took `seconds`; `alone` are milliseconds of single rows."""
    burst = [float(row["enforce_ms"]) for row in rows if row["enforce_ms"] is not None]
    single = "actions.insert_to_confirmed"
    return [
        *(
            at_most(f"actions.burst.{what}", found, 0, "rows", len(rows))
            for what, found in faults(rows).items()
        ),
        Figure("actions.burst.throughput", round(len(rows) / seconds, 1), "rows/s", len(rows)),
        *(
            Figure(f"actions.burst.p{percent}", round(percentile(burst, percent), 1), "ms", len(burst))
            for percent in (50, 95, 99)
        ),
        at_most(f"{single}.p50", statistics.median(alone), P50_BAR_MS, n=len(alone)),
        Figure(f"{single}.p95", round(percentile(alone, 95), 1), "ms", len(alone)),
        at_most(f"{single}.p99", percentile(alone, 99), P99_BAR_MS, n=len(alone)),
    ]


async def measure(port_base: int | None) -> list[Figure]:
    """One worker, with the API limits of `SELF_HOSTED`. `port_base`: None for the stack's own choice."""
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(Stack(STATE / "bench-actions", port_base))
        people = await opened.enter_async_context(People(stack.env))
        await stack.start_worker("worker", {**SELF_HOSTED, **one_core()})
        ops = await people.arrive("Ops", ops=True)
        seats = await furnish(people, ops)
        rows, seconds = await all_at_once(stack, seats)
        host, guest = await people.arrive("Ada", creator=True), await people.arrive("Bo")
        session = await host.open_session("audio_room")
        await host.enter(session.id, session.join)
        device = await enter_as_speaker(ops, guest, session)
        alone = enforce_ms(await one_by_one(ops, session, guest, device))
    figures = judge(rows, seconds, alone)
    results.say(f"LiveKit's API was called at most {SELF_HOSTED['LIVE_API_RATE']} times a second")
    return figures


if __name__ == "__main__":
    sys.exit(command("actions", __doc__, measure))
