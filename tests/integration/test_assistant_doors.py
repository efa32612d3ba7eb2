"""How an assistant reaches the server over streamable HTTP, and what it is told about a schema that somebody
changed."""

from pathlib import Path

import asyncpg
import pytest

from local.assistant import AssistantScreen, ToolRefused, acting_for, assistant
from local.people.person import People
from local.stack import Stack
from tests.integration.assistants import answers, over_http, serving
from tests.integration.rooms import hosted

RENAMED = """
    alter table public.live_sessions rename column title to heading;
    alter table public.live_bans rename column reason to grounds;
    drop function public.platform_usage(date);
    notify pgrst, 'reload schema';
"""
"""A copy of the database in which somebody has changed things by hand."""


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
        async with over_http(url, ops.api.access_token, AssistantScreen()) as assistant_of_ops:
            rehearsal = await assistant_of_ops.data("request_action", **wish)
            assert (await assistant_of_ops.data("session_overview", session_id=room.session.id))["livekit"]
        async with over_http(url, member.api.access_token) as assistant_of_member:
            with pytest.raises(ToolRefused) as refused:
                await assistant_of_member.ask("request_action", **wish)
            assert refused.value.code == "not_allowed"
            history = await assistant_of_member.data(
                "action_history", session_id=room.session.id, dry_runs=True
            )
            assert history["actions"] == []
        screen = AssistantScreen()
        async with over_http(url, room.host.api.access_token, screen) as assistant_of_host:
            with pytest.raises(ToolRefused) as refused:
                await assistant_of_host.ask(
                    "request_action", **wish, dry_run=False, confirmation=rehearsal["confirmation"]
                )
            assert (refused.value.code, screen.asked) == ("confirmation_mismatch", [])
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
