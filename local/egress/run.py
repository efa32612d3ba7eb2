"""One egress from its start to its end: joins, writes, uploads each segment as it is closed, and says how it stands."""

import asyncio
import logging
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import aiohttp
from google.protobuf.message import Message
from livekit.protocol import egress

from local.egress.faults import Misbehaviour
from local.egress.listener import RoomRecorder, recorder_token
from local.egress.media import DELAY_SECONDS, HEIGHT, WIDTH, Mixer, Writer, as_jpeg, as_mp4
from local.egress.s3 import Bucket, UploadError

log = logging.getLogger(__name__)
Status = egress.EgressStatus
Tell = Callable[[egress.EgressInfo], Awaitable[None]]

TICK_SECONDS = 0.1
JOIN_SECONDS = 10.0
SEGMENT_SECONDS, PICTURE_SECONDS = 6, 10
PLAYLIST, SEGMENT, MP4, JPEG = "application/vnd.apple.mpegurl", "video/mp2t", "video/mp4", "image/jpeg"


class Place:
    """Where the server is, and how to get in."""

    def __init__(self, url: str, key: str, secret: str, http: aiohttp.ClientSession) -> None:
        self.url, self.key, self.secret, self.http = url, key, secret, http


class EgressRun:
    """`request`: psrpc's StartEgressRequest. `tell`: to the server, at each change."""

    def __init__(self, request: Any, place: Place, tell: Tell, faults: Misbehaviour) -> None:
        self._place, self._tell, self._faults = place, tell, faults
        kind = _kind(request)
        self._wanted: Any = getattr(request, kind)
        self._segments = _output(self._wanted, "segment_outputs", "segments")
        self._file = _output(self._wanted, "file_outputs", "file")
        self._images = _output(self._wanted, "image_outputs", "images")
        now = time.time_ns()
        self.info = egress.EgressInfo(
            egress_id=request.egress_id,
            room_id=request.room_id,
            room_name=self._wanted.room_name,
            status=Status.EGRESS_STARTING,
            started_at=now,
            updated_at=now,
        )
        getattr(self.info, kind).CopyFrom(self._wanted)
        self._only = self._wanted.identity if kind == "participant" else None
        self._video = not getattr(self._wanted, "audio_only", False)
        self._folder = Path(tempfile.mkdtemp(prefix="egress-"))
        self._stopping = asyncio.Event()
        self._uploaded: set[str] = set()

    async def run(self) -> None:
        """Record until told to stop, or until the room ends."""
        try:
            await self._record()
        except (UploadError, OSError, TimeoutError, RuntimeError) as error:
            await self._end(Status.EGRESS_FAILED, str(error) or type(error).__name__)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def stop(self) -> None:
        """Finish the files; `run` returns when they are stored."""
        if self.info.status in (Status.EGRESS_STARTING, Status.EGRESS_ACTIVE):
            await self._become(Status.EGRESS_ENDING)
        self._stopping.set()

    async def _record(self) -> None:
        if self._faults.is_on("hangs", self.info.room_name):
            await self._stopping.wait()
            return await self._end(Status.EGRESS_ABORTED, "Start signal not received")
        begun = time.monotonic()
        mixer = Mixer(begun)
        listener = RoomRecorder(mixer, only=self._only, video=self._video)
        token = recorder_token(self._place.key, self._place.secret, self.info.room_name, self.info.egress_id)
        async with asyncio.timeout(JOIN_SECONDS):
            await listener.join(self._place.url, token)
        try:
            await self._write(listener, mixer)
        finally:
            with suppress(Exception):
                await listener.leave()

    async def _write(self, listener: RoomRecorder, mixer: Mixer) -> None:
        prefix = PurePosixPath(self._segments.filename_prefix)
        playlist = PurePosixPath(self._segments.playlist_name).name or f"{prefix.name}.m3u8"
        bucket = Bucket.of(self._segments.s3, self._place.http)
        length = self._segments.segment_duration or SEGMENT_SECONDS
        writer = Writer(self._folder, prefix.name, playlist, length, video=self._video)
        self.info.started_at = time.time_ns()
        result = self.info.segment_results.add(playlist_name=str(prefix.parent / playlist))
        result.started_at = self.info.started_at
        await self._become(Status.EGRESS_ACTIVE)
        while not (self._stopping.is_set() or listener.over.is_set()):
            await asyncio.sleep(TICK_SECONDS)
            self._faults.check(self.info.room_name)
            writer.sound(mixer.take(time.monotonic()))
            writer.picture(listener.picture)
            await self._upload(writer, bucket, prefix.parent)
            await self._take_picture(listener, writer.seconds, bucket)
        if listener.over.is_set() and self.info.status == Status.EGRESS_ACTIVE:
            self.info.details = "End reason: Source closed"
            await self._become(Status.EGRESS_ENDING)
        await listener.leave()
        writer.sound(mixer.take(time.monotonic() + DELAY_SECONDS))
        writer.picture(listener.picture)
        writer.close()
        await self._upload(writer, bucket, prefix.parent)
        await self._store_file(writer, bucket)
        result.ended_at = time.time_ns()
        await self._end(Status.EGRESS_COMPLETE)

    async def _upload(self, writer: Writer, bucket: Bucket, folder: PurePosixPath) -> None:
        """Segments first, so that the list never names one that is not there."""
        result, new = self.info.segment_results[0], False
        for name, seconds in writer.closed_segments().items():
            if name in self._uploaded:
                continue
            content = await asyncio.to_thread((writer.folder / name).read_bytes)
            await self._put(bucket, str(folder / name), content, SEGMENT)
            self._uploaded.add(name)
            result.segment_count, result.size, new = len(self._uploaded), result.size + len(content), True
            result.duration += round(seconds * 1e9)
        if new:
            playlist = await asyncio.to_thread(writer.playlist.read_bytes)
            location = await self._put(bucket, str(folder / writer.playlist.name), playlist, PLAYLIST)
            result.playlist_location = location

    async def _take_picture(self, listener: RoomRecorder, seconds: float, bucket: Bucket) -> None:
        """The one that is due, once there is something to see."""
        wanted = self._images
        if wanted is None or listener.picture is None:
            return
        if not self.info.image_results:
            self.info.image_results.add(filename_prefix=wanted.filename_prefix, started_at=time.time_ns())
        result = self.info.image_results[0]
        if seconds < result.image_count * (wanted.capture_interval or PICTURE_SECONDS):
            return
        picture = await asyncio.to_thread(
            as_jpeg, listener.picture, wanted.width or WIDTH, wanted.height or HEIGHT
        )
        await self._put(bucket, f"{wanted.filename_prefix}_{result.image_count:05d}.jpeg", picture, JPEG)
        result.image_count += 1

    async def _store_file(self, writer: Writer, bucket: Bucket) -> None:
        if self._file is None or not self._file.filepath:
            return
        target = self._folder / "whole.mp4"
        await asyncio.to_thread(as_mp4, writer.playlist, target)
        content = await asyncio.to_thread(target.read_bytes)
        location = await self._put(bucket, self._file.filepath, content, MP4)
        self.info.file_results.add(
            filename=self._file.filepath,
            duration=round(writer.seconds * 1e9),
            size=len(content),
            location=location,
        )

    async def _put(self, bucket: Bucket, path: str, content: bytes, mime: str) -> str:
        if self._faults.is_on("storage", self.info.room_name):
            raise UploadError("storage is down")
        return await bucket.put(path, content, mime)

    async def _end(self, status: egress.EgressStatus, error: str = "") -> None:
        self.info.error, self.info.ended_at = error, time.time_ns()
        await self._become(status)

    async def _become(self, status: egress.EgressStatus) -> None:
        self.info.status, self.info.updated_at = status, time.time_ns()
        log.info("%s is %s %s", self.info.egress_id, Status.Name(status), self.info.error)
        await self._tell(self.info)


def room_of(request: Any) -> str:
    """The room of psrpc's StartEgressRequest."""
    return str(getattr(request, _kind(request)).room_name)


def _kind(request: Any) -> str:
    for kind in ("room_composite", "participant"):
        if request.HasField(kind):
            return kind
    raise RuntimeError("the stand-in records rooms and participants only")


def _output(wanted: Message, many: str, one: str) -> Any:
    """The first output of this kind, in its new place or its old one; None: there is none."""
    outputs = getattr(wanted, many)
    if outputs:
        return outputs[0]
    known = one in wanted.DESCRIPTOR.fields_by_name  # newer requests have the new place alone
    return getattr(wanted, one) if known and wanted.HasField(one) else None
