"""Who is answered what by the assistants' server: every tool, every kind of caller, over both transports."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest_asyncio

from local.assistant import Assistant, ToolRefused, assistant
from local.people.person import OpenSession, People, Person
from local.stack import Stack
from orchestrator.tools import TOOLS
from tests.integration.assistants import answers, over_http, serving

ACCOUNTS = frozenset({"user", "creator", "moderator", "ops", "service"})
STAFF = ACCOUNTS - {"user"}
OPS = frozenset({"ops", "service"})
A_PERSON_OF_OPS = frozenset({"ops"})
"""A case is decided by a person, never by a key."""
MAY: dict[str, frozenset[str]] = {
    "introspect_schema": OPS,
    "list_sessions": ACCOUNTS,
    "session_overview": ACCOUNTS,
    "participant_overview": STAFF,  # of somebody else
    "explain_access": OPS,
    "list_calls": ACCOUNTS,
    "action_history": ACCOUNTS,
    "incidents": STAFF,
    "loudness_report": ACCOUNTS,
    "usage_against_plan": OPS,
    "worker_status": OPS,
    "request_action": STAFF,
    "action_status": ACCOUNTS,
    "set_switch": OPS,
    "list_cases": A_PERSON_OF_OPS,
    "show_case": A_PERSON_OF_OPS,
    "decide_case": A_PERSON_OF_OPS,
}
ALWAYS_REFUSED = {"anonymous": "account_required", "banned": "banned"}


@dataclass(frozen=True)
class Evening:
    """A session for subscribers, with its host and a fan inside, and everybody who may want to know of it."""

    session: OpenSession
    case: str
    fan: Person
    who: dict[str, Person]

    def arguments(self, tool: str) -> dict[str, Any]:
        here = {"session_id": self.session.id}
        match tool:
            case "session_overview" | "action_history" | "incidents" | "loudness_report":
                return here
            case "participant_overview" | "explain_access":
                return {**here, "user": self.fan.id}
            case "request_action":
                return {**here, "action": "chat_mute", "target": self.fan.id}  # decided by the database alone
            case "action_status":
                return {"action_id": str(uuid.uuid4()), "wait_seconds": 0.0}
            case "show_case":
                return {"case_id": self.case}
            case "decide_case":
                return {"case_id": self.case, "decision": "no_violation"}
            case "set_switch":
                return {"switch": "calls.enabled", "on": True}
            case _:
                return {}


@pytest_asyncio.fixture(loop_scope="session")
async def evening(people: People) -> Evening:
    host, fan = await people.arrive("Ada", creator=True), await people.arrive("Fan")
    session = await host.open_session("audio_room", "subscribers")
    await people.subscribe(fan, host)
    await host.enter(session.id, session.join)
    await fan.enter(session.id)
    moderator, banned = await people.arrive("Mo"), await people.arrive("Out")
    await people.subscribe(moderator, host)
    await moderator.enter(session.id)
    for person in (host, fan, moderator):
        await person.until_on_record(session.id)
    here = {"session_id": f"eq.{session.id}", "user_id": f"eq.{moderator.id}"}
    await people.service.update("live_participants", {"role": "moderator"}, **here)
    await people.service.insert("live_bans", {"user_id": banned.id, "scope": "platform"})
    who = {
        "anonymous": await people.arrive_anonymously(),
        "banned": banned,
        "user": await people.arrive("Stranger"),
        "creator": host,
        "moderator": moderator,
        "ops": await people.arrive("Selin", ops=True),
    }
    case = str(uuid.uuid4())
    about = {"user_id": fan.id, "session_id": session.id, "severity": "info", "source": "ops"}
    await people.service.insert("moderation_cases", {"id": case, **about})
    return Evening(session, case, fan, who)


@asynccontextmanager
async def over_stdio(stack: Stack, evening: Evening, folder: Path) -> AsyncIterator[dict[str, Assistant]]:
    """An assistant of each of them, and one of the service role."""
    names = {
        name: {"LIVE_ASSISTANT_ACCESS_TOKEN": person.api.access_token} for name, person in evening.who.items()
    }
    names["service"] = {
        "LIVE_ASSISTANT_SERVICE_ROLE": "true",
        "SUPABASE_SERVICE_ROLE_KEY": stack.keys.secret,
    }
    async with AsyncExitStack() as opened:
        yield {
            name: await opened.enter_async_context(assistant(stack.env, env, folder / name))
            for name, env in names.items()
        }


async def outcome(asked: Assistant, tool: str, arguments: dict[str, Any]) -> str:
    try:
        await asked.ask(tool, **arguments)
    except ToolRefused as refused:
        return refused.code
    return "answered"


def expected(name: str, tool: str) -> str:
    if name in ALWAYS_REFUSED:
        return ALWAYS_REFUSED[name]
    if name in MAY[tool]:
        return "answered"
    if name == "service":
        return "42501"  # Postgres' own: nobody may call these but a person
    return "ops_only" if MAY[tool] <= OPS else "not_allowed"


async def check_table(evening: Evening, askers: dict[str, Assistant]) -> None:
    found = {
        (name, tool): await outcome(asked, tool, evening.arguments(tool))
        for name, asked in askers.items()
        for tool in MAY
    }
    assert found == {(name, tool): expected(name, tool) for name, tool in found}


def test_the_table_names_every_tool() -> None:
    assert set(MAY) == {tool.name for tool in TOOLS}


async def test_every_tool_answers_whom_it_may_over_stdio(
    stack: Stack, evening: Evening, tmp_path: Path
) -> None:
    async with over_stdio(stack, evening, tmp_path) as askers:
        await check_table(evening, askers)


async def test_every_tool_answers_whom_it_may_over_http(
    stack: Stack, evening: Evening, unused_tcp_port: int, tmp_path: Path
) -> None:
    async with serving(stack, unused_tcp_port, tmp_path / "log") as url, AsyncExitStack() as opened:
        for key in (stack.keys.secret, stack.keys.service_role, stack.keys.anon):
            assert await answers(url, key) == 401  # a key of the project is nobody
        askers = {
            name: await opened.enter_async_context(over_http(url, person.api.access_token))
            for name, person in evening.who.items()
        }
        askers["fan"] = await opened.enter_async_context(over_http(url, evening.fan.api.access_token))
        await check_what_is_shown(evening, askers)
        await check_what_comes_first(askers)
        del askers["fan"]
        await check_table(evening, askers)


async def check_what_is_shown(evening: Evening, askers: dict[str, Assistant]) -> None:
    """LiveKit tells its key's holder everything; each is told what the database lets them see."""
    seen = {
        name: await askers[name].data("session_overview", session_id=evening.session.id)
        for name in ("user", "creator", "moderator", "ops")
    }
    everybody = {evening.who["creator"].id, evening.who["moderator"].id, evening.fan.id}
    for name in ("creator", "moderator", "ops"):
        assert {one["user_id"] for one in seen[name]["livekit"]["people"]} == everybody, name
        assert seen[name]["drift"] is not None
    stranger = seen["user"]
    assert stranger["session"]["id"] == evening.session.id  # what can be bought must be seen
    assert (stranger["participants"], stranger["drift"]) == ([], None)
    assert stranger["livekit"] == {"people": [], "agents": None}
    assert evening.fan.id not in str(stranger)
    fan = await askers["fan"].data("session_overview", session_id=evening.session.id)
    assert {one["user_id"] for one in fan["livekit"]["people"]} == everybody
    assert (fan["livekit"]["agents"], fan["drift"]) == (None, None)
    own = await askers["user"].data(
        "participant_overview", session_id=evening.session.id, user=evening.who["user"].id
    )
    assert (own["participant"], own["in_livekit"], own["visits"]) == (None, None, [])


async def check_what_comes_first(askers: dict[str, Assistant]) -> None:
    """Who asks comes before what is asked; staff of one session are staff of no other."""
    nonsense = {"session_id": "x", "more": 1}
    found = await asyncio.gather(
        outcome(askers["anonymous"], "worker_status", nonsense),
        outcome(askers["anonymous"], "no_such_tool", {}),
        outcome(askers["creator"], "worker_status", nonsense),
        outcome(askers["creator"], "no_such_tool", {}),
        outcome(askers["creator"], "incidents", {}),
        outcome(askers["creator"], "incidents", {"session_id": str(uuid.uuid4())}),
        outcome(askers["creator"], "list_sessions", nonsense),
    )
    assert found == [
        "account_required", "account_required", "ops_only", "unknown_tool", "not_allowed", "not_allowed",
        "bad_arguments",
    ]  # fmt: skip
