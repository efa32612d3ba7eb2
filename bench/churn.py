"""`python -m bench.churn`: 200 rooms opened and closed in one worker, and whether it gives their memory back.

Twenty rooms at a time with a speaker and a listener each, all of them heard. The worker's memory is compared while it
has no room: after a warm-up, and at the end.
"""

import asyncio
import sys

from agent.process.memory import GIVE_BACK_SECONDS
from bench.command import measured
from bench.crowd import Crowd
from bench.house import house
from bench.process_cost import ProcessUsage, usage
from bench.worker_view import WorkerView
from local.results import Figure, at_most, say

ROOMS, AT_ONCE, WARM_UP = 200, 20, 40
HEARD_SECONDS, BOT_SECONDS = 1.0, 30.0
GROWTH_BAR = 0.15


async def churn() -> list[Figure]:
    """Figures `churn.uss.*`, MiB of the worker without rooms before and after `ROOMS` have come and gone."""
    async with house("observe") as place:
        for _ in range(WARM_UP // AT_ONCE):
            await come_and_go(place.crowd, place.view)
        start = await at_rest(place.worker_pid)
        for done in range(AT_ONCE, ROOMS + 1, AT_ONCE):
            await come_and_go(place.crowd, place.view)
            now = usage(place.worker_pid)
            say(f"  {done:>3} rooms opened and closed  {now.uss_mb:6.1f} MiB (at first {start.uss_mb:.1f})")
        end = await at_rest(place.worker_pid)
    return judge(start, end)


async def come_and_go(crowd: Crowd, view: WorkerView) -> None:
    """Twenty rooms open at once, are heard for a moment, and close."""
    await crowd.fill(AT_ONCE, at_once=True)
    await view.entered(crowd.rooms, BOT_SECONDS)
    await asyncio.sleep(HEARD_SECONDS)
    await crowd.empty()
    await view.left_all()


async def at_rest(pid: int) -> ProcessUsage:
    """Once what was freed has been given back."""
    await asyncio.sleep(GIVE_BACK_SECONDS + 1.0)
    return usage(pid)


def judge(start: ProcessUsage, end: ProcessUsage) -> list[Figure]:
    """`growth` is the share by which the memory is more in the end; negative when it is less."""
    return [
        Figure("churn.uss.before", round(start.uss_mb, 1), "MiB"),
        Figure("churn.uss.after", round(end.uss_mb, 1), "MiB"),
        at_most("churn.uss.growth", end.uss_mb / start.uss_mb - 1, GROWTH_BAR, "ratio", ROOMS),
    ]


if __name__ == "__main__":
    sys.exit(measured("churn", churn()))
