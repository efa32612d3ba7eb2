"""What a row in `moderation_actions` does to people in a real room, heard and seen by the others there."""

import asyncio

import pytest
from livekit.rtc.participant import PublishTrackError

from local.people.api import Json, RequestRefused
from local.people.person import People
from local.people.sound import tone
from local.people.waiting import NotInTimeError, until
from tests.integration.rooms import hosted, joined, speaker

pytestmark = pytest.mark.usefixtures("worker")

ENFORCED_WITHIN_SECONDS = 2.0


async def test_a_raised_hand_is_promoted_heard_demoted_and_not_heard(people: People) -> None:
    room = await hosted(people)
    host, session, at_host = room.host, room.session, room.at_host
    guest, at_guest = await speaker(people, room)
    ear = at_host.ear(guest.id)
    await at_guest.speak(tone(-20))
    await ear.until_heard()

    row = await (await host.ask("set_role", session.id, guest, params={"role": "listener"})).applied()

    await ear.until_silent()
    await at_guest.until_may_not_send()
    assert row["before"]["permission"]["can_publish_sources"] == ["microphone"]
    assert row["after"]["permission"]["can_publish"] is False


async def test_an_invitation_gives_nothing_until_it_is_accepted(people: People) -> None:
    room = await hosted(people)
    host, session = room.host, room.session
    guest = await people.arrive("Bo")
    at_guest = await guest.enter(session.id)
    await guest.until_on_record(session.id)

    row = await (await host.ask("set_role", session.id, guest, params={"role": "speaker"})).applied()
    assert row["after"]["invited"] is True
    assert not at_guest.may_send()

    await guest.accept_invite(session.id)
    await at_guest.until_may_send()


async def test_a_muted_speaker_is_inaudible_and_cannot_publish_again(people: People) -> None:
    room = await hosted(people)
    host, session, at_host = room.host, room.session, room.at_host
    guest, at_guest = await speaker(people, room)
    ear = at_host.ear(guest.id)
    await at_guest.speak(tone(-20))
    await ear.until_heard()

    asked = await host.ask("mute", session.id, guest)
    row = await asked.applied()
    silent_at = await ear.until_silent()
    again = asyncio.create_task(at_guest.speak_without_asking(tone(-20)))

    assert 0 < row["enforce_ms"] < ENFORCED_WITHIN_SECONDS * 1000
    assert silent_at - asked.asked < ENFORCED_WITHIN_SECONDS
    assert await ear.stays_silent(1.0)
    with pytest.raises(PublishTrackError):
        await again


async def test_a_mute_survives_leaving_and_coming_back(people: People) -> None:
    room = await hosted(people)
    host, session = room.host, room.session
    guest, at_guest = await speaker(people, room)
    await (await host.ask("mute", session.id, guest)).applied()
    await at_guest.until_may_not_send()
    await at_guest.leave()

    again = await guest.enter(session.id)
    request = await host.ask("unmute", session.id, guest)

    # The role's right comes back only by the unmute; had it come with the join, it would have been there before.
    assert not again.may_send()
    await request.applied()
    await again.until_may_send()


async def test_an_unmuted_speaker_is_heard_again(people: People) -> None:
    room = await hosted(people)
    host, session, at_host = room.host, room.session, room.at_host
    guest, at_guest = await speaker(people, room)
    ear = at_host.ear(guest.id)
    await at_guest.speak(tone(-20))
    await ear.until_heard()
    await (await host.ask("mute", session.id, guest)).applied()
    await ear.until_silent()

    await (await host.ask("unmute", session.id, guest)).applied()
    assert await ear.stays_silent(0.5), "a right that returns must not open the microphone by itself"
    await at_guest.speak(tone(-20))
    await ear.until_heard()


async def test_a_kick_disconnects_once_and_lets_the_person_return(people: People) -> None:
    room = await hosted(people)
    host, session, at_host = room.host, room.session, room.at_host
    guest = await people.arrive("Bo")
    old_token = await guest.token(session.id)
    at_guest = await guest.enter(session.id, old_token)
    await guest.until_on_record(session.id)

    await (await host.ask("kick", session.id, guest, reason="enough")).applied()
    assert await at_guest.until_ended() == "participant_removed"

    again = await guest.enter(session.id, old_token)
    assert await again.stays(2)
    assert guest.id in at_host.others


