"""What follows from what the agent hears in a real room, by the database's word, and what people get to see of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import pairwise
from typing import Any

import aiohttp
import numpy as np
import pytest
from livekit import api
from realtime import RealtimeSubscribeStates

from local import sounds
from local.people.api import Json
from local.people.device import CAMERA, Device
from local.people.person import PASSWORD, OpenSession, People, Person
from local.people.sound import RATE, SpokenSound, speech_like, tone
from local.people.vanishing import VanishingDevice
from local.people.waiting import until
from local.stack import Stack
from local.supervisor import Child
from tests.integration.clients import client

pytestmark = pytest.mark.usefixtures("worker")

SHOUT = tone(-8.0, hertz=1000)
VOICE = SpokenSound("a shout", sounds.as_int16(sounds.shout(-9.0, 8.0, RATE, np.random.default_rng(7))))
THRESHOLD_LUFS = -9.0
STEP_SECONDS = 1.0
"""How late a step of the ladder may be."""
UNSEEN_DB = 3.0
"""A level is shown anew when it differs by so much from what was shown."""
QUICK: Mapping[str, Any] = {
    "too_loud": {"grace_seconds": 0.4},
    "howl": {"enabled": False},  # a tone that stands is what it listens for
    "ladder": [
        {"step": "notice", "strikes": 0.75, "cooldown_seconds": 0.6},
        {"step": "warning", "strikes": 1.5, "cooldown_seconds": 0.6},
        {"step": "mute", "strikes": 2.5, "cooldown_seconds": 30.0, "seconds": 30.0},
    ],
}
"""The ladder as it is, with less patience."""
LIVEKIT = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
LADDER = ["notice", "warning", "mute"]


async def audio_room(people: People, **policy: Any) -> tuple[Person, OpenSession, Device]:
    """A host in an audio room with a policy of its own."""
    host = await people.arrive("Ada", creator=True)
    session = await host.open_session("audio_room")
    await people.service.update("live_sessions", {"moderation": {**QUICK, **policy}}, id=f"eq.{session.id}")
    return host, session, await host.enter(session.id, session.join)


async def speaker(people: People, host: Person, session: OpenSession) -> tuple[Person, Device]:
    """A listener whom the host has made a speaker."""
    person = await people.arrive("Bo")
    device = await person.enter(session.id)
    await person.raise_hand(session.id)
    await (await host.ask("set_role", session.id, person, params={"role": "speaker"})).applied()
    return person, device


async def until_steps(people: People, person: Person, expected: list[str]) -> list[Json]:
    """The incidents of this person, once these steps have been taken."""

    async def there() -> list[Json] | None:
        rows = await people.service.rows(
            "moderation_incidents", user_id=f"eq.{person.id}", rule="eq.too_loud", order="ended_at"
        )
        return rows if [row["measured"]["step"] for row in rows][: len(expected)] == expected else None

    return await until(f"the steps {expected}", there, 20.0)


def levels_at(device: Device, person: Person) -> list[float]:
    """Every level of this person that was shown to this device."""
    return [level for event in device.levels for level in levels_in(event.payload, person)]


def levels_in(payload: Json, person: Person) -> list[float]:
    shown = payload["people"]
    return [e["level_dbfs"] for e in shown if e["user_id"] == person.id and e["level_dbfs"] is not None]


def spoke_at(device: Device, person: Person) -> bool:
    """Whether this device was ever shown this person speaking."""
    shown = [entry for event in device.levels for entry in event.payload["people"]]
    return any(entry["speaking"] for entry in shown if entry["user_id"] == person.id)


def about_20_down(dbfs: float) -> bool:
    return abs(dbfs + 20.0) <= UNSEEN_DB


async def test_who_shouts_is_noticed_warned_with_a_reason_and_muted(people: People) -> None:
    host, session, at_host = await audio_room(people, mode="enforce")
    guest, at_guest = await speaker(people, host, session)
    ear = at_host.ear(guest.id)
    await at_guest.speak(SHOUT)

    incidents = await until_steps(people, guest, LADDER)
    await at_guest.until_may_not_send()
    await ear.until_silent()

    action = await people.service.row("moderation_actions", id=f"eq.{incidents[2]['action_id']}")
    assert action is not None
    assert (action["requested_via"], action["action"], action["params"]) == (
        "auto",
        "mute",
        {"seconds": 30.0},
    )
    await until("the mute is told", lambda: [n.type for n in at_guest.notices][-1:] == ["muted"])
    texts = [notice.payload["text"] for notice in at_guest.notices if notice.type in {"warning", "muted"}]
    assert len(texts) == 3
    assert all("LUFS" in text["en"] and "LUFS" in text["tr"] for text in texts)
    assert "off for 30 s" in texts[-1]["en"]
    for incident in incidents[:3]:
        measured = incident["measured"]
        assert measured["threshold_lufs"] == THRESHOLD_LUFS
        assert measured["held_seconds"] >= QUICK["too_loud"]["grace_seconds"] - 0.001
        assert measured["short_term_lufs"] > THRESHOLD_LUFS
        assert measured["observed_only"] is False
    assert [round(incident["strikes"]) for incident in incidents[:3]] == [1, 2, 3]
    at = [datetime.fromisoformat(incident["ended_at"]).timestamp() for incident in incidents[:3]]
    for (earlier, later), rung in zip(pairwise(at), QUICK["ladder"], strict=False):
        # To the millisecond: the rows carry no more.
        assert rung["cooldown_seconds"] - 0.001 <= later - earlier < rung["cooldown_seconds"] + STEP_SECONDS
    assert action["enforce_ms"] < STEP_SECONDS * 1000


async def test_in_observe_the_same_story_is_recorded_and_nothing_is_touched(people: People) -> None:
    host, session, at_host = await audio_room(people, mode="observe")
    guest, at_guest = await speaker(people, host, session)
    ear = at_host.ear(guest.id)
    await at_guest.speak(SHOUT)

    incidents = await until_steps(people, guest, LADDER)
    await ear.until_heard()

    assert at_guest.may_send()
    assert not [notice for notice in at_guest.notices if notice.type in {"warning", "muted"}]
    assert [incident["action_id"] for incident in incidents] == [None] * len(incidents)
    assert all(incident["measured"]["observed_only"] for incident in incidents)
    asked = await people.service.rows(
        "moderation_actions", session_id=f"eq.{session.id}", requested_via="eq.auto"
    )
    assert asked == []


async def test_a_host_is_told_and_never_muted(people: People) -> None:
    host, _, at_host = await audio_room(people, mode="enforce", told_every_seconds=1.0)
    await at_host.speak(SHOUT)

    await until_steps(people, host, ["notice", "notice"])

    assert at_host.may_send()
    assert {notice.type for notice in at_host.notices} == {"warning"}


async def test_lifting_the_mute_forgives(people: People) -> None:
    host, session, _ = await audio_room(people, mode="enforce")
    guest, at_guest = await speaker(people, host, session)
    await at_guest.speak(SHOUT)
    await until_steps(people, guest, LADDER)
    await at_guest.until_may_not_send()

    await (await host.ask("unmute", session.id, guest)).applied()
    await at_guest.until_may_send()
    await at_guest.speak(SHOUT)

    await until_steps(people, guest, [*LADDER, "notice"])


async def test_levels_are_shown_to_the_host_and_to_no_listener(people: People) -> None:
    host, session, at_host = await audio_room(people, mode="observe")
    listener = await people.arrive("Cem")
    at_listener = await listener.enter(session.id)
    await at_host.speak(tone(-20.0))

    await until("the host sees the level", lambda: any(map(about_20_down, levels_at(at_host, host))))

    assert at_listener.levels == []
    assert not [packet for packet in at_listener.packets if packet.topic == "live.levels"]


async def test_with_the_policy_off_nothing_is_heard(people: People) -> None:
    host, session, at_host = await audio_room(people, mode="off")
    guest, at_guest = await speaker(people, host, session)
    await at_guest.speak(SHOUT)
    await at_host.ear(guest.id).until_heard()
    await people.service.update(
        "live_sessions", {"moderation": {**QUICK, "mode": "observe"}}, id=f"eq.{session.id}"
    )

    incidents = await until_steps(people, guest, ["notice"])

    assert all(incident["measured"]["held_seconds"] < 1.0 for incident in incidents[:1])


async def test_levels_are_broadcast_to_ops_who_watch(people: People, stack: Stack) -> None:
    host, session, at_host = await audio_room(people, mode="observe")
    ops = await people.arrive("Zoe", ops=True)
    await at_host.speak(tone(-20.0))
    async with levels_of(stack, ops, session.id) as heard:
        watched = await ops.api.rpc("watch_levels", session_id=session.id)
        async with asyncio.timeout(10.0):
            while not any(map(about_20_down, levels_in((message := await heard.get())["payload"], host))):
                pass

    assert watched["topic"] == f"live:levels:{session.id}"
    assert message["event"] == "levels"
    (entry,) = message["payload"]["people"]
    assert entry["user_id"] == host.id
    assert entry["speaking"] in {True, False}


async def test_ops_who_watch_see_whose_microphone_and_camera_are_on_muted_or_off(
    people: People, stack: Stack
) -> None:
    host = await people.arrive("Ada", creator=True)
    session = await host.open_session("video_live")
    at_host = await host.enter(session.id, session.join)
    ops = await people.arrive("Zoe", ops=True)
    async with levels_of(stack, ops, session.id) as heard:
        await ops.api.rpc("watch_levels", session_id=session.id)

        async def shown(*expected: str) -> None:
            async with asyncio.timeout(10.0):
                while switches_in(await heard.get(), host) != expected:
                    pass

        await shown("off", "off")
        await at_host.speak(tone(-20.0))
        await at_host.film()
        await shown("on", "on")
        at_host.set_muted(muted=True)
        await shown("muted", "on")
        at_host.set_muted(CAMERA, muted=True)
        await shown("muted", "muted")
        at_host.set_muted(CAMERA, muted=False)
        await shown("muted", "on")
        await at_host.hush()
        await shown("off", "on")
        await at_host.leave()
        await shown("off", "off")


async def test_ops_who_watch_see_whose_connection_is_weak_until_it_is_well_again(
    people: People, stack: Stack
) -> None:
    host = await people.arrive("Ada", creator=True)
    session = await host.open_session("audio_room")
    ops = await people.arrive("Zoe", ops=True)
    device = await VanishingDevice(session.join, speaks=True).connect()
    try:
        async with levels_of(stack, ops, session.id) as heard:

            async def told(*, weak: bool) -> None:
                async with asyncio.timeout(45.0):
                    while True:
                        await ops.api.rpc("watch_levels", session_id=session.id)
                        named = (await heard.get())["payload"]["people"]
                        if [
                            one.get("connection") is not None for one in named if one["user_id"] == host.id
                        ] == [weak]:
                            return

            await told(weak=False)
            device.freeze()
            await told(weak=True)
            device.thaw()
            await told(weak=False)
    finally:
        await device.leave()


def switches_in(message: Mapping[str, Any], person: Person) -> tuple[str, str]:
    """Microphone and camera; anyone who is not named in a complete picture publishes neither."""
    payload = message["payload"]
    assert payload["complete"]
    named = {entry["user_id"]: (entry["microphone"], entry["camera"]) for entry in payload["people"]}
    return named.get(person.id, ("off", "off"))


@asynccontextmanager
async def levels_of(
    stack: Stack, person: Person, session_id: str
) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
    """What Realtime tells this person of a session's levels."""
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    joined = asyncio.Event()
    async with client(stack) as supabase:
        await supabase.auth.sign_in_with_password({"email": person.email, "password": PASSWORD})
        session = await supabase.auth.get_session()
        assert session is not None
        await supabase.realtime.set_auth(session.access_token)
        private: Any = {"config": {"private": True}}
        channel = supabase.channel(f"live:levels:{session_id}", private)
        channel.on_broadcast("levels", lambda message: heard.put_nowait(dict(message)))
        await channel.subscribe(
            lambda state, _: joined.set() if state is RealtimeSubscribeStates.SUBSCRIBED else None
        )
        await asyncio.wait_for(joined.wait(), 10.0)
        yield heard


