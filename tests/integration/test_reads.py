"""Reads through the real PostgREST: circles are refused, ours are cut short, the app's and the service's are not."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from local.people.person import People
from local.stack import Stack
from tests.integration.rooms import hosted, speaker

SLOW = """
    create function public.{name}(seconds float) returns int language sql stable
      as 'select 1 from pg_catalog.pg_sleep(seconds)';
    grant execute on function public.{name}(float) to anon, service_role;
"""
CIRCLES = (
    "live_participants?select=user_id,live_sessions(live_participants(user_id))",
    "live%5Fparticipants?select=user_id,live_sessions(live_participants(live_sessions(id)))",
    "live_sessions?select=id,live_participants!inner(live_sessions!inner(live_participants!inner(user_id)))",
    "rpc/live_events_since?session_id={id}&after_seq=0&select=seq,live_sessions(live_events(seq,live_sessions(id)))",
)


@pytest_asyncio.fixture(loop_scope="session")
async def slow_functions(stack: Stack, database: asyncpg.Connection) -> AsyncIterator[None]:
    """`slow_of_ours`, whose path is bounded, and `slow_of_the_app`, whose is not; PostgREST knows both."""
    for name in ("slow_of_ours", "slow_of_the_app"):
        await database.execute(SLOW.format(name=name))
    await database.execute("insert into live.api_paths (path, kind) values ('/rpc/slow_of_ours', 'reader')")
    await database.execute("notify pgrst, 'reload schema'")
    async with asyncio.timeout(10), aiohttp.ClientSession() as http:
        while "code" in await get(http, stack, "rpc/slow_of_the_app?seconds=0"):  # noqa: ASYNC110 - PostgREST does not tell
            await asyncio.sleep(0.02)
    yield
    await database.execute("delete from live.api_paths where by_hand")
    await database.execute("drop function public.slow_of_ours(float), public.slow_of_the_app(float)")


async def get(
    http: aiohttp.ClientSession, stack: Stack, path: str, token: str | None = None, **headers: str
) -> dict[str, object]:
    headers = {"apikey": stack.keys.anon, "Authorization": f"Bearer {token or stack.keys.anon}", **headers}
    async with http.get(f"{stack.url}/rest/v1/{path}", headers=headers) as answer:
        said = await answer.json(content_type=None)
        return said if isinstance(said, dict) else {"rows": said}


@pytest.mark.usefixtures("worker")
async def test_who_reads_in_circles_is_refused(stack: Stack, people: People) -> None:
    room = await hosted(people)
    viewer, _device = await speaker(people, room)  # a role that changed is an event
    me = viewer.api.access_token
    async with aiohttp.ClientSession() as http:
        for prefer in ("return=minimal", "count=exact"):
            for path in CIRCLES:
                said = await get(http, stack, path.format(id=room.session.id), me, Prefer=prefer)
                assert (path, said.get("code"), said.get("hint")) == (path, "PT400", "read_too_wide"), said
            allowed = "live_participants?select=user_id,live_sessions!inner(id,live_events(seq))&limit=1"
            assert "rows" in await get(http, stack, allowed, me, Prefer=prefer)


async def test_what_is_inserted_is_not_read_back_in_circles(stack: Stack, people: People) -> None:
    room = await hosted(people)
    row = {"session_id": room.session.id, "body": "hello"}
    headers = {
        "apikey": stack.keys.publishable,
        "Authorization": f"Bearer {room.host.api.access_token}",
        "Prefer": "return=representation",
    }
    circle = "live_messages?select=id,live_sessions(live_messages(id,live_sessions(id)))"
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{stack.url}/rest/v1/{circle}", json=row, headers=headers) as answer,
    ):
        said = await answer.json()
        assert (said["code"], said["hint"]) == ("PT400", "read_too_wide")


@pytest.mark.usefixtures("slow_functions")
async def test_only_what_is_ours_is_cut_short_and_for_app_users_only(stack: Stack) -> None:
    async with aiohttp.ClientSession() as http:
        begun = time.monotonic()
        ours, apps, service = await asyncio.gather(
            get(http, stack, "rpc/slow_of_ours?seconds=1.5"),
            get(http, stack, "rpc/slow_of_the_app?seconds=1.5"),
            get(http, stack, "rpc/slow_of_ours?seconds=1.5", stack.keys.service_role),
        )
    assert ours["code"] == "57014"
    assert (apps.get("code"), service.get("code")) == (None, None), (
        "cut short although it is not an app user's read"
    )
    assert time.monotonic() - begun >= 1.5
