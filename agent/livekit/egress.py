"""`Egresses` over LiveKit's server API: one attempt per call, a time-out, and our errors."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import PurePosixPath
from typing import Any, Protocol, TypeVar

import aiohttp
from livekit import api
from livekit.protocol.egress import EgressStatus

from agent.core.lease import RoomName
from agent.core.ports import PortError, Unavailable
from agent.core.recording_ports import NotBegun, PartOrder
from agent.livekit.api_budget import ApiBudget
from agent.livekit.metrics import CallMetrics
from handlers.recording_facts import EgressStage, SeenEgress

Asks = TypeVar("Asks")
Told = TypeVar("Told")

SEGMENT_SECONDS = 4
PICTURE_SECONDS, PICTURE_WIDTH, PICTURE_HEIGHT = 30, 640, 360
IN_BACKUP = "the files lie in Egress's backup storage"
BEGIN_SECONDS = 10.0
"""LiveKit itself asks Egress for longer; what is begun after that is found by its prefix."""
LIMIT_PAUSE_SECONDS = 10.0
TOO_MANY_REQUESTS = 429
CODES = {
    "resource_exhausted": "limit",
    "unavailable": "unanswered",
    "not_found": "gone",
}
STAGES = {
    EgressStatus.EGRESS_STARTING: EgressStage.STARTING,
    EgressStatus.EGRESS_ACTIVE: EgressStage.ACTIVE,
    EgressStatus.EGRESS_ENDING: EgressStage.ENDING,
    EgressStatus.EGRESS_COMPLETE: EgressStage.COMPLETE,
    EgressStatus.EGRESS_LIMIT_REACHED: EgressStage.FAILED,
    EgressStatus.EGRESS_FAILED: EgressStage.FAILED,
    EgressStatus.EGRESS_ABORTED: EgressStage.FAILED,
}


class RecordingPlaces(Protocol):
    """Where Egress stores files, and as whom."""

    async def place(self, until: float) -> api.S3Upload:
        """Credentials that are good until then, where that can be had. Raises `NotBegun` where there is no place."""


class LiveKitEgress:
    def __init__(
        self,
        livekit: api.LiveKitAPI,
        budget: ApiBudget,
        metrics: CallMetrics,
        timeout: float,
        places: RecordingPlaces,
    ) -> None:
        self._egress, self._budget, self._metrics = livekit.egress, budget, metrics
        self._timeout, self._places = timeout, places

    async def begin(self, order: PartOrder) -> str:
        store = await self._places.place(order.until)
        try:
            info = await self._start(order, store)
        except api.ServerError as error:
            raise _not_begun(error) from error
        return info.egress_id

    async def _start(self, order: PartOrder, store: api.S3Upload) -> api.EgressInfo:
        outputs = _outputs(order, store)
        if order.mode == "host":
            if order.host is None:
                raise NotBegun("refused", "a recording of the host needs to know who that is")
            one = api.ParticipantEgressRequest(room_name=order.room, identity=order.host, **outputs)
            return await self._call(
                "begin_recording", self._egress.start_participant_egress, one, BEGIN_SECONDS
            )
        room = api.RoomCompositeEgressRequest(
            room_name=order.room,
            layout="grid",
            audio_only=order.mode == "audio",
            **outputs,
        )
        return await self._call(
            "begin_recording", self._egress.start_room_composite_egress, room, BEGIN_SECONDS
        )

    async def stop(self, egress_id: str) -> None:
        try:
            request = api.StopEgressRequest(egress_id=egress_id)
            await self._call("stop_recording", self._egress.stop_egress, request, self._timeout)
        except api.ServerError as error:
            if error.code not in ("failed_precondition", "not_found"):  # it has ended, or never was
                raise Unavailable(error.message) from error

    async def of(self, room: RoomName) -> Sequence[SeenEgress]:
        try:
            request = api.ListEgressRequest(room_name=room)
            answer = await self._call("recordings", self._egress.list_egress, request, self._timeout)
        except api.ServerError as error:
            raise Unavailable(error.message) from error
        return [seen(info) for info in answer.items]

    async def _call(
        self, name: str, call: Callable[[Asks], Awaitable[Told]], request: Asks, seconds: float
    ) -> Told:
        await self._budget.take(urgent=False)
        started, outcome = time.monotonic(), "ok"
        try:
            async with asyncio.timeout(seconds):
                return await call(request)
        except api.ServerError as error:
            outcome = error.code
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            outcome = "unreachable"
            raise Unavailable(f"LiveKit did not answer {name}: {str(error) or 'timed out'}") from error
        finally:
            self._metrics.livekit_seconds.labels(name, outcome).observe(time.monotonic() - started)


def _outputs(order: PartOrder, store: api.S3Upload) -> dict[str, Any]:
    """Segments always; where there is something to see, a picture now and then; one file where it is wished."""
    segments = api.SegmentedFileOutput(
        filename_prefix=f"{order.prefix}/segment",
        playlist_name="index.m3u8",
        segment_duration=SEGMENT_SECONDS,
        disable_manifest=True,
        s3=store,
    )
    pictures = api.ImageOutput(
        capture_interval=PICTURE_SECONDS,
        width=PICTURE_WIDTH,
        height=PICTURE_HEIGHT,
        filename_prefix=f"{order.prefix}/image",
        disable_manifest=True,
        s3=store,
    )
    whole = api.EncodedFileOutput(
        file_type=api.EncodedFileType.MP4,
        filepath=f"{order.prefix}/recording.mp4",
        disable_manifest=True,
        s3=store,
    )
    return {
        "segment_outputs": [segments],
        "image_outputs": [] if order.mode == "audio" else [pictures],
        "file_outputs": [whole] if order.mp4 else [],
    }


def _not_begun(error: api.ServerError) -> PortError:
    """A time-out inside LiveKit says nothing about Egress; any other answer does."""
    if error.code == "deadline_exceeded":
        return Unavailable(error.message)
    limited = error.status == TOO_MANY_REQUESTS
    code = "limit" if limited else CODES.get(error.code, "refused")
    return NotBegun(code, error.message, LIMIT_PAUSE_SECONDS if limited else 0.0)


def seen(info: api.EgressInfo) -> SeenEgress:
    """An Egress in LiveKit's words. Its times are nanoseconds."""
    results = list(info.segment_results)
    return SeenEgress(
        id=info.egress_id,
        prefix=_folder(info),
        stage=STAGES.get(info.status, EgressStage.STARTING),
        started_at=min((r.started_at / 1e9 for r in results if r.started_at), default=None),
        ended_at=info.ended_at / 1e9 if info.ended_at else None,
        size=sum(r.size for r in results) + sum(f.size for f in info.file_results),
        seconds=sum(r.duration for r in results) / 1e9,
        error=info.error or (IN_BACKUP if info.backup_storage_used else ""),
    )


def _folder(info: api.EgressInfo) -> str:
    """Where its segments go; empty for what is none of ours."""
    for kind in ("room_composite", "participant", "egress"):
        if info.HasField(kind):
            outputs = getattr(getattr(info, kind), "segment_outputs", ())
            return str(PurePosixPath(outputs[0].filename_prefix).parent) if outputs else ""
    return ""
