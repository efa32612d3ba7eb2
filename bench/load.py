"""The load: people in rooms, in a process of their own so that their cost is not ours. Started by `bench.crowd`.

Reads one JSON object a line from stdin and answers each with one: `{"join": [{"room", "tokens": [publisher…,
listener…], "publishers": n}], "at_once": bool}` opens rooms, `{"leave": ["room", …]}` takes everybody out of them.
The end of stdin ends it.
"""

import asyncio
import itertools
import json
import logging
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

from livekit import rtc

from agent.room_events import RoomEvents
from local.people.sound import RATE, speech_like
from local.people.voice import PUBLISH_SECONDS, ended

LEVEL_DBFS = -20.0
FRAME_SECONDS, QUEUE_MS = 1.0, 2000
"""Long: LiveKit's client tells everybody in a process of every frame that anybody in it hands over."""


def _matters(record: logging.LogRecord) -> bool:
    """False for what LiveKit's client says when a publication's event comes before the call for it returns."""
    return "callback for local_track_published" not in record.getMessage()


class Load:
    """Who is in each room, and how to get them out."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._rooms: dict[str, AsyncExitStack] = {}
        self._events = RoomEvents()
        """As in the worker: a room that hears every other's events would be most of what is measured."""
        self._publishing = asyncio.Lock()
        """Many publications at once make LiveKit's client lose some; people may well come in at once."""

    async def obey(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        if "leave" in order:
            await self.leave(order["leave"])
            return []
        if order["at_once"]:
            return await asyncio.gather(*(self._open(room) for room in order["join"]))
        return [await self._open(room) for room in order["join"]]

    async def leave(self, names: list[str]) -> None:
        await asyncio.gather(*(self._rooms.pop(name).aclose() for name in names))

    async def leave_all(self) -> None:
        await self.leave(list(self._rooms))

    async def _open(self, order: dict[str, Any]) -> dict[str, Any]:
        """Bring everybody in and let the first ones speak; when the first person was in, and what it took."""
        people = self._rooms[order["room"]] = AsyncExitStack()
        first: dict[str, Any] = {}
        for number, token in enumerate(order["tokens"]):
            room = rtc.Room()
            started = time.monotonic()
            options = rtc.RoomOptions(auto_subscribe=False, single_peer_connection=False)
            await room.connect(self._url, token, options)
            first = first or {
                "room": order["room"],
                "connected_at": time.time(),
                "connected_ms": (time.monotonic() - started) * 1000,
            }
            people.push_async_callback(room.disconnect)
            if number < order["publishers"]:
                async with self._publishing:
                    await speak(room, people)
            self._events.adopt(room)
        return first


async def speak(room: rtc.Room, until_left: AsyncExitStack) -> None:
    """Publishes something like speech until this person leaves."""
    source = rtc.AudioSource(RATE, 1, queue_size_ms=QUEUE_MS)
    until_left.push_async_callback(source.aclose)
    track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    async with asyncio.timeout(PUBLISH_SECONDS):
        await room.local_participant.publish_track(track, options)
    until_left.push_async_callback(ended, asyncio.create_task(talk(source)))


async def talk(source: rtc.AudioSource) -> None:
    """By its own clock, half a frame ahead: the client's queue does not hold back whoever feeds it in every state."""
    loop, pcm, size = asyncio.get_running_loop(), speech_like(LEVEL_DBFS).pcm, round(RATE * FRAME_SECONDS)
    due = loop.time() - FRAME_SECONDS / 2
    for at in itertools.cycle(range(0, pcm.size - size + 1, size)):
        await source.capture_frame(rtc.AudioFrame(pcm[at : at + size].tobytes(), RATE, 1, size))
        due += FRAME_SECONDS
        await asyncio.sleep(due - loop.time())


async def main(url: str) -> None:
    reader = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    load = Load(url)
    try:
        while line := await reader.readline():
            sys.stdout.write(json.dumps(await load.obey(json.loads(line))) + "\n")
            sys.stdout.flush()
    finally:
        await load.leave_all()


if __name__ == "__main__":
    handler = logging.StreamHandler()
    handler.addFilter(_matters)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    asyncio.run(main(sys.argv[1]))
