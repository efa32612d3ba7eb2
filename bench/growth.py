"""`python -m bench.growth`: what a worker asks of the database while nothing happens, from 1 to 80 rooms.

Rooms of one silent person each, so that memory and CPU are those of the bare room. The calls are those that the
worker itself counts, by function.
"""

import asyncio
import sys

from bench.command import measured
from bench.cost import SETTLE_SECONDS, until_bots
from bench.house import house
from bench.process_cost import cores, usage
from bench.worker_view import WorkerView, calls_a_second
from local.results import Figure, at_most, say

SIZES = (1, 10, 40, 80)
WATCH_SECONDS = 12.0
CALLS_BAR = 3.0


async def grow() -> list[Figure]:
    """One worker with 1 to 80 rooms, which stay open from size to size."""
    figures = list[Figure]()
    async with house("observe") as place:
        for size in SIZES:
            await place.crowd.fill(size - len(place.crowd.rooms), publishers=0, listeners=1)
            await until_bots(place.stack, place.crowd.rooms)
            await asyncio.sleep(SETTLE_SECONDS)
            figures += await idle(place.view, place.worker_pid, size)
    return figures


async def idle(view: WorkerView, pid: int, rooms: int) -> list[Figure]:
    """Calls a second, CPU and memory over `WATCH_SECONDS`. `rooms` is for the figures' names."""
    before = usage(pid)
    calls = await calls_a_second(view, WATCH_SECONDS)
    after = usage(pid)
    each = " ".join(f"{call} {rate:.2f}" for call, rate in sorted(calls.items()) if rate)
    say(f"  {rooms:>3} rooms  {sum(calls.values()):.2f} calls/s  ({each})")
    return [
        at_most(f"growth.idle_calls.at_{rooms}", sum(calls.values()), CALLS_BAR, "1/s"),
        Figure(f"growth.idle_cpu.at_{rooms}", round(100 * cores(before, after), 2), "%"),
        Figure(f"growth.uss.at_{rooms}", round(after.uss_mb, 1), "MiB"),
    ]


if __name__ == "__main__":
    sys.exit(measured("growth", grow()))
