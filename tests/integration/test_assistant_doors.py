"""How an assistant reaches the server over streamable HTTP, and what it is told of a schema that somebody changed."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from local.assistant import PUBLIC, Assistant, ToolRefused, acting_for, assistant
from local.paths import REPOSITORY
from local.people.person import PASSWORD, People, Person
from local.people.waiting import until
from local.stack import Stack, first_cause
from tests.integration.rooms import hosted

RENAMED = """
    alter table public.live_sessions rename column title to heading;
    alter table public.live_bans rename column reason to grounds;
    drop function public.platform_usage(date);
    notify pgrst, 'reload schema';
"""
"""A copy of the database in which somebody has changed things by hand."""


@asynccontextmanager
async def serving(stack: Stack, port: int, log: Path) -> AsyncIterator[str]:
    """`python -m orchestrator http`, at this address; it names nobody to act for."""
    env = {name: stack.env[name] for name in PUBLIC}
    with log.open("w") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "orchestrator",
            "http",
            "--port",
            str(port),
            env=env,
            cwd=REPOSITORY,
            stderr=stderr,
        )
        try:
            url = f"http://127.0.0.1:{port}/mcp"
            await until("the server listens", lambda: answers(url), within=30)
            yield url
        finally:
            process.terminate()
            await process.wait()


async def token_of(stack: Stack, person: Person) -> str:
    """An access token of this person's, as their sign-in gives it."""
    async with aiohttp.ClientSession(headers={"apikey": stack.keys.publishable}) as http:
        body = {"email": person.email, "password": PASSWORD}
        async with http.post(f"{stack.url}/auth/v1/token?grant_type=password", json=body) as response:
            return str((await response.json())["access_token"])


async def answers(url: str, token: str = "") -> int | None:
    """The HTTP status of a request; None while nobody listens."""
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                url, json={}, headers={"Authorization": f"Bearer {token}"} if token else {}
            ) as response,
        ):
            return response.status
    except aiohttp.ClientError:
        return None


@asynccontextmanager
async def over_http(url: str, token: str) -> AsyncIterator[Assistant]:
    try:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            yield Assistant(client)
    except BaseExceptionGroup as errors:
        raise first_cause(errors) from None


async def test_over_http_everybody_has_their_own_rights_and_no_others(
    stack: Stack, people: People, unused_tcp_port: int, tmp_path: Path
) -> None:
    ops, member, room = (
        await people.arrive("Selin", ops=True),
        await people.arrive("Mina"),
        await hosted(people),
    )
    wish = {"action": "kick", "session_id": room.session.id, "target": room.host.id}
    async with serving(stack, unused_tcp_port, tmp_path / "log") as url:
        assert (await answers(url), await answers(url, "eyJhbGciOiJIUzI1NiJ9.e30.x")) == (401, 401)
        async with over_http(url, await token_of(stack, ops)) as assistant_of_ops:
            rehearsal = await assistant_of_ops.data("request_action", **wish)
            assert (await assistant_of_ops.data("session_overview", session_id=room.session.id))["livekit"]
        async with over_http(url, await token_of(stack, member)) as assistant_of_member:
            with pytest.raises(ToolRefused) as refused:
                await assistant_of_member.ask("request_action", **wish)
            assert refused.value.code == "not_allowed"
            with pytest.raises(ToolRefused) as refused:
                await assistant_of_member.ask(
                    "request_action", **wish, dry_run=False, confirmation=rehearsal["confirmation"]
                )
            assert refused.value.code == "confirmation_mismatch"
            history = await assistant_of_member.data(
                "action_history", session_id=room.session.id, dry_runs=True
            )
            assert history["actions"] == []
    assert "eyJ" not in (tmp_path / "log").read_text()


async def test_a_changed_schema_is_named_and_the_answer_goes_on(tmp_path: Path) -> None:
    async with Stack(tmp_path / "copy") as copy, People(copy.env) as people:
        me, room = await people.arrive("Selin", ops=True), await hosted(people)
        connection = await asyncpg.connect(copy.database_url)
        await connection.execute(RENAMED)
        await connection.close()
        async with assistant(copy.env, acting_for(me), tmp_path / "log") as ops:
            schema = await ops.data("introspect_schema")
            missing = {thing["name"] for thing in schema["missing"]}
            assert {"public.live_sessions.title", "public.platform_usage(date)"} <= missing
            assert {"kind": "column", "name": "public.live_sessions.heading"} in schema["unexpected"]
            both = await ops.ask("session_overview", session_id=room.session.id)
            assert both["missing"] == ["column live_sessions.title", "column live_bans.reason"]
            assert (both["data"]["session"]["title"], both["data"]["session"]["status"]) == (None, "live")
            why = await ops.ask("explain_access", session_id=room.session.id, user=me.id)
            assert [
                note
                for note in why["missing"]
                if note.startswith("what function explain_access needs: column")
            ]
            assert (why["data"]["allowed"], why["data"]["session"]["status"]) == (None, "live")
            usage = await ops.ask("usage_against_plan")
            assert usage == {
                "data": {"measures": []},
                "missing": ["function platform_usage"],
                "unknown": [],
                "more": False,
            }
