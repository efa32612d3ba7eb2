"""Somebody of ops hears a room that they judge: real sound, seen by nobody, on record for ops alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import numpy as np
import pytest
import pytest_asyncio
from livekit import rtc

from local.people.api import RequestRefused
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.sound import tone
from local.people.waiting import until
from local.stack import Stack

pytestmark = pytest.mark.usefixtures("worker")

LEVEL = -20.0


class Scene(NamedTuple):
    host: Person
    guest: Person
    ops: Person
    session: OpenSession
    at_guest: Device


@pytest_asyncio.fixture(loop_scope="session")
async def scene(stack: Stack, people: People) -> AsyncIterator[Scene]:
    del stack
    host = await people.arrive("Onur", creator=True)
    session = await host.open_session("audio_room", "public", "Gece sohbeti")
    at_host = await host.enter(session.id, session.join)
    guest = await people.arrive("Zeynep")
    at_guest = await guest.enter(session.id)
    await at_host.speak(tone(LEVEL))
    yield Scene(host, guest, await people.arrive("Selin", ops=True), session, at_guest)
    await host.end_session(session.id)


async def loudest(room: rtc.Room, blocks: int = 40) -> float:
    """The level of what a room sounds like to this participant, dBFS, over some blocks."""
    tracks: asyncio.Queue[rtc.RemoteTrack] = asyncio.Queue()
    room.on("track_subscribed", lambda track, *_: tracks.put_nowait(track))
    for person in room.remote_participants.values():
        for publication in person.track_publications.values():
            if publication.track is not None:
                tracks.put_nowait(publication.track)
    stream = rtc.AudioStream(await asyncio.wait_for(tracks.get(), 15), sample_rate=48_000, num_channels=1)
    levels: list[float] = []
    try:
        async for event in stream:
            samples = np.frombuffer(event.frame.data, dtype=np.int16) / 32768
            levels.append(float(10 * np.log10(max(1e-9, np.mean(samples**2)))))
            if len(levels) == blocks:
                return max(levels)
    finally:
        await stream.aclose()
    raise AssertionError("the sound ended")


async def test_the_operator_hears_what_is_said_and_nobody_sees_them(scene: Scene, people: People) -> None:
    answer = await scene.ops.api.call(
        "ops-listen", session_id=scene.session.id, reason="Three reports of threats"
    )
    join, ear = answer["join"], rtc.Room()
    assert join["identity"].startswith("ops-")
    before = scene.at_guest.room.num_participants
    await ear.connect(join["url"], join["token"])
    try:
        assert abs(await loudest(ear) - LEVEL) < 3
        assert join["identity"] not in scene.at_guest.room.remote_participants
        assert scene.at_guest.room.num_participants == before
        assert ear.local_participant.permissions.can_publish is False
        visits = await people.service.rows("live_visits", session_id=f"eq.{scene.session.id}")
        assert {visit["user_id"] for visit in visits} == {scene.host.id, scene.guest.id}
        session = await people.service.row("live_sessions", id=f"eq.{scene.session.id}")
        assert session is not None
        assert session["viewer_count"] == 1

        record = {"session_id": f"eq.{scene.session.id}", "action": "eq.listen"}
        (seen,) = await scene.ops.api.rows("moderation_audit", **record)
        assert (seen["requested_by"], seen["reason"]) == (scene.ops.id, "Three reports of threats")
        assert await scene.host.api.rows("moderation_audit", **record) == []
    finally:
        await ear.disconnect()


async def test_when_the_time_is_over_the_agent_removes_the_listener(scene: Scene, stack: Stack) -> None:
    del stack
    answer = await scene.ops.api.call("ops-listen", session_id=scene.session.id, reason="noise")
    ear, gone = rtc.Room(), asyncio.Event()
    ear.on("disconnected", lambda *_: gone.set())
    await ear.connect(answer["join"]["url"], answer["join"]["token"])
    await scene.ops.api.rpc("stop_listening")
    await until("the listener is out", gone.is_set)


async def test_nobody_but_ops_listens_in_and_nobody_without_a_reason(scene: Scene) -> None:
    for who, body, code in (
        (scene.host, {"reason": "mine"}, "ops_only"),
        (scene.ops, {}, "reason_needed"),
    ):
        with pytest.raises(RequestRefused) as refused:
            await who.api.call("ops-listen", session_id=scene.session.id, **body)
        assert refused.value.code == code
