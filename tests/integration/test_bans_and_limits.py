"""Bans, timed mutes and paid access in real rooms: how far they reach, when they end, and what people are told."""

import time
import uuid

import pytest

from local.people.api import RequestRefused
from local.people.device import Device
from local.people.hostile import Arena, moment
from local.people.person import People, Person
from local.people.waiting import until

pytestmark = pytest.mark.usefixtures("worker")

TO_THE_SECOND = 1.0


async def told(device: Device, kind: str) -> dict[str, object]:
    """The payload of the first notice of a kind."""
    found = await until(f"told about {kind}", lambda: [n for n in device.notices if n.type == kind])
    return dict(found[0].payload)


async def refusal(person: Person, session_id: str) -> str:
    with pytest.raises(RequestRefused) as refused:
        await person.token(session_id)
    return refused.value.code


async def test_a_platform_ban_sweeps_every_room_that_somebody_is_in(people: People) -> None:
    arenas = [await Arena.open(people) for _ in range(3)]
    person = await people.arrive("Mallory")
    devices = [await person.enter(arena.session.id) for arena in arenas]
    await (
        await arenas[0].ops.ask(
            "ban", arenas[0].session.id, person, params={"scope": "platform"}, reason="spam in many rooms"
        )
    ).applied()
    for arena, device in zip(arenas, devices, strict=True):
        assert await device.until_ended() == "participant_removed"
        assert await refusal(person, arena.session.id) == "banned"
    # LiveKit promises no order between a packet and the removal after it, so not every device need have been told.
    notices = await until("told why", lambda: [n for d in devices for n in d.notices if n.type == "removed"])
    assert all("spam in many rooms" in notice.payload["text"]["en"] for notice in notices)


async def test_a_creators_ban_holds_in_their_next_session_and_nowhere_else(people: People) -> None:
    arena, other = await Arena.open(people), await Arena.open(people)
    person = await people.arrive("Mallory")
    device = await person.enter(arena.session.id)
    await person.until_on_record(arena.session.id)
    await (await arena.host.ask("ban", arena.session.id, person, params={"scope": "creator"})).applied()
    assert await device.until_ended() == "participant_removed"
    await arena.host.end_session(arena.session.id)
    following = await arena.host.open_session("audio_room")
    assert await refusal(person, following.id) == "banned"
    assert (await person.enter(other.session.id)).connected


async def test_a_ban_ends_to_the_second(people: People) -> None:
    arena = await Arena.open(people)
    person = await people.arrive("Mallory")
    device = await person.enter(arena.session.id)
    await person.until_on_record(arena.session.id)
    row = await arena.order("ban", person, seconds=4)
    assert await device.until_ended() == "participant_removed"
    assert await refusal(person, arena.session.id) == "banned"

    async def admitted() -> bool:
        return bool((await person.api.rpc("can_join", session_id=arena.session.id))["allowed"])

    await until("the ban is over", admitted)
    assert 0 <= time.monotonic() - moment(row["created_at"]) - 4 < TO_THE_SECOND
    again = await person.enter(arena.session.id)
    with pytest.raises(AssertionError):
        await again.until_ended(within_seconds=2)


async def test_a_timed_mute_ends_to_the_second_and_says_so(people: People) -> None:
    arena = await Arena.open(people)
    person, device, _ = await arena.speaker()
    row = await arena.order("mute", person, seconds=3)
    await device.until_may_not_send()
    assert (await told(device, "muted"))["until"] is not None
    free = await device.until_may_send()
    assert 0 <= free - moment(row["created_at"]) - 3 < TO_THE_SECOND
    await told(device, "unmuted")
    await device.speak()


