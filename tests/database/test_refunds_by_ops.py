"""Refunds and adjustments by ops: once, with a reason, in the books everywhere."""

import asyncio
import uuid

import pytest

from tests.database.test_coins import balance, book_faults, key, rich
from tests.database.test_coins_follow_the_show import (
    GIFT,
    sell,
)
from tests.database.world import Refused, World


async def test_ops_refund_a_gift_once_and_it_is_seen_everywhere(world: World) -> None:
    scene, fan, ops = await world.live(), await rich(world), await world.user(ops=True)
    gift = (await world.as_user(fan, GIFT, scene.id, "heart", 3, key()))["gift_id"]
    answers = [
        await world.as_user(ops, "select public.refund_gift($1, $2)", gift, "sent by a child")
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert (answers[0]["user_id"], answers[0]["coins"], await balance(world, fan)) == (fan, 15, 100)
    entry = await world.row("select * from coin_ledger where gift_id = $1 and kind = 'gift_refund'", gift)
    assert (entry["delta"], entry["note"], str(entry["created_by"])) == (15, "sent by a child", ops)
    day = await world.row("select * from creator_revenue where creator_id = $1", scene.creator)
    assert (day["gift_coins"], day["refunded_coins"], day["total_coins"]) == (15, 15, 0)
    assert await book_faults(world, scene.id, fan, scene.creator, gift) == []


async def test_ops_refund_a_whole_session_in_parts_and_nothing_twice(world: World) -> None:
    scene, ops = await world.live(access="pay_per_view"), await world.user(ops=True)
    fans = [(await sell(world, scene))[0] for _ in range(3)]
    for fan in fans:
        await world.as_user(fan, GIFT, scene.id, "rose", 2, key())
    refund = "select public.refund_session($1, 'the sound was broken')"
    assert await world.as_user(ops, refund, scene.id) == {"tickets": 3, "gifts": 3, "coins": 36, "done": True}
    assert await world.as_user(ops, refund, scene.id) == {"tickets": 0, "gifts": 0, "coins": 0, "done": True}
    assert [await balance(world, fan) for fan in fans] == [100] * 3
    assert await book_faults(world, scene.id, scene.creator, *fans) == []


async def test_ops_refund_from_everywhere_at_once_and_it_is_paid_once(world: World) -> None:
    scene, ops = await world.live(access="pay_per_view"), await world.user(ops=True)
    fan, ticket = await sell(world, scene)
    gift = (await world.as_user(fan, GIFT, scene.id, "heart", 2, key()))["gift_id"]
    others = [World(world.dsn) for _ in range(6)]
    calls = [
        ("select public.refund_gift($1, 'x')", gift),
        ("select public.refund_session($1, 'x')", scene.id),
        ("select public.refund_ticket($1)", ticket),
    ]
    try:
        await asyncio.gather(*(other.as_user(ops, *calls[n % 3]) for n, other in enumerate(others)))
    finally:
        for other in others:
            await other.close()
    assert await balance(world, fan) == 100
    assert await book_faults(world, scene.id, scene.creator, fan) == []


async def test_an_adjustment_has_a_reason_and_is_booked_once(world: World) -> None:
    fan, ops = await rich(world, 50), await world.user(ops=True)
    adjust = "select public.adjust_coins($1, $2, $3)"
    answers = [await world.as_user(ops, adjust, fan, -20, "chargeback of receipt 17") for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["coins"], await balance(world, fan)) == (-20, 30)
    assert (await world.as_user(ops, adjust, fan, 5, "a present"))["balance"] == 35
    entry = await world.row(
        "select note, created_by from coin_ledger where user_id = $1 and kind = 'adjustment' and delta = -20",
        fan,
    )
    assert (entry["note"], str(entry["created_by"])) == ("chargeback of receipt 17", ops)
    with pytest.raises(Refused) as refused:
        await world.as_user(ops, adjust, fan, -100, "more than there is")
    assert refused.value.hint == "insufficient_coins"


@pytest.mark.parametrize(
    "call",
    [
        "select public.refund_gift(gen_random_uuid(), 'x')",
        "select public.refund_ticket(gen_random_uuid())",
        "select public.refund_session(gen_random_uuid(), 'x')",
        "select public.adjust_coins(gen_random_uuid(), 5, 'x')",
    ],
)
async def test_only_ops_refund_and_adjust(world: World, call: str) -> None:
    with pytest.raises(Refused) as refused:
        await world.as_user(await world.user(creator=True), call)
    assert refused.value.hint == "ops_only"


@pytest.mark.parametrize(
    "call", ["refund_gift($1, '  ')", "refund_session($1, null)", "adjust_coins($1, 5, '')"]
)
async def test_ops_give_a_reason(world: World, call: str) -> None:
    with pytest.raises(Refused) as refused:
        await world.as_user(await world.user(ops=True), f"select public.{call}", str(uuid.uuid4()))
    assert refused.value.hint == "invalid_reason"
