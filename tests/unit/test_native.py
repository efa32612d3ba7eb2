"""A room is told about its own events, each once, and about no others."""

import asyncio
import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient, FfiHandle, ffi_event_callback
from livekit.rtc._proto.ffi_pb2 import FfiEvent, FfiRequest, FfiResponse
from livekit.rtc._utils import Queue

from agent.livekit.native import RoomEvents


def room(handle: int) -> Any:
    """What `adopt` needs of a connected room, subscribed to everything as the client's own is."""
    return SimpleNamespace(
        _ffi_handle=SimpleNamespace(handle=handle), _ffi_queue=FfiClient.instance.queue.subscribe()
    )


def told(handle: int, *, last: bool = False) -> FfiEvent:
    event = FfiEvent()
    event.room_event.room_handle = handle
    if last:
        event.room_event.eos.SetInParent()
    else:
        event.room_event.moved.SetInParent()
    return event


async def settled() -> None:
    """What other threads handed to the loop is through."""
    done = asyncio.Event()
    threading.Thread(
        target=asyncio.get_running_loop().call_soon_threadsafe, args=(done.set,), daemon=True
    ).start()
    await done.wait()


def handles(queue: Queue[FfiEvent]) -> list[int]:
    return [queue.get_nowait().room_event.room_handle for _ in range(queue.qsize())]


async def test_each_room_hears_its_own_events_until_its_last() -> None:
    events, one, two = RoomEvents(), room(1), room(2)
    events.adopt(one)
    events.adopt(two)
    for event in (told(1), told(2), told(1, last=True), told(1), FfiEvent()):
        FfiClient.instance.queue.put(event)
    await settled()
    assert handles(one._ffi_queue) == [1, 1]
    assert handles(two._ffi_queue) == [2]
    events.close()


async def test_events_stop_with_the_subscription() -> None:
    events, one = RoomEvents(), room(1)
    events.adopt(one)
    events.close()
    FfiClient.instance.queue.put(told(1))
    await settled()
    assert handles(one._ffi_queue) == []


def sent(number: int, error: str = "") -> FfiEvent:
    event = FfiEvent()
    event.publish_data.async_id = number
    if error:
        event.publish_data.error = error
    return event


async def test_a_packet_is_answered_to_its_sender_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """However early the answer comes, and no matter who has given up waiting."""
    events, asked = RoomEvents(), list[tuple[bytes, str, list[str]]]()

    def request(of: FfiRequest) -> FfiResponse:
        packet = of.publish_data
        asked.append(
            (
                ctypes.string_at(packet.data_ptr, packet.data_len),
                packet.topic,
                [*packet.destination_identities],
            )
        )
        answer = FfiResponse()
        answer.publish_data.async_id = number = len(asked)
        FfiClient.instance.queue.put(sent(number, error="too large" if number == 2 else ""))
        return answer

    monkeypatch.setattr(FfiClient.instance, "request", request)
    here: Any = SimpleNamespace(local_participant=SimpleNamespace(_ffi_handle=SimpleNamespace(handle=1)))
    answers = await asyncio.gather(
        events.send(here, b"one", "topic", ["ada"]), events.send(here, b"two", "topic", [])
    )
    assert answers == ["", "too large"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await events.send(here, b"", "", [])
    FfiClient.instance.queue.put(sent(99))
    await settled()
    assert asked == [(b"one", "topic", ["ada"]), (b"two", "topic", []), (b"", "", [])]
    assert events._answers == {}
    events.close()


async def test_the_pinned_client_has_what_rooms_and_packets_need() -> None:
    client = rtc.Room()
    assert client._ffi_handle is None
    assert hasattr(FfiClient.instance.queue, "_lock")
    assert {"room_handle", "eos"} <= {field.name for field in FfiEvent().room_event.DESCRIPTOR.fields}
    assert "_ffi_queue" in rtc.Room.connect.__code__.co_names
    assert {
        "local_participant_handle",
        "data_ptr",
        "data_len",
        "reliable",
        "topic",
        "destination_identities",
    } <= {field.name for field in FfiRequest().publish_data.DESCRIPTOR.fields}
    assert {"async_id", "error"} <= {field.name for field in FfiEvent().publish_data.DESCRIPTOR.fields}


def test_the_pinned_client_has_what_the_frames_need() -> None:
    event, asked = FfiEvent(), FfiRequest().new_audio_stream
    assert {"stream_handle", "frame_received", "eos"} <= {
        field.name for field in event.audio_stream_event.DESCRIPTOR.fields
    }
    assert {"track_handle", "type", "sample_rate", "num_channels", "frame_size_ms"} <= {
        field.name for field in asked.DESCRIPTOR.fields
    }
    assert callable(rtc.AudioFrame._from_owned_info)
    assert isinstance(FfiHandle, type)


async def test_the_pinned_client_has_what_the_log_and_the_end_of_a_room_need() -> None:
    assert FfiClient.instance._ffi_lib.livekit_ffi_initialize is not None
    assert callable(ffi_event_callback)
    room = rtc.Room()
    room.on("disconnected", lambda _: None)
    assert room._events["disconnected"]


JOIN = """
import asyncio, sys
from livekit import rtc
from agent.livekit.native import run_no_programs

async def join():
    if sys.argv[1] == "quiet":
        run_no_programs()
    try:
        await rtc.Room().connect("ws://127.0.0.1:9", "token", rtc.RoomOptions(connect_timeout=1.0))
    except rtc.ConnectError:
        pass

asyncio.run(join())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the client asks lsb_release on Linux alone")
@pytest.mark.parametrize(("how", "asked"), [("plain", True), ("quiet", False)])
def test_no_program_is_run_for_a_room(how: str, asked: bool, tmp_path: Path) -> None:
    """`plain` holds the reason: when the client no longer asks, the switch can go."""
    script, ran = tmp_path / "lsb_release", tmp_path / "ran"
    script.write_text(f"#!/bin/sh\n: > {ran}\n")
    script.chmod(0o755)
    env = {**os.environ, "PATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", JOIN, how], env=env, check=True, capture_output=True, timeout=60)
    assert ran.exists() is asked