async def test_mute_all_spares_the_host_and_moderators_and_binds_who_comes_later(people: People) -> None:
    arena = await Arena.open(people)
    _person, device, _ = await arena.speaker()
    staff, at_staff, _ = await arena.speaker("Mo")
    await arena.order("set_role", staff, role="moderator")
    await staff.accept_invite(arena.session.id)
    await until("a moderator", lambda: [n for n in at_staff.notices if n.payload.get("role") == "moderator"])
    await arena.order("mute_all", None)
    await device.until_may_not_send()
    assert arena.at_host.may_send()
    assert at_staff.may_send()
    late = await people.arrive("Late")
    at_late = await late.enter(arena.session.id)
    await arena.promote(late)
    assert (await told(at_late, "role_changed"))["role"] == "speaker"
    assert not at_late.may_send()
    await arena.order("unmute_all", None)
    await at_late.until_may_send()
    await device.until_may_send()


async def test_a_refunded_ticket_is_a_notice_and_a_new_one_in_time_stops_the_removal(people: People) -> None:
    host, fan = await people.arrive("Ada", creator=True), await people.arrive("Fan", coins=100)
    session = await host.open_session("video_live", "pay_per_view", price_coins=10)
    await host.enter(session.id, session.join)
    ticket = await fan.buy_ticket(session.id)
    device = await fan.enter(session.id)
    await fan.until_on_record(session.id)
    ops = await people.arrive("Ops", ops=True)
    await ops.api.rpc("refund_ticket", ticket_id=ticket["ticket_id"])
    assert (await told(device, "access_ending"))["ends_at"] is not None
    await fan.api.rpc("buy_ticket", session_id=session.id, idempotency_key=str(uuid.uuid4()))

    async def stopped() -> bool:
        row = await people.service.row(
            "live_participants", session_id=f"eq.{session.id}", user_id=f"eq.{fan.id}"
        )
        return row is not None and row["access_ends_at"] is None

    await until("the removal is called off", stopped)
    assert device.connected


async def test_a_subscription_that_ends_is_a_removal_after_the_grace(people: People) -> None:
    host, fan = await people.arrive("Ada", creator=True), await people.arrive("Fan")
    await people.subscribe(fan, host)
    session = await host.open_session("video_live", "subscribers")
    await host.enter(session.id, session.join)
    device = await fan.enter(session.id)
    await fan.until_on_record(session.id)
    await people.service.update("app_settings", {"value": 2}, key="eq.access.grace_seconds")
    try:
        await people.service.update(
            "creator_subscriptions",
            {"status": "cancelled"},
            user_id=f"eq.{fan.id}",
            creator_id=f"eq.{host.id}",
        )
        assert await device.until_ended(within_seconds=15) == "participant_removed"
    finally:
        await people.service.update("app_settings", {"value": 60}, key="eq.access.grace_seconds")
    await told(device, "access_ending")
    assert (await told(device, "removed"))["reason"] == "access"
    assert await refusal(fan, session.id) == "subscription_required"


async def test_demotion_takes_speech_and_a_hand_is_needed_again(people: People) -> None:
    arena = await Arena.open(people)
    person, device, _ = await arena.speaker()
    await device.speak()
    await arena.at_host.ear(person.id).until_heard()
    await arena.order("set_role", person, role="listener")
    await device.until_may_not_send()
    await arena.order("set_role", person, role="speaker")  # an invitation: nobody asked
    assert not device.may_send()
    await told(device, "invited")


async def test_nobody_but_ops_touches_the_host(people: People) -> None:
    arena = await Arena.open(people)
    staff, _at_staff, _ = await arena.speaker("Mo")
    await arena.order("set_role", staff, role="co_host")
    await staff.accept_invite(arena.session.id)
    for action in ("mute", "camera_off", "kick", "ban"):
        with pytest.raises(RequestRefused) as refused:
            await staff.ask(action, arena.session.id, arena.host)
        assert refused.value.code == "not_allowed"
        with pytest.raises(RequestRefused):
            await arena.host.ask(action, arena.session.id, arena.host)
    await arena.order("mute", arena.host)
    await arena.at_host.until_may_not_send()
    with pytest.raises(RequestRefused) as refused:
        await arena.host.ask("unmute", arena.session.id, arena.host)
    assert refused.value.code in ("not_allowed", "outranked")
