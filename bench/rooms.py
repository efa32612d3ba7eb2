"""`python -m bench.rooms`: what a room costs, ours beside a process per job and the tutorials' agent, in one run.

Each variant is the only worker of one livekit-server; the same load fills 1, 10 and 40 rooms with a speaker and a
listener each. CPU is process CPU seconds per wall second over the worker's process tree, memory is USS.
"""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from livekit import api

from bench.crowd import Crowd
from bench.process_cost import Usage, cores, usage
from local.paths import REPOSITORY, STATE
from local.results import Figure, say, write
from local.stack import Stack

SIZES = (1, 10, 40)
SETTLE_SECONDS = 5.0
WATCH_SECONDS = 12.0
BOT_SECONDS = 60.0

MEMORY_BAR_MB, MEMORY_RATIO_BAR = 1.2, 1 / 15
CPU_BAR_PERCENT, CPU_RATIO_BAR = 0.8, 1 / 4
BASE_BAR_MB = 110.0
START_BAR_SECONDS = 1.5

Start = Callable[[Stack], AbstractAsyncContextManager[int]]
"""Starts a worker that is registered when it yields its pid."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one variant at one size."""

    rooms: int
    cpu_percent_per_room: float
    uss_mb_per_room: float
    """Of one room more: the first one also pays for what all share, so it is not counted in."""
    load_cores: float
    """What the simulated people used meanwhile: above about 1.5 the figures are those of a starved machine."""


@asynccontextmanager
async def ours(stack: Stack) -> AsyncIterator[int]:
    child = await stack.start_worker(f"worker-{time.monotonic_ns()}")
    try:
        yield child.pid
    finally:
        await child.stop()


def baseline(module: str) -> Start:
    @asynccontextmanager
    async def start(stack: Stack) -> AsyncIterator[int]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"bench.baselines.{module}",
            "start",
            cwd=REPOSITORY,
            env={**os.environ, **stack.env},
            stdout=PIPE,
            stderr=STDOUT,
        )
        assert process.stdout is not None
        try:
            await until_registered(module, process.stdout)
            reading = asyncio.create_task(swallow(process.stdout))
            yield process.pid
            reading.cancel()
        finally:
            process.kill()
            await process.wait()

    return start


async def until_registered(module: str, output: asyncio.StreamReader) -> None:
    async with asyncio.timeout(BOT_SECONDS):
        while b"registered worker" not in (line := await output.readline()):
            if not line:
                raise RuntimeError(f"{module} ended before it was registered")


