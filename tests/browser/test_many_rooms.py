"""The list of rooms when fifty are live with five hundred people: whole, quick, and without leftovers.

`make soak` watches the same list for ten minutes and holds it to its bars.
"""

from collections.abc import AsyncIterator
from statistics import median

import asyncpg
import pytest_asyncio
from playwright.async_api import expect

from local.people.person import People, Person
from local.people.waiting import until
from local.stack import Stack
from tests.browser.crowd import TITLE, Crowd
from tests.browser.desk import Desk
from tests.browser.stopwatch import Stopwatch

ROOMS, PEOPLE_EACH, BEATS = 50, 10, 4
GENEROUS_MS = 2_000.0
"""A test of correctness fails only on what nobody would sit through."""


@pytest_asyncio.fixture(loop_scope="session")
async def crowd(stack: Stack, people: People) -> AsyncIterator[Person]:
    """Fifty live rooms; yields somebody of ops."""
    database = await asyncpg.connect(stack.database_url)
    try:
        gathered = Crowd(database)
        await gathered.gather(ROOMS, PEOPLE_EACH)
        yield await people.arrive("Selin", ops=True)
        await gathered.disperse()
    finally:
        await database.close()


async def test_fifty_rooms_are_listed_and_refreshed_in_a_moment(desk: Desk, crowd: Person) -> None:
    console = await desk.sign_in(crowd)
    await expect(console.page.get_by_role("link", name=TITLE)).to_have_count(ROOMS)
    stopwatch = Stopwatch(console.page)
    await stopwatch.start()
    for beat in range(1, BEATS + 1):
        # Anyone who comes back from a lost network is shown the present at once: no need to wait for the beat.
        await console.page.evaluate("dispatchEvent(new Event('online'))")
        await stopwatch.refreshed(beat)
    await expect(console.page.get_by_role("link", name=TITLE)).to_have_count(ROOMS)
    took = await stopwatch.read()
    assert len(took) >= BEATS - 1
    assert median(took) < GENEROUS_MS


async def test_a_room_that_was_left_leaves_no_topic_behind(desk: Desk, crowd: Person, stack: Stack) -> None:
    console = await desk.sign_in(crowd)

    async def rings() -> bool:
        return any("live:cases" in topic for topic in await stack.realtime.topics())

    await until("the bell of ops is joined, once for all pages", rings)
    before = sorted(await stack.realtime.topics())
    for _ in range(3):
        await console.page.get_by_role("link", name=TITLE).first.click()
        await expect(console.page.locator(".lc-person").first).to_be_visible()

        async def listening() -> bool:
            return len(await stack.realtime.topics()) == len(before) + 2

        await until("the room is listened to, once", listening)
        await console.page.get_by_role("navigation").get_by_role("link", name="Live rooms").click()

        async def gone() -> bool:
            return sorted(await stack.realtime.topics()) == before

        await until("the room is not listened to any more", gone)
