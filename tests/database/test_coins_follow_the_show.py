"""Coins follow the show: when a ticket is earned, who is paid back, and at which price something is bought."""

import uuid
from typing import Any

import pytest

from tests.database.test_coins import balance, book_faults, key, rich
from tests.database.world import Refused, Scene, World

GIFT = "select public.send_gift($1, $2, $3, $4)"
BUY = "select public.buy_ticket($1, $2)"
PRICE = 10


async def sell(world: World, scene: Scene, fan: str | None = None) -> tuple[str, str]:
    """Somebody with 100 coins buys a ticket; who, and the ticket."""
    fan = fan or await rich(world)
    return fan, (await world.as_user(fan, BUY, scene.id, key()))["ticket_id"]


async def on_air(world: World, scene: Scene, seconds: float, *, ago: float = 0, still: bool = False) -> None:
    """The host's media has flowed for so long, until `ago` seconds before now."""
    connection = "PA_" + uuid.uuid4().hex
    await world.value(
        "insert into live_media"
        " (participant_sid, started_at, ended_at, session_id, user_id, source, reported_by)"
        " values ($1, clock_timestamp() - make_interval(secs => $2), case when not $3 then"
        " clock_timestamp() - make_interval(secs => $4) end, $5, $6, 'microphone', 'agent')",
        connection, seconds + ago, still, ago, scene.id, scene.creator,
    )  # fmt: skip


async def bought(world: World, ticket: str, *, ago: float) -> None:
    await world.value(
        "update live_tickets set created_at = clock_timestamp() - make_interval(secs => $2) where id = $1",
        ticket,
        ago,
    )


async def end(world: World, scene: Scene, *, ago: str = "11 seconds") -> None:
    """The host ends the session, and so long ago that the last reports about it have had their time."""
    await world.service("select public.session_end($1, $2)", scene.creator, scene.id)
    owner = await world.owner()
    async with owner.transaction():
        await owner.execute("alter table live_sessions disable trigger guard_session")
        await owner.execute(
            "update live_sessions set ended_at = ended_at - $2::text::interval where id = $1", scene.id, ago
        )
        await owner.execute("alter table live_sessions enable trigger guard_session")


async def sweep(world: World) -> Any:
    return await world.service("select public.platform_sweep()")


async def state(world: World, ticket: str) -> tuple[bool, str | None, bool]:
    """Whether it is earned, why it is to be paid back, and whether it is."""
    row = await world.row(
        "select earned_at, refund_reason, refunded_at from live_tickets where id = $1", ticket
    )
    return row["earned_at"] is not None, row["refund_reason"], row["refunded_at"] is not None


HELD, EARNED = (False, None, False), (True, None, False)
NOT_DELIVERED, REMOVED = (False, "not_delivered", True), (False, "removed", True)


