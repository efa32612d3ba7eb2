"""A room recorded to a bucket of another S3 provider: it plays, and is called deleted when its files are gone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin
from uuid import UUID, uuid4

import pytest

from agent.supabase.client import supabase_client
from local import s3_store
from local.people.waiting import until
from local.ports import Offset
from local.studio import Studio, Take
from local.supervisor import Child

pytestmark = pytest.mark.timeout(180)
NOTED = (
    "insert into live.recording_strays (store, prefix, noted_at)"
    " values ('supabase', $1, now() - interval '2 days')"
)
WRITTEN = (
    "update storage.objects set created_at = now() - interval '2 days', updated_at = now() - interval '2 days'"
    " where bucket_id = 'recordings' and name like $1"
)
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


async def test_files_that_no_row_knows_are_deleted_by_a_worker_and_those_of_recordings_stay(
    studio: Studio,
) -> None:
    take = await studio.take()
    await studio.until_active(take)
    kept = (await studio.row(take.recording))["parts"][0]["prefix"]
    await until("a segment is stored", lambda: studio.segments(kept), 30)
    await studio.stop(take)
    await studio.ended(take)
    stray, young = (f"{uuid4()}/{uuid4()}" for _ in range(2))
    async with supabase_client(studio.stack.env["SUPABASE_URL"], studio.stack.keys.secret, 5.0) as supabase:
        for prefix in (stray, young):
            await supabase.upload("recordings", f"{prefix}/1/segment_00000.ts", b"188", "video/mp2t")
            await studio.database.execute(NOTED, prefix)
    await studio.database.execute(WRITTEN, f"{stray}/%")
    share = "update app_settings set value = $1 where key = 'recording.stray_share'"
    try:
        await studio.database.execute(share, "1")
        await studio.database.execute("delete from live.recording_looks")
        await until("the stray is deleted", lambda: none_left(studio, stray), 60)
    finally:
        await studio.database.execute(share, "0.1")
    assert not await none_left(studio, young)
    assert await studio.segments(kept)


async def none_left(studio: Studio, prefix: str) -> bool:
    count = "select count(*) from storage.objects where bucket_id = 'recordings' and starts_with(name, $1)"
    return int(await studio.database.fetchval(count, prefix)) == 0


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
