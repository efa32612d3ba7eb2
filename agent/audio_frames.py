"""Every audio frame that this process receives, by one subscription to LiveKit's native side.

`rtc.AudioStream` gives each stream a subscription of its own, which looks at every frame of the process, and an
unbounded queue: a hundred speakers cost fifty thousand looks a second. Here a frame goes straight to the tap of its
track, which keeps the newest two, and the loop is not woken for it. What this needs of the client's internals is held
to the pinned version by a test.
"""

import asyncio
import time
from collections import deque

import numpy as np
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient, FfiHandle
from livekit.rtc._proto import audio_frame_pb2 as audio_protocol
from livekit.rtc._proto.ffi_pb2 import FfiEvent, FfiRequest
from numpy.typing import NDArray

from moderation.audio.kweighting import CHANNELS, SAMPLE_RATE
from moderation.audio.meter import BLOCK_SECONDS

KEPT_BLOCKS = 2


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

    def waits(self) -> bool:
        """There is something to take."""
        return bool(self._blocks)

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
        FfiClient.instance.queue.unsubscribe(self._subscription)

    def open(self, track: rtc.Track) -> Tap:
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
