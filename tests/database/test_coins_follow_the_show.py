"""Coins follow the show: when a ticket is earned, who is paid back, what ops refund, and what creators are paid."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

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


# ── refunds and adjustments by ops ───────────────────────────────────────────────────────────────────────────


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


# ── what creators are paid ───────────────────────────────────────────────────────────────────────────────────


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


# ── what is on air ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Air:
    """The reports about one host's connection, at seconds after its start."""

    world: World
    scene: Scene
    epoch: int
    start: float
    sid: str
    host: str

    @classmethod
    async def open(cls, world: World) -> "Air":
        scene = await world.live("video_live")
        claim = await world.claim(scene.room, ttl_ms=60_000)
        return cls(
            world,
            scene,
            claim["epoch"],
            float(int(time.time()) - 1000),
            f"PA_{uuid.uuid4().hex}",
            scene.creator,
        )

    async def agent(self, at: float, *flowing: str, epoch: int | None = None) -> bool:
        row = {
            "room": self.scene.room, "epoch": epoch or self.epoch, "user_id": self.host, "participant_sid": self.sid,
            "flowing": flowing, "at_ms": 1000 * (self.start + at),
        }  # fmt: skip
        return bool((await self.world.service("select agent_media('w1', $1)", [row]))[0]["ok"])

    async def webhook(self, event: str, at: float, source: str, **track: Any) -> str:
        body = {
            "createdAt": str(int(self.start + at)),
            "participant": {"identity": self.host, "sid": self.sid},
            "track": {"sid": "TR_1", "source": source, **track},
        }
        answer = await self.world.service(
            "select record_webhook($1, $2, $3, $4)", key(), event, self.scene.room, body
        )
        return str(answer["outcome"])

    async def left(self, at: float) -> None:
        report = "select live.record_presence('webhook', $1, $2, $3, $4, to_timestamp($5::float8), null)"
        for event, when in (("joined", 0.0), ("left", at)):
            await self.world.value(report, self.scene.room, event, self.sid, self.host, self.start + when)

    async def stretches(self) -> list[tuple[str, float, float | None]]:
        rows = await self.world.rows(
            "select source, extract(epoch from started_at)::float8 as a, extract(epoch from ended_at)::float8 as b"
            " from live_media where session_id = $1 order by started_at, source", self.scene.id,
        )  # fmt: skip
        return [
            (row["source"], round(row["a"] - self.start), row["b"] and round(row["b"] - self.start))
            for row in rows
        ]


async def test_an_agent_tells_what_flows_and_what_is_not_named_has_ended(world: World) -> None:
    air = await Air.open(world)
    await air.agent(10, "camera", "microphone")
    await air.agent(10, "camera", "microphone")  # another worker, which finds the same
    await air.agent(30, "camera")
    await air.agent(50, "camera", "microphone")
    await air.left(70)
    assert await air.stretches() == [("camera", 10, 70), ("microphone", 10, 30), ("microphone", 50, 70)]


async def test_a_show_without_an_agent_is_told_by_webhooks_and_an_agent_knows_better(world: World) -> None:
    air = await Air.open(world)
    assert await air.webhook("track_published", 10, "SCREEN_SHARE") == "recorded"
    assert await air.webhook("track_published", 11, "MICROPHONE", muted=True) == "ignored"
    await air.agent(20, "microphone")
    await air.agent(30)
    assert await air.webhook("track_published", 11, "MICROPHONE") == "ignored"  # late, and muted since
    assert await air.webhook("track_unpublished", 40, "SCREEN_SHARE") == "recorded"
    assert await air.stretches() == [("screen_share", 10, 40), ("microphone", 20, 30)]


async def test_nothing_flows_after_the_end_and_of_guests_nothing_is_kept(world: World) -> None:
    air = await Air.open(world)
    await air.agent(10, "microphone")
    guest = await world.seat(air.scene, "speaker")
    air.host, host = guest, air.host
    await air.agent(10, "camera")
    assert await air.webhook("track_published", 10, "CAMERA") == "ignored"
    air.host = host
    assert not await air.agent(12, epoch=air.epoch + 1)
    await world.service("select public.session_end($1, $2)", air.scene.creator, air.scene.id)
    await air.agent(20, "camera")
    ((source, _, ended),) = await air.stretches()
    assert (source, ended is not None) == ("microphone", True)


# ── what a balance costs ─────────────────────────────────────────────────────────────────────────────────────


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
