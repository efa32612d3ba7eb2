"""Accounts that are deleted in the middle of a show, rooms that belong to nobody, and tickets, in real rooms.

Deadlines are generous here; `python -m bench.accounts` holds the bars.
"""

import uuid

import pytest
from livekit import api

from local.people.api import Json, RequestRefused
from local.people.hostile import Arena, server_api
from local.people.person import People
from local.people.waiting import until
from local.stack import Stack

pytestmark = pytest.mark.usefixtures("worker")

WITHIN_SECONDS = 20.0


async def is_open(stack: Stack, room: str) -> bool:
    async with server_api(stack.env) as livekit:
        return bool((await livekit.room.list_rooms(api.ListRoomsRequest(names=[room]))).rooms)


async def test_a_show_ends_with_its_hosts_account_and_keeps_its_history(stack: Stack, people: People) -> None:
    arena = await Arena.open(people)
    fan = await people.arrive("Fan")
    at_fan = await fan.enter(arena.session.id)
    await people.service.delete_account(arena.host.id)
    for request in (
        arena.host.ask("mute_all", arena.session.id),
        arena.host.api.update("live_sessions", {"title": "mine"}, id=f"eq.{arena.session.id}"),
        arena.host.api.rows("coin_wallets"),
        arena.host.api.rpc("session_performance"),
    ):
        with pytest.raises(RequestRefused) as refused:
            await request
        assert (refused.value.status, refused.value.code) == (401, "account_deleted")
    await at_fan.until_ended(WITHIN_SECONDS)

    async def closed() -> bool:
        return not await is_open(stack, arena.session.room)

    await until("the room is closed", closed, WITHIN_SECONDS)
    session = await people.service.row("live_sessions", id=f"eq.{arena.session.id}")
    assert session is not None
    assert (session["creator_id"], session["end_reason"]) == (arena.host.id, "account_deleted")


async def test_a_speaker_is_out_with_the_account_and_is_not_heard_any_more(people: People) -> None:
    arena = await Arena.open(people)
    person, device, _ = await arena.speaker()
    ear = arena.at_host.ear(person.id)
    await device.speak()
    await ear.until_heard()
    await people.service.delete_account(person.id)
    await device.until_ended(WITHIN_SECONDS)
    await ear.until_silent()
    await until("the others see them gone", lambda: person.id not in arena.at_host.others)


async def test_a_room_of_ours_that_belongs_to_no_session_is_closed(stack: Stack) -> None:
    orphan, foreign = f"live_{uuid.uuid4().hex}", f"talk_{uuid.uuid4().hex}"
    async with server_api(stack.env) as livekit:
        for name in (orphan, foreign):
            await livekit.room.create_room(api.CreateRoomRequest(name=name, empty_timeout=300))

    async def closed() -> bool:
        return not await is_open(stack, orphan)

    await until("the orphan is closed", closed, WITHIN_SECONDS)
    assert await is_open(stack, foreign), "a room of somebody else's is none of our business"


async def test_a_ticket_is_earned_by_a_host_who_is_on_air(people: People) -> None:
    host, fan = await people.arrive("Ada", creator=True), await people.arrive("Fan", coins=50)
    session = await host.open_session("audio_room", "pay_per_view", price_coins=10)
    at_host = await host.enter(session.id, session.join)
    await at_host.speak()
    await fan.buy_ticket(session.id)

    async def stretches() -> list[Json]:
        return await people.service.rows("live_media", session_id=f"eq.{session.id}")

    (flowing,) = await until("the host is on air", stretches)
    assert (flowing["user_id"], flowing["source"], flowing["ended_at"]) == (host.id, "microphone", None)
    at_host.set_muted(muted=True)

    async def ended() -> bool:
        return all(stretch["ended_at"] for stretch in await stretches())

    await until("muted is not on air", ended)
    assert (await fan.api.rows("live_tickets", session_id=f"eq.{session.id}"))[0]["earned_at"] is None
