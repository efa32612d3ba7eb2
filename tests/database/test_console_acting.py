"""What somebody who is about to act is told: what it would do, who else looks, and what others did meanwhile."""

import pytest

from tests.database.world import Json, Refused, Scene, World

LOOK = "select public.look_at_person($1::uuid, $2::uuid, $3)"
PREVIEW = "select public.preview_action($1, $2::uuid, $3::uuid, $4)"
ASK = "insert into moderation_actions (session_id, target_user_id, action, params, reason) values ($1, $2, $3, $4, 'x')"


async def look(world: World, who: str, target: str, scene: Scene | None, after: int | None = None) -> Json:
    answer: Json = await world.as_user(who, LOOK, target, scene and scene.id, after)
    return answer


async def test_who_is_about_to_act_sees_who_else_is(world: World) -> None:
    scene = await world.live()
    target, moderator = await world.seat(scene, "speaker"), await world.seat(scene, "moderator")
    one, other = await world.user(ops=True), await world.user(ops=True)
    assert (await look(world, one, target, scene))["others"] == []
    assert [card["id"] for card in (await look(world, other, target, scene))["others"]] == [one]
    assert (await look(world, moderator, target, scene))["others"] == [], (
        "staff do not learn who of ops looks"
    )
    assert [card["id"] for card in (await look(world, scene.creator, target, scene))["others"]] == [moderator]
    await world.as_user(one, "select public.look_away()")
    assert one not in [card["id"] for card in (await look(world, other, target, scene))["others"]]


async def test_what_others_do_meanwhile_is_told_and_what_was_before_is_not(world: World) -> None:
    scene = await world.live()
    target, moderator = await world.seat(scene, "speaker"), await world.seat(scene, "moderator")
    ops = await world.user(ops=True)
    await world.as_user(scene.creator, ASK, scene.id, target, "mute", {})
    n = (await look(world, moderator, target, scene))["n"]
    assert (await look(world, moderator, target, scene, n))["acts"] == []
    await world.as_user(ops, ASK, scene.id, target, "chat_mute", {"seconds": 60})
    acts = (await look(world, moderator, target, scene, n))["acts"]
    assert [(act["action"], act["by"]) for act in acts] == [("chat_mute", None)], "who of ops is not said"
    assert (await look(world, ops, target, scene, n))["acts"] == [], "one's own is no news"


async def test_that_somebody_was_acted_on_elsewhere_is_not_told_to_a_sessions_staff(world: World) -> None:
    scene, elsewhere = await world.live(), await world.live()
    target, moderator = await world.seat(scene, "speaker"), await world.seat(scene, "moderator")
    await world.seat(elsewhere, "speaker", user=target)
    n = (await look(world, moderator, target, scene))["n"]
    await world.as_user(elsewhere.creator, ASK, elsewhere.id, target, "mute", {})
    assert (await look(world, moderator, target, scene))["n"] == n


async def test_nobody_looks_who_may_not_act(world: World) -> None:
    scene = await world.live()
    target, listener = await world.seat(scene, "speaker"), await world.seat(scene, "listener")
    for who, place in ((listener, scene), (scene.creator, None)):
        with pytest.raises(Refused) as refused:
            await look(world, who, target, place)
        assert refused.value.hint == "not_allowed"


async def test_a_preview_says_what_would_be_and_leaves_nothing_behind(world: World) -> None:
    scene = await world.live()
    listener, moderator = await world.seat(scene, "listener"), await world.seat(scene, "moderator")
    raised = await world.as_user(scene.creator, PREVIEW, "set_role", scene.id, listener, {"role": "speaker"})
    assert raised["after"]["invited"] is True
    assert raised["refused"] is None
    refused = await world.as_user(moderator, PREVIEW, "mute", scene.id, scene.creator, {})
    assert refused["refused"]["code"] == "not_allowed"
    await world.as_user(scene.creator, ASK, scene.id, listener, "mute", {"seconds": 600})
    shorter = await world.as_user(moderator, PREVIEW, "mute", scene.id, listener, {"seconds": 60})
    assert shorter["refused"]["code"] == "weaker_than_standing"
    assert shorter["held"]["until"] is not None
    assert shorter["held"]["by"] == await world.value("select live.shown_name($1)", scene.creator)
    assert (
        await world.value(
            "select count(*) from moderation_actions where session_id = $1 and dry_run", scene.id
        )
        == 0
    )


