"""Push: whose devices, what is written with which event, and that each goes out once, and only while it makes sense."""

import uuid

import pytest

from tests.database.test_calls import answer, end, start
from tests.database.world import Json, Refused, World

REGISTER = "select public.register_push_device($1, $2, $3, $4, $5)"


async def device(world: World, user: str, provider: str = "expo", **told: str) -> str:
    token = told.get("named", f"token-{uuid.uuid4()}")
    installation = told.get("installation", f"installation-{token}")
    platform = told.get("platform", "ios" if provider in ("apns", "pushkit") else "android")
    await world.as_user(
        user, REGISTER, provider, token, installation, platform, told.get("language", "en-GB")
    )
    return token


async def claimed(world: World, *tokens: str) -> list[Json]:
    """What push-send gets now for these tokens; the outbox is shared with other tests."""
    pushes = (await world.service("select public.push_claim(500)"))["pushes"]
    return [push for push in pushes if push["token"] in tokens]


async def finish(world: World, push: Json, outcome: str, **more: object) -> None:
    await world.service("select public.push_finish($1)", [{"id": push["id"], "outcome": outcome, **more}])


async def row_of(world: World, push: Json) -> Json:
    return await world.row("select * from push_outbox where id = $1", push["id"])


async def due_again(world: World, push: Json) -> None:
    await world.value("update push_outbox set due_at = now() where id = $1", push["id"])


async def test_a_call_is_pushed_to_every_device_in_its_language_and_says_nothing_private(
    world: World,
) -> None:
    caller, callee = await world.user(), await world.user()
    await world.value("update profiles set display_name = 'Ayşe Gizli' where id = $1", caller)
    english, turkish = await device(world, callee), await device(world, callee, "fcm", language="tr-TR")
    mine = await device(world, caller)
    call = (await start(world, caller, callee))["call"]["id"]
    pushes = await claimed(world, english, turkish, mine)
    assert {push["token"]: push["title"] for push in pushes} == {
        english: "Incoming call",
        turkish: "Gelen arama",
    }
    about = {(push["kind"], push["subject_id"], push["urgent"]) for push in pushes}
    assert about == {("call_ringing", call, True)}
    assert all(1 <= push["seconds"] <= 30 for push in pushes)
    assert not {"Ayşe", caller, callee} & {str(value) for push in pushes for value in push.values()}
    assert "Gizli" not in str(pushes)


