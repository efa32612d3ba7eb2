"""The chat of a session under moderation: a pause between messages, who may write, a pinned and a held message."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from tests.database.world import Refused, Scene, World

SAY = "insert into live_messages (session_id, body) values ($1, 'hello')"


async def present(world: World, scene: Scene, role: str = "listener") -> str:
    user = await world.seat(scene, role)
    await world.value(
        "update live_participants set is_online = true where session_id = $1 and user_id = $2", scene.id, user
    )
    return user


async def hint_of(asked: Awaitable[Any]) -> str | None:
    try:
        await asked
    except Refused as refused:
        return refused.hint
    return None


async def session(world: World, scene: Scene) -> Any:
    return await world.row(
        "select slow_mode_seconds, chat_mode, pinned_message_id::text as pinned from live_sessions where id = $1",
        scene.id,
    )


async def held(world: World, scene: Scene, author: str) -> str:
    return str(
        await world.value(
            "insert into live_messages (session_id, user_id, type, body, held_at)"
            " values ($1, $2, 'system', 'wait', now()) returning id",
            scene.id, author,
        )
    )  # fmt: skip


async def seen_by(world: World, user: str, message: str) -> bool:
    return bool(await world.as_user(user, "select count(*) from live_messages where id = $1", message))


async def test_a_slow_chat_makes_everyone_but_staff_wait(world: World) -> None:
    scene = await world.live()
    guest, moderator = await present(world, scene), await present(world, scene, "moderator")
    await world.as_user(guest, SAY, scene.id)
    action = await world.ask(scene.creator, "slow_mode", scene, params={"seconds": 30})
    row = await world.row("select status, before, after from moderation_actions where id = $1", action)
    assert row["status"] == "applied"
    assert (row["before"]["slow_mode_seconds"], row["after"]["slow_mode_seconds"]) == (0, 30)
    assert await hint_of(world.as_user(guest, SAY, scene.id)) == "slow_mode"
    for _ in range(2):
        await world.as_user(moderator, SAY, scene.id)
    await world.value(
        "update live_messages set created_at = created_at - interval '31 s' where user_id = $1", guest
    )
    await world.as_user(guest, SAY, scene.id)
    await world.ask(scene.creator, "slow_mode", scene, params={})
    await world.as_user(guest, SAY, scene.id)


async def test_two_messages_at_once_do_not_both_get_through_a_pause(world: World, dsn: str) -> None:
    scene = await world.live()
    guest = await present(world, scene)
    await world.ask(scene.creator, "slow_mode", scene, params={"seconds": 30})
    worlds = [World(dsn) for _ in range(4)]
    try:
        hints = await asyncio.gather(*(hint_of(one.as_user(guest, SAY, scene.id)) for one in worlds))
    finally:
        for one in worlds:
            await one.close()
    assert sorted(hints, key=str) == [None, "slow_mode", "slow_mode", "slow_mode"]


async def test_a_chat_for_subscribers_is_closed_to_others_and_open_to_staff(world: World) -> None:
    scene = await world.live()
    fan, guest = await present(world, scene), await present(world, scene)
    moderator = await present(world, scene, "moderator")
    await world.value(
        "insert into creator_subscriptions (user_id, creator_id, status, expires_at)"
        " values ($1, $2, 'active', now() + interval '1 day')", fan, scene.creator,
    )  # fmt: skip
    for mode in ("followers_only", "subscribers_only"):
        await world.ask(scene.creator, "chat_mode", scene, params={"mode": mode})
        assert await hint_of(world.as_user(guest, SAY, scene.id)) == mode
        await world.as_user(fan, SAY, scene.id)
        await world.as_user(moderator, SAY, scene.id)
    await world.ask(scene.creator, "chat_mode", scene, params={"mode": "everyone"})
    await world.as_user(guest, SAY, scene.id)


async def test_a_held_message_is_its_authors_and_the_staffs_until_it_is_released(world: World) -> None:
    scene = await world.live()
    author, guest = await present(world, scene), await present(world, scene)
    moderator = await present(world, scene, "moderator")
    message = await held(world, scene, author)

    async def seen() -> list[bool]:
        return [await seen_by(world, user, message) for user in (author, moderator, guest)]

    assert await seen() == [True, True, False]
    params = {"message_id": message}
    assert await hint_of(world.ask(guest, "release_message", scene, params=params)) == "not_allowed"
    assert await hint_of(world.ask(moderator, "pin_message", scene, params=params)) == "unknown_message"
    action = await world.ask(moderator, "release_message", scene, params=params)
    row = await world.row("select before, after from moderation_actions where id = $1", action)
    assert (row["before"]["held"], row["after"]["held"]) == (True, False)
    assert await seen() == [True, True, True]


async def test_a_pinned_message_is_unpinned_by_hand_and_by_its_deletion(world: World) -> None:
    scene = await world.live()
    author = await present(world, scene)
    moderator = await present(world, scene, "moderator")
    message = str(await world.as_user(author, f"{SAY} returning id", scene.id))
    elsewhere = await world.live()
    params = {"message_id": message}
    assert (
        await hint_of(world.ask(elsewhere.creator, "pin_message", elsewhere, params=params))
        == "unknown_message"
    )
    await world.ask(moderator, "pin_message", scene, params=params)
    assert (await session(world, scene))["pinned"] == message
    await world.ask(moderator, "pin_message", scene)
    assert (await session(world, scene))["pinned"] is None
    await world.ask(moderator, "pin_message", scene, params=params)
    await world.ask(moderator, "delete_message", scene, params=params)
    assert (await session(world, scene))["pinned"] is None


async def test_what_a_higher_rank_set_a_lower_one_does_not_change(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    co_host, moderator = await present(world, scene, "co_host"), await present(world, scene, "moderator")
    await world.ask(co_host, "slow_mode", scene, params={"seconds": 5})
    await world.ask(ops, "slow_mode", scene, params={"seconds": 60})
    off = world.ask(scene.creator, "slow_mode", scene, params={})
    assert await hint_of(off) == "outranked"
    await world.ask(ops, "slow_mode", scene, params={})
    assert await hint_of(world.ask(moderator, "slow_mode", scene, params={"seconds": 5})) == "not_allowed"
    for seconds in (0, 3601, 1.5, "5", None):
        wrong = world.ask(scene.creator, "slow_mode", scene, params={"seconds": seconds})
        assert await hint_of(wrong) == "bad_params"


async def test_the_app_is_told_that_the_chat_has_changed(world: World) -> None:
    scene = await world.live()
    sent = (
        "select (select count(*) from realtime.messages"
        " where topic = 'live:session:' || $1 and payload -> 'changed' ? 'live_sessions')"
        " + (select count(*) from live.held_hints where session_id = $1::uuid and table_name = 'live_sessions')"
    )
    await world.value("update live_sessions set host_left_at = null where id = $1", scene.id)
    was = await world.value(sent, scene.id)
    await world.ask(scene.creator, "slow_mode", scene, params={"seconds": 5}, dry_run=True)
    assert await world.value(sent, scene.id) == was
    await world.ask(scene.creator, "slow_mode", scene, params={"seconds": 5})
    await world.ask(scene.creator, "chat_mode", scene, params={"mode": "followers_only"})
    assert await world.value(sent, scene.id) == was + 2


@pytest.mark.parametrize("action", ["mute", "chat_mute", "ban"])
async def test_a_longer_one_is_not_shortened_in_silence(world: World, action: str) -> None:
    scene = await world.live()
    target, moderator = await present(world, scene, "speaker"), await present(world, scene, "moderator")
    await world.ask(scene.creator, action, scene, target, params={"seconds": 600})
    shorter = {"seconds": 60}

    async def asked(user: str, **params: Any) -> str | None:
        return await hint_of(world.ask(user, action, scene, target, params={**shorter, **params}))

    assert await asked(scene.creator) == "weaker_than_standing"
    assert await asked(scene.creator, replace=False) == "weaker_than_standing"
    assert await asked(moderator, replace=True) == "outranked"
    assert await asked(scene.creator, seconds=1200) is None
    assert await asked(scene.creator, replace=True) is None
    left = await world.value(
        "select extract(epoch from coalesce("
        " (select max(b.expires_at) from live_bans b where b.user_id = p.user_id and b.lifted_at is null),"
        " p.mic_muted_until, p.chat_muted_until) - now())::int from live_participants p where p.user_id = $1",
        target,
    )
    assert 50 <= left <= 60
    assert await asked(scene.creator, seconds=61) is None


async def test_a_ban_that_replaced_another_gives_it_back_when_it_is_withdrawn(world: World) -> None:
    scene = await world.live()
    target = await present(world, scene)
    await world.ask(scene.creator, "ban", scene, target)
    shorter = await world.ask(scene.creator, "ban", scene, target, params={"seconds": 60, "replace": True})
    await world.as_user(scene.creator, "select cancel_action($1)", shorter)
    standing = await world.value("select live.standing_ban($1, $2, null)", target, scene.id)
    assert (standing["reason"], standing["until"]) == ("banned", None)
