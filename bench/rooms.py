"""`python -m bench.rooms`: what a room costs, ours beside LiveKit's client alone.

Each variant is the only worker of one livekit-server; the same load fills the rooms with a speaker and a listener each.
CPU is process CPU seconds per wall second over the worker's process tree, the median of three rounds; memory is USS and
PSS of that tree. Ours keeps to one core, as the handbook recommends, and so does LiveKit's client alone; what it costs
without is measured too. Other ways to build an agent are in `bench.rooms_beside`.
"""

import sys
import time

import asyncpg

from bench.command import measured
from bench.cost import ROUNDS, Bill, CostStep, measure, policy, shown
from bench.variants import baseline, one_core, ours
from local.paths import STATE
from local.results import Figure, at_most
from local.stack import Stack

OURS = ours(one_core())

ROOMS = 40
SIZES = (CostStep(1), CostStep(ROOMS))
METERED_SIZES = (CostStep(1), CostStep(10), CostStep(ROOMS))

MEMORY_BAR_MB = 1.2
CLIENT_RATIO_BAR = 1.4
"""To LiveKit's client alone, which receives the same: two channels at 48 kHz. It does not depend on the processor."""
BASE_BAR_MB = 110.0
START_BAR_SECONDS = 1.5
STARTS = 3


async def compare() -> list[Figure]:
    """Figures `rooms.*` of four variants, one after the other on one stack. Raises LookupError as `judged` does."""
    async with Stack(STATE / "bench", realtime_plan="team") as stack:
        database = await asyncpg.connect(stack.database_url)
        try:
            started = [await start_seconds(stack) for _ in range(STARTS)]
            await policy(database, "observe")
            metered = await measure(stack, database, "ours, metered", OURS, METERED_SIZES)
            floor = await measure(
                stack, database, "LiveKit's client alone", baseline("floor", one_core()), SIZES
            )
            any_core = await measure(stack, database, "ours, on any core", ours({}), SIZES[-1:])
            await policy(database, "off")
            unmetered = await measure(stack, database, "ours, unmetered", OURS, SIZES)
        finally:
            await database.close()
    variants = {"unmetered": unmetered, "metered": metered, "any_core": any_core, "floor": floor}
    return [
        *(figure for name, bill in variants.items() for cost in bill.costs for figure in shown(name, cost)),
        *judged(started, metered, floor),
    ]


async def start_seconds(stack: Stack) -> float:
    """From the start of the process until it is registered and `/readyz` says so."""
    began = time.monotonic()
    async with OURS(stack):
        return time.monotonic() - began


def judged(started: list[float], metered: Bill, floor: Bill) -> list[Figure]:
    """Raises LookupError: this machine had no room for so many."""
    most, alone = metered.at(ROOMS), floor.at(ROOMS)
    return [
        at_most("rooms.worker.start_seconds", sorted(started)[STARTS // 2], START_BAR_SECONDS, "s", STARTS),
        at_most("rooms.worker.base_uss", metered.base.uss_mb, BASE_BAR_MB, "MiB"),
        Figure("rooms.worker.base_pss", round(metered.base.pss_mb, 1), "MiB"),
        at_most("rooms.memory.per_room", most.uss_per_room, MEMORY_BAR_MB, "MiB"),
        Figure("rooms.memory.of_which_client_alone", round(alone.uss_per_room, 3), "MiB"),
        Figure("rooms.cpu.per_room", round(most.cpu_per_room, 3), "%", ROUNDS),
        Figure("rooms.cpu.of_which_client_alone", round(alone.cpu_per_room, 3), "%", ROUNDS),
        at_most(
            "rooms.cpu.to_client_alone",
            most.cpu_per_room / alone.cpu_per_room,
            CLIENT_RATIO_BAR,
            "ratio",
            ROUNDS,
        ),
    ]


if __name__ == "__main__":
    sys.exit(measured("rooms", compare(), bars_only=True))