async def test_a_preview_tells_a_stranger_nothing(world: World) -> None:
    scene = await world.live()
    target, listener = await world.seat(scene, "speaker"), await world.seat(scene, "listener")
    await world.as_user(scene.creator, ASK, scene.id, target, "mute", {})
    told = await world.as_user(listener, PREVIEW, "mute", scene.id, target, {})
    assert (told["before"], told["after"], told["held"], told["refused"]["code"]) == (
        None, None, None, "not_allowed",
    )  # fmt: skip


async def test_a_host_does_not_see_what_ops_rehearse(world: World) -> None:
    scene = await world.live()
    target, ops = await world.seat(scene, "speaker"), await world.user(ops=True)
    rehearse = (
        "insert into moderation_actions (session_id, target_user_id, action, reason, dry_run)"
        " values ($1, $2, 'kick', 'x', true)"
    )
    await world.as_user(ops, rehearse, scene.id, target)
    await world.as_user(scene.creator, rehearse, scene.id, target)
    seen = "select count(*) from moderation_audit where session_id = $1"
    assert await world.as_user(scene.creator, seen, scene.id) == 1
    assert await world.as_user(ops, seen, scene.id) == 2


EACH = "select public.preview_actions($1, $2::uuid[], $3::uuid, $4)"


async def test_of_several_people_each_is_told_what_would_become_of_them(world: World) -> None:
    scene = await world.live()
    free, muted = await world.seat(scene, "speaker"), await world.seat(scene, "speaker")
    host_like, moderator = await world.seat(scene, "co_host"), await world.seat(scene, "moderator")
    await world.as_user(scene.creator, ASK, scene.id, muted, "mute", {})
    told = await world.as_user(moderator, EACH, "mute", [free, muted, host_like], scene.id, {})
    assert [one["user_id"] for one in told] == [free, muted, host_like]
    assert told[0]["after"]["mic_muted"]
    assert told[0]["refused"] is None
    assert [one["held"] is not None for one in told] == [False, True, False]
    assert told[2]["refused"]["code"] == "not_allowed"
    alone = [
        await world.as_user(moderator, PREVIEW, "mute", scene.id, who, {}) for who in (free, muted, host_like)
    ]
    assert [{name: one[name] for name in alone[0]} for one in told] == alone, "as each alone"
    assert await world.value("select count(*) from moderation_actions where session_id = $1", scene.id) == 1


async def test_a_preview_of_several_is_for_who_may_act_and_is_bounded(world: World) -> None:
    scene = await world.live()
    target, moderator = await world.seat(scene, "listener"), await world.seat(scene, "moderator")
    with pytest.raises(Refused) as refused:
        await world.as_user(target, EACH, "mute", [target], scene.id, {})
    assert refused.value.hint == "not_allowed"
    for people in ([], [target] * 101):
        with pytest.raises(Refused) as refused:
            await world.as_user(moderator, EACH, "mute", people, scene.id, {})
        assert refused.value.hint == "invalid_choice"


async def test_ten_people_count_as_one_preview(world: World) -> None:
    scene = await world.live()
    target, moderator = await world.seat(scene, "listener"), await world.seat(scene, "moderator")
    spent = "select coalesce(sum(count), 0) from live.spending where user_id = $1 and name = 'previews_per_minute'"
    before = await world.value(spent, moderator)
    await world.as_user(moderator, EACH, "chat_mute", [target] * 11, scene.id, {})
    assert await world.value(spent, moderator) - before == 2
