"""One fault of each family while sessions are recorded; those that touch their own room alone at the same time.

Egress or LiveKit as a whole going away takes LiveKit's own time to be seen: that is for `make chaos`.
"""

import asyncio
import io
from uuid import UUID

import av
import pytest

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

    # Its time is over: the worker deletes the files, and then says so.
    await studio.database.execute(
        "update live_recordings set retention_until = now() where id = $1", UUID(recording)
    )
    row = await studio.until(take, "is deleted", lambda row: row["state"] == "deleted")
    assert await studio.segments(row["parts"][0]["prefix"]) == []


async def test_a_broadcast_is_recorded_with_its_picture(studio: Studio) -> None:
    host = await studio.people.arrive("Ada", creator=True)
    session = await host.open_session("video_live")
    device = await host.enter(session.id, session.join)
    await host.until_on_record(session.id)
    await device.film()
    take = Take(host, session, device, await studio.wish(host, session, "host"))
    await studio.until_active(take)
    await asyncio.sleep(1)  # this much is recorded
    await studio.stop(take)
    row = await studio.ended(take)
    assert row["state"] == "ready"
    prefix = row["parts"][0]["prefix"]
    segment = await studio.file(f"{prefix}/{(await studio.segments(prefix))[0]}")
    with av.open(io.BytesIO(segment), "r") as file:
        assert {stream.type for stream in file.streams} == {"audio", "video"}


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
