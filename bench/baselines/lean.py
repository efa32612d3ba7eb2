"""A process per job with every lean setting: no speech models preloaded, imports shared by the fork server, audio at
16 kHz in frames of 200 ms."""

import asyncio
import os

os.environ.setdefault("LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE", "0")

import numpy as np
from livekit import rtc
from livekit.agents import AgentServer, AutoSubscribe, JobContext, JobRequest, WorkerPermissions, cli

server = AgentServer(
    permissions=WorkerPermissions(can_publish=False, hidden=True),
    load_fnc=lambda: 0.0,
    load_threshold=float("inf"),
    num_idle_processes=1,
    preload_modules=["numpy"],
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
    stream = rtc.AudioStream(track, sample_rate=16000, num_channels=1, frame_size_ms=200, capacity=10)
    async for event in stream:
        samples = np.frombuffer(event.frame.data, dtype=np.int16).astype(np.float64)
        float(np.sqrt(np.mean(samples * samples)))


if __name__ == "__main__":
    cli.run_app(server)
