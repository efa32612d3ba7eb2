"""Coins: gifts, tickets, top-ups, and books that agree whatever happens."""

import asyncio
import json
import uuid

import asyncpg
import pytest

from tests.database.world import Refused, Scene, World

GIFT = "select public.send_gift($1, $2, $3, $4)"


def key() -> str:
    return f"key-{uuid.uuid4()}"


async def top_up(world: World, user: str, coins: int) -> None:
    await world.service("select public.credit_coins($1, $2, $3)", user, coins, key())


async def rich(world: World, coins: int = 100) -> str:
    user = await world.user()
    await top_up(world, user, coins)
    return user


async def balance(world: World, user: str) -> int:
    return int(await world.value("select balance from coin_wallets where user_id = $1", user))


async def refusal(world: World, user: str, sql: str, *args: object) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        await world.as_user(user, sql, *args)
    return refused.value.sqlstate, refused.value.hint


async def book_faults(world: World, *ids: str) -> list[tuple[object, ...]]:
    """Return what disagrees about these people, sessions and all that was bought in them."""
    async with world.acting("service_role") as connection:
        faults = await connection.fetch(
            """
            select f.* from public.book_faults() f
             where f.id = any($1)
                or f.id in (select x.id::text from coin_ledger x where x.session_id::text = any($1))
                or f.id in (select x.id::text from live_gifts x where x.session_id::text = any($1))
                or f.id in (select x.id::text from live_tickets x where x.session_id::text = any($1))""",
            ids,
        )
    return [tuple(fault) for fault in faults]


async def test_a_gift_moves_coins_and_is_seen_everywhere(world: World) -> None:
    scene, fan = await world.live(), await rich(world, 100)
    receipt = await world.as_user(fan, GIFT, scene.id, "heart", 3, key())
    assert (receipt["seq"], receipt["coins"], receipt["balance"]) == (1, 15, 85)
    event = await world.row("select type, payload from live_events where session_id = $1", scene.id)
    assert event["type"] == "gift"
    assert event["payload"]["gift_id"] == receipt["gift_id"]
    message = await world.row(
        "select type, user_id, payload from live_messages where session_id = $1", scene.id
    )
    assert (message["type"], str(message["user_id"]), message["payload"]) == ("gift", fan, event["payload"])
    assert await world.value("select total_gift_coins from live_sessions where id = $1", scene.id) == 15
    earned = await world.as_user(
        scene.creator,
        "select sum(total_coins)::int from creator_revenue where creator_id = $1",
        scene.creator,
    )
    assert earned == 15
    assert not await book_faults(world, scene.id, fan)


async def test_the_same_key_charges_once_and_answers_the_same(world: World) -> None:
    scene, fan, once = await world.live(), await rich(world), key()
    first = await world.as_user(fan, GIFT, scene.id, "rose", 2, once)
    await world.as_user(fan, GIFT, scene.id, "rose", 1, key())
    await world.service("update live_sessions set status = 'ended' where id = $1", scene.id)
    assert await world.as_user(fan, GIFT, scene.id, "rose", 2, once) == first
    assert await balance(world, fan) == 97
    assert await refusal(world, fan, GIFT, scene.id, "rose", 3, once) == ("PT409", "idempotency_key_reused")
    assert await refusal(world, fan, GIFT, (await world.live()).id, "rose", 2, once) == (
        "PT409", "idempotency_key_reused",
    )  # fmt: skip


async def test_two_people_may_choose_the_same_key(world: World) -> None:
    scene, shared = await world.live(), key()
    for fan in (await rich(world), await rich(world)):
        assert (await world.as_user(fan, GIFT, scene.id, "rose", 1, shared))["balance"] == 99


async def send_concurrently(world: World, scene: Scene, fan: str, keys: list[str]) -> list[object]:
    """Send one gift of one coin per key, each on a connection of its own; returns answers and errors."""
    connections = [await world.connect() for _ in keys]

    async def send(connection: asyncpg.Connection, once: str) -> object:
        async with connection.transaction():
            claims = json.dumps({"role": "authenticated", "sub": fan})
            await connection.execute("select set_config('request.jwt.claims', $1, true)", claims)
            await connection.execute("set local role authenticated")
            return await connection.fetchval(GIFT, scene.id, "rose", 1, once)

    answers = await asyncio.gather(*map(send, connections, keys), return_exceptions=True)
    for connection in connections:
        await connection.close()
    return list(answers)