async def swallow(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass


async def measure(
    stack: Stack, database: asyncpg.Connection, name: str, start: Start
) -> tuple[float, list[Cost]]:
    """USS of the worker without rooms, MiB, and its cost at each size."""
    async with start(stack) as pid, Crowd(stack, database) as crowd:
        await asyncio.sleep(SETTLE_SECONDS)
        base, costs = usage(pid), list[Cost]()
        first = base
        for size in SIZES:
            await crowd.fill(size - len(crowd.rooms))
            await until_bots(stack, crowd.rooms)
            await asyncio.sleep(SETTLE_SECONDS)
            if size == 1:
                first = usage(pid)
            costs.append(await watch(pid, crowd, first))
            cost = costs[-1]
            say(
                f"  {name:<22}{size:>3} rooms  {cost.uss_mb_per_room:6.2f} MB/room  "
                f"{cost.cpu_percent_per_room:5.2f} % of a core/room  (people: {cost.load_cores:.2f} cores)"
            )
    return base.uss_mb, costs


async def watch(pid: int, crowd: Crowd, first: Usage) -> Cost:
    before, people_before = usage(pid), usage(crowd.pid)
    await asyncio.sleep(WATCH_SECONDS)
    after, people_after = usage(pid), usage(crowd.pid)
    rooms = len(crowd.rooms)
    return Cost(
        rooms,
        100 * cores(before, after) / rooms,
        (after.uss_mb - first.uss_mb) / max(1, rooms - 1),
        cores(people_before, people_after),
    )


async def until_bots(stack: Stack, rooms: list[str]) -> None:
    """Every room has an agent in it, by LiveKit's own list."""
    env = stack.env
    async with (
        asyncio.timeout(BOT_SECONDS),
        api.LiveKitAPI(env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"]) as livekit,
    ):
        for room in rooms:
            while not await has_agent(livekit, room):  # noqa: ASYNC110  (LiveKit tells nobody of hidden people)
                await asyncio.sleep(0.1)


async def has_agent(livekit: api.LiveKitAPI, room: str) -> bool:
    listed = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
    agent = api.ParticipantInfo.Kind.AGENT
    return any(p.kind == agent and p.state == api.ParticipantInfo.State.ACTIVE for p in listed.participants)


async def compare() -> list[Figure]:
    async with Stack(STATE / "bench") as stack:
        database = await asyncpg.connect(stack.database_url)
        try:
            began = time.monotonic()
            async with ours(stack):
                started = time.monotonic() - began
            await policy(database, "off")
            say("ours, nothing heard")
            _, unmetered = await measure(stack, database, "ours, unmetered", ours)
            await policy(database, "observe")
            base, metered = await measure(stack, database, "ours, metered", ours)
            _, lean = await measure(stack, database, "lean, process per job", baseline("lean"))
            _, naive = await measure(stack, database, "naive, tutorial", baseline("naive"))
        finally:
            await database.close()
    return figures(started, base, metered, unmetered, lean, naive)


async def policy(database: asyncpg.Connection, mode: str) -> None:
    await database.execute(
        "update public.app_settings set value = jsonb_set(value, '{mode}', to_jsonb($1::text))"
        " where key = 'moderation.policy'",
        mode,
    )


def figures(
    started: float,
    base: float,
    metered: list[Cost],
    unmetered: list[Cost],
    lean: list[Cost],
    naive: list[Cost],
) -> list[Figure]:
    most = metered[-1]
    plain = [
        Figure(f"rooms.{what}.{variant}.at_{cost.rooms}", round(getattr(cost, field), 3), unit, 1)
        for variant, costs in (
            ("metered", metered),
            ("unmetered", unmetered),
            ("lean", lean),
            ("naive", naive),
        )
        for cost in costs
        for what, field, unit in (("memory", "uss_mb_per_room", "MiB"), ("cpu", "cpu_percent_per_room", "%"))
    ]
    return [
        *plain,
        at_most("rooms.worker.start_seconds", started, START_BAR_SECONDS, "s"),
        at_most("rooms.worker.base_uss", base, BASE_BAR_MB, "MiB"),
        at_most("rooms.memory.per_room", most.uss_mb_per_room, MEMORY_BAR_MB, "MiB"),
        at_most(
            "rooms.memory.to_lean", most.uss_mb_per_room / lean[-1].uss_mb_per_room, MEMORY_RATIO_BAR, "ratio"
        ),
        at_most("rooms.cpu.per_room", most.cpu_percent_per_room, CPU_BAR_PERCENT, "%"),
        at_most(
            "rooms.cpu.to_naive",
            most.cpu_percent_per_room / naive[-1].cpu_percent_per_room,
            CPU_RATIO_BAR,
            "ratio",
        ),
    ]


def at_most(name: str, value: float, bar: float, unit: str) -> Figure:
    return Figure(name, round(value, 4), unit, 1, bar, value <= bar)


def main() -> int:
    judged = asyncio.run(compare())
    say("")
    for figure in judged:
        if figure.bar is not None:
            verdict = "held" if figure.held else "MISSED"
            say(
                f"  {figure.name:<28}{figure.value:>9.3f} {figure.unit:<6} at most {figure.bar:.3f}  {verdict}"
            )
    say(f"written to {write('rooms', judged)}")
    return 0 if all(figure.held is not False for figure in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
