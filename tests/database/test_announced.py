"""Announced sessions: moved, cancelled with a reason, reminded of; ticket holders are told, and see it."""

import pytest

from tests.database.test_push import claimed, device
from tests.database.test_user_topic import news
from tests.database.world import Refused, World

MOVE = "select public.move_session($1, now() + $2::text::interval)"
CANCEL = "select public.cancel_session($1, $2)"


async def announced(world: World, within: str = "1 day") -> tuple[str, str, str, str]:
    """A session with one ticket: its id, its host, the holder and their phone."""
    host, holder = await world.user(creator=True), await world.user()
    session = await world.value(
        "insert into live_sessions (creator_id, type, title, access_type, price_coins, scheduled_at)"
        " values ($1, 'video_live', 'show', 'pay_per_view', 10, now() + $2::text::interval) returning id::text",
        host, within,
    )  # fmt: skip
    await world.service("select public.credit_coins($1, 50, $2)", holder, f"receipt-{holder}")
    await world.as_user(holder, "select public.buy_ticket($1, 'ticket-0001')", session)
    return session, host, holder, await device(world, holder)


async def hint_of(world: World, user: str, sql: str, *args: object) -> str | None:
    with pytest.raises(Refused) as refused:
        await world.as_user(user, sql, *args)
    return refused.value.hint


async def test_a_session_that_is_moved_is_told_to_who_holds_a_ticket(world: World) -> None:
    session, host, holder, phone = await announced(world)
    moved = await world.as_user(host, MOVE, session, "2 days")
    (told,) = await news(world, holder, "session")
    assert (told["happened"], told["session_id"]) == ("moved", session)
    assert told["scheduled_at"][:19] == moved["session"]["scheduled_at"][:19]
    assert [push["kind"] for push in await claimed(world, phone)] == ["session_moved"]
    assert await news(world, host, "session") == []


async def test_who_may_move_what_and_when_to(world: World) -> None:
    session, host, holder, _ = await announced(world)
    assert await hint_of(world, holder, MOVE, session, "2 days") == "unknown_session"
    for when in ("-1 hours", "400 days"):
        assert await hint_of(world, host, MOVE, session, when) == "invalid_session"
    live = await world.live()
    assert await hint_of(world, live.creator, MOVE, live.id, "2 days") == "not_scheduled"
    assert await hint_of(world, live.creator, CANCEL, live.id, "no") == "not_scheduled"
    assert await hint_of(world, host, CANCEL, session, "a\u202eb") == "invalid_text"


async def test_a_cancelled_session_says_why_to_who_holds_a_ticket_who_is_paid_back(world: World) -> None:
    session, host, holder, phone = await announced(world)
    await world.as_user(host, CANCEL, session, "I have lost my voice.")
    (told,) = await news(world, holder, "session")
    assert (told["happened"], told["reason"]) == ("cancelled", "I have lost my voice.")
    assert [push["kind"] for push in await claimed(world, phone)] == ["session_cancelled"]
    row = "select cancel_reason from live_sessions where id = $1"
    assert await world.as_user(holder, row, session) == "I have lost my voice."
    assert await world.as_user(await world.user(), row, session) is None
    await world.service("select public.platform_sweep()")
    assert await world.value("select balance from coin_wallets where user_id = $1", holder) == 50
    assert await world.as_user(holder, row, session) == "I have lost my voice."


async def test_ticket_holders_are_reminded_once_and_again_when_it_was_moved(world: World) -> None:
    session, host, holder, phone = await announced(world, "9 minutes")
    await announced(world, "2 hours")
    for _ in range(2):
        await world.service("select public.platform_sweep()")
    assert [told["happened"] for told in await news(world, holder, "session")] == ["soon"]
    assert [push["kind"] for push in await claimed(world, phone)] == ["session_soon"]
    await world.as_user(host, MOVE, session, "8 minutes")
    await world.service("select public.platform_sweep()")
    assert [told["happened"] for told in await news(world, holder, "session")] == ["soon", "moved", "soon"]
