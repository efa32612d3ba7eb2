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


SOUND = """
  insert into live_audio_stats (session_id, user_id, minute, talk_seconds, clipped_ratio, measured)
  select $1, $2, date_trunc('minute', now() - make_interval(mins => n), 'UTC'), $3, $4,
         jsonb_build_object('histogram', '{}'::jsonb, 'heard_seconds', 60, 'noise_floor_dbfs', $5::float8)
    from generate_series(1, $6) n
"""
NOTED = """
  insert into moderation_incidents (session_id, user_id, rule, severity, measured, started_at, ended_at)
  values ($1, $2, $3, 'info', $4, now(), now())
"""


async def rules(world: World, scene: Scene, ops: str, policy: Json) -> Json:
    return dict((await world.as_user(ops, ESTIMATE, policy, scene.id))["rules"])


async def test_rules_beside_loudness_are_judged_by_the_figures_of_minutes(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    overdriven, noisy = await world.seat(scene, "speaker"), await world.seat(scene, "speaker")
    await world.value(SOUND, scene.id, overdriven, 30.0, 0.02, -60.0, 1)
    await world.value(SOUND, scene.id, noisy, 0.0, 0.0, -50.0, 1)
    told = await rules(world, scene, ops, {"clipping": {"ratio": 0.5}, "noise": {"threshold_dbfs": -52}})
    assert told["clipping"] == {"by": "minutes", "now": 1, "then": 0, "bound": "about"}
    assert told["noise"] == {"by": "minutes", "now": 0, "then": 1, "bound": "at_most"}


async def test_dead_air_is_minutes_in_a_row_of_an_open_and_silent_microphone(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    await world.value(SOUND, scene.id, scene.creator, 0.0, 0.0, -70.0, 3)
    told = await rules(world, scene, ops, {"dead_air": {"seconds": 240}})
    assert told["dead_air"] == {"by": "minutes", "now": 1, "then": 0, "bound": "about"}
    guest = await world.seat(scene, "speaker")
    await world.value(SOUND, scene.id, guest, 5.0, 0.0, -70.0, 3)
    assert (await rules(world, scene, ops, {}))["dead_air"]["now"] == 0


async def test_what_only_rules_noted_says_how_far_it_can_be_said(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    for level in (-4.0, -2.0):
        who = await world.seat(scene, "speaker")
        await world.value(NOTED, scene.id, who, "scream", {"momentary_lufs": level, "jump_lu": 5.0})
    for section, then, bound in (
        ({"threshold_lufs": -3.0}, 1, "exact"),
        ({"jump_lu": 5.5}, 0, "exact"),
        ({"threshold_lufs": -6.0}, 2, "at_least"),
        ({"grace_seconds": 2.0}, 2, "at_most"),
        ({"threshold_lufs": -6.0, "grace_seconds": 2.0}, 2, "unknown"),
        ({"enabled": False}, 0, "exact"),
    ):
        told = await rules(world, scene, ops, {"scream": section})
        assert told["scream"] == {"by": "incidents", "now": 2, "then": then, "bound": bound}, section


async def test_every_rule_with_a_section_is_estimated_or_said_not_to_be(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    shape = (await world.as_user(ops, "select public.policy_form()"))["shape"]
    sections = {name for name, part in shape.items() if isinstance(part, dict) and "enabled" in part}
    assert {*await rules(world, scene, ops, {}), "too_loud"} == sections
