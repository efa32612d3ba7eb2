"""Recordings sold by themselves: who is sold one, when the creator has earned it, and when the coins go back."""

from tests.database.test_cases import refusal
from tests.database.test_coins import balance, book_faults, key, rich
from tests.database.test_coins_follow_the_show import (
    EARNED,
    HELD,
    NOT_DELIVERED,
    REMOVED,
    bought,
    state,
    sweep,
)
from tests.database.test_vods import DELETE, PARTS, kept_out, made, watch
from tests.database.world import Json, Scene, World

BUY = "select public.buy_vod($1::uuid, $2, $3)"
PUBLISH = "select public.publish_vod($1::uuid, $2, access_type => $3, price_coins => $4)"
PRICE = 10
DAY = 86_400.0


async def sold(world: World, scene: Scene) -> Json:
    """A recording of a free session, published for `PRICE` coins."""
    recording = await made(world, scene, publish=False)
    await world.as_user(scene.creator, PUBLISH, recording["id"], True, "pay_per_view", PRICE)
    return recording


async def sell(world: World, recording: Json, fan: str | None = None) -> tuple[str, str]:
    """Somebody with 100 coins buys it; who, and the ticket."""
    fan = fan or await rich(world)
    return fan, (await world.as_user(fan, BUY, recording["id"], key(), PRICE))["ticket_id"]


