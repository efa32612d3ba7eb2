"""Consent: whom one has blocked, who may call, and that nobody can tell a block from any other reason."""

from collections.abc import Awaitable

import pytest

from tests.database.world import Json, Refused, Scene, World


async def hint_of(refused: Awaitable[Json]) -> str | None:
    with pytest.raises(Refused) as caught:
        await refused
    return caught.value.hint


async def block(world: World, who: str, whom: str) -> Json:
    return await world.as_user(who, "select public.block_user($1)", whom)


async def unblock(world: World, who: str, whom: str) -> Json:
    return await world.as_user(who, "select public.unblock_user($1)", whom)


async def call(world: World, caller: str, callee: str) -> Json:
    return await world.service("select public.call_start($1, $2, 'audio')", caller, callee)


async def online(world: World, scene: Scene, role: str = "listener") -> str:
    user = await world.seat(scene, role)
    await world.value("update live_participants set is_online = true where user_id = $1", user)
    return user


async def test_between_two_of_whom_one_has_blocked_the_other_there_are_no_calls(world: World) -> None:
    victim, pest = await world.user(), await world.user()
    assert await block(world, victim, pest) == {"blocked": True}
    assert await block(world, victim, pest) == {"blocked": True}
    assert await hint_of(call(world, pest, victim)) == "callee_unavailable"
    assert await hint_of(call(world, victim, pest)) == "blocked_by_you"
    assert await unblock(world, victim, pest) == {"unblocked": True}
    assert await unblock(world, victim, pest) == {"unblocked": False}
    assert (await call(world, pest, victim))["call"]["status"] == "ringing"


@pytest.mark.parametrize(
    ("state", "blocker", "ends"),
    [
        ("ringing", "callee", ("declined", "declined")),
        ("ringing", "caller", ("cancelled", "caller")),
        ("accepted", "callee", ("ended", "callee")),
        ("accepted", "caller", ("ended", "caller")),
    ],
)
async def test_a_block_ends_the_call_as_if_one_had_hung_up(
    world: World, state: str, blocker: str, ends: tuple[str, str]
) -> None:
    caller, callee = await world.user(), await world.user()
    started = (await call(world, caller, callee))["call"]["id"]
    if state == "accepted":
        await world.service("select public.call_answer($1, $2, true)", callee, started)
    one, other = (caller, callee) if blocker == "caller" else (callee, caller)
    await block(world, one, other)
    row = await world.row("select status, end_reason from calls where id = $1", started)
    assert tuple(row.values()) == ends


async def test_the_callee_says_who_may_call(world: World) -> None:
    callee, stranger, creator = await world.user(), await world.user(), await world.user(creator=True)
    await world.value(
        "insert into creator_subscriptions (user_id, creator_id) values ($1, $2)", callee, creator
    )
    for choice, rings in (("nobody", ()), ("followed", (creator,)), ("everyone", (creator, stranger))):
        answer = await world.as_user(callee, "select public.set_calls_from($1)", choice)
        assert answer == {"calls_from": choice}
        for caller in (creator, stranger):
            if caller in rings:
                started = (await call(world, caller, callee))["call"]["id"]
                await world.service("select public.call_end($1, $2)", caller, started)
            else:
                assert await hint_of(call(world, caller, callee)) == "callee_unavailable"
    await world.as_user(callee, "select public.set_calls_from('followed')")
    await world.value("update creator_subscriptions set expires_at = now() where user_id = $1", callee)
    assert await hint_of(call(world, creator, callee)) == "callee_unavailable"
    assert await hint_of(world.as_user(callee, "select public.set_calls_from('friends')")) == "invalid_choice"


async def test_a_block_cannot_be_told_from_other_reasons(world: World) -> None:
    """One answer for a block, a wish and a suspension; also while the callee is in a call."""
    caller, friend = await world.user(), await world.user()
    blocking, shy, suspended = await world.user(), await world.user(), await world.user()
    await block(world, blocking, caller)
    await world.as_user(shy, "select public.set_calls_from('nobody')")
    await world.value("insert into live_bans (user_id, scope) values ($1, 'platform')", suspended)

    async def answers() -> set[tuple[str, str | None, str]]:
        seen = set()
        for callee in (blocking, shy, suspended):
            with pytest.raises(Refused) as refused:
                await call(world, caller, callee)
            seen.add((refused.value.sqlstate, refused.value.hint, refused.value.message))
        return seen

    idle = await answers()
    assert len(idle) == 1
    started = (await call(world, friend, blocking))["call"]["id"]
    await world.service("select public.call_answer($1, $2, true)", blocking, started)
    assert await answers() == idle
    assert await world.as_user(caller, "select count(*) from user_blocks") == 0
    assert await world.as_user(blocking, "select count(*) from user_blocks") == 1


