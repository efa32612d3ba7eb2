"""The way in for OBS, on a LiveKit that has ingress: made once, marked as its host's, and gone with the session."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from livekit import api, rtc

from local.people.person import People
from local.people.waiting import until
from local.stack import Stack
from moderation.identity import PERSON_ATTRIBUTE
from tests import target
from tests.integration.edge import Person, world


@pytest.fixture
def stack(request: pytest.FixtureRequest) -> Stack:
    """LiveKit's ingress needs a Redis: two nodes share one, and the studio has one."""
    if os.environ.get("LIVEKIT_NODES") != "2" and target.named() is None:
        own: Stack = request.getfixturevalue("studio").stack
        return own
    shared: Stack = request.getfixturevalue("stack")
    assert shared.redis  # a target's is not ours to ask for
    request.getfixturevalue("worker")
    return shared


@pytest_asyncio.fixture(loop_scope="session")
async def people(stack: Stack) -> AsyncIterator[People]:
    async with People(stack.env) as everybody:
        yield everybody


@pytest_asyncio.fixture(loop_scope="session")
async def livekit(stack: Stack) -> AsyncIterator[api.LiveKitAPI]:
    address = (stack.env["LIVEKIT_URL"], stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"])
    async with api.LiveKitAPI(*address) as connected:
        yield connected


async def ingresses(livekit: api.LiveKitAPI, room: str) -> list[api.IngressInfo]:
    found = await livekit.ingress.list_ingress(api.ListIngressRequest(room_name=room))
    return list(found.items)


@asynccontextmanager
async def streaming(stack: Stack, made: api.IngressInfo) -> AsyncIterator[rtc.Room]:
    """In the room as LiveKit's ingress service enters it: by that identity, of that kind."""
    token = api.AccessToken(stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"])
    may = api.VideoGrants(room_join=True, room=made.room_name, can_publish=True, can_subscribe=False)
    signed = token.with_identity(made.participant_identity).with_kind("ingress").with_grants(may)
    room = rtc.Room()
    await room.connect(stack.env["LIVEKIT_URL"], signed.to_jwt())
    try:
        yield room
    finally:
        await room.disconnect()


async def make(livekit: api.LiveKitAPI, host: Person, session: dict[str, str]) -> api.IngressInfo:
    """What the host's second question was answered as well."""
    asked = [await host.call("session-ingress", session_id=session["id"]) for _ in range(2)]
    assert [reply.status for reply in asked] == [200, 200], asked
    assert asked[0].body == asked[1].body
    (made,) = await ingresses(livekit, session["livekit_room"])
    assert made.participant_identity == f"{host.id}:obs"
    assert asked[0].body["ingress"] == {"url": made.url, "stream_key": made.stream_key}
    return made


async def test_obs_is_made_once_marked_and_gone_when_its_host_ends_the_session(
    stack: Stack, livekit: api.LiveKitAPI
) -> None:
    async with world(stack) as here:
        host, stranger = await here.person(creator=True), await here.person()
        session = await here.session(host)
        refused = await stranger.call("session-ingress", session_id=session["id"])
        assert refused.refusal == (403, "not_the_host")
        made = await make(livekit, host, session)
        async with streaming(stack, made) as obs:

            async def marked() -> bool:
                who = api.RoomParticipantIdentity(room=made.room_name, identity=made.participant_identity)
                there = await livekit.room.get_participant(who)
                return there.attributes.get(PERSON_ATTRIBUTE) == host.id

            await until("LiveKit says whom it stands for", marked)
            visit = (
                "select count(*) from live_visits where session_id = $1 and user_id = $2 and left_at is null"
            )

            async def on_record() -> bool:
                return bool(await here.database.fetchval(visit, uuid.UUID(session["id"]), uuid.UUID(host.id)))

            await until("the host is on record", on_record)
            gone = asyncio.get_running_loop().create_future()
            obs.on("disconnected", lambda reason: gone.done() or gone.set_result(reason))
            assert (await host.call("session-end", session_id=session["id"])).status == 200
            assert await ingresses(livekit, session["livekit_room"]) == []
            assert await asyncio.wait_for(gone, 10.0) == rtc.DisconnectReason.ROOM_DELETED


async def test_obs_is_gone_when_ops_end_the_session(
    stack: Stack, people: People, livekit: api.LiveKitAPI
) -> None:
    """By no function: the agent deletes the room, and LiveKit's report of it has the ingress deleted."""
    async with world(stack) as here:
        host = await here.person(creator=True)
        session = await here.session(host)
        made = await make(livekit, host, session)
        async with streaming(stack, made):
            row = {"session_id": session["id"], "action": "end_session"}
            await people.service.insert("moderation_actions", row)

            async def none_left() -> bool:
                return await ingresses(livekit, session["livekit_room"]) == []

            await until("the ingress is deleted", none_left)

        async def forgotten() -> bool:
            mine = "select count(*) = 0 from live.ingresses where session_id = $1"
            return bool(await here.database.fetchval(mine, session["id"]))

        await until("no way in is on record any more", forgotten)


async def test_what_a_session_left_is_deleted_when_its_host_asks_for_the_next(
    stack: Stack, livekit: api.LiveKitAPI
) -> None:
    """It ended with nobody in the room, so LiveKit had nothing to report."""
    async with world(stack) as here:
        host = await here.person(creator=True)
        first = await here.session(host)
        await make(livekit, host, first)
        ended = "update live_sessions set status = 'ended', end_reason = 'host_gone' where id = $1"
        await here.database.execute(ended, uuid.UUID(first["id"]))
        second = await here.session(host)
        await make(livekit, host, second)
        assert await ingresses(livekit, first["livekit_room"]) == []
        assert (await host.call("session-end", session_id=second["id"])).status == 200
