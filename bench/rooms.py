"""`python -m bench.rooms`: what a room costs, ours beside LiveKit's client alone, a process per job and the tutorials'.

Each variant is the only worker of one livekit-server; the same load fills 1, 10, 20 and 40 rooms with a speaker and a
listener each. CPU is process CPU seconds per wall second over the worker's process tree, the median of three rounds;
memory is USS and PSS of that tree. Ours keeps to one core, as the handbook recommends, and so does LiveKit's client
alone; what it costs without is measured too. Ours also has rooms of three speakers, and one of fifty people.
"""

import asyncio
import sys
import time

import asyncpg

from bench.cost import ROUNDS, Bill, Cost, Step, measure, policy
from bench.variants import baseline, one_core, ours
from local.paths import STATE
from local.results import Figure, at_most, report, say, write
from local.stack import Stack

OURS = ours(one_core())

SIZES = (Step(1), Step(10), Step(40))
COMPARED_SIZES = (Step(1), Step(10), Step(20), Step(40))
SPEAKERS, SPEAKERS_ROOMS = 3, 10
LARGE_ROOM = 50

MEMORY_BAR_MB, MEMORY_RATIO_BAR = 1.2, 1 / 15
CPU_BAR_PERCENT, CPU_RATIO_BAR = 0.8, 1 / 4
CLIENT_RATIO_BAR = 1.4
"""To LiveKit's client alone, which receives the same: two channels at 48 kHz."""
BASE_BAR_MB = 110.0
START_BAR_SECONDS = 1.5
STARTS = 3


async def compare() -> list[Figure]:
    async with Stack(STATE / "bench") as stack:
        database = await asyncpg.connect(stack.database_url)
        try:
            started = [await start_seconds(stack) for _ in range(STARTS)]
            await policy(database, "off")
            unmetered = await measure(stack, database, "ours, unmetered", OURS, SIZES)
            await policy(database, "observe")
            metered = await measure(stack, database, "ours, metered", OURS, COMPARED_SIZES)
            any_core = await measure(stack, database, "ours, on any core", ours({}), SIZES[-1:])
            floor = await measure(
                stack, database, "LiveKit's client alone", baseline("floor", one_core()), SIZES[1:]
            )
            lean = await measure(stack, database, "lean, process per job", baseline("lean"), SIZES)
            naive = await measure(stack, database, "naive, tutorial", baseline("naive"), COMPARED_SIZES)
            three = await measure(
                stack,
                database,
                "ours, three speakers",
                OURS,
                (Step(1, SPEAKERS), Step(SPEAKERS_ROOMS, SPEAKERS)),
            )
            large = await measure(
                stack, database, "ours, one room of 50", OURS, (Step(1), Step(2, 1, LARGE_ROOM - 1))
            )
        finally:
            await database.close()
    variants = {
        "unmetered": unmetered,
        "metered": metered,
        "any_core": any_core,
        "floor": floor,
        "lean": lean,
        "naive": naive,
    }
    return [
        *(figure for name, bill in variants.items() for cost in bill.costs for figure in shown(name, cost)),
        *shown("three_speakers", three.most),
        *beyond_first("room_of_50", large),
        *judged(started, metered, floor, lean, naive),
    ]


async def start_seconds(stack: Stack) -> float:
    """From the start of the process until it is registered and `/readyz` says so."""
    began = time.monotonic()
    async with OURS(stack):
        return time.monotonic() - began


def shown(variant: str, cost: Cost) -> list[Figure]:
    where = f"{variant}.at_{cost.rooms}"
    memory = [
        Figure(f"rooms.memory_uss.{where}", round(cost.uss_per_room, 3), "MiB", 1),
        Figure(f"rooms.memory_pss.{where}", round(cost.pss_per_room, 3), "MiB", 1),
    ]
    return [
        *(memory if cost.more_rooms else ()),
        Figure(f"rooms.cpu.{where}", round(cost.cpu_per_room, 3), "%", ROUNDS),
        Figure(f"rooms.load_cores.{where}", round(cost.load_cores, 2), "cores", 1),
        Figure(f"rooms.machine_busy.{where}", round(100 * cost.busy_share, 1), "%", 1),
    ]


def beyond_first(variant: str, bill: Bill) -> list[Figure]:
    """What the second room, a large one, costs beyond the small one before it."""
    small, both = bill.costs[0], bill.most
    return [
        Figure(f"rooms.memory_uss.{variant}.whole", round(both.uss_mb, 2), "MiB", 1),
        Figure(f"rooms.memory_pss.{variant}.whole", round(both.pss_mb, 2), "MiB", 1),
        Figure(f"rooms.cpu.{variant}.whole", round(both.cpu_percent - small.cpu_percent, 2), "%", ROUNDS),
    ]


def judged(started: list[float], metered: Bill, floor: Bill, lean: Bill, naive: Bill) -> list[Figure]:
    """Memory is compared at the largest number of rooms that the baseline can carry. So is the CPU, for the record; its
    bar is for all our rooms, and if the tutorials' agent cannot carry as many, one of its rooms counts as it was
    cheapest."""
    most, beside_lean, beside_naive = metered.most, metered.at(lean.most.rooms), metered.at(naive.most.rooms)
    cheapest = min(cost.cpu_per_room for cost in naive.costs)
    return [
        at_most("rooms.worker.start_seconds", sorted(started)[STARTS // 2], START_BAR_SECONDS, "s", STARTS),
        at_most("rooms.worker.base_uss", metered.base.uss_mb, BASE_BAR_MB, "MiB"),
        Figure("rooms.worker.base_pss", round(metered.base.pss_mb, 1), "MiB"),
        at_most("rooms.memory.per_room", most.uss_per_room, MEMORY_BAR_MB, "MiB"),
        at_most(
            "rooms.memory.to_lean",
            beside_lean.uss_per_room / lean.most.uss_per_room,
            MEMORY_RATIO_BAR,
            "ratio",
        ),
        Figure("rooms.memory.to_lean.rooms", lean.most.rooms, "rooms"),
        at_most("rooms.cpu.per_room", most.cpu_per_room, CPU_BAR_PERCENT, "%", ROUNDS),
        Figure("rooms.cpu.of_which_client_alone", floor.most.cpu_per_room, "%", ROUNDS),
        at_most(
            "rooms.cpu.to_client_alone",
            metered.at(floor.most.rooms).cpu_per_room / floor.most.cpu_per_room,
            CLIENT_RATIO_BAR,
            "ratio",
            ROUNDS,
        ),
        at_most("rooms.cpu.to_naive", most.cpu_per_room / cheapest, CPU_RATIO_BAR, "ratio", ROUNDS),
        Figure(
            f"rooms.cpu.to_naive.both_at_{naive.most.rooms}",
            beside_naive.cpu_per_room / naive.most.cpu_per_room,
            "ratio",
            ROUNDS,
        ),
    ]


def main() -> int:
    figures = asyncio.run(compare())
    say(report(figure for figure in figures if figure.bar is not None))
    say(f"written to {write('rooms', figures)}")
    return 0 if all(figure.held is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