async def test_no_hand_is_raised_to_a_host_and_none_stays_up(world: World) -> None:
    scene = await world.live()
    raises = "select public.raise_hand($1)"
    for blocker_is_host in (True, False):
        guest = await online(world, scene)
        pair = (scene.creator, guest) if blocker_is_host else (guest, scene.creator)
        await world.as_user(guest, raises, scene.id)
        await block(world, *pair)
        seat = await world.row("select hand_raised_at from live_participants where user_id = $1", guest)
        assert seat["hand_raised_at"] is None
        assert await hint_of(world.as_user(guest, raises, scene.id)) == "hand_refused"
        await unblock(world, *pair)
        assert await world.as_user(guest, raises, scene.id)


async def test_no_invitations_between_the_two(world: World) -> None:
    scene = await world.live()
    guest = await online(world, scene)
    await world.ask(scene.creator, "set_role", scene, guest, params={"role": "speaker"})
    await block(world, guest, scene.creator)
    assert await world.value("select invited_role from live_participants where user_id = $1", guest) is None
    assert await hint_of(world.as_user(guest, "select public.accept_invite($1)", scene.id)) == "no_invitation"
    invite = world.ask(scene.creator, "set_role", scene, guest, params={"role": "speaker"})
    assert await hint_of(invite) == "cannot_be_invited"
    rehearsal = world.ask(scene.creator, "set_role", scene, guest, params={"role": "speaker"}, dry_run=True)
    assert await hint_of(rehearsal) == "cannot_be_invited"
    co_host = await online(world, scene, "co_host")
    assert await world.ask(co_host, "set_role", scene, guest, params={"role": "speaker"})
    assert await world.ask(scene.creator, "mute", scene, guest), "moderating needs no consent"


async def test_chat_is_not_shown_to_each_other_and_staff_see_what_they_moderate(world: World) -> None:
    scene = await world.live()
    one, other, third = [await online(world, scene) for _ in range(3)]
    moderator = await online(world, scene, "moderator")
    for user in (one, other, third):
        await world.as_user(
            user, "insert into live_messages (session_id, body) values ($1, 'hello')", scene.id
        )
    await world.value(
        "insert into live_messages (session_id, user_id, type, body) values ($1, null, 'system', 'welcome')",
        scene.id,
    )
    await block(world, one, other)
    await block(world, moderator, other)
    count = "select count(*) from live_messages where session_id = $1"
    seen = {user: await world.as_user(user, count, scene.id) for user in (one, other, third, moderator)}
    assert list(seen.values()) == [3, 3, 4, 4]


async def test_who_may_block_and_how_many(world: World) -> None:
    user, other = await world.user(), await world.user()
    assert await hint_of(block(world, user, user)) == "self_block"
    assert await hint_of(block(world, user, "00000000-0000-0000-0000-00000000dead")) == "unknown_user"
    assert await hint_of(block(world, await world.user(anonymous=True), other)) == "account_required"
    limits = await world.value("select value from app_settings where key = 'limits'")
    await world.value(
        "update app_settings set value = $1 where key = 'limits'", limits | {"blocks_per_person": 1}
    )
    try:
        await block(world, user, other)
        assert await hint_of(block(world, user, await world.user())) == "too_many_blocks"
    finally:
        await world.value("update app_settings set value = $1 where key = 'limits'", limits)


async def test_a_deleted_account_leaves_no_block_and_no_wish(world: World) -> None:
    gone, stays, other = await world.user(), await world.user(), await world.user()
    await block(world, gone, stays)
    await block(world, stays, gone)
    await block(world, stays, other)
    await world.as_user(gone, "select public.set_calls_from('nobody')")
    await world.value("delete from auth.users where id = $1", gone)
    await world.service("select public.platform_sweep()")
    left = await world.rows("select blocked_id::text from user_blocks where user_id = any($1)", [gone, stays])
    assert [row["blocked_id"] for row in left] == [other]
    assert await world.value("select count(*) from call_preferences where user_id = $1", gone) == 0