async def test_a_ticket_is_held_until_the_show_has_flowed_long_enough(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    _, early = await sell(world, scene)
    _, late = await sell(world, scene)
    await bought(world, early, ago=400)
    await bought(world, late, ago=200)
    await on_air(world, scene, 290, still=True)
    await sweep(world)
    assert [await state(world, early), await state(world, late)] == [HELD, HELD]
    await on_air(world, scene, 310, still=True)
    await sweep(world)
    assert [await state(world, early), await state(world, late)] == [EARNED, HELD]


async def test_at_the_end_what_was_not_delivered_is_paid_back_and_what_was_is_not(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    (early, kept), (late, lost) = await sell(world, scene), await sell(world, scene)
    await bought(world, kept, ago=900)
    await bought(world, lost, ago=200)
    await on_air(world, scene, 800)
    await end(world, scene)
    for _ in range(2):
        await sweep(world)
    assert [await state(world, kept), await state(world, lost)] == [EARNED, NOT_DELIVERED]
    assert [await balance(world, early), await balance(world, late)] == [90, 100]
    assert await world.value("select sum(coins) from creator_earnings where session_id = $1", scene.id) == 10
    assert await book_faults(world, scene.id, early, late, scene.creator) == []


async def test_a_show_that_was_started_and_ended_at_once_earns_nothing(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    fan, ticket = await sell(world, scene)
    await end(world, scene)
    await sweep(world)
    assert await state(world, ticket) == NOT_DELIVERED
    assert await balance(world, fan) == 100


async def test_two_stretches_count_together_and_two_tracks_at_once_count_once(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    _, ticket = await sell(world, scene)
    await bought(world, ticket, ago=1000)
    for _ in range(2):  # a camera and a microphone
        await on_air(world, scene, 160, ago=700)
    await on_air(world, scene, 130, ago=100)
    await sweep(world)
    assert await state(world, ticket) == HELD
    await on_air(world, scene, 20, ago=10)
    await sweep(world)
    assert await state(world, ticket) == EARNED


async def test_a_clock_that_is_ahead_neither_earns_nor_stops_the_sweep(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    fan, ticket = await sell(world, scene)
    await bought(world, ticket, ago=400)
    await on_air(world, scene, 0, ago=-900, still=True)  # in fifteen minutes, by LiveKit
    await on_air(world, scene, 280, ago=-180)  # of which 100 s have flowed
    await sweep(world)
    assert await state(world, ticket) == HELD
    await remove(world, scene, scene.creator, "kick", fan)
    await sweep(world)
    assert await state(world, ticket) == REMOVED


async def test_a_session_announced_as_short_counts_pro_rata(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    await world.value("update live_sessions set planned_minutes = 2 where id = $1", scene.id)
    _, ticket = await sell(world, scene)
    await bought(world, ticket, ago=100)
    await on_air(world, scene, 59, still=True)
    await sweep(world)
    assert await state(world, ticket) == HELD
    await on_air(world, scene, 61, still=True)
    await sweep(world)
    assert await state(world, ticket) == EARNED


@pytest.mark.parametrize(("planned", "seconds"), [(1, 60), (2, 60), (3, 90), (60, 300), (None, 300)])
async def test_however_short_a_show_is_announced_a_minute_must_flow(
    world: World, planned: int | None, seconds: int
) -> None:
    scene = await world.live()
    await world.value("update live_sessions set planned_minutes = $2 where id = $1", scene.id, planned)
    needed = "select live.seconds_to_deliver(s) from live_sessions s where id = $1"
    assert await world.value(needed, scene.id) == seconds


# ── who removes whom ─────────────────────────────────────────────────────────────────────────────────────────


async def remove(world: World, scene: Scene, by: str | None, action: str, fan: str, **params: Any) -> None:
    await world.seat(scene, "viewer", user=fan)
    asked = await world.ask(by, action, scene, fan, params=params)
    if action == "kick":
        epoch = (await world.claim(scene.room))["epoch"]
        await world.pull(scene.room, epoch)
        await world.finish(scene.room, epoch, asked)


@pytest.mark.parametrize(("action", "params"), [("kick", {}), ("ban", {}), ("ban", {"scope": "creator"})])
async def test_whom_the_creator_removes_before_it_is_earned_is_paid_back(
    world: World, action: str, params: dict[str, str]
) -> None:
    scene = await world.live(access="pay_per_view")
    fan, ticket = await sell(world, scene)
    await remove(world, scene, scene.creator, action, fan, **params)
    assert not (await world.as_user(fan, "select public.can_join($1)", scene.id))["allowed"]
    await sweep(world)
    assert (await state(world, ticket), await balance(world, fan)) == (REMOVED, 100)


async def test_a_moderators_removal_pays_back_as_the_creators_does(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    moderator = await world.seat(scene, "moderator")
    fan, ticket = await sell(world, scene)
    await remove(world, scene, moderator, "kick", fan)
    await sweep(world)
    assert (await state(world, ticket), await balance(world, fan)) == (REMOVED, 100)


async def test_a_kick_that_is_withdrawn_pays_nothing_back(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    fan, ticket = await sell(world, scene)
    await world.seat(scene, "viewer", user=fan)
    asked = await world.ask(scene.creator, "kick", scene, fan)
    await world.as_user(scene.creator, "select cancel_action($1)", asked)
    await sweep(world)
    assert (await state(world, ticket), await balance(world, fan)) == (HELD, 90)
    assert (await world.as_user(fan, "select public.can_join($1)", scene.id))["allowed"]


async def test_a_sweep_counts_the_shows_that_are_over_first_and_never_pays_back_what_it_has_not_counted(
    world: World,
) -> None:
    over = await world.live(access="pay_per_view")
    _, earned = await sell(world, over)
    await bought(world, earned, ago=900)
    await on_air(world, over, 800)
    await end(world, over)
    owner = await world.owner()
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(
            "with running as (insert into live_sessions (creator_id, type, title, access_type, price_coins, status)"
            " select gen_random_uuid(), 'audio_room', 'x', 'pay_per_view', 10, 'live' from generate_series(1, 105)"
            " returning id) insert into live_tickets (session_id, user_id, coins, idempotency_key)"
            " select id, gen_random_uuid(), 10, id::text from running"
        )
        await owner.fetchval("select live.refund_tickets()")
        told = "select earned_at is not null, refund_due_at is not null from live_tickets where id = $1"
        assert tuple(await owner.fetchrow(told, earned)) == (False, False)
        await owner.fetchval("select live.earn_tickets()")
        assert tuple(await owner.fetchrow(told, earned)) == (True, False)
    finally:
        await transaction.rollback()


async def test_nobody_provokes_a_kick_to_watch_for_nothing(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    fan, ticket = await sell(world, scene)
    await bought(world, ticket, ago=400)
    await on_air(world, scene, 310, still=True)
    await remove(world, scene, scene.creator, "ban", fan)  # no sweep has marked it as earned
    await sweep(world)
    assert (await state(world, ticket), await balance(world, fan)) == (EARNED, 90)


async def test_whom_ops_remove_or_a_rule_is_not_paid_back(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    ops = await world.user(ops=True)
    (one, first), (two, second) = await sell(world, scene), await sell(world, scene)
    await remove(world, scene, ops, "ban", one)
    await world.seat(scene, "viewer", user=two)
    await world.service(
        "insert into moderation_actions (session_id, target_user_id, action, requested_via)"
        " values ($1, $2, 'kick', 'auto')", scene.id, two,
    )  # fmt: skip
    await sweep(world)
    assert [await state(world, first), await state(world, second)] == [HELD, HELD]


async def test_a_creators_ban_pays_back_announced_shows_too_and_a_rehearsal_nothing(world: World) -> None:
    scene = await world.live()
    later = await world.value(
        "insert into live_sessions (creator_id, type, title, access_type, price_coins, scheduled_at)"
        " values ($1, 'audio_room', 'x', 'pay_per_view', 10, now() + interval '1 h') returning id::text", scene.creator,
    )  # fmt: skip
    fan, ticket = await sell(world, Scene(later, "", scene.creator))
    await world.seat(scene, "viewer", user=fan)
    await world.ask(scene.creator, "ban", scene, fan, params={"scope": "creator"}, dry_run=True)
    await sweep(world)
    assert await state(world, ticket) == HELD
    await world.ask(scene.creator, "ban", scene, fan, params={"scope": "creator"})
    await sweep(world)
    assert (await state(world, ticket), await balance(world, fan)) == (REMOVED, 100)


async def test_the_account_of_a_creator_who_sold_tickets_is_deleted(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    (early, kept), (late, lost) = await sell(world, scene), await sell(world, scene)
    await bought(world, kept, ago=400)
    await bought(world, lost, ago=100)
    await on_air(world, scene, 310)
    await world.value("delete from auth.users where id = any($1)", [scene.creator, late])
    await world.value("select live.settle_accounts('1 minute')")
    await end(world, scene)
    await sweep(world)
    assert [await state(world, kept), await state(world, lost)] == [EARNED, NOT_DELIVERED]
    assert [await balance(world, early), await balance(world, late)] == [90, 100]
    assert await book_faults(world, scene.id, early, late, scene.creator) == []


async def test_a_ticket_that_stays_held_after_the_end_is_a_fault(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    _, ticket = await sell(world, scene)
    await end(world, scene, ago="5 minutes")
    assert await book_faults(world, ticket) == [("live_tickets: held after the end", ticket, 0, PRICE)]


# ── the price that was seen ──────────────────────────────────────────────────────────────────────────────────


async def test_nobody_pays_another_price_than_they_saw(world: World) -> None:
    scene, paid, fan = await world.live(), await world.live(access="pay_per_view"), await rich(world)
    gift = "select public.send_gift($1, 'heart', 2, $2, $3)"
    ticket = "select public.buy_ticket($1, $2, $3)"
    for call, session in ((gift, scene.id), (ticket, paid.id)):
        with pytest.raises(Refused) as refused:
            await world.as_user(fan, call, session, key(), 9)
        assert (refused.value.sqlstate, refused.value.hint) == ("PT409", "price_changed")
    assert (await world.as_user(fan, gift, scene.id, key(), 10))["coins"] == 10
    assert (await world.as_user(fan, ticket, paid.id, key(), 10))["balance"] == 80
