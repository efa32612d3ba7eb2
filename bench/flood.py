"""`python -m bench.flood`: whether reading stops moderation, and what a crowd and a long history cost.

A host mutes and unmutes a speaker while thirty people, half of them anonymous, send the worst reads that the data API
allows, without pause. Then, on the same database: what a join and a leave take among 200 and among 10,000 people, and
what reads take for somebody with a history of ten rows and of ten thousand.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import asyncpg

from bench.command import measured
from bench.flood_history import history_ratio
from bench.flood_presence import presence_ratios
from bench.full import full
from bench.variants import one_core
from local.paths import REPOSITORY, STATE
from local.people.hostile import Arena
from local.people.person import People, Person
from local.people.waiting import until
from local.results import Figure, at_most, percentile, say
from local.stack import Stack

READERS, AT_ONCE = 30, 1
MUTES = 100 if full() else 40
MUTE_BAR_MS = 1000.0
WARM_UP_SECONDS = 2.0
MUTE_SECONDS = 30.0
EVENTS = 200


def worst_reads(session: str) -> list[str]:
    """Paths of reads that were expensive, or that look for a way round what bounds them."""
    circle = "user_id"
    for _ in range(3):
        circle = f"live_sessions(live_participants({circle}))"
    room = f"session_id=eq.{session}"
    either = f"or=(type.like.*a*,type.like.*e*,id.neq.{session},session_id.eq.{session})"
    return [
        f"live_participants?{room}&select={circle}",
        f"live%5Fparticipants?{room}&select={circle}",
        "live_participants?select=user_id,live_sessions(id,live_participants(user_id))&order=watch_seconds",
        f"live_events?{either}&select=*",
        "live_participants?select=*&offset=100000",
        "live_sessions?select=*,live_participants(*),live_events(*),live_messages(*)",
        f"live_visits?select=*&or=(user_id.neq.{session},left_at.is.null)&order=leave_reason.desc",
        f"rpc/live_events_since?session_id={session}&after_seq=0&limit=100000&select=*,{circle}",
        "",
    ]


@asynccontextmanager
async def flooded(stack: Stack, session: str, tokens: list[str]) -> AsyncIterator[dict[str, int]]:
    """Readers without pause; at the end what they were answered is in the yielded table."""
    answers = dict[str, int]()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.flood_readers"),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asked = {"url": stack.url, "key": stack.keys.publishable, "tokens": tokens}
    asked |= {"paths": worst_reads(session), "at_once": AT_ONCE}  # type: ignore[dict-item]
    try:
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        await process.stdin.drain()
        await process.stdout.readline()
        await asyncio.sleep(WARM_UP_SECONDS)
        yield answers
        process.stdin.close()
        said = json.loads(await process.stdout.readline())
        answers |= said["answers"]
        say(f"  readers got {said['answers']} in {said['seconds']:.0f} s")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def muted_ms(database: asyncpg.Connection, arena: Arena, speaker: Person) -> float:
    """From the host's request, which waits among the reads too, until LiveKit had confirmed; then it is taken back.

    The database's clock is this machine's.
    """
    took = 0.0
    for action in ("mute", "unmute"):
        asked_at = time.time()
        request = await arena.host.ask(action, arena.session.id, speaker)

        async def confirmed_at(row_id: str = request.id) -> float | None:
            row = (
                "select extract(epoch from created_at)::float8 + enforce_ms / 1000.0"
                " from moderation_actions where id = $1 and status = 'applied'"
            )
            at: float | None = await database.fetchval(row, row_id)
            return at

        at = await until(f"the {action} is applied", confirmed_at, MUTE_SECONDS)
        took = 1000 * (at - asked_at) if action == "mute" else took
    return took


async def crowd_of(arena: Arena, database: asyncpg.Connection) -> list[str]:
    """Access tokens of people who are on the session's list, half of them anonymous."""
    tokens = []
    for n in range(READERS):
        person = await (arena.people.arrive_anonymously() if n % 2 else arena.people.arrive("Reader"))
        await person.token(arena.session.id)
        tokens.append(person.api.access_token)
    await database.execute(
        "select live.append_event($1, 'viewer_milestone', jsonb_build_object('viewers', n))"
        " from generate_series(1, $2::int) n",
        arena.session.id, EVENTS,
    )  # fmt: skip
    return tokens


async def mutes(stack: Stack, database: asyncpg.Connection) -> list[Figure]:
    """Mutes in a calm room, and in one whose database is flooded with reads."""
    await stack.start_worker("worker", one_core())
    async with People(stack.env) as people:
        arena = await Arena.open(people)
        speaker, device, _ = await arena.speaker()
        tokens = await crowd_of(arena, database)
        epoch = "select epoch from agent_rooms where room = $1"
        before = await database.fetchval(epoch, arena.session.room)
        calm = [await muted_ms(database, arena, speaker) for _ in range(MUTES // 2)]
        async with flooded(stack, arena.session.id, tokens) as answers:
            under = [await muted_ms(database, arena, speaker) for _ in range(MUTES)]
        lost = await database.fetchval(epoch, arena.session.room) - before
        await device.leave()
    return [
        Figure("hostile.mute_when_calm.p50", round(statistics.median(calm), 1), "ms", len(calm)),
        Figure("hostile.mute_under_read_flood.p50", round(statistics.median(under), 1), "ms", len(under)),
        at_most("hostile.mute_under_read_flood.p99", percentile(under, 99), MUTE_BAR_MS, n=len(under)),
        at_most("hostile.mute_under_read_flood.lost", lost, 0, "leases", len(under)),
        Figure("hostile.read_flood.answers", sum(answers.values()), "answers", READERS * AT_ONCE),
    ]


async def measure() -> list[Figure]:
    """Mutes under a flood, then presence and a long history, on one and the same database."""
    async with Stack(STATE / "bench-flood") as stack, aiohttp.ClientSession() as http:
        database = await asyncpg.connect(stack.database_url)
        try:
            figures = await mutes(stack, database)
            figures += await presence_ratios(database)
            figures += await history_ratio(stack, http)
        finally:
            await database.close()
    return figures


if __name__ == "__main__":
    sys.exit(measured("flood", measure()))
