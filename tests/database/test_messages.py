"""The chat: who reads it, who writes it, and how much."""

import pytest

from tests.database.world import Refused, Scene, World

WRITE = "insert into public.live_messages (session_id, body) values ($1, $2) returning id"
READ = "select array_agg(body order by created_at) from public.live_messages where session_id = $1"


async def joined(world: World, scene: Scene, role: str = "listener", *, anonymous: bool = False) -> str:
    user = await world.seat(scene, role, user=await world.user(anonymous=anonymous))
    await world.value(
        "update live_participants set is_online = true where session_id = $1 and user_id = $2", scene.id, user
    )
    return user


async def refusal(world: World, user: str, sql: str, *args: object) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        await world.as_user(user, sql, *args)
    return refused.value.sqlstate, refused.value.hint


async def test_people_in_a_live_session_write_and_read(world: World) -> None:
    scene = await world.live()
    writer, reader = await joined(world, scene), await joined(world, scene)
    await world.as_user(writer, WRITE, scene.id, "hello")
    assert await world.as_user(reader, READ, scene.id) == ["hello"]
    assert await world.as_user(await joined(world, scene, anonymous=True), READ, scene.id) == ["hello"]
    assert await world.as_user(await world.user(), READ, scene.id) is None


async def test_chat_is_refused_with_its_reason(world: World) -> None:
    scene, paid = await world.live(), await world.live(access="pay_per_view")
    muted, banned, fast = [await joined(world, scene) for _ in range(3)]
    mute = "update live_participants set chat_muted_until = $2 where user_id = $1"
    await world.value(mute.replace("$2", "'infinity'"), muted)
    await world.value(
        "insert into live_bans (user_id, scope, session_id) values ($1, 'session', $2)", banned, scene.id
    )
    away = await world.seat(scene, "listener")
    anonymous = await joined(world, scene, anonymous=True)
    over = await world.live()
    guest = await joined(world, over)
    await world.service("update live_sessions set status = 'ended' where id = $1", over.id)
    for user, where, body, expected in (
        (muted, scene.id, "x", ("PT403", "chat_muted")),
        (banned, scene.id, "x", ("PT403", "banned")),
        (away, scene.id, "x", ("PT403", "not_in_session")),
        (anonymous, scene.id, "x", ("PT403", "account_required")),
        (guest, over.id, "x", ("PT409", "session_ended")),
        (await joined(world, paid), paid.id, "x", ("PT402", "ticket_required")),
        (fast, scene.id, "x" * 501, ("PT400", "message_too_long")),
    ):
        assert await refusal(world, user, WRITE, where, body) == expected
    assert await world.until_limited(lambda: world.as_user(fast, WRITE, scene.id, "spam"), at_most=60) >= 30
    await world.value(mute.replace("$2", "now() - interval '1 s'"), muted)
    await world.as_user(muted, WRITE, scene.id, "back again")


async def test_nobody_writes_in_anothers_name_or_as_the_system(world: World) -> None:
    scene = await world.live()
    writer, other = await joined(world, scene), await joined(world, scene)
    for columns, values in (
        ("session_id, body, user_id", f"'{scene.id}', 'x', '{other}'"),
        ("session_id, body, type", f"'{scene.id}', 'x', 'system'"),
        ("session_id, body, payload", f"'{scene.id}', 'x', '{{\"coins\": 1}}'"),
        ("session_id, body, created_at", f"'{scene.id}', 'x', '2000-01-01'"),
    ):
        statement = f"insert into public.live_messages ({columns}) values ({values})"  # noqa: S608
        assert (await refusal(world, writer, statement))[0] == "42501"


async def test_anyone_who_may_not_be_in_the_session_reads_nothing(world: World) -> None:
    scene = await world.live(access="subscribers")
    friend, lapsed, anonymous = (
        await joined(world, scene),
        await joined(world, scene),
        await world.user(anonymous=True),
    )
    await world.seat(scene, "listener", user=anonymous)
    await world.value(
        "insert into creator_subscriptions (user_id, creator_id) values ($1, $2)", friend, scene.creator
    )
    await world.value(
        "insert into live_messages (session_id, type, body) values ($1, 'system', 'welcome')", scene.id
    )
    assert await world.as_user(friend, READ, scene.id) == ["welcome"]
    assert await world.as_user(scene.creator, READ, scene.id) == ["welcome"]
    for outsider in (await world.user(), lapsed, anonymous):
        assert await world.as_user(outsider, READ, scene.id) is None
    await world.value(
        "insert into live_bans (user_id, scope, creator_id) values ($1, 'creator', $2)", friend, scene.creator
    )
    assert await world.as_user(friend, READ, scene.id) is None


async def test_a_deleted_message_is_seen_by_moderators_alone(world: World) -> None:
    scene = await world.live()
    writer, moderator = await joined(world, scene), await joined(world, scene, "moderator")
    message = await world.as_user(writer, WRITE, scene.id, "rude")
    await world.value(
        "update live_messages set deleted_at = now(), deleted_by = $2 where id = $1", message, moderator
    )
    assert await world.as_user(writer, READ, scene.id) is None
    assert await world.as_user(moderator, READ, scene.id) == ["rude"]


async def test_a_retried_message_is_one_message(world: World) -> None:
    scene = await world.live()
    writer = await joined(world, scene)
    sql = "insert into public.live_messages (id, session_id, body) values ($1, $2, 'once')"
    await world.as_user(writer, sql, scene.creator, scene.id)
    assert (await refusal(world, writer, sql, scene.creator, scene.id))[0] == "23505"