async def test_fifty_at_once_against_a_wallet_for_twenty(world: World) -> None:
    scene, fan = await world.live(), await rich(world, 20)
    answers = await send_concurrently(world, scene, fan, [key() for _ in range(50)])
    sent = [a for a in answers if isinstance(a, dict)]
    refused = [a for a in answers if isinstance(a, asyncpg.PostgresError)]
    assert (len(sent), len(refused)) == (20, 30)
    assert {a.sqlstate for a in refused} == {"PT402"}
    assert await balance(world, fan) == 0
    gifts = await world.value("select count(*) from live_gifts where session_id = $1", scene.id)
    seqs = await world.value(
        "select array_agg(seq order by seq) from live_events where session_id = $1", scene.id
    )
    assert (gifts, seqs) == (20, list(range(1, 21)))
    assert sorted(a["balance"] for a in sent) == list(range(20))
    assert not await book_faults(world, scene.id, fan)


async def test_one_key_sent_from_everywhere_at_once_charges_once(world: World) -> None:
    scene, fan = await world.live(), await rich(world, 20)
    answers = await send_concurrently(world, scene, fan, [key()] * 10)
    assert all(answer == answers[0] for answer in answers)
    assert await balance(world, fan) == 19


async def test_a_gift_is_refused_where_it_does_not_belong(world: World) -> None:
    scene, fan = await world.live(), await rich(world, 10)
    banned, nobody = await rich(world), await world.user(anonymous=True)
    await world.value(
        "insert into live_bans (user_id, scope, session_id) values ($1, 'session', $2)", banned, scene.id
    )
    await top_up(world, scene.creator, 10)
    paid = await world.live(access="pay_per_view")
    over = await world.live()
    await world.service("update live_sessions set status = 'ended' where id = $1", over.id)
    cases: list[tuple[str, tuple[object, ...], tuple[str, str]]] = [
        (fan, (scene.id, "crown", 1, key()), ("PT402", "insufficient_coins")),
        (fan, (scene.id, "no_such", 1, key()), ("PT404", "unknown_gift")),
        (fan, (scene.id, "rose", 0, key()), ("PT400", "invalid_quantity")),
        (fan, (scene.id, "rose", None, key()), ("PT400", "invalid_quantity")),
        (fan, (scene.id, "rose", 1, "short"), ("PT400", "invalid_idempotency_key")),
        (fan, (scene.id, "rose", 1, None), ("PT400", "invalid_idempotency_key")),
        (fan, (str(uuid.uuid4()), "rose", 1, key()), ("PT404", "unknown_session")),
        (fan, (paid.id, "rose", 1, key()), ("PT402", "ticket_required")),
        (fan, (over.id, "rose", 1, key()), ("PT409", "session_ended")),
        (banned, (scene.id, "rose", 1, key()), ("PT403", "banned")),
        (nobody, (scene.id, "rose", 1, key()), ("PT403", "account_required")),
        (scene.creator, (scene.id, "rose", 1, key()), ("PT409", "own_session")),
    ]
    for user, args, expected in cases:
        assert await refusal(world, user, GIFT, *args) == expected, args
    assert not await world.rows(
        "select from live_gifts where session_id = any($1)", [scene.id, paid.id, over.id]
    )


async def test_gifts_are_bounded_per_minute_but_a_retry_is_not(world: World) -> None:
    scene, fan, once = await world.live(), await rich(world, 200), key()
    first = await world.as_user(fan, GIFT, scene.id, "rose", 1, once)
    sent = await world.until_limited(
        lambda: world.as_user(fan, GIFT, scene.id, "rose", 1, key()), at_most=120
    )
    assert sent >= 59
    assert await world.as_user(fan, GIFT, scene.id, "rose", 1, once) == first


async def test_the_books_refuse_everyone(world: World) -> None:
    scene, fan = await world.live(), await rich(world)
    await world.as_user(fan, GIFT, scene.id, "rose", 1, key())
    owner = await world.owner()
    for statement in (
        "update coin_ledger set note = 'x'", "delete from coin_ledger", "truncate coin_ledger cascade",
        "update creator_earnings set coins = 5", "delete from creator_earnings",
        "update live_gifts set coins = 5", "delete from live_gifts",
        "update coin_wallets set balance = 1000000", "delete from coin_wallets",
        "insert into coin_wallets (user_id, balance) values (gen_random_uuid(), 5)",
        "insert into creator_earnings (ledger_id, creator_id, session_id, kind, coins) values (1, $1, $1, 'gift', 1)"
        .replace("$1", "gen_random_uuid()"),
    ):  # fmt: skip
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(statement)
        assert refused.value.sqlstate == "PT403", statement


async def test_a_receipt_is_credited_once(world: World) -> None:
    user, other, receipt = await world.user(), await world.user(), key()
    credit = "select public.credit_coins($1, $2, $3)"
    first = await world.service(credit, user, 50, receipt)
    assert await world.service(credit, user, 50, receipt) == first
    assert await balance(world, user) == 50
    for args in ((other, 50, receipt), (user, 60, receipt)):
        with pytest.raises(Refused, match="already credited"):
            await world.service(credit, *args)
    with pytest.raises(Refused) as refused:
        await world.as_user(user, credit, user, 50, key())
    assert refused.value.sqlstate == "42501"


