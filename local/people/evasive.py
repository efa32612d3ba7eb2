"""People who want to be heard and not measured: they keep the hidden agent from their tracks, or call them what they
are not.

Each way is entered on a device whose owner may speak, and goes on, also after the right was taken and came back.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field

from livekit import rtc
from livekit.rtc.participant import PublishTrackError

from local.people import voice
from local.people.device import MICROPHONE, Device
from local.people.hostile import LOUD
from local.people.sound import RATE
from local.people.waiting import until

AGAIN_SECONDS = 0.4
OPEN_SECONDS, SHUT_SECONDS = 0.3, 0.9
PICTURE_SECONDS = 5.0


def shut_out(room: rtc.Room, *but: str) -> None:
    """From now on only these people may subscribe to anything of this client's: not the hidden agent."""
    allowed = [rtc.ParticipantTrackPermission(participant_identity=who, allow_all=True) for who in but]
    room.local_participant.set_track_subscription_permissions(
        allow_all_participants=False, participant_permissions=allowed
    )


def everyone_may_listen(room: rtc.Room) -> None:
    """Anyone who was shut out may subscribe again."""
    room.local_participant.set_track_subscription_permissions(allow_all_participants=True)


def enciphered() -> rtc.E2EEOptions:
    """Of a client that encrypts end to end, with a key that the agent does not have."""
    return rtc.E2EEOptions(key_provider_options=rtc.KeyProviderOptions(shared_key=b"only for us"))


Way = Callable[[Device, str], AbstractAsyncContextManager[None]]
"""Of a device, and of the person who is to hear it."""


@asynccontextmanager
async def from_the_start(device: Device, listener: str) -> AsyncIterator[None]:
    """Shut the listener out before the first sound."""
    shut_out(device.room, listener)
    async with going_on(lambda: publish(device)):
        yield


@asynccontextmanager
async def for_everybody(device: Device, _listener: str) -> AsyncIterator[None]:
    """Shut out everybody."""
    shut_out(device.room)
    async with going_on(lambda: publish(device)):
        yield


@asynccontextmanager
async def in_mid_speech(device: Device, listener: str) -> AsyncIterator[None]:
    """Entered when the others, and the agent, have heard something."""
    async with going_on(lambda: publish(device)):
        await until("it is published", lambda: device.room.local_participant.track_publications)
        await asyncio.sleep(1.0)
        shut_out(device.room, listener)
        yield


@asynccontextmanager
async def publishing_anew(device: Device, listener: str) -> AsyncIterator[None]:
    """Shut the listener out, with a new track again and again."""
    shut_out(device.room, listener)
    async with going_on(lambda: publish(device, AGAIN_SECONDS)):
        yield


@asynccontextmanager
async def open_now_and_then(device: Device, listener: str) -> AsyncIterator[None]:
    """Let the listener in for moments between long refusals."""

    async def toggle() -> None:
        shut_out(device.room, listener)
        await asyncio.sleep(SHUT_SECONDS)
        everyone_may_listen(device.room)
        await asyncio.sleep(OPEN_SECONDS)

    async with going_on(lambda: publish(device)), going_on(toggle):
        yield


@asynccontextmanager
async def encrypted(device: Device, _listener: str) -> AsyncIterator[None]:
    """Of a device that was entered with `enciphered()`."""
    async with going_on(lambda: publish(device)):
        yield


WAYS: Mapping[str, Way] = {
    "from the start": from_the_start,
    "for everybody": for_everybody,
    "in mid-speech": in_mid_speech,
    "publishing anew": publishing_anew,
    "open now and then": open_now_and_then,
    "encrypted": encrypted,
}


@asynccontextmanager
async def going_on(act: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do it again and again while the block lasts."""

    async def for_ever() -> None:
        while True:
            await act()

    acting = asyncio.create_task(for_ever())
    try:
        yield
    finally:
        await voice.ended(acting)


async def publish(
    device: Device,
    seconds: float = float("inf"),
    source: rtc.TrackSource.ValueType = MICROPHONE,
    *,
    picture: bool = False,
) -> None:
    """Sends a loud tone, or a picture, for so long or until the right is gone; waits for the right if need be."""
    await until("the right to publish", lambda: device.connected and device.may_send(source), float("inf"))
    track, sending, media = a_picture() if picture else a_tone()
    options = rtc.TrackPublishOptions(source=source, simulcast=False)
    try:
        with suppress(PublishTrackError, TimeoutError):
            async with voice.published(device.room, track, options):
                async with asyncio.timeout(None if math.isinf(seconds) else seconds):
                    await until("the right is gone", lambda: not device.may_send(source), float("inf"))
    finally:
        await voice.ended(sending)
        await media.aclose()


def a_tone() -> tuple[rtc.LocalTrack, asyncio.Task[None], rtc.AudioSource]:
    """A loud tone as a track, with the task that plays it and its source."""
    sound = rtc.AudioSource(RATE, 1, queue_size_ms=voice.QUEUE_MS)
    track = rtc.LocalAudioTrack.create_audio_track("whatever", sound)
    return track, asyncio.create_task(voice.play(sound, LOUD)), sound


def a_picture() -> tuple[rtc.LocalTrack, asyncio.Task[None], rtc.VideoSource]:
    """A film as a track, with the task that plays it and its source."""
    film = rtc.VideoSource(voice.WIDTH, voice.HEIGHT)
    track = rtc.LocalVideoTrack.create_video_track("whatever", film)
    return track, asyncio.create_task(voice.film(film)), film


# ------------------------------------------------------------ what gets through


@dataclass
class Gate:
    """What one device could receive of one person: from when until when each track was there. Monotonic seconds."""

    room: rtc.Room
    identity: str
    _open: dict[str, float] = field(default_factory=dict)
    _past: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.room.on("track_published", self._on_published)
        self.room.on("track_unpublished", self._on_unpublished)

    def _on_published(self, publication: rtc.RemoteTrackPublication, who: rtc.RemoteParticipant) -> None:
        if who.identity == self.identity:
            self._open[publication.sid] = time.monotonic()

    def _on_unpublished(self, publication: rtc.RemoteTrackPublication, who: rtc.RemoteParticipant) -> None:
        if who.identity == self.identity and publication.sid in self._open:
            self._past.append((self._open.pop(publication.sid), time.monotonic()))

    @property
    def closed(self) -> bool:
        """Whether nothing of theirs is published now."""
        return not self._open

    @property
    def first(self) -> float:
        """When the first track came; 0 while none has."""
        begun = [*self._open.values(), *(begun for begun, _ in self._past)]
        return min(begun, default=0.0)

    def seconds(self, since: float = 0.0) -> float:
        """How long anything was there, since a moment."""
        now, total, until_then = time.monotonic(), 0.0, since
        for begun, ended in sorted([*self._past, *((begun, now) for begun in self._open.values())]):
            total += max(0.0, ended - max(begun, until_then))
            until_then = max(until_then, ended)
        return total
