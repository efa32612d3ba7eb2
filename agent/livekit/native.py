"""LiveKit's native side, past the public interface of its client: the one module that knows private names of it.

Five things, each because of a measured figure (decision 8):

- **A room's events to that room alone** (`RoomEvents.adopt`). `rtc.Room` subscribes to every event of the process but
  frames, and throws away those of other rooms: with eighty rooms each event wakes eighty tasks.
- **A packet's answer to its sender alone** (`RoomEvents.send`). `publish_data` waits among all events, and copies each
  packet number by number.
- **Audio frames without a queue** (`AudioFrames`). Each `rtc.AudioStream` looks at every frame of the process, and a
  hundred speakers cost fifty thousand looks a second. Here a frame goes straight to its track's tap, which keeps the
  newest two, and the loop is not woken for it.
- **The native log stays native** (`quiet_native_log`). Read line by line by Python, only to be dropped, it was three
  quarters of what idle rooms cost.
- **No program for each room** (`run_no_programs`). Of twenty rooms at once, a third of the wait.

`tests/unit/test_native.py` holds each private name to the pinned version.
"""

import asyncio
import ctypes
import math
import os
import time
from collections import deque
from collections.abc import Sequence

import numpy as np
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient, FfiHandle, ffi_event_callback
from livekit.rtc._proto import audio_frame_pb2 as audio_protocol
from livekit.rtc._proto.ffi_pb2 import FfiEvent, FfiRequest
from livekit.rtc._proto.participant_pb2 import ParticipantPermission
from livekit.rtc._utils import Queue
from numpy.typing import NDArray

from moderation.audio.kweighting import CHANNELS, SAMPLE_RATE
from moderation.audio.meter import BLOCK_SECONDS

__all__ = [
    "AudioFrames",
    "ParticipantPermission",
    "RoomEvents",
    "Tap",
    "forget_callbacks",
    "quiet_native_log",
    "run_no_programs",
]

KEPT_BLOCKS = 2


def quiet_native_log() -> None:
    """The native side keeps its log: errors go to stderr, more if `RUST_LOG` says so, and none of it through Python,
    which took three quarters of what idle rooms cost."""
    library = FfiClient.instance._ffi_lib  # noqa: SLF001  (the client has no switch for it)
    library.livekit_ffi_initialize(ffi_event_callback, False, b"python", rtc.__version__.encode())  # noqa: FBT003


def run_no_programs() -> None:
    """For a worker alone: no program can be started by its name afterwards. For each room that it joins, LiveKit's
    client (1.1.21) runs the shell script `lsb_release`, where there is one, to say on which system it is: 40 ms of the
    core that all rooms share. Otherwise it reads /etc/os-release."""
    os.environ["PATH"] = "/nonexistent"


def forget_callbacks(room: rtc.Room) -> None:
    """A room and what it calls hold each other, and megabytes of LiveKit's until the next great collection."""
    room._events.clear()  # noqa: SLF001  (`off` would need each callback again)


class RoomEvents:
    """Create it, and call it, on the loop. Rooms that were adopted publish no tracks and answer no RPC: the answers to
    those would not reach them."""

    def __init__(self) -> None:
        quiet_native_log()
        self._loop = asyncio.get_running_loop()
        self._rooms: dict[int, Queue[FfiEvent]] = {}
        """By the native room's handle."""
        self._answers: dict[int, asyncio.Future[str]] = {}
        """By the packet's number on the native side."""
        self._subscription = FfiClient.instance.queue.subscribe(self._loop, self._dispatch)

    def close(self) -> None:
        """No event is taken in any more."""
        FfiClient.instance.queue.unsubscribe(self._subscription)

    def adopt(self, room: rtc.Room) -> None:
        """From now on, of this connected room's events none is lost and none of another's reaches it."""
        native, handle = FfiClient.instance.queue, room._ffi_handle  # noqa: SLF001  (see above)
        assert handle is not None
        with native._lock:  # noqa: SLF001  (or an event that comes between the two lines is lost)
            native.unsubscribe(room._ffi_queue)  # noqa: SLF001
            self._rooms[handle.handle] = room._ffi_queue  # noqa: SLF001

    async def send(self, room: rtc.Room, packet: bytes, topic: str, to: Sequence[str]) -> str:
        """Send a reliable packet to these identities, or to all. What went wrong; empty when it is on its way."""
        request = FfiRequest()
        asked = request.publish_data
        asked.local_participant_handle = room.local_participant._ffi_handle.handle  # noqa: SLF001  (see above)
        asked.data_ptr, asked.data_len = _address(packet), len(packet)
        asked.reliable, asked.topic = True, topic
        asked.destination_identities.extend(to)
        number = FfiClient.instance.request(request).publish_data.async_id
        # The answer comes by way of the loop, so it cannot come before this line.
        answer: asyncio.Future[str] = self._loop.create_future()
        self._answers[number] = answer
        try:
            return await answer
        finally:
            del self._answers[number]

    def _answered(self, number: int, error: str) -> None:
        if (answer := self._answers.get(number)) is not None and not answer.done():
            answer.set_result(error)

    def _dispatch(self, event: FfiEvent) -> bool:
        """On the native side's thread, for each event of the process: the subscription's filter, which lets none
        of them into its own queue."""
        kind = event.WhichOneof("message")
        if kind == "publish_data" and not self._loop.is_closed():
            sent = event.publish_data
            self._loop.call_soon_threadsafe(self._answered, sent.async_id, sent.error)
        if kind != "room_event":
            return False
        told = event.room_event
        queue = self._rooms.get(told.room_handle)
        if queue is not None and not self._loop.is_closed():
            if told.HasField("eos"):
                del self._rooms[told.room_handle]
            self._loop.call_soon_threadsafe(queue.put_nowait, event)
        return False


