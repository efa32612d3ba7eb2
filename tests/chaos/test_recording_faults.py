"""One fault of each family while sessions are recorded; those that touch their own room alone at the same time.

Egress or LiveKit as a whole going away takes LiveKit's own time to be seen: that is for `make chaos`.
"""

import asyncio
import io
from uuid import UUID

import av
import pytest

from local.people.api import RequestRefused
from local.people.waiting import until
from local.results import Figure
from local.studio import HOST_HERTZ, REFUSER_HERTZ, Studio, Take, audible_seconds
from tests.chaos.recording_faults import SEPARATE, worker_killed_at_three_moments

pytestmark = pytest.mark.timeout(240)


def missed(figures: list[Figure]) -> list[Figure]:
    return [figure for figure in figures if figure.held is False]


async def viewers_of(studio: Studio, session_id: str) -> object:
    row = await studio.people.service.row("live_sessions", id=f"eq.{session_id}")
    assert row is not None
    return row["viewer_count"]


async def test_a_room_is_recorded_and_who_refuses_is_not_in_it(studio: Studio) -> None:
    host, session, _ = await studio.open()
    guest, at_guest = await studio.second_speaker(host, session)
    viewers = await viewers_of(studio, session.id)

    recording = await studio.wish(host, session)
    await studio.refuse(guest, session)
    await at_guest.until_may_not_send()
    take = Take(host, session, at_guest, recording)
    await studio.until_active(take)
    assert at_guest.room.is_recording
    await asyncio.sleep(4)  # this much is recorded
    await studio.stop(take)
    row = await studio.ended(take)
    assert row["state"] == "ready"
    sound = await studio.sound(recording)
    assert len(sound) / 48_000 == pytest.approx(row["duration_seconds"], abs=0.2)
    assert audible_seconds(sound, HOST_HERTZ) > 3
    assert audible_seconds(sound, REFUSER_HERTZ) == 0

    # A recorder is nobody: it is no viewer and has no visit.
    assert await viewers_of(studio, session.id) == viewers
    visits = await studio.people.service.rows("live_visits", session_id=f"eq.{session.id}")
    assert {visit["user_id"] for visit in visits} <= {host.id, guest.id}

    # What its creator cuts is deleted, and no more than that.
    prefix = row["parts"][0]["prefix"]
    first, *others = await studio.segments(prefix)
    await host.api.rpc("cut_recording", recording_id=recording, from_seconds=0, to_seconds=1)

    async def erased() -> bool:
        return await studio.file(f"{prefix}/{first}") == b""

    await until("the segment is deleted", erased, 30)
    assert all([await studio.file(f"{prefix}/{name}") for name in others])

    # Its time is over: the worker deletes the files, and then says so.
    await studio.database.execute(
        "update live_recordings set retention_until = now() where id = $1", UUID(recording)
    )
    row = await studio.until(take, "is deleted", lambda row: row["state"] == "deleted")
    assert await studio.segments(row["parts"][0]["prefix"]) == []


async def pictured(studio: Studio, take: Take) -> bool:
    names = "select exists (select from storage.objects where bucket_id = 'recordings' and name like $1)"
    found: bool = await studio.database.fetchval(names, f"%{take.recording}/1/image%")
    return found


async def test_a_broadcast_is_recorded_with_its_picture(studio: Studio) -> None:
    host = await studio.people.arrive("Ada", creator=True)
    session = await host.open_session("video_live")
    device = await host.enter(session.id, session.join)
    await host.until_on_record(session.id)
    await device.film()
    take = Take(host, session, device, await studio.wish(host, session, "host", mp4=True))
    await studio.until_active(take)
    await until("a picture is stored", lambda: pictured(studio, take), 30)
    await studio.stop(take)
    row = await studio.ended(take)
    assert row["state"] == "ready"
    prefix = row["parts"][0]["prefix"]
    segment = await studio.file(f"{prefix}/{(await studio.segments(prefix))[0]}")
    with av.open(io.BytesIO(segment), "r") as file:
        assert {stream.type for stream in file.streams} == {"audio", "video"}

    # A picture for lists, and the file of the whole for its creator.
    await host.api.rpc("publish_vod", recording_id=take.recording, published=True)
    viewer = await studio.people.arrive("Vera")
    replay = await viewer.api.row("live_replays", id=f"eq.{take.recording}")
    assert replay is not None
    headers = {"apikey": studio.stack.keys.publishable, "Authorization": f"Bearer {viewer.api.access_token}"}
    base = f"{studio.stack.url}/storage/v1/object/authenticated/recordings"
    async with studio.http.get(f"{base}/{replay['thumbnail']}", headers=headers) as answer:
        picture = await answer.read()
        assert (answer.status, picture[:2]) == (200, b"\xff\xd8"), "a JPEG"
    async with studio.http.get(f"{base}/{prefix}/recording.mp4", headers=headers) as answer:
        assert answer.status >= 400, "the whole is not for who watches"
    asked = {"recording_id": take.recording, "download": True}
    with pytest.raises(RequestRefused, match="unknown_recording"):
        await viewer.api.call("recording-playback", **asked)
    [whole] = (await host.api.call("recording-playback", **asked))["files"]
    async with studio.http.get(whole["url"]) as answer, asyncio.timeout(10):
        film = await answer.read()
    with av.open(io.BytesIO(film), "r") as file:
        assert {stream.type for stream in file.streams} == {"audio", "video"}
    await host.api.rpc("cut_recording", recording_id=take.recording, from_seconds=0, to_seconds=0.1)
    assert (await host.api.call("recording-playback", **asked))["files"] == []
    replay = await viewer.api.row("live_replays", id=f"eq.{take.recording}")
    assert replay is not None
    assert replay["thumbnail"] is None, "it might show what is cut"


async def test_minutes_that_were_recorded_warn_before_they_are_used_up(studio: Studio) -> None:
    ops = await studio.people.arrive("Ops", ops=True)
    before = (await ops.api.rpc("recording_usage"))["used"]
    take = await studio.take()
    await studio.until_active(take)
    await studio.stop(take)
    await studio.ended(take)
    used = (await ops.api.rpc("recording_usage"))["used"]
    assert used == before + 1, "a begun minute counts, as LiveKit counts"

    async with studio.minutes(used * 2, warn_at=0.75):
        assert (await ops.api.rpc("recording_usage"))["level"] == "ok"
    async with studio.minutes(used * 2, warn_at=0.5):
        assert (await ops.api.rpc("recording_usage"))["level"] == "warning"
        await until("the workers call ops", lambda: studio.told("live_recording_minutes_level", 1), 30)
    async with studio.minutes(used, warn_at=0.5):
        with pytest.raises(RequestRefused, match="recording_minutes_used"):
            await studio.wish(take.host, take.session)
        await until("the workers say so", lambda: studio.told("live_recording_minutes_level", 2), 30)
    await until("it is over", lambda: studio.told("live_recording_minutes_level", 0), 30)


async def test_each_fault_in_a_room_of_its_own_comes_to_a_good_end(studio: Studio) -> None:
    figures = await asyncio.gather(*(fault(studio) for fault in SEPARATE.values()))
    assert [missed(found) for found in figures if missed(found)] == []
    await studio.balanced()


async def test_workers_are_killed_while_they_start_watch_and_stop(studio: Studio) -> None:
    try:
        figures = await worker_killed_at_three_moments(studio)
    finally:
        await studio.heal()
    assert missed(figures) == []
    await studio.balanced()
