"""Who was in the room, by the database: one row per connection, with its end and its reason."""

from functools import partial

import pytest
from livekit import api, rtc

from local.people.api import Json
from local.people.hostile import server_api
from local.people.person import People
from local.people.waiting import NotInTimeError, until
from local.stack import Stack
from local.supervisor import Child
from tests.integration.rooms import Hosted, hosted, joined

VANISHED_WITHIN_SECONDS = 45
"""LiveKit notices that a phone is gone when its packets have been missing for long enough."""
WATCHED_SECONDS = 5.0
"""More than two looks of the watcher."""
ONCE_AND_ONCE_MORE = 3
"""Lines in the log: the dispatch's, and two of the watcher's one look."""
RETRIED_WITHIN_SECONDS = 40
"""A webhook that is not taken at once, LiveKit sends again, up to 30 s later."""


async def visit(people: People, sid: str) -> Json | None:
    return await people.service.row("live_visits", participant_sid=f"eq.{sid}")


async def closed(people: People, sid: str, within: float = RETRIED_WITHIN_SECONDS) -> Json:
    async def ended() -> Json | None:
        row = await visit(people, sid)
        return row if row and row["left_at"] else None

    return await until("the visit is closed", ended, within)


async def seat(people: People, room: Hosted, user_id: str) -> Json:
    row = await people.service.row(
        "live_participants", session_id=f"eq.{room.session.id}", user_id=f"eq.{user_id}"
    )
    assert row is not None
    return row


@pytest.mark.usefixtures("worker")
async def test_a_visit_has_its_connection_its_person_and_its_end(people: People) -> None:
    room = await hosted(people)
    guest = await people.arrive("Bo")
    device = await joined(room, guest)
    sid = device.sid
    opened = await visit(people, sid)
    assert opened is not None
    assert (opened["user_id"], opened["left_at"]) == (guest.id, None)

    await device.leave()
    row = await closed(people, sid)

    assert row["leave_reason"] == "client_initiated"
    assert row["left_at"] >= row["joined_at"]
    assert not (await seat(people, room, guest.id))["is_online"]


async def is_there(livekit: api.LiveKitAPI, asked: api.RoomParticipantIdentity, sid: str) -> bool:
    try:
        found = await livekit.room.get_participant(asked)
    except api.TwirpError:
        return False
    return found.sid == sid and found.state == api.ParticipantInfo.State.ACTIVE


@pytest.mark.usefixtures("worker")
async def test_a_visit_shorter_than_the_room_tells_about_is_recorded_too(
    people: People, stack: Stack
) -> None:
    room = await hosted(people)
    guest = await people.arrive("Bo")
    asked = api.RoomParticipantIdentity(room=room.session.room, identity=guest.id)
    sids = []
    async with server_api(stack.env) as livekit:
        for _ in range(3):
            device = await guest.enter(room.session.id)
            sids.append(device.sid)
            # Before that LiveKit calls it a connection that was broken off, and nobody has been there.
            await until("there is a connection", partial(is_there, livekit, asked, device.sid))
            await device.leave()

    rows = [await closed(people, sid) for sid in sids]

    assert len({row["participant_sid"] for row in rows}) == 3
    session = await people.service.row("live_sessions", id=f"eq.{room.session.id}")
    assert session is not None
    assert (session["total_viewers"], session["viewer_count"]) == (1, 0)


@pytest.mark.usefixtures("worker")
async def test_the_second_device_takes_over_and_the_person_stays_online(people: People) -> None:
    room = await hosted(people)
    guest = await people.arrive("Bo")
    phone = await joined(room, guest)
    tablet = await guest.enter(room.session.id)

    assert await phone.until_ended() == "duplicate_identity"
    row = await closed(people, phone.sid)
    assert row["leave_reason"] == "duplicate_identity"
    await until("the tablet is on record", lambda: visit(people, tablet.sid))
    assert (await seat(people, room, guest.id))["is_online"]

    await tablet.leave()
    await closed(people, tablet.sid)
    assert not (await seat(people, room, guest.id))["is_online"]


@pytest.mark.usefixtures("worker")
async def test_anyone_who_vanishes_is_off_the_books_once_livekit_notices(people: People) -> None:
    room = await hosted(people)
    guest = await people.arrive("Bo")
    phone = await guest.enter_to_vanish(room.session.id)
    await guest.until_on_record(room.session.id)

    await phone.vanish()
    row = await closed(people, phone.sid, VANISHED_WITHIN_SECONDS)

    assert row["leave_reason"] not in (None, "client_initiated")
    assert not (await seat(people, room, guest.id))["is_online"]


@pytest.mark.usefixtures("worker")
async def test_the_end_of_a_session_closes_every_visit_and_the_lease(people: People) -> None:
    room = await hosted(people)
    devices = [room.at_host, *[await joined(room, await people.arrive(name)) for name in ("Bo", "Cem")]]
    sids = [device.sid for device in devices]

    await room.host.end_session(room.session.id)

    for device in devices:
        assert await device.until_ended() == "room_deleted"
    assert all([await closed(people, sid) for sid in sids])

    async def released() -> bool:
        overview = await people.service.rpc("agent_overview")
        return room.session.room not in [place["room"] for place in overview["rooms"]]

    await until("nobody moderates it any more", released)


async def test_an_unknown_room_is_left_alone_without_a_loop(stack: Stack, worker: Child) -> None:
    name = "somebody-elses-room"
    env = stack.env
    grants = api.VideoGrants(room_join=True, room=name)
    token = api.AccessToken(env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"]).with_grants(grants)
    room = rtc.Room()
    await room.connect(stack.livekit_url, token.with_identity("stranger").to_jwt())

    def told() -> list[str]:
        return [line for line in worker.log.read_text().splitlines() if name in line]

    try:
        await until(
            "the worker has looked at it", lambda: any("belongs to no session" in line for line in told())
        )
        with pytest.raises(NotInTimeError):
            await until("it is looked at for ever", lambda: len(told()) > ONCE_AND_ONCE_MORE, WATCHED_SECONDS)
        assert all('"INFO"' in line for line in told())
    finally:
        await room.disconnect()