async def test_nobody_is_heard_in_a_call(people: People, stack: Stack, worker: Child) -> None:
    caller, callee = await people.arrive("Ada"), await people.arrive("Bo")
    rings = await caller.call(callee)
    answered = await callee.answer(rings["call"]["id"], accept=True)
    at_caller = await caller.enter_call(rings["call"]["id"], rings["join"])
    at_callee = await callee.enter_call(rings["call"]["id"], answered["join"])
    await at_caller.speak(SHOUT)
    await at_callee.ear(caller.id).until_heard()
    livekit = api.LiveKitAPI(*(stack.env[name] for name in LIVEKIT))
    try:

        async def agents() -> list[api.ParticipantInfo]:
            listed = await livekit.room.list_participants(
                api.ListParticipantsRequest(room=rings["call"]["livekit_room"])
            )
            return [p for p in listed.participants if p.kind == api.ParticipantInfo.Kind.AGENT]

        await until("the agent is there", agents)
    finally:
        await livekit.aclose()
    status = await status_of(worker)
    assert rings["call"]["livekit_room"] in [room["room"] for room in status["rooms"]]
    assert rings["call"]["livekit_room"] not in status["hearing"]


async def status_of(worker: Child) -> Json:
    """What the worker says of itself."""
    url = f"http://127.0.0.1:{worker.spec.env['LIVE_HEALTH_PORT']}/status"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        status: Json = await answer.json()
        return status


