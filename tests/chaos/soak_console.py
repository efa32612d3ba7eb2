"""The second part of `make soak`: somebody of ops watches fifty rooms with five hundred people for ten minutes while
everything in them changes, and looks into every page of the console now and then.

Exit 1 when the list takes too long to be fresh, or when the page has grown: heap, nodes or listeners.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from statistics import median

import asyncpg
from playwright.async_api import CDPSession, expect

from local import console
from local.chromium import launched
from local.paths import STATE
from local.people.person import People
from local.ports import Offset
from local.results import Figure, at_most, report, say, spread, write
from local.stack import Stack
from tests.browser.crowd import TITLE, Crowd
from tests.browser.desk import ConsolePage, Desk
from tests.browser.stopwatch import Stopwatch
from tests.chaos.soak import elapsed

ROOMS, PEOPLE_EACH = 50, 10
STIR_SECONDS, STIRS_PER_ROOM = 0.5, 22
"""In ten minutes every room is replaced once."""
REFRESHES_PER_ROUND, SORTS = 6, ("people", "gifts")
BAR_MS = 100.0
HEAP_GROWTH_MIB, NODES_GROWTH, LISTENERS_GROWTH = 1.0, 200, 20
"""What may be more at the end and still be called flat: compiled code, names learned, a tag or two more in the list."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of the page, after its garbage was collected."""

    heap_mib: float
    nodes: float
    listeners: float


class Watch:
    """Somebody of ops at the console, and what the page weighs."""

    def __init__(self, page: ConsolePage, scales: CDPSession, crowd: Crowd) -> None:
        self._console, self._scales, self._crowd = page, scales, crowd
        self._stopwatch = Stopwatch(page.page)

    async def begin(self) -> None:
        await self._scales.send("Performance.enable")
        await self._whole_list()
        await self._stopwatch.start()

    async def one_round(self) -> list[float]:
        """The list for a while, arranged anew each time, then every other page. Milliseconds of each refresh."""
        page = self._console.page
        for refreshed in range(1, REFRESHES_PER_ROUND + 1):
            await page.get_by_label("Sort by").select_option(SORTS[refreshed % len(SORTS)])
            await self._stopwatch.refreshed(refreshed)
        took = await self._stopwatch.read()
        await self._look_into_a_room()
        for address, ready in (
            ("people", "main input"),
            ("switches", ".lc-switch"),
            ("reports", ".lc-chart"),
        ):
            await self._console.go(address)
            await expect(page.locator(ready).first).to_be_visible()
        await self._console.go("rooms")
        await self._whole_list()
        await self._stopwatch.read()
        return took

    async def size(self) -> Size:
        for _ in range(2):
            await self._scales.send("HeapProfiler.collectGarbage")
        told = (await self._scales.send("Performance.getMetrics"))["metrics"]
        metrics = {metric["name"]: float(metric["value"]) for metric in told}
        return Size(metrics["JSHeapUsedSize"] / 2**20, metrics["Nodes"], metrics["JSEventListeners"])

    async def _whole_list(self) -> None:
        await expect(self._console.page.get_by_role("link", name=TITLE)).to_have_count(ROOMS)

    async def _look_into_a_room(self) -> None:
        page, crowd = self._console.page, self._crowd
        crowd.watched = crowd.rooms[-1]
        await self._console.go(f"rooms/{crowd.watched}")
        await expect(page.locator('.lc-meter:not([data-dbfs=""])').first).to_be_visible()
        await page.locator(".lc-person").last.get_by_role("button").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        await page.locator(".lc-person").last.get_by_role("link").click()
        await expect(page.get_by_text("Never banned.")).to_be_visible()
        crowd.watched = None


async def keep_stirring(crowd: Crowd, over: asyncio.Event) -> None:
    for stirs in count(1):
        await crowd.stir()
        if stirs % STIRS_PER_ROOM == 0:
            await crowd.replace_one(PEOPLE_EACH)
        await elapsed(over, STIR_SECONDS)
        if over.is_set():
            return


@asynccontextmanager
async def busy_console() -> AsyncIterator[Watch]:
    """The console in a browser, on a stack of its own in which everything changes."""
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(Stack(STATE / "soak-console"))
        database = await asyncpg.connect(stack.database_url)
        opened.push_async_callback(database.close)
        crowd = Crowd(database)
        await crowd.gather(ROOMS, PEOPLE_EACH)
        await crowd.come_alive(PEOPLE_EACH)
        people = await opened.enter_async_context(People(stack.env))
        ops = await people.arrive("Selin", ops=True)
        url = await opened.enter_async_context(console.served(stack.ports.of(Offset.CONSOLE), stack.env))
        desk = await opened.enter_async_context(Desk(await opened.enter_async_context(launched()), url))
        page = await desk.sign_in(ops)
        scales = await page.page.context.new_cdp_session(page.page)
        over = asyncio.Event()
        stirring = await opened.enter_async_context(asyncio.TaskGroup())
        stirring.create_task(keep_stirring(crowd, over))
        opened.callback(over.set)
        yield Watch(page, scales, crowd)


async def soak(seconds: float) -> bool:
    """Whether every bar was held."""
    say(f"{seconds:g} s, {ROOMS} rooms with {PEOPLE_EACH} people each")
    took: list[float] = []
    sizes: list[Size] = []
    async with busy_console() as watch:
        await watch.begin()
        await watch.one_round()  # what is compiled and remembered at first use is there after it
        begun = time.monotonic()
        while time.monotonic() - begun < seconds or len(sizes) < 3:
            took += await watch.one_round()
            sizes.append(await watch.size())
            say(
                f"{time.monotonic() - begun:5.0f} s  {len(took)} refreshes, p50 {median(took):.0f} ms, "
                f"heap {sizes[-1].heap_mib:.2f} MiB, {sizes[-1].nodes:g} nodes, {sizes[-1].listeners:g} listeners"
            )
    figures = [*spread("console.rooms_refresh", took, {50: BAR_MS, 95: BAR_MS}), *growth(sizes)]
    say(report(figures) + f"written to {write('console', figures)}")
    return all(figure.held is not False for figure in figures)


def growth(sizes: Sequence[Size]) -> list[Figure]:
    """From the first third to the last: one sample is not whole, a page is read while it changes."""
    third = max(1, len(sizes) // 3)
    first, last = sizes[:third], sizes[-third:]
    figures: list[Figure] = []
    for what, unit, bar in (
        ("heap_mib", "MiB", HEAP_GROWTH_MIB),
        ("nodes", "1", NODES_GROWTH),
        ("listeners", "1", LISTENERS_GROWTH),
    ):
        before, after = (median(getattr(size, what) for size in part) for part in (first, last))
        name = f"console.{what.removesuffix('_mib')}"
        figures.append(Figure(f"{name}.start", round(before, 2), unit, len(first)))
        figures.append(Figure(f"{name}.end", round(after, 2), unit, len(last)))
        figures.append(at_most(f"{name}.growth", after - before, bar, unit, len(sizes)))
    return figures


def main() -> int:
    return 0 if asyncio.run(soak(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)) else 1


if __name__ == "__main__":
    sys.exit(main())
