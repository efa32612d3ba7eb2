"""What a hidden participant hears of a real microphone: levels, and why nothing comes when nothing comes."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
import pytest_asyncio
from livekit import api, rtc

from agent.clock import DatabaseClock
from agent.listening import Hearing, RoomEars
from agent.livekit_room import OPTIONS, hidden_token
from agent.metrics import Metrics
from agent.ports import RoomName
from handlers.events import Event, Identity, Measured, MicrophonePaused
from local.people import voice
from local.people.sound import RATE, Sound, tone
from local.people.waiting import until
from local.stack import Stack
from moderation.audio.measurement import Gap, Measurement

SILENCE = Sound("silence", np.zeros(RATE, np.int16))
CALIBRATION_DB = 1.0
BOTH_SPEAKERS_LU = 3.0
"""A microphone of one channel comes out of both."""
CONNECTION = rtc.RoomOptions(single_peer_connection=False)
"""With one for both directions LiveKit (1.13.5) leaves `usedtx` out of every sixth answer, and silence is sent."""


@dataclass
class Listener:
    """A hidden participant who only listens."""

    room: rtc.Room
    ears: RoomEars
    hearing: Hearing
    heard: list[Event] = field(default_factory=list)

    @property
    def measured(self) -> list[Measurement]:
        return [event.measurement for event in self.heard if isinstance(event, Measured)]

    def measured_of(self, who: str) -> list[Measurement]:
        heard = (event for event in self.heard if isinstance(event, Measured))
        return [event.measurement for event in heard if event.identity == who]

    @property
    def pauses(self) -> list[Gap]:
        return [event.why for event in self.heard if isinstance(event, MicrophonePaused)]

    async def hears(self, blocks: int) -> list[Measurement]:
        """The next so many blocks."""
        before = len(self.measured)
        await until(f"{blocks} blocks are heard", lambda: len(self.measured) >= before + blocks)
        return self.measured[before:]

    def subscribed(self) -> set[int]:
        people = self.room.remote_participants.values()
        return {p.source for person in people for p in person.track_publications.values() if p.subscribed}


@dataclass
class Speaker:
    """Somebody with a microphone that says whatever `sound` is."""

    room: rtc.Room
    source: rtc.AudioSource
    sound: Sound
    publication: rtc.LocalTrackPublication | None = None

    async def publish(self, *, dtx: bool = True, source: int = rtc.TrackSource.SOURCE_MICROPHONE) -> None:
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self.source)
        options = rtc.TrackPublishOptions(source=source, dtx=dtx)  # type: ignore[arg-type]  # an enum's number
        self.publication = await self.room.local_participant.publish_track(track, options)

    async def unpublish(self) -> None:
        assert self.publication is not None
        await self.room.local_participant.unpublish_track(self.publication.sid)

    @property
    def track(self) -> rtc.LocalAudioTrack:
        assert self.publication is not None
        assert isinstance(self.publication.track, rtc.LocalAudioTrack)
        return self.publication.track

    async def play(self) -> None:
        while True:
            for samples in np.split(self.sound.pcm, 20):
                await self.source.capture_frame(rtc.AudioFrame(samples.tobytes(), RATE, 1, samples.size))


@pytest.fixture
def room_name() -> RoomName:
    return RoomName(f"listening-{uuid.uuid4()}")


@pytest_asyncio.fixture(loop_scope="session")
async def listener(stack: Stack, room_name: RoomName) -> AsyncIterator[Listener]:
    hearing = Hearing(DatabaseClock(), Metrics())
    running = asyncio.create_task(hearing.run())
    room = rtc.Room()
    heard: list[Event] = []
    ears = RoomEars(room, hearing, heard.append)
    key, secret = stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"]
    token = hidden_token(key, secret, room_name, Identity("agent-test"))
    await room.connect(stack.env["LIVEKIT_URL"], token, OPTIONS)
    yield Listener(room, ears, hearing, heard)
    ears.close()
    await room.disconnect()
    running.cancel()
    await asyncio.wait({running})


@pytest_asyncio.fixture(loop_scope="session")
async def speaker(stack: Stack, room_name: RoomName) -> AsyncIterator[Speaker]:
    async with entering(stack, room_name, tone(-20.0)) as someone:
        yield someone


@asynccontextmanager
async def entering(stack: Stack, room_name: RoomName, sound: Sound) -> AsyncIterator[Speaker]:
    room, source = rtc.Room(), rtc.AudioSource(RATE, 1, queue_size_ms=100)
    token = api.AccessToken(stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"])
    grants = api.VideoGrants(room_join=True, room=room_name)
    await room.connect(
        stack.env["LIVEKIT_URL"],
        token.with_identity(str(uuid.uuid4())).with_grants(grants).to_jwt(),
        CONNECTION,
    )
    someone = Speaker(room, source, sound)
    playing = asyncio.create_task(someone.play())
    try:
        yield someone
    finally:
        await voice.ended(playing)
        await room.disconnect()
        await source.aclose()


async def test_tones_of_known_level_are_read_within_a_decibel(
    stack: Stack, room_name: RoomName, listener: Listener
) -> None:
    listener.ears.listen(on=True)
    levels: dict[str, float] = {}
    async with AsyncExitStack() as people:
        for dbfs in (-6.0, -20.0, -36.0, -50.0):
            speaker = await people.enter_async_context(entering(stack, room_name, tone(dbfs, hertz=1000)))
            await speaker.publish()
            levels[speaker.room.local_participant.identity] = dbfs
        # Until the decoder has settled, and then a short-term window.
        await until("all are heard", lambda: all(len(listener.measured_of(who)) >= 25 for who in levels))

    for who, dbfs in levels.items():
        measured = listener.measured_of(who)[-1]
        assert measured.rms_dbfs == pytest.approx(dbfs, abs=CALIBRATION_DB)
        assert measured.short_term_lufs == pytest.approx(dbfs + BOTH_SPEAKERS_LU, abs=CALIBRATION_DB)
        assert measured.coverage == 1.0


async def test_silence_is_measured_and_no_pause(listener: Listener, speaker: Speaker) -> None:
    speaker.sound = SILENCE
    listener.ears.listen(on=True)
    await speaker.publish(dtx=False)

    measured = await listener.hears(25)

    assert listener.pauses == []
    assert measured[-1].short_term_lufs < -60.0
    assert all(m.gap is None for m in measured)


async def test_a_sender_who_stops_sending_in_silence_is_told_apart(
    listener: Listener, speaker: Speaker
) -> None:
    listener.ears.listen(on=True)
    await speaker.publish(dtx=True)
    await listener.hears(5)

    speaker.sound = SILENCE
    await until("the pause is noticed", lambda: listener.pauses == [Gap.DTX])
    (microphone,) = listener.ears._microphones.values()
    noticed = microphone.waiting_since
    await until("a block of it has passed", lambda: microphone.waiting_since > noticed)
    speaker.sound = tone(-20.0)
    back = (await listener.hears(1))[0]

    assert back.gap is Gap.DTX
    assert back.gap_seconds > 0.15


async def test_a_muted_microphone_is_no_silence(listener: Listener, speaker: Speaker) -> None:
    listener.ears.listen(on=True)
    await speaker.publish()
    await listener.hears(5)

    speaker.track.mute()
    await until("the mute is told", lambda: listener.pauses == [Gap.MUTED])
    measured = len(listener.measured)
    speaker.track.unmute()
    back = (await listener.hears(1))[0]

    assert back.gap is Gap.MUTED or back.gap_seconds == 0.0
    assert len(listener.measured) == measured + 1
    assert all(m.rms_dbfs > -60.0 for m in listener.measured[2:measured])


async def test_who_publishes_anew_goes_on_with_the_same_measurement(
    listener: Listener, speaker: Speaker
) -> None:
    listener.ears.listen(on=True)
    await speaker.publish()
    await listener.hears(5)

    await speaker.unpublish()
    await until("the end is told", lambda: listener.pauses == [Gap.UNPUBLISHED])
    await speaker.publish()
    back = (await listener.hears(1))[0]

    assert back.gap is Gap.UNPUBLISHED
    assert back.gap_seconds > 0.15


async def test_only_microphones_are_heard_and_only_while_listening(
    listener: Listener, speaker: Speaker
) -> None:
    await speaker.publish()
    await until("the publication is there", lambda: listener.room.remote_participants)
    assert listener.subscribed() == set()
    listener.ears.listen(on=True)
    await listener.hears(2)
    await speaker.publish(source=rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO)
    await listener.hears(3)
    assert listener.subscribed() == {rtc.TrackSource.SOURCE_MICROPHONE}

    listener.ears.listen(on=False)
    await until("nothing is subscribed to any more", lambda: not listener.subscribed())
    assert listener.pauses == [Gap.UNPUBLISHED]


async def test_a_microphone_whose_audio_never_came_is_subscribed_to_again(
    listener: Listener, speaker: Speaker
) -> None:
    listener.ears.listen(on=True)
    await speaker.publish()
    await listener.hears(2)
    (person,) = listener.room.remote_participants.values()
    (publication,) = person.track_publications.values()

    publication.set_subscribed(False)
    await until("nothing comes any more", lambda: not publication.subscribed)

    await until("it is heard again", lambda: publication.subscribed, 15.0)
    await listener.hears(2)
    assert listener.hearing.metrics.audio_resubscribed._value.get() == 1  # one attempt is enough


async def test_no_stream_is_left_when_people_go(
    listener: Listener, stack: Stack, room_name: RoomName
) -> None:
    listener.ears.listen(on=True)
    for _ in range(3):
        async with entering(stack, room_name, tone(-20.0)) as someone:
            await someone.publish()
            await listener.hears(2)
        await until("they have left", lambda: not listener.room.remote_participants)
    frames = listener.hearing.frames
    await until("every stream has ended", lambda: not frames._taps)
    assert listener.ears._microphones == {}
    assert listener.ears._meters == {}