async def test_of_two_people_with_one_receipt_at_once_one_is_credited_and_the_other_told_why(
    world: World,
) -> None:
    credit = "select public.credit_coins($1, $2, $3)"
    users = [await world.user(), await world.user()]
    first, second = await world.connect(), await world.connect()
    receipt, outer = f"receipt-{key()}", first.transaction()
    await outer.start()
    await first.execute(credit, users[0], 50, receipt)
    waits = asyncio.create_task(second.execute(credit, users[1], 50, receipt))
    waiting = "select count(*) from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'"
    while not await first.fetchval(waiting, second.get_server_pid()):  # noqa: ASYNC110 - it is the only sign
        await asyncio.sleep(0.01)
    await outer.commit()
    with pytest.raises(asyncpg.PostgresError) as refused:
        await waits
    assert (refused.value.sqlstate, refused.value.hint) == ("PT409", "reference_reused")


async def test_a_ticket_is_bought_once_and_lets_in_until_it_is_refunded(world: World) -> None:
    scene, fan, once = await world.live(access="pay_per_view"), await rich(world, 25), key()
    buy, enter = "select public.buy_ticket($1, $2)", "select public.can_join($1)"
    assert (await world.as_user(fan, enter, scene.id))["reason"] == "ticket_required"
    bought = await world.as_user(fan, buy, scene.id, once)
    assert bought["balance"] == 15
    assert await world.as_user(fan, buy, scene.id, once) == bought
    assert (await world.as_user(fan, enter, scene.id))["allowed"]
    assert await refusal(world, fan, buy, scene.id, key()) == ("PT409", "already_has_ticket")

    assert await refusal(world, fan, "select public.refund_ticket($1)", bought["ticket_id"]) == (
        "PT403",
        "ops_only",
    )
    ops = await world.user(ops=True)
    refund = await world.as_user(ops, "select public.refund_ticket($1)", bought["ticket_id"])
    assert refund["coins"] == 10
    assert await world.as_user(ops, "select public.refund_ticket($1)", bought["ticket_id"]) == refund
    assert await balance(world, fan) == 25
    assert (await world.as_user(fan, enter, scene.id))["reason"] == "ticket_required"
    assert (await world.as_user(fan, buy, scene.id, key()))["balance"] == 15
    earned = await world.rows(
        "select kind, coins from creator_earnings where creator_id = $1 order by 1, 2", scene.creator
    )
    assert [tuple(row.values()) for row in earned] == [("ticket", 10), ("ticket", 10), ("ticket_refund", -10)]
    assert not await book_faults(world, scene.id, fan)


async def test_a_ticket_is_not_sold_where_it_would_not_let_in(world: World) -> None:
    scene, free = await world.live(access="pay_per_view"), await world.live()
    fan, poor, banned = await rich(world), await world.user(), await rich(world)
    await world.value("insert into live_bans (user_id, scope) values ($1, 'platform')", banned)
    over = await world.live(access="pay_per_view")
    await world.service("update live_sessions set status = 'ended' where id = $1", over.id)
    for user, session, expected in (
        (poor, scene.id, ("PT402", "insufficient_coins")),
        (fan, free.id, ("PT409", "no_ticket_needed")),
        (fan, over.id, ("PT409", "session_ended")),
        (fan, str(uuid.uuid4()), ("PT404", "unknown_session")),
        (banned, scene.id, ("PT403", "banned")),
        (scene.creator, scene.id, ("PT409", "own_session")),
        (await world.user(anonymous=True), scene.id, ("PT403", "account_required")),
    ):
        assert await refusal(world, user, "select public.buy_ticket($1, $2)", session, key()) == expected


async def test_a_disagreement_in_the_books_is_found(world: World) -> None:
    scene = await world.live()
    await world.service("update live_sessions set total_gift_coins = 7 where id = $1", scene.id)
    assert await book_faults(world, scene.id) == [("live_sessions", scene.id, 0, 7)]


async def test_the_books_outlive_the_accounts(world: World) -> None:
    scene, fan = await world.live(access="pay_per_view"), await rich(world)
    await world.as_user(fan, "select public.buy_ticket($1, $2)", scene.id, key())
    await world.as_user(fan, GIFT, scene.id, "rose", 1, key())
    await world.value("delete from auth.users where id = any($1)", [fan, scene.creator])
    assert await world.value("select sum(delta)::int from coin_ledger where user_id = $1", fan) == 89
    assert (
        await world.value("select sum(coins)::int from creator_earnings where creator_id = $1", scene.creator)
        == 11
    )