async def test_anyone_who_is_removed_is_told_why_first(people: People) -> None:
    room = await hosted(people)
    guest = await people.arrive("Bo")
    device = await joined(room, guest)
    await room.host.ask("announce", room.session.id, params={"text": "Be nice"})
    await until("the agent is heard", lambda: device.events)

    await room.host.ask("kick", room.session.id, guest, reason="spam")

    await device.until_ended()
    (told,) = device.notices
    assert told.type == "removed"
    assert set(told.payload["text"]) == {"en", "tr"}


async def test_a_banned_person_stays_out_with_the_old_token(people: People) -> None:
    room = await hosted(people)
    host, session, at_host = room.host, room.session, room.at_host
    guest = await people.arrive("Bo")
    old_token = await guest.token(session.id)
    at_guest = await guest.enter(session.id, old_token)
    await guest.until_on_record(session.id)

    await (await host.ask("ban", session.id, guest)).applied()
    assert await at_guest.until_ended() == "participant_removed"

    async def thrown_out_again() -> list[Json]:
        visits = await people.service.rows(
            "live_visits",
            session_id=f"eq.{session.id}",
            user_id=f"eq.{guest.id}",
            participant_sid=f"neq.{at_guest.sid}",
        )
        return [visit for visit in visits if visit["left_at"]]

    await guest.knock(old_token)
    await until("the old token's visit is over", thrown_out_again)
    await until("nobody sees them", lambda: guest.id not in at_host.others)
    with pytest.raises(RequestRefused) as refused:
        await guest.token(session.id)
    assert refused.value.code == "banned"


async def test_a_mute_for_someone_away_holds_when_they_come(people: People) -> None:
    room = await hosted(people)
    host, session = room.host, room.session
    guest, at_guest = await speaker(people, room)
    await at_guest.leave()

    await (await host.ask("mute", session.id, guest)).applied()
    again = await guest.enter(session.id)

    with pytest.raises(NotInTimeError):
        await again.until_may_send(within_seconds=2)


async def test_the_end_of_a_session_takes_everybody_out(people: People) -> None:
    room = await hosted(people)
    host, session, at_host = room.host, room.session, room.at_host
    guest = await people.arrive("Bo")
    at_guest = await guest.enter(session.id)
    await host.ask("announce", session.id, params={"text": "Good night"})
    await until("a packet has reached who has just come", lambda: at_guest.packets)

    row = await (await host.ask("end_session", session.id)).applied()

    assert await at_host.until_ended() == "room_deleted"
    assert await at_guest.until_ended() == "room_deleted"
    assert "session_ended" in [event.type for event in at_guest.events]
    assert row["enforce_ms"] > 0


async def test_malformed_rows_are_refused_in_words_and_disturb_nobody(people: People) -> None:
    room = await hosted(people)
    host, session = room.host, room.session
    guest, at_guest = await speaker(people, room)
    stranger = await people.arrive("Cem")

    for action, target, params, code in (
        ("shout", guest, {}, "unknown_action"),
        ("mute", None, {}, "bad_target"),
        ("mute", stranger, {}, "not_a_participant"),
        ("set_role", guest, {"role": "king"}, "bad_params"),
        ("mute", guest, {"seconds": -1}, "bad_params"),
    ):
        with pytest.raises(RequestRefused) as refused:
            await host.ask(action, session.id, target, params=params)
        assert refused.value.code == code
        assert len(refused.value.message) > 10

    await (await host.ask("mute", session.id, guest)).applied()
    await at_guest.until_may_not_send()


async def test_a_row_for_a_session_that_is_over_is_refused(people: People) -> None:
    room = await hosted(people)
    host, session, at_host = room.host, room.session, room.at_host
    guest = await people.arrive("Bo")
    await guest.enter(session.id)
    await host.end_session(session.id)
    await at_host.until_ended()

    with pytest.raises(RequestRefused) as refused:
        await host.ask("mute", session.id, guest)
    assert refused.value.code == "session_not_live"
