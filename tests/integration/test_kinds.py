"""Who carries a person does not matter, and who is nobody gets nothing: ingress, telephones, recorders, strangers."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from livekit import api, rtc

from local.people import voice
from local.people.api import Json
from local.people.device import MICROPHONE
from local.people.evasive import Gate
from local.people.hostile import LOUD, Arena
from local.people.person import People
from local.people.sound import RATE
from local.people.waiting import until
from local.stack import Stack
from moderation.identity import PERSON_ATTRIBUTE

pytestmark = [pytest.mark.usefixtures("worker"), pytest.mark.timeout(90)]

Enter = Callable[..., AbstractAsyncContextManager[rtc.Room]]
LOUDNESS = {
    "mode": "enforce",
    "howl": {"enabled": False},
    "too_loud": {"grace_seconds": 0.4},
    "dead_air": {"enabled": False},
}


@pytest.fixture
def enter(stack: Stack) -> Enter:
    """Connects somebody by a token that the API key signs: of any kind, with every right."""

    @asynccontextmanager
    async def entering(
        room: str, identity: str, kind: str, stands_for: str | None = None, **grants: bool
    ) -> AsyncIterator[rtc.Room]:
        token = api.AccessToken(stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"])
        may = api.VideoGrants(room_join=True, room=room, **grants)
        signed = token.with_identity(identity).with_kind(kind).with_grants(may)  # type: ignore[arg-type]  # a literal
        if stands_for is not None:
            signed = signed.with_attributes({PERSON_ATTRIBUTE: stands_for})
        connected = rtc.Room()
        await connected.connect(stack.env["LIVEKIT_URL"], signed.to_jwt())
        try:
            yield connected
        finally:
            await connected.disconnect()

    return entering


@asynccontextmanager
async def sending(room: rtc.Room) -> AsyncIterator[None]:
    """Publishes a loud tone as a microphone, as long as it may."""
    source = rtc.AudioSource(RATE, 1, queue_size_ms=voice.QUEUE_MS)
    track = rtc.LocalAudioTrack.create_audio_track("obs", source)
    playing = asyncio.create_task(voice.play(source, LOUD))
    try:
        await room.local_participant.publish_track(track, rtc.TrackPublishOptions(source=MICROPHONE))
        yield
    finally:
        await voice.ended(playing)
        await source.aclose()


async def row(people: People, arena_session: str) -> Json:
    return await people.service.row("live_sessions", id=f"eq.{arena_session}")


async def test_a_creator_on_ingress_is_there_and_is_measured(people: People, enter: Enter) -> None:
    host = await people.arrive("Obs", creator=True)
    session = await host.open_session("video_live")
    await people.service.update("live_sessions", {"moderation": LOUDNESS}, id=f"eq.{session.id}")
    async with enter(session.room, host.id, "ingress") as obs, sending(obs):
        await host.until_on_record(session.id)
        told = await row(people, session.id)
        assert (told["host_left_at"], told["viewer_count"], told["total_viewers"]) == (None, 0, 0)

        async def incident() -> list[Json]:
            where = {"session_id": f"eq.{session.id}", "user_id": f"eq.{host.id}"}
            return await people.service.rows("moderation_incidents", **where)

        assert (await until("an incident", incident))[0]["rule"] == "too_loud"

    async def host_left() -> bool:
        return (await row(people, session.id))["host_left_at"] is not None

    await until("the grace begins", host_left)


@pytest.mark.parametrize("kind", ["ingress", "sip"])
async def test_somebody_on_ingress_or_a_telephone_is_muted_and_banned(
    people: People, enter: Enter, kind: str
) -> None:
    arena = await Arena.open(people)
    guest, device, _ = await arena.speaker("Gast")
    await device.leave()
    gate = Gate(arena.at_host.room, guest.id)
    async with enter(arena.session.room, guest.id, kind) as room:
        gone = asyncio.get_running_loop().create_future()
        room.on("disconnected", lambda reason: gone.done() or gone.set_result(reason))
        ear = arena.at_host.ear(guest.id)
        async with sending(room):
            await ear.until_heard()
            done = await arena.order("mute", guest)
            assert done["after"]["permission"]["can_publish"] is False, done["after"]
            await until("nothing is heard from them", lambda: gate.closed)
        await arena.order("ban", guest)
        reason = await asyncio.wait_for(gone, 10.0)
        assert reason == rtc.DisconnectReason.PARTICIPANT_REMOVED


async def test_a_creator_with_obs_beside_the_app_is_the_host_until_both_have_left(
    people: People, enter: Enter
) -> None:
    host = await people.arrive("Obs", creator=True)
    session = await host.open_session("video_live")
    await people.service.update("live_sessions", {"moderation": LOUDNESS}, id=f"eq.{session.id}")
    app = await host.enter(session.id)

    async def visits() -> int:
        here = {"session_id": f"eq.{session.id}", "user_id": f"eq.{host.id}"}
        seats = await people.service.rows("live_participants", **here)
        return seats[0]["open_visits"] if seats else 0

    async def incident() -> list[Json]:
        where = {"session_id": f"eq.{session.id}", "user_id": f"eq.{host.id}", "rule": "eq.too_loud"}
        return await people.service.rows("moderation_incidents", **where)

    async def host_left() -> bool:
        return (await row(people, session.id))["host_left_at"] is not None

    async def on_air() -> list[Json]:
        where = {"session_id": f"eq.{session.id}", "user_id": f"eq.{host.id}", "ended_at": "is.null"}
        return await people.service.rows("live_media", **where)

    async with enter(session.room, f"{host.id}:obs", "ingress") as obs, sending(obs):
        await until("both are on record", lambda: has(visits, 2))
        await until("an incident", incident)
        await until("on air", on_air)
        await app.leave()
        await until("the app is gone", lambda: has(visits, 1))
        told = await row(people, session.id)
        assert (told["host_left_at"], told["viewer_count"], told["total_viewers"]) == (None, 0, 0)
    await until("the grace begins", host_left)


async def has(count: Callable[[], Awaitable[int]], wanted: int) -> bool:
    return await count() == wanted


@pytest.mark.parametrize("act", ["mute", "kick", "ban"])
@pytest.mark.parametrize("kind", ["ingress", "sip"])
async def test_an_act_reaches_the_app_and_what_is_beside_it(
    people: People, enter: Enter, kind: str, act: str
) -> None:
    arena = await Arena.open(people)
    guest, device, _ = await arena.speaker("Gast")
    name, stands_for = (f"{guest.id}:obs", None) if kind == "ingress" else ("sip_+905551112233", guest.id)
    async with enter(arena.session.room, name, kind, stands_for=stands_for) as beside:
        gone = asyncio.get_running_loop().create_future()
        beside.on("disconnected", lambda reason: gone.done() or gone.set_result(reason))
        ear = arena.at_host.ear(name)
        async with sending(beside):
            await ear.until_heard()
            if act == "mute":
                gate = Gate(arena.at_host.room, name)
                done = await arena.order("mute", guest)
                assert done["after"]["permission"]["can_publish"] is False, done["after"]
                await device.until_may_not_send()
                await until("it may send nothing either", lambda: may_send_nothing(beside))
                await until("nothing is heard from it", lambda: gate.closed)
                return
            await arena.order(act, guest)
            assert await device.until_ended() == "participant_removed"
            assert await asyncio.wait_for(gone, 10.0) == rtc.DisconnectReason.PARTICIPANT_REMOVED


async def test_who_is_nobody_is_not_counted_and_gets_no_right(people: People, enter: Enter) -> None:
    arena = await Arena.open(people)
    strangers: dict[str, tuple[str, dict[str, Any]]] = {
        "EG_recorder": ("egress", {"hidden": True, "recorder": True}),
        "lk-load-0": ("standard", {}),
        "sip_+905551112233": ("sip", {}),
        str(uuid.uuid4()): ("standard", {}),
        arena.host.id.upper(): ("ingress", {}),
        # What an ingress or a telephone may say of itself, by who is neither.
        f"{arena.host.id}:obs": ("standard", {}),
        "lk-load-1": ("standard", {"stands_for": arena.host.id}),
        f"{arena.host.id}/obs": ("ingress", {}),
    }
    rooms = list[rtc.Room]()
    async with AsyncExitStack() as entered:
        for identity, (kind, grants) in strangers.items():
            room = await entered.enter_async_context(enter(arena.session.room, identity, kind, **grants))
            if kind != "egress":
                rooms.append(room)
        await until("the agent has seen them all", lambda: all(map(may_send_nothing, rooms)))
        # LiveKit reports people in their order: when somebody is on record, all who came before have been reported.
        viewer = await people.arrive("Vi")
        device = await viewer.enter(arena.session.id)
        await viewer.until_on_record(arena.session.id)
        told = await row(people, arena.session.id)
        assert (told["viewer_count"], told["total_viewers"], told["host_left_at"]) == (1, 1, None)
        await device.leave()


def may_send_nothing(room: rtc.Room) -> bool:
    return not room.local_participant.permissions.can_publish
