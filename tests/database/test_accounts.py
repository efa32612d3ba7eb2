"""The end of an account in the database: what is marked, who is refused from then on, and what stays as a tombstone."""

import asyncpg
import pytest

from tests.database.world import Refused, World

GONE = "select live.account_gone($1)"


async def delete(world: World, *users: str) -> None:
    """As the sign-in service does: by its own role, which has no rights on anything of ours."""
    connection = await asyncpg.connect(world.dsn, user="supabase_auth_admin", timeout=10, command_timeout=30)
    try:
        await connection.execute("delete from auth.users where id = any($1)", users)
    finally:
        await connection.close(timeout=5)


async def test_a_deleted_account_is_gone_and_marked(world: World) -> None:
    kept, *lost = [await world.user(), await world.user(), await world.user(anonymous=True)]
    await delete(world, *lost)
    assert [await world.value(GONE, user) for user in (kept, *lost, None)] == [False, True, True, False]
    marks = await world.rows(
        "select user_id::text, was_anonymous from live.gone_accounts where user_id = any($1)", [kept, *lost]
    )
    assert {(mark["user_id"], mark["was_anonymous"]) for mark in marks} == {(lost[0], False), (lost[1], True)}


async def test_a_softly_deleted_account_is_as_gone_as_any(world: World) -> None:
    user = await world.user()
    await world.value("update auth.users set deleted_at = now() where id = $1", user)
    assert await world.value(GONE, user)
    assert await world.value("select count(*) from live.gone_accounts where user_id = $1", user) == 1


async def test_an_account_can_be_deleted_whatever_has_become_of_us(world: World) -> None:
    user, owner = await world.user(), await world.owner()
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("alter table live.gone_accounts rename to mislaid")
    await owner.execute("delete from auth.users where id = $1", user)
    assert await owner.fetchval(GONE, user)  # and what is not marked is gone all the same
    await transaction.rollback()


async def test_nothing_of_ours_hangs_on_an_account(world: World) -> None:
    hanging = await world.rows(
        "select c.conrelid::regclass::text, c.conname from pg_constraint c join pg_class t on t.oid = c.conrelid"
        " join pg_namespace n on n.oid = t.relnamespace"
        " where c.contype = 'f' and n.nspname in ('public', 'live')"
        " and c.confrelid in ('auth.users'::regclass, 'public.profiles'::regclass)"
        " and t.relname <> all ($1::text[])",
        ["profiles", "creator_subscriptions", "subscriptions"],
    )
    assert hanging == [], "a foreign key to people: keep the id without one, it outlives the account"


DOORS = {
    "gift": "select public.send_gift($1, 'rose', 1, 'key-00000001')",
    "ticket": "select public.buy_ticket($1, 'key-00000002')",
    "hand": "select public.raise_hand($1)",
    "lower": "select public.lower_hand($1)",
    "accept": "select public.accept_invite($1)",
    "decline": "select public.decline_invite($1)",
    "levels": "select public.watch_levels($1)",
    "cancel": "select public.cancel_action($1)",
    "chat": "insert into public.live_messages (session_id, body) values ($1, 'hello')",
    "act": "insert into public.moderation_actions (session_id, action) values ($1, 'mute_all')",
}


@pytest.mark.parametrize("door", DOORS)
async def test_a_deleted_account_is_refused_by_its_own_word(world: World, door: str) -> None:
    scene = await world.live()
    user = await world.seat(scene, "moderator")
    await world.value("update live_participants set is_online = true where user_id = $1", user)
    await delete(world, user)
    with pytest.raises(Refused) as refused:
        await world.as_user(user, DOORS[door], scene.id)
    assert (refused.value.sqlstate, refused.value.hint) == ("PT401", "account_deleted")


@pytest.mark.parametrize(
    "request_", ["session_token($1, $2)", "session_start($1, $2)", "call_start($1, $2, 'audio')"]
)
async def test_no_token_for_a_deleted_account(world: World, request_: str) -> None:
    scene = await world.live()
    user = await world.user(creator=True)
    await delete(world, user)
    with pytest.raises(Refused) as refused:
        await world.service(f"select public.{request_}", user, scene.id)
    assert (refused.value.sqlstate, refused.value.hint) == ("PT401", "account_deleted")


async def test_a_deleted_account_sees_no_session_and_hears_no_topic(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "moderator")
    topic = f"live:session:{scene.id}"
    see = "select count(*) from live.my_staffed_sessions() s where s = $1"
    assert [
        await world.as_user(user, see, scene.id),
        await world.as_user(user, "select live.may_listen($1)", topic),
    ] == [1, True]
    await delete(world, user)
    assert [
        await world.as_user(user, see, scene.id),
        await world.as_user(user, "select live.may_listen($1)", topic),
    ] == [0, False]
    assert (await world.as_user(user, "select public.can_join($1)", scene.id))["reason"] == "account_deleted"


async def test_a_deleted_ops_account_is_not_ops(world: World) -> None:
    ops = await world.user(ops=True)
    assert await world.as_user(ops, "select live.am_ops()")
    await delete(world, ops)
    assert not await world.as_user(ops, "select live.am_ops()")


async def test_a_show_of_a_deleted_host_lets_nobody_in(world: World) -> None:
    scene, fan = await world.live(), await world.user()
    await delete(world, scene.creator)
    assert (await world.as_user(fan, "select public.can_join($1)", scene.id))["reason"] == "session_ended"


async def test_what_a_deleted_account_did_stays_with_its_id(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    action = await world.ask(None, "mute", scene, user)
    await delete(world, user, scene.creator)
    assert await world.value("select count(*) from live_sessions where creator_id = $1", scene.creator) == 1
    assert await world.value("select count(*) from live_participants where user_id = $1", user) == 1
    assert (
        await world.value("select target_user_id::text from moderation_actions where id = $1", action) == user
    )