async def test_an_iphone_that_rings_by_pushkit_gets_no_second_push(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    voip = await device(world, callee, "pushkit", installation="one-and-the-same")
    alert = await device(world, callee, "apns", installation="one-and-the-same")
    tablet = await device(world, callee, "apns")
    call = (await start(world, caller, callee))["call"]["id"]
    assert {push["token"] for push in await claimed(world, voip, alert, tablet)} == {voip, tablet}
    await end(world, caller, call)
    over = await claimed(world, voip, alert, tablet)
    assert {(push["token"], push["kind"], push["silent"]) for push in over} == {
        (alert, "call_over", True),
        (tablet, "call_over", True),
    }


async def test_what_was_not_sent_in_time_is_not_sent(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    token = await device(world, callee)
    call = (await start(world, caller, callee))["call"]["id"]
    await answer(world, callee, call)
    assert [push["kind"] for push in await claimed(world, token)] == ["call_over"]
    await end(world, caller, call)
    call = (await start(world, caller, callee))["call"]["id"]
    await world.value("update push_outbox set expires_at = now() where subject_id = $1", call)
    assert await claimed(world, token) == []
    row = await world.row("select status, attempts from push_outbox where subject_id = $1", call)
    assert (row["status"], row["attempts"]) == ("expired", 0)


async def test_a_missed_call_is_told_and_the_rollback_of_an_event_takes_its_push_along(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    token = await device(world, callee)
    call = (await start(world, caller, callee))["call"]["id"]
    await world.value("update calls set status = 'missed', end_reason = 'no_answer' where id = $1", call)
    assert [push["kind"] for push in await claimed(world, token)] == ["call_missed"]
    owner = await world.owner()
    transaction = owner.transaction()
    await transaction.start()
    other = await owner.fetchval("select public.call_start($1, $2, 'audio')", caller, callee)
    await transaction.rollback()
    assert (
        await world.value("select count(*) from push_outbox where subject_id = $1", other["call"]["id"]) == 0
    )


async def test_a_push_is_taken_once_and_again_only_when_nobody_finished_it(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    token = await device(world, callee)
    await start(world, caller, callee)
    (push,) = await claimed(world, token)
    assert await claimed(world, token) == []
    await due_again(world, push)
    (again,) = await claimed(world, token)
    assert again["id"] == push["id"]
    await finish(world, again, "sent", receipt="receipt-1")
    await due_again(world, push)
    assert await claimed(world, token) == []
    row = await row_of(world, push)
    assert (row["status"], row["attempts"], row["receipt"], row["error"]) == ("sent", 2, "receipt-1", None)


async def test_a_failed_push_is_tried_again_ever_later_and_not_for_ever(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    token = await device(world, callee)
    await start(world, caller, callee)
    for attempt in range(1, 9):
        (push,) = await claimed(world, token)
        await finish(world, push, "retry", error="HTTP 503")
        row = await row_of(world, push)
        assert (row["attempts"], row["error"]) == (attempt, "HTTP 503")
        await due_again(world, push)
    assert row["status"] == "failed"
    assert await claimed(world, token) == []


async def test_a_provider_that_asks_for_time_gets_it(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    token = await device(world, callee)
    await start(world, caller, callee)
    (push,) = await claimed(world, token)
    await finish(world, push, "retry", error="HTTP 429", retry_after=20)
    wait = await world.value(
        "select extract(epoch from due_at - clock_timestamp()) from push_outbox where id = $1", push["id"]
    )
    assert 15 < wait <= 20


@pytest.mark.parametrize("when", ["at once", "by its receipt"])
async def test_a_dead_token_is_forgotten(world: World, when: str) -> None:
    caller, callee = await world.user(), await world.user()
    token, other = await device(world, callee), await device(world, callee)
    await start(world, caller, callee)
    push = next(push for push in await claimed(world, token, other) if push["token"] == token)
    if when == "by its receipt":
        await finish(world, push, "sent", receipt=f"receipt-{token}")
        await world.value("update push_outbox set receipt_due_at = now() where id = $1", push["id"])
        receipts = (await world.service("select public.push_claim(500)"))["receipts"]
        assert {"id": push["id"], "receipt": f"receipt-{token}"} in receipts
    await finish(world, push, "dead", error="DeviceNotRegistered")
    left = await world.rows("select token from push_devices where user_id = $1", callee)
    assert [row["token"] for row in left] == [other]


async def test_a_phone_that_changes_hands_tells_its_new_owner_only(world: World) -> None:
    caller, first, second = await world.user(), await world.user(), await world.user()
    token = await device(world, first)
    await start(world, caller, first)
    await device(world, second, named=token)
    assert await claimed(world, token) == []
    assert await world.value("select user_id::text from push_devices where token = $1", token) == second
    await world.as_user(second, "select public.forget_push_device($1)", f"installation-{token}")
    assert await world.value("select count(*) from push_devices where token = $1", token) == 0


async def test_a_new_token_of_an_installation_replaces_the_old_one_and_old_devices_make_room(
    world: World,
) -> None:
    user = await world.user()
    await device(world, user, named="token-before", installation="installation-1")
    await device(world, user, named="token-after", installation="installation-1")
    rows = await world.rows("select token from push_devices where user_id = $1", user)
    assert [row["token"] for row in rows] == ["token-after"]
    for _ in range(20):
        await device(world, user)
    left = await world.rows("select token from push_devices where user_id = $1", user)
    assert len(left) == 20
    assert "token-after" not in {row["token"] for row in left}


@pytest.mark.parametrize(
    "told",
    [
        ("pigeon", "token-12345", "installation-1", "ios", "en"),
        ("expo", "short", "installation-1", "ios", "en"),
        ("expo", "token with spaces", "installation-1", "ios", "en"),
        ("pushkit", "token-12345", "installation-1", "android", "en"),
        (None, "token-12345", "installation-1", "ios", "en"),
    ],
)
async def test_a_device_that_cannot_be_is_refused(world: World, told: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        await world.as_user(await world.user(), REGISTER, *told)
    assert (refused.value.sqlstate, refused.value.hint) == ("PT400", "invalid_device")


async def test_only_accounts_have_devices(world: World) -> None:
    guest = await world.user(anonymous=True)
    with pytest.raises(Refused) as refused:
        await device(world, guest)
    assert refused.value.hint == "account_required"


async def test_followers_are_told_in_batches_and_nobody_who_may_not_enter(world: World) -> None:
    creator, banned, blocking = await world.user(creator=True), await world.user(), await world.user()
    fans = [await world.user() for _ in range(3)]
    tokens = {user: await device(world, user) for user in (*fans, banned, blocking)}
    await world.value(
        "insert into creator_subscriptions (user_id, creator_id) select unnest($1::uuid[]), $2",
        [*fans, banned, blocking], creator,
    )  # fmt: skip
    await world.value(
        "insert into live_bans (user_id, scope, creator_id) values ($1, 'creator', $2)", banned, creator
    )
    await world.as_user(blocking, "select public.block_user($1)", creator)
    await world.value("delete from live.push_audiences")
    scene = await world.live(creator=creator)
    told = "select count(*) from push_outbox where subject_id = $1 and kind = 'went_live'"
    sizes = []
    while await world.value("select count(*) from live.push_audiences where session_id = $1", scene.id):
        await world.value("select live.push_to_followers(2)")
        sizes.append(await world.value(told, scene.id))
        assert len(sizes) < 10
    assert sizes[-1] == 3
    assert sizes[0] <= 2
    pushes = await claimed(world, *tokens.values())
    assert {push["token"] for push in pushes} == {tokens[fan] for fan in fans}


async def test_a_deleted_account_leaves_no_device(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    await device(world, callee)
    await start(world, caller, callee)
    record = await world.service("select public.erase_account($1)", callee)
    assert record["deleted"]["push_devices"] == 1
    assert await world.value("select count(*) from push_outbox where user_id = $1", callee) == 0
