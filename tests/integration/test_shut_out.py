"""Who keeps the agent from a sound is proven by LiveKit itself, counted over tracks, and never guessed from silence."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from livekit import rtc

from agent.core.clock import DatabaseClock
from agent.core.lease import RoomName
from agent.livekit.doubts import Door
from agent.livekit.hearing import Hearing
from agent.livekit.room import OPTIONS, hidden_token
from agent.livekit.room_hearing import RoomHearing
from agent.process.metrics import Metrics
from handlers.events import Event, KeptOut, Measured
from handlers.facts import Identity
from local.people.evasive import enciphered, everyone_may_listen, shut_out
from local.people.sound import tone
from local.people.waiting import until
from local.stack import Stack
from moderation.rules.not_measurable import Shut
from tests.integration.hidden_listener import Speaker, entering

PROOF_SECONDS = 2.5
"""Half of the bar: the rest is the rule's own grace."""


@dataclass
class Witnessed:
    """A hidden participant who listens and may call a witness."""

    room: rtc.Room
    sounds: RoomHearing
    metrics: Metrics
    heard: list[Event] = field(default_factory=list)

    def unmeasured(self) -> list[KeptOut]:
        return [event for event in self.heard if isinstance(event, KeptOut)]

    def unmeasured_seconds(self) -> float:
        return sum(event.seconds for event in self.unmeasured())

    async def hears(self) -> None:
        before = len(self.heard)
        await until(
            "something is measured", lambda: any(isinstance(e, Measured) for e in self.heard[before:])
        )

    def counted(self, name: str) -> float:
        return self.metrics.registry.get_sample_value(name) or 0.0


@pytest.fixture
def room_name() -> RoomName:
    return RoomName(f"shut-out-{uuid.uuid4()}")


@pytest_asyncio.fixture(loop_scope="session")
async def listener(stack: Stack, room_name: RoomName) -> AsyncIterator[Witnessed]:
    metrics = Metrics()
    hearing = Hearing(DatabaseClock(), metrics)
    running = asyncio.create_task(hearing.run())
    room = rtc.Room()
    heard: list[Event] = []
    key, secret = stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"]

    def token() -> str:
        return hidden_token(key, secret, room_name, Identity(f"agent-{uuid.uuid4()}"))

    sounds = RoomHearing(room, hearing, heard.append, Door(stack.env["LIVEKIT_URL"], token))
    await room.connect(stack.env["LIVEKIT_URL"], token(), OPTIONS)
    sounds.hear(on=True)
    yield Witnessed(room, sounds, metrics, heard)
    sounds.close()
    await room.disconnect()
    running.cancel()
    await asyncio.wait({running})


@pytest_asyncio.fixture(loop_scope="session")
async def speaker(stack: Stack, room_name: RoomName) -> AsyncIterator[Speaker]:
    async with entering(stack, room_name, tone(-20.0)) as someone:
        yield someone


async def test_a_track_that_never_lets_us_in_is_proven(listener: Witnessed, speaker: Speaker) -> None:
    shut_out(speaker.room)
    await speaker.publish()
    begun = asyncio.get_running_loop().time()
    await until("the proof is there", listener.unmeasured)
    waited = asyncio.get_running_loop().time() - begun

    first = listener.unmeasured()[0]
    assert (first.identity, first.shut) == (speaker.room.local_participant.identity, Shut.DENIED)
    assert first.sid == speaker.room.local_participant.sid
    # What came before the proof counts as well, and nothing counts twice.
    assert waited - 0.5 < listener.unmeasured_seconds() <= waited + 0.5


async def test_who_shuts_us_out_in_mid_speech_is_proven_and_may_come_back(
    listener: Witnessed, speaker: Speaker
) -> None:
    await speaker.publish()
    await listener.hears()
    shut_out(speaker.room)
    await until("the proof is there", listener.unmeasured)

    everyone_may_listen(speaker.room)
    await listener.hears()
    counted = listener.unmeasured_seconds()
    for _ in range(5):
        await listener.hears()
    assert listener.unmeasured_seconds() == counted


async def test_publishing_anew_all_the_time_adds_up(listener: Witnessed, speaker: Speaker) -> None:
    shut_out(speaker.room)

    async def again() -> None:
        while True:
            await speaker.publish()
            await asyncio.sleep(0.4)
            await speaker.unpublish()

    publishing = asyncio.create_task(again())
    try:
        await until("a second adds up", lambda: listener.unmeasured_seconds() >= 1.0, 10.0)
    finally:
        publishing.cancel()
        await asyncio.wait({publishing})


async def test_letting_us_in_now_and_then_adds_up(listener: Witnessed, speaker: Speaker) -> None:
    await speaker.publish()
    await listener.hears()

    async def toggle() -> None:
        while True:
            shut_out(speaker.room)
            await asyncio.sleep(0.9)
            everyone_may_listen(speaker.room)
            await asyncio.sleep(0.3)

    toggling = asyncio.create_task(toggle())
    try:
        await until("two seconds add up", lambda: listener.unmeasured_seconds() >= 2.0, 10.0)
    finally:
        toggling.cancel()
        await asyncio.wait({toggling})
    assert listener.counted("live_witness_failures_total") == 0


async def test_what_is_encrypted_is_proven_by_its_declaration(
    stack: Stack, room_name: RoomName, listener: Witnessed
) -> None:
    async with entering(stack, room_name, tone(-20.0), enciphered()) as speaker:
        await speaker.publish()
        await until("it counts", lambda: listener.unmeasured_seconds() >= 0.9)
        assert {event.shut for event in listener.unmeasured()} == {Shut.ENCRYPTED}


async def test_a_muted_microphone_keeps_nobody_from_anything(listener: Witnessed, speaker: Speaker) -> None:
    await speaker.publish()
    await listener.hears()
    shut_out(speaker.room)
    speaker.track.mute()
    await asyncio.sleep(PROOF_SECONDS)
    assert listener.unmeasured() == []

    speaker.track.unmute()
    await until("it counts as soon as it is heard", listener.unmeasured)


async def test_nothing_comes_and_nobody_refuses_it_so_nothing_is_held_against_anybody(
    listener: Witnessed, speaker: Speaker
) -> None:
    await speaker.publish()
    await listener.hears()
    # As a bad path does: the track stays, and no packet of it arrives.
    (track,) = listener.sounds._tracks.by_sid.values()
    listener.sounds._hearing.frames.shut(track.tap)

    await until("it is counted", lambda: listener.counted("live_audio_unheard_seconds_total") > 0.0)
    await until(
        "it is subscribed to again", lambda: listener.counted("live_audio_resubscribed_total") > 0.0, 6.0
    )
    assert listener.unmeasured() == []