def _address(packet: bytes) -> int:
    """Where it lies, for as long as somebody holds it; the native side copies it before `request` returns."""
    return ctypes.cast(ctypes.c_char_p(packet), ctypes.c_void_p).value or 0


class Tap:
    """The frames of one track: 200 ms at 48 kHz in two channels. What is sent in one comes as two alike."""

    def __init__(self, handle: FfiHandle) -> None:
        self.handle = handle
        self._dropped = 0
        self._told = 0
        self._blocks: deque[tuple[float, bytearray]] = deque(maxlen=KEPT_BLOCKS)

    def add(self, at: float, samples: bytearray) -> None:
        """On the native side's thread."""
        self._dropped += len(self._blocks) == KEPT_BLOCKS
        self._blocks.append((at, samples))

    def waits_since(self) -> float:
        """When the oldest block arrived that is left; infinite: there is none."""
        return self._blocks[0][0] if self._blocks else math.inf

    def newly_dropped(self) -> int:
        """How many blocks a newer one has pushed out since this was asked last."""
        before, self._told = self._told, self._dropped
        return self._told - before

    def take(self) -> tuple[float, NDArray[np.int16]] | None:
        """The oldest block that is left, int16 of shape (9600, 2), and when it arrived (monotonic seconds)."""
        try:
            at, samples = self._blocks.popleft()
        except IndexError:
            return None
        return at, np.frombuffer(samples, dtype=np.int16).reshape(-1, CHANNELS)


class AudioFrames:
    """Opens and closes taps. Create it, and call it, on the loop."""

    def __init__(self) -> None:
        self._taps: dict[int, Tap | None] = {}
        """By the native stream's handle; None: closed, its last frames may still be on their way."""
        self._subscription = FfiClient.instance.queue.subscribe(asyncio.get_running_loop(), self._dispatch)

    def close(self) -> None:
        """No frame is taken in any more."""
        FfiClient.instance.queue.unsubscribe(self._subscription)

    def open(self, track: rtc.Track) -> Tap:
        """A tap that the track's frames fill: `BLOCK_SECONDS` each, `CHANNELS` at `SAMPLE_RATE`, int16."""
        request = FfiRequest()
        asked = request.new_audio_stream
        asked.track_handle = track._ffi_handle.handle  # noqa: SLF001  (see above)
        asked.type = audio_protocol.AudioStreamType.AUDIO_STREAM_NATIVE
        asked.sample_rate, asked.num_channels = SAMPLE_RATE, CHANNELS
        asked.frame_size_ms = round(BLOCK_SECONDS * 1000)
        stream = FfiClient.instance.request(request).new_audio_stream.stream
        tap = Tap(FfiHandle(stream.handle.id))
        self._taps[tap.handle.handle] = tap
        return tap

    def shut(self, tap: Tap) -> None:
        """No more frames. Harmless when repeated."""
        if self._taps.get(tap.handle.handle) is tap:
            self._taps[tap.handle.handle] = None
            tap.handle.dispose()

    def _dispatch(self, event: FfiEvent) -> bool:
        """On the native side's thread, for each event of the process: this is the subscription's filter, and lets none
        of them into its queue. Handles that are not ours belong to somebody else's streams."""
        if event.WhichOneof("message") != "audio_stream_event":
            return False
        told = event.audio_stream_event
        if told.stream_handle not in self._taps:
            return False
        if not told.HasField("frame_received"):
            self._taps.pop(told.stream_handle, None)
            return False
        frame = rtc.AudioFrame._from_owned_info(told.frame_received.frame)  # noqa: SLF001  (it frees the native one)
        tap = self._taps.get(told.stream_handle)
        if tap is not None:
            tap.add(time.monotonic(), frame._data)  # type: ignore[arg-type]  # noqa: SLF001  (a bytearray of its own)
        return False
