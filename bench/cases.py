"""`python -m bench.cases`: what a case costs: clips of evidence, speakers whose last sound is kept, and the word lists.

A real room, a worker of its own core, people who speak. The clip's last sample is the end that its row names, and it
can be listened to when the row says that the file is there. What a kept speaker costs is the worker's CPU beside the
same speakers measured only, both without what the room takes when nobody speaks; turn by turn, as the machine's own
pace changes.
"""

import asyncio
import sys
import time
import tracemalloc
from contextlib import AsyncExitStack
from datetime import datetime

import asyncpg
import numpy as np

from agent.livekit.keeping import Keeping
from agent.process.opus import encoded
from bench.chat_sentences import CLEAN, NOT_CLEAN, bad_sentences
from bench.command import Times, command
from bench.process_cost import cores, usage
from bench.variants import one_core
from handlers.facts import Identity
from local import results
from local.paths import STATE
from local.people.device import Device
from local.people.hostile import Arena
from local.people.person import People, Person
from local.people.sound import speech_like
from local.people.waiting import until
from local.results import Figure, at_most, say
from local.stack import Stack
from moderation.audio.kept import KEPT_RATE, Cause
from moderation.audio.kweighting import BLOCK_SAMPLES

SPEAKERS, CLIPS, BETWEEN_CLIPS_SECONDS = 8, 12, 0.8
TURNS, FULL_TURNS = 2, 5
TURN_SECONDS = 6.0
AFTER_SECONDS = 10.0
"""`evidence.after_seconds`."""
READY_MS, CPU_RATIO, MEMORY_MIB, LAG_MS = 5000.0, 1.2, 1.0, 10.0
CAUGHT, FALSE_HOLDS = 0.95, 0.01
MIB = 2**20
KEPT = (
    "select live.keep_sound(live.open_case($1, null, p.user_id, 'info', 'ops'))"
    " from live_participants p where p.session_id = $1 and p.role = 'speaker'"
)
DECIDED = (
    "update moderation_cases set resolved_at = now(), decision = 'no_violation' where resolved_at is null"
)


# ------------------------------------------------------------ in a room


async def speakers(arena: Arena, count: int) -> list[tuple[Person, Device]]:
    """So many people who may speak in the arena, silent so far."""
    found = []
    for number in range(count):
        person, device, _ = await arena.speaker(f"Speaker{number}")
        found.append((person, device))
    return found


async def cpu_ratio(stack: Stack, arena: Arena, talking: list[tuple[Person, Device]], turns: int) -> Figure:
    """Cores of the worker in silence, with everybody measured, and with everybody kept, who still are at the end."""
    pid = stack.workers["worker"].pid
    database = await asyncpg.connect(stack.database_url)
    silent = await cost(pid)
    for number, (_, device) in enumerate(talking):
        await device.speak(speech_like(-24.0, seed=number % 4 + 1))
    await asyncio.sleep(2.0)
    measured, kept = list[float](), list[float]()
    try:
        for _ in range(turns):
            await database.execute(DECIDED)
            await asyncio.sleep(1.0)
            measured.append(await cost(pid) - silent)
            await database.execute(KEPT, arena.session.id)
            await asyncio.sleep(1.0)
            kept.append(await cost(pid) - silent)
    finally:
        await database.close()
    say(f"  silent {silent:.3f}, measured {measured}, kept {kept} cores")
    return at_most("cases.kept_speaker.cpu_ratio", sum(kept) / sum(measured), CPU_RATIO, "ratio", turns)


async def cost(pid: int) -> float:
    """Cores that process `pid` and its descendants keep busy over the next `TURN_SECONDS`."""
    before = usage(pid)
    await asyncio.sleep(TURN_SECONDS)
    return cores(before, usage(pid))


