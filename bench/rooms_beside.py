"""`python -m bench.rooms_beside`: our rooms beside other ways to build an agent: a process per job, the tutorials'.

Measured as `bench.rooms` does. Ours also has rooms of three speakers, and one of fifty people.
"""

import sys

import asyncpg

from bench.command import measured
from bench.cost import ROUNDS, Bill, CostStep, measure, policy, shown
from bench.variants import baseline, one_core, ours
from local.paths import STATE
from local.results import Figure, at_most
from local.stack import Stack

OURS = ours(one_core())

SIZES = (CostStep(1), CostStep(40))
COMPARED_SIZES = (CostStep(1), CostStep(10), CostStep(20), CostStep(40))
SPEAKERS, SPEAKERS_ROOMS = 3, 10
LARGE_ROOM = 50

MEMORY_RATIO_BAR, CPU_RATIO_BAR = 1 / 15, 1 / 4


async def compare() -> list[Figure]:
    """Figures `rooms.*` of five variants, one after the other on one stack. Raises LookupError as `judged` does."""
    async with Stack(STATE / "bench", realtime_plan="team") as stack:
        database = await asyncpg.connect(stack.database_url)
        try:
            await policy(database, "observe")
            metered = await measure(stack, database, "ours", OURS, COMPARED_SIZES)
            lean = await measure(stack, database, "lean, process per job", baseline("lean"), SIZES)
            naive = await measure(stack, database, "naive, tutorial", baseline("naive"), COMPARED_SIZES)
            three = await measure(
                stack,
                database,
                "ours, three speakers",
                OURS,
                (CostStep(1, SPEAKERS), CostStep(SPEAKERS_ROOMS, SPEAKERS)),
            )
            large = await measure(
                stack, database, "ours, one room of 50", OURS, (CostStep(1), CostStep(2, 1, LARGE_ROOM - 1))
            )
        finally:
            await database.close()
    variants = {"lean": lean, "naive": naive}
    return [
        *(figure for name, bill in variants.items() for cost in bill.costs for figure in shown(name, cost)),
        *shown("three_speakers", three.most),
        *beyond_first("room_of_50", large),
        *judged(metered, lean, naive),
    ]


def beyond_first(variant: str, bill: Bill) -> list[Figure]:
    """What the second room, a large one, costs beyond the small one before it."""
    small, both = bill.costs[0], bill.most
    return [
        Figure(f"rooms.memory_uss.{variant}.whole", round(both.uss_mb, 2), "MiB", 1),
        Figure(f"rooms.memory_pss.{variant}.whole", round(both.pss_mb, 2), "MiB", 1),
        Figure(f"rooms.cpu.{variant}.whole", round(both.cpu_percent - small.cpu_percent, 2), "%", ROUNDS),
    ]


def judged(metered: Bill, lean: Bill, naive: Bill) -> list[Figure]:
    """Memory is compared at the largest number of rooms that the baseline can carry. So is the CPU, for the record; its
    bar is for all our rooms, and if the tutorials' agent cannot carry as many, one of its rooms counts as it was
    cheapest.

    Raises:
        LookupError: something else kept this machine busy, and only one room of each was measured.
    """
    most, beside_lean, beside_naive = metered.most, metered.at(lean.most.rooms), metered.at(naive.most.rooms)
    if not lean.most.more_rooms or len(naive.costs) == 1:
        msg = "this machine had no place for a second step of the others: there is nothing to compare"
        raise LookupError(msg)
    cheapest = min(cost.cpu_per_room for cost in naive.costs)
    return [
        at_most(
            "rooms.memory.to_lean",
            beside_lean.uss_per_room / lean.most.uss_per_room,
            MEMORY_RATIO_BAR,
            "ratio",
        ),
        Figure("rooms.memory.to_lean.rooms", lean.most.rooms, "rooms"),
        at_most("rooms.cpu.to_naive", most.cpu_per_room / cheapest, CPU_RATIO_BAR, "ratio", ROUNDS),
        Figure(
            f"rooms.cpu.to_naive.both_at_{naive.most.rooms}",
            beside_naive.cpu_per_room / naive.most.cpu_per_room,
            "ratio",
            ROUNDS,
        ),
    ]


if __name__ == "__main__":
    sys.exit(measured("rooms_beside", compare(), bars_only=True))
