"""A room recorded to a bucket of another S3 provider: it plays, and is called deleted when its files are gone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin
from uuid import UUID

import pytest

from local import s3_store
from local.people.waiting import until
from local.ports import Offset
from local.studio import Studio, Take
from local.supervisor import Child

pytestmark = pytest.mark.timeout(180)
DUE = "update live_recordings set delete_claimed_at = null where id = $1"


@asynccontextmanager
async def storing_elsewhere(studio: Studio) -> AsyncIterator[Child]:
    """While the only worker is one whose settings name another provider."""
    for child in studio.children.values():
        await child.kill()
    worker = await studio.stack.start_worker(
        "elsewhere", {"LIVE_WORKER_ID": "elsewhere", **s3_store.environment(studio.stack.ports.of(Offset.S3))}
    )
    try:
        yield worker
    finally:
        await worker.kill()
        await studio.heal()


def files_of(studio: Studio, prefix: str) -> set[str]:
    folder = Path(studio.stack.directory) / "s3" / s3_store.BUCKET / prefix
    return {path.name for path in folder.glob("*")}


async def test_it_plays_and_is_deleted_where_it_lies_whatever_the_settings_say_now(studio: Studio) -> None:
    async with storing_elsewhere(studio):
        take = await studio.take()
        await studio.until_active(take)
        prefix = (await studio.row(take.recording))["parts"][0]["prefix"]
        await until("a segment is stored", lambda: "segment_00000.ts" in files_of(studio, prefix), 30)
        await studio.stop(take)
        row = await studio.ended(take)
    assert (row["state"], row["parts"][0]["store"]) == (
        "ready",
        s3_store.address(studio.stack.ports.of(Offset.S3)),
    )
    assert row["duration_seconds"] > 0
    await plays(studio, take)

    # The workers store at Supabase again: they cannot reach these files, so they do not say that they are gone.
    await take.host.api.call("recording-delete", recording_id=take.recording)
    await studio.until(take, "was tried", lambda row: row["delete_claimed_at"] is not None)
    await studio.balanced()
    assert (await studio.row(take.recording))["state"] == "ready"
    assert "segment_00000.ts" in files_of(studio, prefix)

    async with storing_elsewhere(studio):
        await studio.database.execute(DUE, UUID(take.recording))
        await studio.until(take, "is deleted", lambda row: row["state"] == "deleted")
    assert files_of(studio, prefix) == set()


async def plays(studio: Studio, take: Take) -> None:
    """To who may watch it, and to nobody by the addresses that one can make of what they are given."""
    await take.host.api.rpc("publish_vod", recording_id=take.recording, published=True)
    viewer = await studio.people.arrive("Vera")
    opened = await viewer.api.call("recording-playback", recording_id=take.recording)
    async with studio.http.get(opened["playlist"]) as answer:
        text = await answer.text()
    first = urljoin(opened["playlist"], next(line for line in text.splitlines() if line and line[0] != "#"))
    async with studio.http.get(first, allow_redirects=False) as answer:
        link = answer.headers["location"]
    async with studio.http.get(link) as answer:
        assert (answer.status, (await answer.read())[:1]) == (200, b"G"), "a transport stream"
    for built in (link.partition("?")[0], link.replace("segment_00000.ts", "index.m3u8")):
        async with studio.http.get(built) as answer:
            assert answer.status >= 400, built
