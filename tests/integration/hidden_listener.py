"""A hidden participant that hears a room, and people who make sounds in it: what the tests of listening share.

With one connection for both directions LiveKit (1.13.5) leaves `usedtx` out of every sixth answer, and silence is sent:
so each has two.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from livekit import api, rtc

from agent.core.clock import DatabaseClock
from agent.core.lease import RoomName
from agent.livekit.hearing import Hearing
from agent.livekit.room import OPTIONS, hidden_token
from agent.livekit.room_hearing import RoomHearing
from agent.process.metrics import Metrics
from handlers.events import Event, Measured, TrackPaused
from handlers.facts import Identity
from local.people import voice
from local.people.sound import RATE, SpokenSound
from local.people.waiting import until
from local.stack import Stack
from moderation.audio.measurement import Gap, Measurement


@dataclass
class Listener:
    """A hidden participant who only listens."""

    room: rtc.Room
    sounds: RoomHearing
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
        return [event.why for event in self.heard if isinstance(event, TrackPaused)]

    async def hears(self, blocks: int) -> list[Measurement]:
        """The next so many blocks."""
        before = len(self.measured)
        await until(f"{blocks} blocks are heard", lambda: len(self.measured) >= before + blocks)
        return self.measured[before:]

    def publications(self) -> list[rtc.RemoteTrackPublication]:
        people = self.room.remote_participants.values()
        return [publication for person in people for publication in person.track_publications.values()]

    def subscribed(self) -> set[int]:
        return {publication.source for publication in self.publications() if publication.subscribed}


@dataclass
class Speaker:
    """Somebody with a microphone that says whatever `sound` is."""

    room: rtc.Room
    source: rtc.AudioSource
    sound: SpokenSound
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


@asynccontextmanager
async def listening(stack: Stack, room_name: RoomName) -> AsyncIterator[Listener]:
    hearing = Hearing(DatabaseClock(), Metrics())
    running = asyncio.create_task(hearing.run())
    room = rtc.Room()
    heard: list[Event] = []
    sounds = RoomHearing(room, hearing, heard.append)
    key, secret = stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"]
    token = hidden_token(key, secret, room_name, Identity("agent-test"))
    await room.connect(stack.env["LIVEKIT_URL"], token, OPTIONS)
    yield Listener(room, sounds, hearing, heard)
    sounds.close()
    await room.disconnect()
    running.cancel()
    await asyncio.wait({running})


@asynccontextmanager
async def entering(
    stack: Stack, room_name: RoomName, sound: SpokenSound, encryption: rtc.E2EEOptions | None = None
) -> AsyncIterator[Speaker]:
    room, source = rtc.Room(), rtc.AudioSource(RATE, 1, queue_size_ms=100)
    token = api.AccessToken(stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"])
    grants = api.VideoGrants(room_join=True, room=room_name)
    await room.connect(
        stack.env["LIVEKIT_URL"],
        token.with_identity(str(uuid.uuid4())).with_grants(grants).to_jwt(),
        rtc.RoomOptions(single_peer_connection=False, encryption=encryption),
    )
    someone = Speaker(room, source, sound)
    playing = asyncio.create_task(someone.play())
    try:
        yield someone
    finally:
        await voice.ended(playing)
        await room.disconnect()
        await source.aclose()