async def clips_ready(people: People, arena: Arena, talking: list[tuple[Person, Device]]) -> list[Figure]:
    """Ops have clips made one after the other, more than one a second: milliseconds from each one's last sample."""
    ids = []
    for number in range(CLIPS):
        person, _ = talking[number % len(talking)]
        where = {"session_id": arena.session.id, "user_id": person.id}
        ids.append((await arena.ops.api.rpc("keep_evidence", **where, reason="bench"))["clip_id"])
        await asyncio.sleep(BETWEEN_CLIPS_SECONDS)

    async def stored() -> list[dict[str, str]] | None:
        rows = await people.service.rows("evidence_clips", session_id=f"eq.{arena.session.id}")
        ready = [row for row in rows if row["id"] in ids and row["stored_at"] is not None]
        return ready if len(ready) == len(ids) else None

    rows = await until("all clips", stored, 60.0)
    shortest = min(moment(row["to_at"]) - moment(row["from_at"]) for row in rows)
    assert shortest > AFTER_SECONDS + TURN_SECONDS / 2, (
        f"{shortest:.1f} s: they were not kept while that was measured"
    )
    ms = [1000 * (moment(row["stored_at"]) - moment(row["to_at"])) for row in rows]
    return results.spread("cases.clip_ready", ms, {99: READY_MS})


def moment(text: str) -> float:
    """Unix seconds of an ISO 8601 time."""
    return datetime.fromisoformat(text).timestamp()


# ------------------------------------------------------------ in this process


def memory() -> list[Figure]:
    """What half a minute of one person takes, and of one without a cause."""
    block = np.random.default_rng(1).normal(0, 3000, (BLOCK_SAMPLES, 2)).astype(np.int16)
    taken = {}
    for name, causes in (("kept", {Identity("a"): Cause.CASE}), ("unkept", {})):
        keeping = Keeping()
        keeping.keep(causes, 30.0)
        keeping.add(Identity("warm"), block, 0.0)
        tracemalloc.start()
        for number in range(200):
            keeping.add(Identity("a"), block, number * 0.2)
        taken[name] = tracemalloc.get_traced_memory()[0] / MIB
        tracemalloc.stop()
    return [
        at_most("cases.kept_speaker.memory", taken["kept"], MEMORY_MIB, "MiB", 200),
        at_most("cases.unkept_speaker.memory", round(taken["unkept"], 3), 0.0, "MiB", 200),
    ]


async def encoding_lag(times: int = 10) -> Figure:
    """How late the loop turns while clips are encoded beside it."""
    sound = np.random.default_rng(2).normal(0, 3000, 40 * KEPT_RATE).astype(np.int16).tobytes()
    worst, done = 0.0, asyncio.Event()

    async def encode() -> None:
        for _ in range(times):
            await encoded(sound)
        done.set()

    task = asyncio.create_task(encode())
    while not done.is_set():
        begun = time.perf_counter()
        await asyncio.sleep(0.001)
        worst = max(worst, time.perf_counter() - begun - 0.001)
    await task
    return at_most("cases.encode.loop_lag.max", 1000 * worst, LAG_MS, "ms", times)


# ------------------------------------------------------------ words


async def word_lists(stack: Stack) -> list[Figure]:
    """`chat.caught` and `chat.false_holds`: the shares of bad and of clean sentences that a platform's rule meets."""
    database = await asyncpg.connect(stack.database_url)
    try:
        clean = [sentence for sentence in CLEAN if sentence not in NOT_CLEAN]
        bad = sorted(set(bad_sentences()))
        held, caught = await met(database, clean) / len(clean), await met(database, bad) / len(bad)
    finally:
        await database.close()
    return [
        Figure("chat.caught", round(caught, 4), "share", len(bad), CAUGHT, caught >= CAUGHT),
        at_most("chat.false_holds", held, FALSE_HOLDS, "share", len(clean)),
    ]


async def met(database: asyncpg.Connection, sentences: list[str]) -> int:
    """How many of them a rule of the platform meets."""
    sql = "select count(*) from unnest($1::text[]) as s where exists (select from live.chat_matches(s, null))"
    return int(await database.fetchval(sql, sentences))


async def measure(port_base: int | None, turns: int) -> list[Figure]:
    """One worker; `turns` of measured and kept speakers. `port_base`: None for the stack's own choice."""
    figures = [*memory(), await encoding_lag()]
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(Stack(STATE / "bench-cases", port_base))
        people = await opened.enter_async_context(People(stack.env))
        figures += await word_lists(stack)
        await stack.start_worker("worker", one_core())
        arena = await Arena.open(people)
        talking = await speakers(arena, SPEAKERS)
        figures.append(await cpu_ratio(stack, arena, talking, turns))
        figures += await clips_ready(people, arena, talking)
    return figures


if __name__ == "__main__":
    sys.exit(command("cases", __doc__, measure, Times(TURNS, FULL_TURNS, "turns of measured and kept")))
