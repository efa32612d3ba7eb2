"""A call's life through the edge functions, from ringing to its duration."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from local.stack import Stack
from tests.integration.edge import Json, Person, World, world
from tests.integration.test_edge_functions_sessions import JOIN_FIELDS, documented


async def ring(caller: Person, callee: Person) -> Json:
    reply = await caller.call("call-start", callee_id=callee.id, type="video")
    assert reply.status == 200, reply
    return reply.body


@asynccontextmanager
async def calls_switched_off(here: World) -> AsyncIterator[None]:
    await here.database.execute("update app_settings set value = 'false' where key = 'calls.enabled'")
    try:
        yield
    finally:
        await here.database.execute("update app_settings set value = 'true' where key = 'calls.enabled'")


def seconds_talked(call: Json) -> float:
    accepted, ended = (datetime.fromisoformat(call[name]) for name in ("accepted_at", "ended_at"))
    return (ended - accepted).total_seconds()


def may_publish(here: World, join: Json) -> bool:
    video = here.claims(join)["video"]
    return video["canPublish"] is True and video["canPublishSources"] == ["camera", "microphone"]


async def test_a_call_rings_is_accepted_and_ends_with_its_duration(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        rung = await ring(caller, callee)
        call = rung["call"]
        assert (call["status"], call["caller_id"], call["callee_id"]) == ("ringing", caller.id, callee.id)
        assert set(call) == set(documented("call-start", "call"))
        assert set(rung["join"]) == JOIN_FIELDS
        assert may_publish(here, rung["join"])
        assert rung["join"]["identity"] == caller.id

        answered = await callee.call("call-answer", call_id=call["id"], accept=True)
        assert (answered.status, answered.body["call"]["status"]) == (200, "accepted")
        assert answered.body["join"]["identity"] == callee.id
        assert may_publish(here, answered.body["join"])

        for side in (caller, callee):
            again = await side.call("call-token", call_id=call["id"])
            assert (again.status, set(again.body)) == (200, {"join"})
            assert here.claims(again.body["join"])["video"]["room"] == call["livekit_room"]

        ended = await callee.call("call-end", call_id=call["id"])
        assert (ended.status, set(ended.body)) == (200, {"call"})
        assert ended.body["call"]["status"] == "ended"
        assert ended.body["call"]["duration_seconds"] == pytest.approx(
            seconds_talked(ended.body["call"]), abs=1
        )
        assert (await caller.call("call-token", call_id=call["id"])).refusal == (409, "call_not_active")
        again = await caller.call("call-end", call_id=call["id"])
        assert (again.status, again.body["call"]["ended_at"]) == (200, ended.body["call"]["ended_at"])


async def test_a_declined_call_gives_nobody_a_token(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        call = (await ring(caller, callee))["call"]
        declined = await callee.call("call-answer", call_id=call["id"], accept=False)
        assert (declined.status, set(declined.body)) == (200, {"call"})
        assert declined.body["call"]["status"] == "declined"
        for side in (caller, callee):
            assert (await side.call("call-token", call_id=call["id"])).refusal == (409, "call_not_active")
        late = await callee.call("call-answer", call_id=call["id"], accept=True)
        assert late.refusal == (409, "call_not_ringing")


async def test_a_caller_who_gives_up_has_cancelled(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        call = (await ring(caller, callee))["call"]
        ended = await caller.call("call-end", call_id=call["id"])
        assert ended.body["call"]["status"] == "cancelled"
        assert ended.body["call"]["duration_seconds"] is None
        late = await callee.call("call-answer", call_id=call["id"], accept=True)
        assert late.refusal == (409, "call_not_ringing")


async def test_only_the_callee_answers(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        call = (await ring(caller, callee))["call"]
        reply = await caller.call("call-answer", call_id=call["id"], accept=True)
        assert reply.refusal == (403, "callee_only")
        assert (await callee.call("call-token", call_id=call["id"])).refusal == (409, "call_not_active")
        assert (await caller.call("call-token", call_id=call["id"])).status == 200


async def test_of_two_devices_the_first_that_answers_is_in_the_call(stack: Stack) -> None:
    async with world(stack) as here:
        caller, phone = await here.person(), await here.person()
        tablet = await here.another_device(phone)
        call = (await ring(caller, phone))["call"]
        first = await phone.call("call-answer", call_id=call["id"], accept=True)
        assert first.status == 200
        late = await tablet.call("call-answer", call_id=call["id"], accept=True)
        assert late.refusal == (409, "answered_elsewhere")
        assert (await phone.call("call-answer", call_id=call["id"], accept=True)).status == 200


async def test_two_who_call_each_other_are_in_one_room(stack: Stack) -> None:
    async with world(stack) as here:
        one, other = await here.person(), await here.person()
        first = await ring(one, other)
        second = await ring(other, one)
        assert second["call"]["status"] == "accepted"
        rooms = {here.claims(reply["join"])["video"]["room"] for reply in (first, second)}
        assert rooms == {first["call"]["livekit_room"]}


async def test_both_ask_for_video_before_an_audio_call_has_it(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        started = await caller.call("call-start", callee_id=callee.id, type="audio")
        call = started.body["call"]["id"]
        assert here.claims(started.body["join"])["video"]["canPublishSources"] == ["microphone"]
        await callee.call("call-answer", call_id=call, accept=True)
        asked = await caller.call("call-upgrade", call_id=call)
        assert (asked.body["call"]["type"], asked.body["call"]["video_wanted_by"]) == ("audio", caller.id)
        agreed = await callee.call("call-upgrade", call_id=call)
        assert (agreed.body["call"]["type"], agreed.body["call"]["video_wanted_by"]) == ("video", None)
        again = await caller.call("call-token", call_id=call)
        assert may_publish(here, again.body["join"])


async def test_who_cannot_be_called(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee, third = await here.person(), await here.person(), await here.person()
        guest = await here.guest()
        nobody = "00000000-0000-4000-8000-000000000000"

        async def refusal(person: Person, callee_id: str) -> tuple[int, str | None]:
            return (await person.call("call-start", callee_id=callee_id, type="audio")).refusal

        assert await refusal(caller, caller.id) == (400, "self_call")
        assert await refusal(caller, nobody) == (404, "unknown_user")
        assert await refusal(guest, callee.id) == (403, "account_required")
        call = (await ring(caller, callee))["call"]
        assert await refusal(caller, third.id) == (409, "already_in_call")
        await callee.call("call-answer", call_id=call["id"], accept=True)
        assert await refusal(third, callee.id) == (409, "callee_busy")
        assert await refusal(third, caller.id) == (409, "callee_busy")
        assert await refusal(caller, third.id) == (409, "already_in_call")


async def test_calls_can_be_switched_off(stack: Stack) -> None:
    async with world(stack) as here:
        caller, callee = await here.person(), await here.person()
        async with calls_switched_off(here):
            reply = await caller.call("call-start", callee_id=callee.id, type="audio")
            assert reply.refusal == (403, "calls_disabled")
        assert (await caller.call("call-start", callee_id=callee.id, type="audio")).status == 200
