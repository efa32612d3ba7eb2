"""The load: people in rooms, in a process of their own so that their cost is not ours. Started by the benchmarks.

Reads one JSON object a line from stdin: `{"join": [{"room", "tokens": [publisher…, listener…], "publishers": n}]}`
opens rooms one after another, `{"leave": true}` ends. Answers a line with `{"connected_ms": […]}` when it is done.
"""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

from livekit import rtc

from local.people.sound import speech_like
from local.people.voice import microphone

LEVEL_DBFS = -20.0


async def main(url: str) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with AsyncExitStack() as people:
        while line := await reader.readline():
            order = json.loads(line)
            if order.get("leave"):
                break
            taken = [await open_room(url, room, people) for room in order["join"]]
            sys.stdout.write(json.dumps({"connected_ms": taken}) + "\n")
            sys.stdout.flush()


async def open_room(url: str, order: dict[str, Any], people: AsyncExitStack) -> float:
    """Bring everybody in and let the first ones speak; milliseconds that the first person's connection took."""
    first = 0.0
    for number, token in enumerate(order["tokens"]):
        room = rtc.Room()
        started = time.monotonic()
        await room.connect(url, token, rtc.RoomOptions(auto_subscribe=False, single_peer_connection=False))
        first = first or (time.monotonic() - started) * 1000
        people.push_async_callback(room.disconnect)
        if number < order["publishers"]:
            await people.enter_async_context(microphone(room, speech_like(LEVEL_DBFS)))
    return first


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
