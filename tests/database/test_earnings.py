"""What creators are paid: what waits, what is payable, and what a balance costs to read."""

from typing import Any

import pytest
import pytest_asyncio

from tests.database.test_coins import balance, book_faults, key, rich
from tests.database.test_coins_follow_the_show import GIFT, bought, on_air, sell, sweep
from tests.database.world import Refused, World


async def books(world: World, creator: str) -> dict[str, int]:
    row = await world.row("select * from creator_balances where creator_id = $1", creator)
    return {name.removesuffix("_coins"): value for name, value in row.items() if name != "creator_id"}


@pytest_asyncio.fixture(loop_scope="session")
async def no_holding(world: World) -> Any:
    await world.value("update app_settings set value = '0' where key = 'earnings.holding_days'")
    yield
    await world.value("update app_settings set value = '14' where key = 'earnings.holding_days'")


async def test_earned_coins_wait_and_a_held_ticket_waits_for_its_show(world: World) -> None:
    scene, payout = await world.live(access="pay_per_view"), "select public.record_payout($1, $2, $3)"
    fan, ticket = await sell(world, scene)
    await world.as_user(fan, GIFT, scene.id, "heart", 1, key())
    assert await books(world, scene.creator) == {
        "earned": 15, "held": 10, "waiting": 5, "paid": 0, "payable": 0, "debt": 0,
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        await world.service(payout, scene.creator, 1, key())
    assert refused.value.hint == "not_payable"
    await bought(world, ticket, ago=400)
    await on_air(world, scene, 310, still=True)
    await sweep(world)
    assert (await books(world, scene.creator))["waiting"] == 15


@pytest.mark.usefixtures("no_holding")
async def test_a_refund_of_what_is_paid_out_is_a_debt_that_later_earnings_make_good(world: World) -> None:
    scene, fan, ops = await world.live(), await rich(world), await world.user(ops=True)
    gifts = [(await world.as_user(fan, GIFT, scene.id, "heart", 2, key()))["gift_id"] for _ in range(2)]
    paid = await world.service("select public.record_payout($1, 15, $2)", scene.creator, reference := key())
    assert paid["payable"] == 5
    assert await world.service("select public.record_payout($1, 15, $2)", scene.creator, reference) == paid
    for gift in gifts:
        await world.as_user(ops, "select public.refund_gift($1, 'stolen card')", gift)
    debts = await world.rows(
        "select coins from creator_debts where creator_id = $1 order by ledger_id", scene.creator
    )
    assert [debt["coins"] for debt in debts] == [5, 10]
    assert (await books(world, scene.creator))["debt"] == 15
    assert await balance(world, fan) == 100
    await world.as_user(fan, GIFT, scene.id, "heart", 4, key())
    assert {name: (await books(world, scene.creator))[name] for name in ("debt", "payable")} == {
        "debt": 0,
        "payable": 5,
    }
    assert await book_faults(world, scene.id, scene.creator, fan) == []


async def test_a_creator_sees_the_own_balance_alone(world: World) -> None:
    one, two, fan = await world.live(), await world.live(), await rich(world)
    for scene in (one, two):
        await world.as_user(fan, GIFT, scene.id, "rose", 1, key())
    async with world.acting("authenticated", one.creator) as connection:
        seen = await connection.fetch("select creator_id::text from creator_balances")
    assert [row["creator_id"] for row in seen] == [one.creator]


async def fold(world: World) -> None:
    await world.value("update live.wake_marks set woken_at = '-infinity' where room = 'earnings'")
    await world.value("select live.fold_earnings()")


async def test_a_balance_is_the_same_before_and_after_what_is_settled_is_folded(world: World) -> None:
    scene, ops = await world.live(access="pay_per_view"), await world.user(ops=True)
    seen = []
    for step in range(3):
        fan, ticket = await sell(world, scene)
        gift = (await world.as_user(fan, GIFT, scene.id, "heart", 2, key()))["gift_id"]
        other = (await world.as_user(fan, GIFT, scene.id, "rose", 1, key()))["gift_id"]
        await world.as_user(ops, "select public.refund_gift($1, 'stolen card')", (gift, other)[step % 2])
        if step == 1:
            await world.value("update live_tickets set earned_at = now() where id = $1", ticket)
        if step == 2:
            await world.as_user(ops, "select public.refund_ticket($1, 'no show')", ticket)
        before = await books(world, scene.creator)
        await fold(world)
        assert await books(world, scene.creator) == before
        seen.append(before)
        assert await book_faults(world, scene.id, scene.creator) == []
    first = await world.value(
        "select ticket_id from creator_open_earnings where creator_id = $1 and held", scene.creator
    )
    assert first is not None, "a held ticket is not folded"
    await world.value("update live_tickets set earned_at = now() where id = $1", first)
    await fold(world)
    assert not await world.rows("select from creator_open_earnings where creator_id = $1", scene.creator)
    after = await books(world, scene.creator)
    assert (after["held"], after["waiting"]) == (0, seen[-1]["held"] + seen[-1]["waiting"])
    await world.as_user(ops, "select public.refund_ticket($1, 'a complaint')", first)
    await fold(world)
    assert (await books(world, scene.creator))["waiting"] == after["waiting"] - 10
    assert await book_faults(world, scene.id, scene.creator) == []


async def test_a_refund_of_old_earnings_takes_of_what_is_payable_not_of_what_waits(world: World) -> None:
    scene, fan, ops = await world.live(), await rich(world), await world.user(ops=True)
    old = (await world.as_user(fan, GIFT, scene.id, "heart", 2, key()))["gift_id"]
    owner = await world.owner()
    async with owner.transaction():
        trigger = "alter table creator_earnings {} trigger creator_earnings_append_only"
        await owner.execute(trigger.format("disable"))
        await owner.execute(
            "update creator_earnings set created_at = created_at - interval '20 days' where gift_id = $1", old
        )
        await owner.execute(trigger.format("enable"))
        await owner.execute(
            "update creator_open_earnings set earned_at = earned_at - interval '20 days' where creator_id = $1",
            scene.creator,
        )
    await fold(world)
    await world.as_user(fan, GIFT, scene.id, "rose", 3, key())
    expected = {"earned": 13, "held": 0, "waiting": 3, "paid": 0, "payable": 10, "debt": 0}
    assert await books(world, scene.creator) == expected
    await world.as_user(ops, "select public.refund_gift($1, 'stolen card')", old)
    assert await books(world, scene.creator) == expected | {"earned": 3, "payable": 0}
    await fold(world)
    assert await books(world, scene.creator) == expected | {"earned": 3, "payable": 0}


async def test_a_balance_reads_hours_and_not_gifts(world: World) -> None:
    """However much has been earned: one row for an hour, and one for all that is older than 400 days."""
    scene, fan = await world.live(), await rich(world)
    for _ in range(30):
        await world.as_user(fan, GIFT, scene.id, "rose", 1, key())
    await fold(world)
    rows = await world.rows(
        "select hour, coins from creator_earned_hours where creator_id = $1", scene.creator
    )
    assert sum(row["coins"] for row in rows) == 30
    assert len(rows) <= 2  # the hour may have ended meanwhile
    hours = (
        "insert into creator_earned_hours"
        " select $1, now() - make_interval(days => n), 1 from generate_series(401, 1000) n"
    )
    await world.value(hours, scene.creator)
    before = await world.value(
        "select payable_coins from creator_balances where creator_id = $1", scene.creator
    )
    await fold(world)
    assert (
        await world.value("select count(*) from creator_earned_hours where creator_id = $1", scene.creator)
        <= 3
    )
    assert before == 600
    assert (
        await world.value("select payable_coins from creator_balances where creator_id = $1", scene.creator)
        == 600
    )
