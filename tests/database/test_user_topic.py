"""What a person is told on their own topic, and that nobody else may listen to it."""

import json

import pytest

from tests.database.test_calls import answer, end, start
from tests.database.world import Json, World

NEWS = """
    select event, payload from realtime.messages
     where topic = 'live:user:' || $1 and private and extension = 'broadcast' order by inserted_at, id
"""


async def news(world: World, user: str, event: str) -> list[Json]:
    """What this person was told, in order."""
    rows = await world.rows(NEWS, user)
    payloads = [
        json.loads(row["payload"]) if isinstance(row["payload"], str) else row["payload"]
        for row in rows
        if row["event"] == event
    ]
    assert all("now" in payload for payload in payloads)
    return payloads


async def happened(world: World, user: str) -> list[str]:
    return [payload["happened"] for payload in await news(world, user, "call")]


async def pair(world: World) -> tuple[str, str]:
    caller, callee = await world.user(), await world.user()
    await world.value(
        "update profiles set display_name = 'Ayşe', avatar_url = 'https://cdn.example.com/a.png' where id = $1",
        caller,
    )
    return caller, callee


async def test_an_open_app_learns_that_it_is_called_and_by_whom(world: World) -> None:
    caller, callee = await pair(world)
    call = (await start(world, caller, callee, "video"))["call"]
    (told,) = await news(world, callee, "call")
    assert (told["happened"], told["call"]["id"], told["call"]["type"]) == ("ringing", call["id"], "video")
    assert told["caller"] == {"id": caller, "name": "Ayşe", "avatar": "https://cdn.example.com/a.png"}
    assert told["rings_until"] > told["now"]
    assert "livekit_room" not in told["call"]


@pytest.mark.parametrize(
    ("avatar", "shown"),
    [
        ("https://cdn.example.com/a.png", True),
        ("javascript:alert(1)", False),
        ("https://cdn.example.com/a b", False),
        ("https://" + "a" * 3000, False),
        (None, False),
    ],
)
async def test_a_picture_is_a_web_address_or_none(world: World, avatar: str | None, shown: bool) -> None:
    user = await world.user()
    await world.value("update profiles set avatar_url = $2 where id = $1", user, avatar)
    assert (await world.value("select live.card($1)", user))["avatar"] == (avatar if shown else None)


@pytest.mark.parametrize(
    ("ends", "caller_hears", "callee_hears"),
    [
        ("cancel", "cancelled", "cancelled"),
        ("decline", "declined", "declined"),
        ("miss", "missed", "missed"),
        ("accept", "accepted", "answered_elsewhere"),
    ],
)
async def test_every_device_stops_ringing(
    world: World, ends: str, caller_hears: str, callee_hears: str
) -> None:
    caller, callee = await pair(world)
    call = (await start(world, caller, callee))["call"]["id"]
    if ends == "cancel":
        await end(world, caller, call)
    elif ends == "miss":
        await world.value("update calls set status = 'missed', end_reason = 'no_answer' where id = $1", call)
    else:
        await answer(world, callee, call, accept=ends == "accept")
    assert await happened(world, caller) == ["ringing", caller_hears]
    assert await happened(world, callee) == ["ringing", callee_hears]


async def test_the_end_and_the_wish_for_video_are_told_to_both(world: World) -> None:
    caller, callee = await pair(world)
    call = (await start(world, caller, callee, "audio"))["call"]["id"]
    await answer(world, callee, call)
    upgrade = "select public.call_upgrade($1, $2, $3)"
    await world.service(upgrade, caller, call, True)
    await world.service(upgrade, callee, call, False)
    await world.service(upgrade, callee, call, True)
    await world.service(upgrade, caller, call, True)
    await end(world, callee, call)
    since = ["video_wanted", "video_declined", "video_wanted", "video", "ended"]
    assert await happened(world, caller) == ["ringing", "accepted", *since]
    assert await happened(world, callee) == ["ringing", "answered_elsewhere", *since]
    last = (await news(world, caller, "call"))[-1]["call"]
    assert (last["status"], last["end_reason"], last["duration_seconds"]) == ("ended", "callee", 0)


async def test_invitations_bans_and_refunds_are_told(world: World) -> None:
    scene = await world.live("video_live")
    guest = await world.seat(scene, "viewer")
    await world.value("update live_participants set is_online = true where user_id = $1", guest)
    await world.ask(scene.creator, "set_role", scene, guest, params={"role": "speaker"})
    (invited,) = await news(world, guest, "invitation")
    assert (invited["session_id"], invited["role"]) == (scene.id, "speaker")
    await world.as_user(guest, "select public.decline_invite($1)", scene.id)
    assert len(await news(world, guest, "invitation")) == 1

    await world.ask(scene.creator, "ban", scene, guest, params={"scope": "session"}, reason="a private word")
    await world.ask(scene.creator, "unban", scene, guest, params={"scope": "session"})
    bans = await news(world, guest, "ban")
    assert [(ban["scope"], ban["session_id"], ban["lifted"]) for ban in bans] == [
        ("session", scene.id, False),
        ("session", scene.id, True),
    ]
    assert "a private word" not in json.dumps(bans)

    paid = await world.live("video_live", access="pay_per_view")
    await world.service("select public.credit_coins($1, 50, $2)", guest, f"receipt-{guest}")
    ticket = (await world.as_user(guest, "select public.buy_ticket($1, 'ticket-0001')", paid.id))["ticket_id"]
    ops = await world.user(ops=True)
    await world.as_user(ops, "select public.refund_ticket($1)", ticket)
    (refund,) = await news(world, guest, "refund")
    assert (refund["ticket_id"], refund["coins"], refund["balance"]) == (ticket, 10, 50)


async def test_a_topic_is_its_persons_alone(world: World) -> None:
    me, other, ops = await world.user(), await world.user(), await world.user(ops=True)
    listen = "select live.may_listen('live:user:' || $1)"
    assert await world.as_user(me, listen, me) is True
    for stranger in (other, ops):
        assert await world.as_user(stranger, listen, me) is False
    await world.value("insert into live_bans (user_id, scope) values ($1, 'platform')", me)
    assert await world.as_user(me, listen, me) is True
    await world.service("select public.erase_account($1)", other)
    assert await world.as_user(other, listen, other) is False
