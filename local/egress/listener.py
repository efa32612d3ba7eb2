"""Being in the room as a recorder: sound and pictures of whom it shall record go to the mixer."""

import asyncio
import time
from datetime import timedelta

import av
import numpy as np
from livekit import api, rtc

from agent.livekit.translation import is_as_announced
from local.egress.media import RATE, Mixer
from local.people.joining import join

TOKEN_SECONDS = 86_400


def recorder_token(key: str, secret: str, room: str, egress_id: str) -> str:
    """The grants that Egress gives itself."""
    grants = api.VideoGrants(
        room_join=True,
        room=room,
        can_subscribe=True,
        can_publish=False,
        can_publish_data=False,
        hidden=True,
        recorder=True,
    )
    token = api.AccessToken(key, secret).with_identity(egress_id).with_kind("egress")
    return token.with_grants(grants).with_ttl(timedelta(seconds=TOKEN_SECONDS)).to_jwt()


class RoomRecorder:
    """`only`: this person alone, sound and picture; otherwise everybody's sound. `video`: the first picture as well."""

    def __init__(self, mixer: Mixer, *, only: str | None, video: bool) -> None:
        self._mixer, self._only, self._video = mixer, only, video
        self.room = rtc.Room()
        self.picture: av.VideoFrame | None = None
        self.over = asyncio.Event()
        """The room, or the person who is recorded, has gone."""
        self._streams: dict[str, asyncio.Task[None]] = {}
        self.room.on("track_published", self._want)
        self.room.on("track_subscribed", lambda track, _, __: self._follow(track))
        self.room.on("track_unsubscribed", lambda track, _, __: self._drop(track.sid))
        self.room.on("disconnected", lambda _: self.over.set())
        self.room.on("participant_disconnected", self._on_left)

    async def join(self, url: str, token: str) -> None:
        """Enter the room, subscribing only to what is recorded."""
        await join(self.room, url, token, rtc.RoomOptions(auto_subscribe=False))
        for who in self.room.remote_participants.values():
            for publication in who.track_publications.values():
                self._want(publication, who)

    async def leave(self) -> None:
        """Stop taking in and leave the room."""
        for stream in self._streams.values():
            stream.cancel()
        await asyncio.gather(*self._streams.values(), return_exceptions=True)
        await self.room.disconnect()

    def _on_left(self, who: rtc.RemoteParticipant) -> None:
        if who.identity == self._only:
            self.over.set()

    def _want(self, publication: rtc.RemoteTrackPublication, who: rtc.RemoteParticipant) -> None:
        heard = publication.kind == rtc.TrackKind.KIND_AUDIO or self._video
        if heard and is_as_announced(publication) and self._only in (None, who.identity):
            publication.set_subscribed(True)

    def _follow(self, track: rtc.Track) -> None:
        hears = track.kind == rtc.TrackKind.KIND_AUDIO
        work = self._hear(track) if hears else self._see(track)
        self._streams[track.sid] = asyncio.create_task(work, name=f"record {track.sid}")

    def _drop(self, sid: str) -> None:
        if stream := self._streams.pop(sid, None):
            stream.cancel()

    async def _hear(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream.from_track(track=track, sample_rate=RATE, num_channels=1, frame_size_ms=20)
        try:
            async for event in stream:
                samples = np.frombuffer(event.frame.data, dtype=np.int16)
                self._mixer.add(track.sid, samples, time.monotonic())
        finally:
            await stream.aclose()

    async def _see(self, track: rtc.Track) -> None:
        stream = rtc.VideoStream.from_track(track=track, format=rtc.VideoBufferType.I420, capacity=1)
        try:
            async for event in stream:
                self.picture = as_picture(event.frame)
        finally:
            await stream.aclose()


def as_picture(frame: rtc.VideoFrame) -> av.VideoFrame:
    """I420, whose width and height are even."""
    planes = np.frombuffer(frame.data, dtype=np.uint8)
    return av.VideoFrame.from_ndarray(planes.reshape(frame.height * 3 // 2, frame.width), format="yuv420p")
