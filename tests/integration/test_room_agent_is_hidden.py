"""The agent is in every room, nobody sees it, and what it says is signed."""

import pytest
from livekit import api

from local.people.person import People
from local.people.relay_packet import Refusal
from local.people.waiting import until
from local.stack import Stack
from tests.integration.rooms import hosted, joined

pytestmark = pytest.mark.usefixtures("worker")


async def agents_in(stack: Stack, room: str) -> list[api.ParticipantInfo]:
    env = stack.env
    async with api.LiveKitAPI(
        env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"]
    ) as livekit:
        listed = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
    agent, active = api.ParticipantInfo.Kind.AGENT, api.ParticipantInfo.State.ACTIVE
    return [one for one in listed.participants if one.kind == agent and one.state == active]


async def test_the_agent_is_there_and_nobody_is_shown_it(stack: Stack, people: People) -> None:
    room = await hosted(people, "video_live")
    viewer = await people.arrive("Bo")
    at_viewer = await joined(room, viewer)
    await room.at_host.speak()
    await at_viewer.ear(room.host.id).until_heard()
    await until("the host sees the viewer", lambda: viewer.id in room.at_host.others)

    (agent,) = await until("the agent is listed", lambda: agents_in(stack, room.session.room))
    session = await people.service.row("live_sessions", id=f"eq.{room.session.id}")
    visits = await people.service.rows("live_visits", session_id=f"eq.{room.session.id}")

    assert agent.permission.hidden
    assert not agent.permission.can_publish
    assert room.at_host.shown == {viewer.id}
    assert at_viewer.shown == {room.host.id}
    assert session is not None
    assert (session["viewer_count"], session["total_viewers"]) == (1, 1)
    assert {visit["user_id"] for visit in visits} == {room.host.id, viewer.id}


async def test_its_packets_name_no_sender_and_verify_with_the_published_keys(people: People) -> None:
    room = await hosted(people)
    viewer = await people.arrive("Bo")
    at_viewer = await joined(room, viewer)

    await (await room.host.ask("announce", room.session.id, params={"text": "Tea in five minutes"})).applied()
    await until("everybody has it", lambda: at_viewer.events and room.at_host.events)

    for device in (room.at_host, at_viewer):
        (event,) = device.events
        assert (event.type, event.payload["text"]) == ("system", "Tea in five minutes")
        assert [packet.sender for packet in device.packets] == [None] * len(device.packets)
        assert set(device.relay.refused) <= {Refusal.REPEAT}
