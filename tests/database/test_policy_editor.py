"""Editing a policy: what it would have done is estimated from measured minutes, and every change says why."""

from datetime import timedelta

import pytest

from tests.database.world import Json, Refused, Scene, World

MINUTE = """
  insert into live_audio_stats (session_id, user_id, minute, talk_seconds, measured)
  values ($1, $2, date_trunc('minute', now() - $3::interval, 'UTC'), 30, jsonb_build_object('histogram', $4::jsonb))
"""
ESTIMATE = "select public.estimate_policy($1, $2::uuid, 7)"
CHANGE = "select public.change_session_policy($1::uuid, $2, $3, $4)"
NOBODY = {"notice": 0, "warning": 0, "mute": 0, "demote": 0, "call_human": 0}


async def measured(world: World, scene: Scene, who: str, *minutes: Json) -> None:
    for age, histogram in enumerate(minutes):
        await world.value(MINUTE, scene.id, who, timedelta(minutes=len(minutes) - age), histogram)


async def test_a_lower_limit_would_have_reached_more_people_and_further(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    shouting, talking = await world.seat(scene, "speaker"), await world.seat(scene, "speaker")
    await measured(world, scene, shouting, *[{"-8": 40.0}] * 3)
    await measured(world, scene, talking, {"-13": 20.0, "-30": 30.0})
    lower = {"too_loud": {"threshold_lufs": -14.0}}
    answer = await world.as_user(ops, ESTIMATE, lower, scene.id)
    assert (answer["people"], answer["minutes"]) == (2, 4)
    assert answer["now"] == NOBODY | {"notice": 1, "warning": 1, "mute": 1, "demote": 1, "call_human": 1}
    assert answer["then"]["notice"] == 2
    off = await world.as_user(ops, ESTIMATE, {"too_loud": {"enabled": False}}, scene.id)
    assert off["then"] == NOBODY


async def test_within_a_decibel_a_limit_counts_what_is_above_it_and_less_than_the_grace_is_nothing(
    world: World,
) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    await measured(world, scene, await world.seat(scene, "speaker"), {"-10": 4.0})
    for limit, noticed in ((-9.6, 1), (-9.4, 0)):  # 2.4 s and 1.6 s above; the grace is 2 s
        answer = await world.as_user(ops, ESTIMATE, {"too_loud": {"threshold_lufs": limit}}, scene.id)
        assert answer["then"]["notice"] == noticed, limit


async def test_the_host_is_only_told_as_in_the_room(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    await measured(world, scene, scene.creator, *[{"-3": 55.0}] * 5)
    assert (await world.as_user(ops, ESTIMATE, {}, scene.id))["now"] == NOBODY | {"notice": 1}


async def test_a_sessions_policy_is_changed_with_a_reason_and_never_over_anothers_change(
    world: World,
) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    own = {"preset": "music"}
    assert await world.as_user(ops, CHANGE, scene.id, own, "A concert", {}) == {"changed": True}
    assert await world.as_user(ops, CHANGE, scene.id, {}, "Again", {}) == {"changed": False}
    assert await world.as_user(ops, "select public.own_session_policy($1::uuid)", scene.id) == own
    kept = await world.row(
        "select key, before, after, requested_by::text, reason from app_setting_changes where session_id = $1", scene.id
    )  # fmt: skip
    assert kept == {
        "key": "moderation.policy", "before": {}, "after": own, "requested_by": ops, "reason": "A concert",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "reason", "hint"),
    [({"nonsense": 1}, "why", "bad_policy"), ({}, " ", "reason_needed"), ({}, "a\x01b", "bad_reason")],
)
async def test_a_change_that_makes_no_sense_is_refused(
    world: World, policy: Json, reason: str, hint: str
) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    with pytest.raises(Refused) as refused:
        await world.as_user(ops, CHANGE, scene.id, policy, reason, None)
    assert refused.value.hint == hint


async def test_none_of_it_is_for_hosts(world: World) -> None:
    scene = await world.live()
    for sql, args in (
        (CHANGE, (scene.id, {}, "why", None)),
        (ESTIMATE, ({}, scene.id)),
        ("select public.policy_form()", ()),
        ("select public.own_session_policy($1::uuid)", (scene.id,)),
    ):
        with pytest.raises(Refused) as refused:
            await world.as_user(scene.creator, sql, *args)
        assert refused.value.hint == "ops_only"
