"""Who evades measuring, or lies about a source, in a real room: the right goes, comes back, and stays away."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from livekit import rtc

from local.people import voice
from local.people.api import Json
from local.people.device import CAMERA, MICROPHONE, Device
from local.people.evasive import Gate, a_picture, everyone_may_listen, publish, shut_out
from local.people.hostile import LOUD, Arena
from local.people.person import People, Person
from local.people.waiting import until

pytestmark = [pytest.mark.usefixtures("worker"), pytest.mark.timeout(90)]

SCREEN, SCREEN_AUDIO = rtc.TrackSource.SOURCE_SCREENSHARE, rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO
UNKNOWN = rtc.TrackSource.SOURCE_UNKNOWN
ONLY_OURS: dict[str, Any] = {
    "mode": "enforce",
    **{rule: {"enabled": False} for rule in ("too_loud", "scream", "clipping", "howl", "noise", "dead_air")},
    "not_measurable": {"grace_seconds": 0.5, "mute_seconds": 1.0},
    "ladder": [
        {"step": "notice", "strikes": 0.75, "cooldown_seconds": 0.5},
        {"step": "mute", "strikes": 1.5, "cooldown_seconds": 30.0, "seconds": 30.0},
    ],
}
"""No rule of sound; ours at once."""


async def room(people: People, kind: str = "audio_room") -> Arena:
    arena = await Arena.open(people, kind)
    await people.service.update("live_sessions", {"moderation": ONLY_OURS}, id=f"eq.{arena.session.id}")
    return arena


async def incidents(arena: Arena, person: Person) -> list[Json]:
    where = {"session_id": f"eq.{arena.session.id}", "user_id": f"eq.{person.id}", "order": "ended_at"}
    return await arena.people.service.rows("moderation_incidents", **where)


async def rows_on(arena: Arena, person: Person) -> list[str]:
    where = {"session_id": f"eq.{arena.session.id}", "target_user_id": f"eq.{person.id}", "order": "n"}
    rows = await arena.people.service.rows("moderation_actions", requested_via="eq.auto", **where)
    return [row["action"] for row in rows]


async def test_who_shuts_the_agent_out_is_muted_and_may_speak_as_soon_as_they_let_it_in(
    people: People,
) -> None:
    arena = await room(people)
    person, device, _ = await arena.speaker()
    gate = Gate(arena.at_host.room, person.id)
    shut_out(device.room, arena.host.id)
    await device.speak(LOUD)
    await device.until_may_not_send()
    await until("the track is gone", lambda: gate.closed)
    await until("they are told", lambda: [n.type for n in device.notices][-2:] == ["warning", "muted"])
    assert await rows_on(arena, person) == ["mute"]
    seen = await incidents(arena, person)
    assert [(row["rule"], row["measured"]["step"]) for row in seen] == [
        ("not_measurable", "notice"),
        ("not_measurable", "mute"),
    ]
    assert seen[0]["measured"]["denied"] == 1.0

    everyone_may_listen(device.room)
    ear = arena.at_host.ear(person.id)
    await device.speak(LOUD)
    await ear.until_heard()
    let_in = time.monotonic()
    await until("they are heard on", lambda: (ear.last_heard or 0.0) > let_in + 2.0)
    assert device.may_send()
    assert await rows_on(arena, person) == ["mute"]


async def test_of_a_host_who_shuts_the_agent_out_ops_get_a_case(people: People) -> None:
    arena = await room(people)
    viewer = await people.arrive("Vi")
    at_viewer = await viewer.enter(arena.session.id)
    shut_out(arena.at_host.room, viewer.id)
    await arena.at_host.speak(LOUD)

    async def case() -> Json | None:
        cases = await people.service.rows("moderation_cases", session_id=f"eq.{arena.session.id}")
        return cases[0] if cases else None

    opened = await until("a case", case, 15.0)
    assert (opened["user_id"], opened["severity"], opened["source"]) == (arena.host.id, "critical", "rule")
    assert arena.at_host.may_send()
    assert await rows_on(arena, arena.host) == []
    await at_viewer.leave()


async def test_a_disguise_costs_the_right_and_the_second_one_costs_it_for_good(people: People) -> None:
    arena = await room(people, "video_live")
    person, device, _ = await arena.speaker()
    gate = Gate(arena.at_host.room, person.id)
    await publish(device, source=CAMERA)
    await until("the sound is gone", lambda: gate.closed)
    assert 0.0 < gate.seconds() < 1.0
    assert device.may_send(MICROPHONE), "only the source that was misused"

    await device.until_may_send(CAMERA)
    await device.film()  # properly
    await device.leave()

    device = await person.enter(arena.session.id)
    await device.until_may_send(CAMERA)
    await publish(device, source=CAMERA)
    await until("a rule's row", lambda: rows_on(arena, person))
    assert await rows_on(arena, person) == ["camera_off"]
    await arena.order("camera_on", person)
    await device.until_may_send(CAMERA)


async def test_a_picture_that_is_called_a_microphone_leaves_an_audio_room(people: People) -> None:
    arena = await room(people)
    person, device, _ = await arena.speaker()
    gate = Gate(arena.at_host.room, person.id)
    await publish(device, source=MICROPHONE, picture=True)
    await until("the picture is gone", lambda: gate.closed)
    assert 0.0 < gate.seconds() < 1.0
    await device.until_may_send(MICROPHONE)


@pytest.mark.parametrize(("kind", "pictures"), [("audio_room", set()), ("video_live", {CAMERA})])
async def test_a_picture_by_its_own_name_or_by_none_is_where_a_role_may_film_and_nowhere_else(
    people: People, kind: str, pictures: set[int]
) -> None:
    arena = await room(people, kind)
    person, device, _ = await arena.speaker()
    async with AsyncExitStack() as sending:
        for source in (CAMERA, SCREEN, SCREEN_AUDIO, UNKNOWN):
            await sending.enter_async_context(filming(device, source))
        await device.speak()  # asked for last: what is allowed is answered by then

        def seen() -> set[int]:
            publications = arena.at_host.room.remote_participants[person.id].track_publications
            return {publication.source for publication in publications.values()}

        await until("what is allowed is there", lambda: seen() >= {MICROPHONE, *pictures})
        assert seen() == {MICROPHONE, *pictures}


@asynccontextmanager
async def filming(device: Device, source: int) -> AsyncIterator[None]:
    """Asks LiveKit to take a picture by this name, whether it may or not; LiveKit does not answer where not."""
    track, film, media = a_picture()
    asked = device.room.local_participant.publish_track(
        track, rtc.TrackPublishOptions(source=source, simulcast=False)
    )
    publishing = asyncio.create_task(asked)
    try:
        yield
    finally:
        await voice.ended(publishing)
        await voice.ended(film)
        await media.aclose()


async def test_three_microphones_cost_the_microphone_until_they_are_gone(people: People) -> None:
    arena = await room(people)
    person, device, _ = await arena.speaker()
    gate = Gate(arena.at_host.room, person.id)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(publish(device, source=MICROPHONE))
    await until("all are gone", lambda: gate.closed)
    [seen] = await until("an incident", lambda: incidents(arena, person))
    assert seen["rule"] == "too_many_tracks"
    await device.until_may_send(MICROPHONE)
