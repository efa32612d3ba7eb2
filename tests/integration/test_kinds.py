"""Who carries a person does not matter, and who is nobody gets nothing: ingress, telephones, recorders, strangers."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

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
    async def entering(room: str, identity: str, kind: str, **grants: bool) -> AsyncIterator[rtc.Room]:
        token = api.AccessToken(stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"])
        may = api.VideoGrants(room_join=True, room=room, **grants)
        signed = token.with_identity(identity).with_kind(kind).with_grants(may)  # type: ignore[arg-type]  # a literal
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


async def test_who_is_nobody_is_not_counted_and_gets_no_right(people: People, enter: Enter) -> None:
    arena = await Arena.open(people)
    strangers = {
        "EG_recorder": ("egress", {"hidden": True, "recorder": True}),
        "lk-load-0": ("standard", {}),
        "sip_+905551112233": ("sip", {}),
        str(uuid.uuid4()): ("standard", {}),
        arena.host.id.upper(): ("ingress", {}),
    }
    async with AsyncExitStack() as entered:
        for identity, (kind, grants) in strangers.items():
            room = await entered.enter_async_context(enter(arena.session.room, identity, kind, **grants))
            if kind != "egress":
                await until(f"the agent has seen {identity}", lambda room=room: may_send_nothing(room))
        # LiveKit reports people in their order: when somebody is on record, all who came before have been reported.
        viewer = await people.arrive("Vi")
        device = await viewer.enter(arena.session.id)
        await viewer.until_on_record(arena.session.id)
        told = await row(people, arena.session.id)
        assert (told["viewer_count"], told["total_viewers"], told["host_left_at"]) == (1, 1, None)
        await device.leave()


def may_send_nothing(room: rtc.Room) -> bool:
    return not room.local_participant.permissions.can_publish
