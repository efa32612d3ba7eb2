"""What `live.record_presence` takes for a join and for a leave, among few people and among many."""

import statistics
import time
import uuid

import asyncpg

from local.results import Figure, at_most, say

FEW, MANY = 200, 10_000
TIMES = 60
BATCH = 50
RATIO_BAR = 2.0
ACCOUNT, ANONYMOUS = False, True
PEOPLE = """
    insert into auth.users (id, is_anonymous, raw_user_meta_data)
    select gen_random_uuid(), $2, jsonb_build_object('crowd', $1::text) from generate_series(1, $3::int)
    returning id::text
"""
SESSION = """
    insert into live_sessions (creator_id, type, title, status) values ($1, 'video_live', 'crowd', 'live')
    returning id::text, livekit_room
"""
REPORT = "select live.record_presence('webhook', $1, $2, $3, $4, to_timestamp($5::float8), null)"
ALL_JOIN = """
    select count(live.record_presence('webhook', $1, 'joined', 'PA_' || replace(u, '-', ''), u,
                                      to_timestamp($2::float8 + n * 0.05), null))
      from unnest($3::text[]) with ordinality as x (u, n)
"""
START = 1_700_000_000


async def room_of(database: asyncpg.Connection, people: int) -> tuple[str, list[str]]:
    """The LiveKit room of a live session with so many viewers in it, and their ids."""
    mark = str(uuid.uuid4())
    creator = await database.fetchval(PEOPLE, mark, ACCOUNT, 1)
    crowd = [row["id"] for row in await database.fetch(PEOPLE, mark, ANONYMOUS, people)]
    session = await database.fetchrow(SESSION, creator)
    for begin in range(0, people, BATCH):  # in one transaction Postgres could tidy nothing up
        begun_at = START + begin * 0.05
        await database.execute(ALL_JOIN, session["livekit_room"], begun_at, crowd[begin : begin + BATCH])
    return session["livekit_room"], crowd


async def reported_ms(database: asyncpg.Connection, room: str, event: str, user: str, at: float) -> float:
    """Milliseconds of one call. `event`: `joined` or `left`; `at`: Unix seconds; the connection's id is the user's."""
    begun = time.perf_counter()
    await database.execute(REPORT, room, event, "PA_" + user.replace("-", ""), user, at)
    return (time.perf_counter() - begun) * 1000


async def presence_ratios(database: asyncpg.Connection) -> list[Figure]:
    """Joins and leaves, in turns in both rooms; leaves at whole seconds, as webhooks tell them."""
    rooms = {size: await room_of(database, size) for size in (FEW, MANY)}
    await database.execute("vacuum analyze")  # as the days between so many visits would have done
    took: dict[tuple[str, int], list[float]] = {
        (event, size): [] for event in ("join", "leave") for size in rooms
    }
    newcomers = [row["id"] for row in await database.fetch(PEOPLE, str(uuid.uuid4()), ANONYMOUS, 2 * TIMES)]
    for turn in range(TIMES):
        for size, (room, crowd) in rooms.items():
            leaves_at = START + int(len(crowd) * 0.05) + 1 + turn // 2
            took["leave", size].append(await reported_ms(database, room, "left", crowd[turn], leaves_at))
            newcomer = newcomers.pop()
            took["join", size].append(
                await reported_ms(database, room, "joined", newcomer, leaves_at + 0.123)
            )
    middle = {key: statistics.median(times) for key, times in took.items()}
    say("  " + "  ".join(f"{event} among {size}: {ms:.2f} ms" for (event, size), ms in middle.items()))
    return [
        Figure(f"presence.{event}_report.at_{size}", round(middle[event, size], 2), "ms", TIMES)
        for event in ("join", "leave")
        for size in rooms
    ] + [
        at_most(
            f"presence.{event}_report.at_{MANY}_to_{FEW}",
            middle[event, MANY] / middle[event, FEW],
            RATIO_BAR,
            "ratio",
            TIMES,
        )
        for event in ("join", "leave")
    ]
