"""Each room's events to that room alone, and packets' answers to whoever sent them, by one subscription to LiveKit's
native side.

`rtc.Room` subscribes to every event of the process and throws away those of other rooms: with eighty rooms each event
wakes eighty tasks, and what an idle room costs grows with their number. `publish_data` does the same for each packet,
which it also copies number by number. Here one look at an event finds whom it is for. The log of every step, which
Python would read line by line only to drop it, stays on the native side. What this needs of the client's internals is
held to the pinned version by a test.
"""

import asyncio
import ctypes
from collections.abc import Sequence

from livekit import rtc
from livekit.rtc._ffi_client import FfiClient, ffi_event_callback
from livekit.rtc._proto.ffi_pb2 import FfiEvent, FfiRequest
from livekit.rtc._utils import Queue


def quiet_native_log() -> None:
    """The native side keeps its log: errors go to stderr, more if `RUST_LOG` says so, and none of it through Python,
    which took three quarters of what idle rooms cost."""
    library = FfiClient.instance._ffi_lib  # noqa: SLF001  (the client has no switch for it)
    library.livekit_ffi_initialize(ffi_event_callback, False, b"python", rtc.__version__.encode())  # noqa: FBT003


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
