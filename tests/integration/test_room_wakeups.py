"""Realtime only makes the agent fast: without it the beat finds the same rows, and it comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from local.people.person import People, Request
from local.people.waiting import until
from local.stack import Stack
from tests.integration.rooms import Hosted, hosted

pytestmark = pytest.mark.usefixtures("worker")

POLLED_WITHIN_MS = 1500
WOKEN_WITHIN_MS = 400
"""Well below what the beat alone, once a second, would give for several rows in a row."""
BACK_WITHIN_SECONDS = 15
OUTAGE_SECONDS = 30
ROWS = 6
LATE_COMMIT_SECONDS = 0.08


class Realtime:
    """The gateway's doors that break Realtime on purpose."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url + "/_local/realtime"

    async def do(self, what: str, **query: str) -> None:
        async with self._http.post(f"{self._url}/{what}", params=query) as response:
            assert response.ok

    async def agent_listens(self) -> bool:
        async with self._http.get(self._url) as response:
            state: dict[str, Any] = await response.json()
        return any("live:wake" in topic for topic in state["topics"])

    async def until_back(self) -> None:
        await until("the agent listens again", self.agent_listens, BACK_WITHIN_SECONDS)


@pytest_asyncio.fixture(loop_scope="session")
async def realtime(stack: Stack) -> AsyncIterator[Realtime]:
    async with aiohttp.ClientSession() as http:
        faults = Realtime(http, stack.url)
        try:
            yield faults
        finally:
            await faults.do("restore")
            await faults.until_back()


@asynccontextmanager
async def cut_off(realtime: Realtime) -> AsyncIterator[None]:
    await realtime.do("refuse")
    await realtime.do("drop")
    try:
        yield
    finally:
        await realtime.do("restore")


async def enforce(room: Hosted, people: People, rows: int = ROWS) -> list[float]:
    """Mutes and unmutes the host by turns; `enforce_ms` of each."""
    ops = await people.arrive("Ops", ops=True)
    taken = []
    for turn in range(rows):
        request = await ops.ask("unmute" if turn % 2 else "mute", room.session.id, room.host)
        taken.append(float((await request.applied())["enforce_ms"]))
    return taken


async def test_wake_ups_make_it_fast(people: People, realtime: Realtime) -> None:
    await realtime.until_back()
    taken = await enforce(await hosted(people), people)
    assert sorted(taken)[ROWS // 2] < WOKEN_WITHIN_MS, taken


async def test_without_realtime_the_same_rows_are_applied_by_polling(
    people: People, realtime: Realtime
) -> None:
    room = await hosted(people)
    async with cut_off(realtime):
        taken = await enforce(room, people)
    assert max(taken) < POLLED_WITHIN_MS, taken


@pytest.mark.parametrize("how", ["abort", "close"])
async def test_wake_ups_work_again_after_the_connection_was_lost(
    people: People, realtime: Realtime, how: str
) -> None:
    room = await hosted(people)
    await realtime.do("drop", how=how)
    await realtime.until_back()
    taken = await enforce(room, people)
    assert sorted(taken)[ROWS // 2] < WOKEN_WITHIN_MS, taken


async def test_wake_ups_work_again_after_a_long_outage(people: People, realtime: Realtime) -> None:
    room = await hosted(people)
    async with cut_off(realtime):
        await asyncio.sleep(OUTAGE_SECONDS)
        assert max(await enforce(room, people, rows=2)) < POLLED_WITHIN_MS
    await realtime.until_back()
    taken = await enforce(room, people)
    assert sorted(taken)[ROWS // 2] < WOKEN_WITHIN_MS, taken


async def test_a_connection_that_says_nothing_does_not_stop_the_rows(
    people: People, realtime: Realtime
) -> None:
    room = await hosted(people)
    await realtime.do("stall")
    taken = await enforce(room, people)
    await realtime.do("restore")
    assert max(taken) < POLLED_WITHIN_MS, taken


async def late_commit(database: asyncpg.Connection, session_id: str, user_id: str, action: str) -> str:
    """Inserts a row right after a wake-up, so that its own is left out, and commits long after it."""
    async with database.transaction():
        row = await database.fetchval(
            "insert into moderation_actions (session_id, target_user_id, action) values ($1, $2, $3) returning id",
            session_id,
            user_id,
            action,
        )
        await asyncio.sleep(LATE_COMMIT_SECONDS)
    return str(row)


async def test_a_row_whose_wake_up_was_left_out_is_found_soon_however_late_it_commits(
    people: People, realtime: Realtime, database: asyncpg.Connection
) -> None:
    await realtime.until_back()
    room = await hosted(people)
    ops = await people.arrive("Ops", ops=True)
    taken = []
    for turn in range(ROWS):
        await ops.ask("camera_on" if turn % 2 else "camera_off", room.session.id, room.host)
        row_id = await late_commit(database, room.session.id, room.host.id, "unmute" if turn % 2 else "mute")
        row = await Request(people.service, row_id, 0).applied()
        taken.append(float(row["enforce_ms"]))
    assert sorted(taken)[ROWS // 2] < WOKEN_WITHIN_MS, taken
