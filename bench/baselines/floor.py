"""LiveKit's client alone: all rooms in one process on one loop, every microphone subscribed to, its blocks thrown away.

The blocks are what ours get: 200 ms of two channels at 48 kHz. No agent that hears with this client can cost less.
Above it is what moderation costs, below it nothing of ours.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from livekit import rtc

from agent.core.lease import RoomName
from agent.livekit.dispatches import Dispatches
from agent.livekit.native import AudioFrames, RoomEvents
from agent.livekit.room import OPTIONS, hidden_token
from agent.livekit.server import LiveKitServer
from agent.process.metrics import Metrics
from agent.process.scheduling import parse_cpus, settle
from handlers.facts import Identity
from local.people.waiting import until
from local.results import say


async def listen(room: RoomName, frames: AudioFrames, events: RoomEvents, env: dict[str, str]) -> None:
    """Hears everybody in this room from now on, until the process ends."""
    connection = rtc.Room()

    def subscribe(publication: rtc.RemoteTrackPublication, *_: object) -> None:
        publication.set_subscribed(True)

    def tap(track: rtc.Track, *_: object) -> None:
        frames.open(track)

    connection.on("track_published", subscribe)
    connection.on("track_subscribed", tap)
    token = hidden_token(
        env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"], room, Identity(f"agent-floor-{room}")
    )
    await connection.connect(env["LIVEKIT_URL"], token, OPTIONS)
    events.adopt(connection)
    for person in connection.remote_participants.values():
        for publication in person.track_publications.values():
            subscribe(publication)


@dataclass(frozen=True, slots=True)
class Taker:
    """Listens in every room that it is offered."""

    begin: Callable[[RoomName], object]
    taking: bool = True

    def serve(self, room: RoomName) -> None:
        """Begins to hear the room in the background, and returns at once."""
        self.begin(room)


async def main() -> None:
    """Reads LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET; prints `registered worker` when it takes rooms."""
    env, frames, events = dict(os.environ), AudioFrames(), RoomEvents()
    async with asyncio.TaskGroup() as rooms:

        def serve(room: RoomName) -> None:
            rooms.create_task(listen(room, frames, events, env))

        server = LiveKitServer(env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])
        dispatches = Dispatches(server, Taker(serve), Metrics())
        rooms.create_task(dispatches.run())
        await until("registered", lambda: dispatches.registered)
        say("registered worker")


if __name__ == "__main__":
    settle(parse_cpus(os.environ.get("LIVE_CPUS", "")))
    asyncio.run(main())