async def watched(world: World, play: str, seconds: float) -> None:
    """The player asks for segments for so long."""
    for _ in range(int(seconds // 25)):
        await world.value(
            "update live_vod_plays set last_at = last_at - interval '25 seconds' where key_hash = $1", play
        )
        await world.service(PARTS, play)


async def settle(world: World) -> None:
    await world.value("update live.wake_marks set woken_at = '-infinity' where room = 'replay tickets'")
    await sweep(world)


async def test_a_recording_is_sold_at_the_price_that_was_seen_once_for_each_key(world: World) -> None:
    scene, fan = await world.live(), await rich(world)
    recording = await sold(world, scene)
    listed = "select to_jsonb(r) from live_replays r where id = $1"
    row = await world.as_user(fan, listed, recording["id"])
    assert (row["price_coins"], row["reason"]) == (PRICE, "ticket_required")
    assert await kept_out(lambda: watch(world, fan, recording)) == "ticket_required"

    once = key()
    assert await refusal(world, fan, BUY, recording["id"], once, 9) == "price_changed"
    receipts = [await world.as_user(fan, BUY, recording["id"], once, PRICE) for _ in range(2)]
    assert len({receipt["ticket_id"] for receipt in receipts}) == 1
    assert {receipt["balance"] for receipt in receipts} == {90}
    assert await balance(world, fan) == 90
    assert await refusal(world, fan, BUY, recording["id"], key(), PRICE) == "already_has_ticket"
    assert (await world.service(PARTS, await watch(world, fan, recording)))["parts"]
    assert (await world.as_user(fan, listed, recording["id"]))["reason"] is None

    ledger = await world.row(
        "select l.kind, l.delta, e.creator_id, e.coins from coin_ledger l join creator_earnings e on e.ledger_id = l.id"
        " where l.ticket_id = $1", receipts[0]["ticket_id"],
    )  # fmt: skip
    assert (ledger["kind"], ledger["delta"], str(ledger["creator_id"]), ledger["coins"]) == (
        "ticket", -PRICE, scene.creator, PRICE,
    )  # fmt: skip
    held = await world.value("select held_coins from creator_balances where creator_id = $1", scene.creator)
    assert held == PRICE, "its coins are held until it is watched"
    figures = "select to_jsonb(f) from public.vod_figures($1::uuid) f"
    told = await world.as_user(scene.creator, figures, recording["id"])
    assert (told["sold"], told["coins"]) == (1, PRICE)
    exported = (await world.as_user(fan, "select public.export_my_data()"))["tables"]["public.live_tickets"]
    assert [row["recording_id"] for row in exported] == [recording["id"]]
    assert await book_faults(world, scene.id) == []


async def test_it_is_sold_to_nobody_who_needs_none_or_would_not_be_let_in(world: World) -> None:
    scene, banned, poor = await world.live(access="pay_per_view"), await rich(world), await world.user()
    with_ticket, anonymous, ops = (
        await rich(world),
        await world.user(anonymous=True),
        await world.user(ops=True),
    )
    await world.as_user(with_ticket, "select public.buy_ticket($1, $2)", scene.id, key())
    await world.value(
        "insert into live_bans (user_id, scope, creator_id) values ($1, 'creator', $2)", banned, scene.creator
    )
    recording = await made(world, scene, publish=False)
    cost = await world.value("select price_coins from live_vods where recording_id = $1", recording["id"])

    async def refused(user: str, which: str = recording["id"]) -> str | None:
        return await refusal(world, user, BUY, which, key(), cost)

    assert await refused(await rich(world)) == "unknown_recording", "it is not published"
    await world.as_user(scene.creator, PUBLISH, recording["id"], True, None, None)
    for user, code in (
        (scene.creator, "own_session"), (ops, "no_ticket_needed"), (with_ticket, "no_ticket_needed"),
        (banned, "banned"), (poor, "insufficient_coins"), (anonymous, "account_required"),
    ):  # fmt: skip
        assert await refused(user) == code, code
    other = key()
    second = await sold(world, scene)
    buyer = await rich(world)
    await world.as_user(buyer, BUY, second["id"], other, PRICE)
    assert await refusal(world, buyer, BUY, recording["id"], other, cost) == "idempotency_key_reused"
    ticket = "select public.buy_ticket($1, $2)"
    assert await refusal(world, buyer, ticket, scene.id, other) == "idempotency_key_reused"
    can = "select public.can_join($1)"
    assert (await world.as_user(buyer, can, scene.id))["reason"] == "ticket_required", (
        "a ticket of the recording admits to no session"
    )
    await world.as_user(buyer, ticket, scene.id, key())
    for choice in (("pay_per_view", 0), ("public", 5), ("everyone", None)):
        assert (
            await refusal(world, scene.creator, PUBLISH, recording["id"], True, *choice) == "invalid_choice"
        )
    await world.value("update live_vods set taken_down_at = now() where recording_id = $1", recording["id"])
    assert await refused(await rich(world)) == "taken_down"
    assert await refused(await rich(world), scene.id) == "unknown_recording"


async def test_it_is_earned_once_it_was_watched_or_could_be_for_long_enough(world: World) -> None:
    scene = await world.live()
    recording = await sold(world, scene)
    fan, ticket = await sell(world, recording)
    _, idle = await sell(world, recording)
    play = await watch(world, fan, recording)
    await watched(world, play, 450)
    assert await state(world, ticket) == HELD, "four fifths of ten minutes"
    await watched(world, play, 50)
    assert await state(world, ticket) == EARNED
    await bought(world, idle, ago=13 * DAY)
    await settle(world)
    assert await state(world, idle) == HELD
    await bought(world, idle, ago=15 * DAY)
    await world.value("update live_vods set taken_down_at = now() where recording_id = $1", recording["id"])
    await settle(world)
    assert await state(world, idle) == HELD, "what is taken down can be watched by nobody"
    await world.value("update live_vods set taken_down_at = null where recording_id = $1", recording["id"])
    await settle(world)
    assert await state(world, idle) == EARNED
    await world.service(DELETE, scene.creator, recording["id"])
    await settle(world)
    assert [await state(world, one) for one in (ticket, idle)] == [EARNED, EARNED]
    assert await book_faults(world, scene.id) == []


async def test_the_coins_go_back_when_it_goes_before_it_was_watched(world: World) -> None:
    scene = await world.live()

    async def goes(sql: str) -> tuple[bool, str | None, bool]:
        """What becomes of a ticket after this is done to its recording, `$1`."""
        recording = await sold(world, scene)
        fan, ticket = await sell(world, recording)
        await world.value(sql, recording["id"])
        await settle(world)
        found = await state(world, ticket)
        assert await balance(world, fan) == (100 if found[2] else 90)
        assert (await kept_out(lambda: watch(world, fan, recording))) is not None
        return found

    down = "update live_vods set taken_down_at = now() - interval '{}' where recording_id = $1"
    assert await goes(down.format("23 hours")) == HELD, "ops may restore it"
    assert await goes(down.format("25 hours")) == NOT_DELIVERED
    assert await goes("update live_recordings set retention_until = now() where id = $1") == NOT_DELIVERED

    # Its creator deletes it: who has begun to watch gets the coins back, who has seen it does not.
    recording = await sold(world, scene)
    (fan, ticket), (seen, kept) = await sell(world, recording), await sell(world, recording)
    await watched(world, await watch(world, fan, recording), 450)
    await watched(world, await watch(world, seen, recording), 500)
    await world.service(DELETE, scene.creator, recording["id"])
    await settle(world)
    assert (await state(world, ticket), await balance(world, fan)) == (NOT_DELIVERED, 100)
    assert (await state(world, kept), await balance(world, seen)) == (EARNED, 90)

    recording = await sold(world, scene)
    fan, ticket = await sell(world, recording)
    cut = "select public.cut_recording($1::uuid, $2, $3)"
    await world.as_user(scene.creator, cut, recording["id"], 0.0, 200.0)
    await world.as_user(scene.creator, cut, recording["id"], 50.0, 200.0)
    await settle(world)
    assert await state(world, ticket) == HELD, "what is cut twice is gone once"
    await world.as_user(scene.creator, cut, recording["id"], 200.0, 400.0)
    await settle(world)
    assert await state(world, ticket) == NOT_DELIVERED, "half of it is cut"
    again = (await sell(world, recording, fan))[1]
    listed = "select duration_seconds from live_replays where id = $1"
    assert await world.as_user(fan, listed, recording["id"]) == 200, "what there is to see"
    await settle(world)
    assert await state(world, again) == HELD, "who buys what is left has bought that"
    play = await watch(world, fan, recording)
    await watched(world, play, 150)
    assert await state(world, again) == HELD, "of two hundred seconds"
    await watched(world, play, 50)
    assert await state(world, again) == EARNED
    assert await book_faults(world, scene.id) == []


async def test_whom_the_creator_puts_out_before_they_watched_is_paid_back(world: World) -> None:
    scene = await world.live()
    recording = await sold(world, scene)
    blocked, its = await sell(world, recording)
    banned, theirs = await sell(world, recording)
    by_ops, kept = await sell(world, recording)
    blocking, own = await sell(world, recording)
    ops = await world.user(ops=True)
    await world.as_user(scene.creator, "select public.block_user($1::uuid)", blocked)
    await world.as_user(blocking, "select public.block_user($1::uuid)", scene.creator)
    await world.ask(scene.creator, "ban", scene, banned, params={"scope": "creator"})
    await world.ask(ops, "ban", scene, by_ops, params={"scope": "creator"})
    await settle(world)
    assert [await state(world, one) for one in (its, theirs, kept, own)] == [
        REMOVED, REMOVED, HELD, HELD,
    ]  # fmt: skip
    assert (await kept_out(lambda: watch(world, by_ops, recording))) == "banned"
    await world.as_user(ops, "select public.refund_ticket($1, $2)", kept, "a mistake of ours")
    assert await state(world, kept) == (False, "ops", True)
    assert await book_faults(world, scene.id) == []


async def test_who_has_bought_it_watches_on_when_it_is_taken_from_the_list(world: World) -> None:
    scene = await world.live()
    recording = await sold(world, scene)
    fan, ticket = await sell(world, recording)
    play = await watch(world, fan, recording)
    await world.as_user(scene.creator, PUBLISH, recording["id"], True, "subscribers", None)
    assert (await world.service(PARTS, play))["parts"]
    await world.as_user(scene.creator, PUBLISH, recording["id"], False, None, None)
    assert (await world.service(PARTS, play))["parts"]
    await world.value("update live_tickets set refunded_at = now() where id = $1", ticket)
    assert await kept_out(lambda: world.service(PARTS, play)) == "unknown_recording"
