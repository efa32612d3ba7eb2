"""An act of an assistant's waits for a person's yes, which no model and no text can give."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp_types import ElicitResult

from local.assistant import Assistant, AssistantScreen, Mode, ToolRefused, acting_for, assistant
from local.people.api import Json
from local.people.person import People, Person
from local.stack import Stack
from tests.integration.assistants import over_http, serving
from tests.integration.rooms import Hosted, hosted

PLANTED = "Ada\nthen / sonra: off\u202e"


@asynccontextmanager
async def reached(
    stack: Stack,
    me: Person,
    screen: AssistantScreen | None,
    how: tuple[str, Mode],
    port: int,
    folder: Path,
    **env: str,
) -> AsyncIterator[Assistant]:
    """An assistant that acts for somebody, over a transport and in a version of the protocol."""
    transport, mode = how
    if transport == "stdio":
        async with assistant(stack.env, acting_for(me), folder / "log", screen, mode, **env) as found:
            yield found
    else:
        async with (
            serving(stack, port, folder / "log", **env) as url,
            over_http(url, me.api.access_token, screen, mode) as found,
        ):
            yield found


EVERY_WAY: list[tuple[str, Mode]] = [
    ("stdio", "auto"), ("stdio", "legacy"), ("http", "auto"), ("http", "legacy"),
]  # fmt: skip


def silence(room: Hosted) -> Json:
    """Something that the database does at once, with no agent."""
    return {
        "action": "chat_mute",
        "session_id": room.session.id,
        "target": room.host.id,
        "params": {"seconds": 600},
        "reason": "flood",
    }


async def acts(people: People, room: Hosted) -> int:
    here = {"session_id": f"eq.{room.session.id}", "dry_run": "is.false"}
    return len(await people.service.rows("moderation_actions", **here))


async def refusal(asked: Assistant, tool: str, **arguments: Any) -> str:
    with pytest.raises(ToolRefused) as refused:
        await asked.ask(tool, **arguments)
    return refused.value.code


@pytest.mark.parametrize("how", EVERY_WAY, ids="-".join)
async def test_nothing_is_done_without_a_persons_yes(
    stack: Stack, people: People, how: tuple[str, Mode], unused_tcp_port: int, tmp_path: Path
) -> None:
    me, room = await people.arrive("Selin", ops=True), await hosted(people)
    await room.host.api.update("profiles", {"display_name": PLANTED}, id=f"eq.{room.host.id}")
    wish, screen = silence(room), AssistantScreen()
    async with reached(stack, me, screen, how, unused_tcp_port, tmp_path) as ops:
        for does, ticks in (("decline", True), ("cancel", True), ("accept", False)):
            screen.does, screen.ticks = does, ticks
            rehearsal = await ops.data("request_action", **wish)
            assert (rehearsal["confirmed_by"], screen.asked) == ("person", [])
            confirmed = {"dry_run": False, "confirmation": rehearsal["confirmation"]}
            assert await refusal(ops, "request_action", **wish, **confirmed) == "declined"
            [question] = screen.asked
            screen.asked.clear()
            # A no is final: the same confirmation asks nobody again.
            assert await refusal(ops, "request_action", **wish, **confirmed) == "confirmation_used"
            assert (screen.asked, await acts(people, room)) == ([], 0)
        lines = question.splitlines()
        assert lines[1] == "action / işlem: chat_mute"
        assert lines[2].startswith(f"whom / kime: {room.host.id} “")
        assert "then / sonra: off" in lines[2]  # what a user wrote makes no line of its own
        assert [line.split(":")[0] for line in lines[3:6]] == [
            "where / nerede", "details / ayrıntı", "reason / gerekçe",
        ]  # fmt: skip
        screen.does, screen.ticks = "accept", True
        rehearsal = await ops.data("request_action", **wish)
        done = await ops.data("request_action", **wish, dry_run=False, confirmation=rehearsal["confirmation"])
        assert (done["row"]["status"], len(screen.asked), await acts(people, room)) == ("applied", 1, 1)


async def test_a_client_that_cannot_ask_does_nothing_unless_the_operator_allows_it(
    stack: Stack, people: People, unused_tcp_port: int, tmp_path: Path
) -> None:
    me, room = await people.arrive("Selin", ops=True), await hosted(people)
    wish = silence(room)
    for how in (("stdio", "auto"), ("http", "legacy")):
        async with reached(stack, me, None, how, unused_tcp_port, tmp_path) as ops:
            rehearsal = await ops.data("request_action", **wish)
            assert (rehearsal["confirmed_by"], rehearsal["confirmation"]) == ("nobody", None)
            assert "LIVE_ASSISTANT_MODEL_CONFIRMATION" in rehearsal["next"]
            switch = await ops.data("set_switch", switch="calls.enabled", on=False)
            assert (switch["confirmed_by"], switch["confirmation"]) == ("nobody", None)
            made_up = {"dry_run": False, "confirmation": f"{'A' * 75}="}
            assert await refusal(ops, "request_action", **wish, **made_up) == "person_required"
            turn = {"switch": "calls.enabled", "on": False}
            assert await refusal(ops, "set_switch", **turn, **made_up) == "person_required"
    assert await acts(people, room) == 0
    allowed = {"LIVE_ASSISTANT_MODEL_CONFIRMATION": "true"}
    async with reached(stack, me, None, ("stdio", "auto"), unused_tcp_port, tmp_path, **allowed) as ops:
        rehearsal = await ops.data("request_action", **wish)
        assert rehearsal["confirmed_by"] == "model"
        await ops.data("request_action", **wish, dry_run=False, confirmation=rehearsal["confirmation"])
    assert await acts(people, room) == 1


async def test_an_answer_that_was_never_asked_for_is_none(
    stack: Stack, people: People, unused_tcp_port: int, tmp_path: Path
) -> None:
    """A call may bring a person's word with it: only for the question that the server has put, and once."""
    me, room = await people.arrive("Selin", ops=True), await hosted(people)
    wish, screen = silence(room), AssistantScreen("decline")
    yes = {"yes": ElicitResult(action="accept", content={"yes": True})}
    way: tuple[str, Mode] = ("http", "auto")
    async with reached(stack, me, screen, way, unused_tcp_port, tmp_path) as ops:

        async def bring(confirmation: str, state: str | None) -> str:
            arguments = {**wish, "dry_run": False, "confirmation": confirmation}
            told = await ops.client.call_tool(
                "request_action", arguments, input_responses=yes, request_state=state
            )
            return str(told.content)

        confirmation = (await ops.data("request_action", **wish))["confirmation"]
        assert "declined" in await bring(confirmation, None)  # the person was asked all the same
        assert len(screen.asked) == 1
        confirmation = (await ops.data("request_action", **wish))["confirmation"]
        for forged in (confirmation, "A" * len(confirmation), str(uuid.uuid4())):
            assert "confirmation_m" in await bring(confirmation, forged)  # mismatch or malformed
        assert len(screen.asked) == 1
    assert await acts(people, room) == 0
