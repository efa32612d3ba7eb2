"""What one device sends: a sound through the microphone, a small moving picture through the camera."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import numpy as np
from livekit import rtc
from livekit.rtc.participant import UnpublishTrackError

from local.people.sound import RATE, SpokenSound

FRAME_MS = 50
QUEUE_MS = 100
"""Short, so that what is said stops being said at once."""
WIDTH, HEIGHT, PICTURES_A_SECOND = 160, 96, 5
PUBLISH_SECONDS = 12.0
"""LiveKit's client gives up on a publication after 10 s."""
UNPUBLISH_SECONDS = 3.0


@asynccontextmanager
async def microphone(room: rtc.Room, sound: SpokenSound) -> AsyncIterator[None]:
    """Publishes the sound, from entering to leaving. Raises rtc's PublishTrackError when refused."""
    source = rtc.AudioSource(RATE, 1, queue_size_ms=QUEUE_MS)
    try:
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        speaking = asyncio.create_task(play(source, sound), name=f"says {sound.name}")
        try:
            async with published(room, track, options):
                yield
        finally:
            await ended(speaking)
    finally:
        await source.aclose()


@asynccontextmanager
async def camera(room: rtc.Room) -> AsyncIterator[None]:
    """Publishes a small moving picture, from entering to leaving."""
    source = rtc.VideoSource(WIDTH, HEIGHT)
    try:
        track = rtc.LocalVideoTrack.create_video_track("camera", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=False)
        filming = asyncio.create_task(film(source), name="films")
        try:
            async with published(room, track, options):
                yield
        finally:
            await ended(filming)
    finally:
        await source.aclose()


@asynccontextmanager
async def published(
    room: rtc.Room, track: rtc.LocalTrack, options: rtc.TrackPublishOptions
) -> AsyncIterator[None]:
    """The track is published while the block lasts."""
    async with asyncio.timeout(PUBLISH_SECONDS):
        publication = await room.local_participant.publish_track(track, options)
    try:
        yield
    finally:
        if room.isconnected() and publication.sid in room.local_participant.track_publications:
            # A server that took the right away has unpublished it, and does not tell us.
            with suppress(UnpublishTrackError, TimeoutError):
                async with asyncio.timeout(UNPUBLISH_SECONDS):
                    await room.local_participant.unpublish_track(publication.sid)


async def play(source: rtc.AudioSource, sound: SpokenSound) -> None:
    """Says it again and again; the source's queue sets the pace."""
    for samples in chunks(sound):
        await source.capture_frame(rtc.AudioFrame(samples.tobytes(), RATE, 1, samples.size))


def chunks(sound: SpokenSound) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int16]]]:
    """Frames of `FRAME_MS` of a sound (16 bit, mono, `RATE` a second), from its beginning again and again."""
    size = RATE * FRAME_MS // 1000
    frames = [sound.pcm[at : at + size] for at in range(0, sound.pcm.size - size + 1, size)]
    while True:
        yield from frames


async def film(source: rtc.VideoSource) -> None:
    """A bar that wanders over a grey field."""
    picture = np.full((HEIGHT, WIDTH, 4), 96, dtype=np.uint8)
    for step in range(1_000_000_000):
        frame = picture.copy()
        frame[:, step * 4 % WIDTH : step * 4 % WIDTH + 8] = 255
        source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.RGBA, frame.tobytes()))
        await asyncio.sleep(1 / PICTURES_A_SECOND)


async def ended(task: asyncio.Task[None]) -> None:
    """Ends a task that plays for ever; raises what it failed with, if it did."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error
