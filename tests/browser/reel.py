"""A recording that is ready to be watched, as a worker and Egress leave it: real segments at once."""

import asyncio
from pathlib import Path

import aiohttp
import asyncpg
import numpy as np

from local.egress.media import BLACK, RATE, Writer, as_jpeg, as_mp4
from local.people.person import OpenSession, People
from local.people.sound import tone
from local.stack import Stack

SECONDS, SEGMENT_SECONDS = 6, 4
PART = (
    "insert into live_recording_parts (recording_id, number, prefix, started_at, ended_at)"
    " select id, 1, prefix || '/1', now() - make_interval(secs => $2), now() from live_recordings where id = $1"
)
STATE = "update live_recordings set state = $2, duration_seconds = $3 where id = $1"


def write(folder: Path, seconds: int) -> dict[str, bytes]:
    """A tone and a dark picture in segments, the whole as one file, and a picture; the files by their names."""
    writer = Writer(folder, "segment", "index.m3u8", SEGMENT_SECONDS, video=True)
    for _ in range(seconds * 10):
        writer.sound(np.resize(tone(-20).pcm, RATE // 10))
        writer.picture(None)
    writer.close()
    as_mp4(folder / "index.m3u8", folder / "recording.mp4")
    (folder / "image_00000.jpeg").write_bytes(as_jpeg(BLACK, 160, 90))
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def ready(
    stack: Stack, people: People, session: OpenSession, folder: Path, seconds: int = SECONDS
) -> str:
    """The id of a recording of this session whose files are in Storage."""
    asked = await people.service.rpc(
        "recording_start", p_user=session.creator_id, p_session=session.id, p_mode="composite", p_mp4=True
    )
    recording: str = asked["recording"]["id"]
    files = await asyncio.to_thread(write, folder, seconds)
    key = stack.keys.secret
    url = f"{stack.url}/storage/v1/object/recordings/{session.id}/{recording}/1"
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as http:
        for name, content in files.items():
            await http.post(f"{url}/{name}", data=content)
    database = await asyncpg.connect(stack.database_url)
    try:
        await database.execute(PART, recording, float(seconds))
        for state in ("starting", "processing", "ready"):
            await database.execute(STATE, recording, state, float(seconds))
    finally:
        await database.close()
    return recording