async def test_a_session_ends_with_who_spoke_how_long_and_how_loud(people: People) -> None:
    host, session, at_host = await audio_room(people, mode="observe")
    guest, at_guest = await speaker(people, host, session)
    await at_guest.speak(speech_like(-24.0))
    await at_host.speak(VOICE)
    await until_steps(people, host, ["notice"])
    # Speech is told from noise by its pauses, so it takes some seconds to be recognised as such.
    for person in (host, guest):
        await until(f"{person.name} is shown to speak", lambda who=person: spoke_at(at_host, who))

    await host.end_session(session.id)
    await at_host.until_ended()

    async def summed_up() -> dict[str, Json] | None:
        rows = await host.api.rows("session_loudness", session_id=f"eq.{session.id}")
        # A row is there from the first incident on; its loudness comes with the room's last minute.
        loud = [row for row in rows if row["loudness_lufs"] is not None]
        return {row["user_id"]: row for row in rows} if len(loud) == 2 else None

    summary = await until("the summary is there", summed_up)
    assert summary[host.id]["loudness_lufs"] == pytest.approx(-6.0, abs=1.5), summary
    assert summary[host.id]["incidents"] >= 1
    assert summary[guest.id]["incidents"] == 0
    assert summary[guest.id]["talk_seconds"] > 0
    assert summary[guest.id]["loudness_lufs"] < -12.0
    mine = await guest.api.rows("session_loudness", session_id=f"eq.{session.id}")
    assert [row["user_id"] for row in mine] == [guest.id]
