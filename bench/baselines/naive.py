"""The agent of the tutorials: a process per job, everything subscribed, audio at 48 kHz in frames of 10 ms.

It joins hidden as ours does and computes the level of each frame, nothing else: no database, no decisions.
"""

import asyncio

import numpy as np
from livekit import rtc
from livekit.agents import AgentServer, AutoSubscribe, JobContext, JobRequest, WorkerPermissions, cli

server = AgentServer(
    permissions=WorkerPermissions(can_publish=False, hidden=True),
    load_fnc=lambda: 0.0,
    load_threshold=float("inf"),
    host="127.0.0.1",
    port=0,
)


async def accept(request: JobRequest) -> None:
    """Takes every room: nothing is measured of an agent that refuses some."""
    await request.accept()


@server.rtc_session(on_request=accept)
async def entrypoint(context: JobContext) -> None:
    """Runs in a process of the room's own, with a task for each audio track."""
    streams: set[asyncio.Task[None]] = set()

    @context.room.on("track_subscribed")
    def on_track(track: rtc.Track, *_: object) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            streams.add(asyncio.create_task(listen(track)))

    await context.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)


async def listen(track: rtc.Track) -> None:
    """Reads until the track ends, and computes the level of each frame, which is dropped."""
    async for event in rtc.AudioStream(track):
        samples = np.frombuffer(event.frame.data, dtype=np.int16).astype(np.float64)
        float(np.sqrt(np.mean(samples * samples)))


if __name__ == "__main__":
    cli.run_app(server)
