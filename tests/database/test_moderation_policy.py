"""The policy of automatic moderation where it is written: one shape with the agent, bounds, presets, refusals."""

from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from moderation.rules.policy import (
    Mode,
    Policy,
    PolicyError,
    PolicyJson,
    Rung,
    default_policy_json,
    parse_policy,
)
from moderation.rules.scream import Scream
from moderation.rules.steps import Step
from moderation.rules.too_loud import TooLoud
from tests.database.world import Json, Refused, World

PRESETS = ("talk", "music", "asmr")
WRITE = "update app_settings set value = $1 where key = 'moderation.policy'"
OVERRIDE = "update live_sessions set moderation = $1 where id = $2"


def shape_of(value: Any) -> Json:
    """A dataclass of the agent's in the database's words: numbers as [default, lowest, highest]."""
    return {field.name: _shape(getattr(value, field.name), field.metadata) for field in fields(value)}


def _shape(value: Any, metadata: Any) -> Any:
    if is_dataclass(value):
        return shape_of(value)
    if "bounds" in metadata:
        return [value, *metadata["bounds"]]
    return [default_rung(rung) for rung in value] if isinstance(value, tuple) else value


def default_rung(rung: Rung) -> Json:
    return {field.name: getattr(rung, field.name) for field in fields(rung)}


async def test_every_field_default_and_bound_in_the_database_is_the_agents(world: World) -> None:
    assert await world.value("select live.policy_shape()") == shape_of(PolicyJson())
    rung = shape_of(Rung(Step.NOTICE))
    assert await world.value("select live.rung_shape()") == rung
    assert await world.value("select live.default_policy()") == default_policy_json()


async def test_a_new_deployment_only_observes(world: World) -> None:
    seeded = await world.value("select value from app_settings where key = 'moderation.policy'")
    assert parse_policy(seeded) == Policy()
    assert Policy().mode is Mode.OBSERVE


def broken(**changes: Any) -> Json:
    return {**deepcopy(default_policy_json()), **changes}


def edges() -> list[Json]:
    """Each number at both its bounds, and just past them."""
    found: list[Json] = []
    for section, spec in shape_of(PolicyJson()).items():
        numbers = spec if isinstance(spec, dict) else {}
        for name, number in numbers.items():
            if isinstance(number, list):
                _, low, high = number
                found += [{section: {name: value}} for value in (low, high, low - 0.001, high + 0.001, 1e300)]
    return found


def rungs(*changes: Json) -> Json:
    ladder = deepcopy(default_policy_json()["ladder"])
    return {"ladder": [{**rung, **change} for rung, change in zip(ladder, changes, strict=False)]}


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"mode": "enforce"},
        {"too_loud": {"threshold_lufs": -18}},
        default_policy_json(),
        {"ladder": default_policy_json()["ladder"][:2]},
        {"mode": "punish"},
        {"mode": True},
        {"mode": None},
        {"too_lout": {}},
        {"too_loud": {"treshold_lufs": -18}},
        {"too_loud": {"threshold_lufs": "-18"}},
        {"too_loud": {"threshold_lufs": None}},
        {"too_loud": {"threshold_lufs": [1]}},
        {"too_loud": 3},
        {"dead_air": {"enabled": 1}},
        {"howl": {"ceiling": "tell_ops"}},
        {"told_every_seconds": 0.5},
        {"ladder": []},
        {"ladder": {}},
        {"ladder": [3]},
        {"ladder": [{"stap": "notice"}]},
        {"ladder": [{"strikes": 1}]},
        {"ladder": [{"step": "tell_ops"}]},
        {"ladder": [{"step": "warning", "strikes": 1}]},
        {"ladder": [{"step": "mute", "strikes": 1}]},
        {"ladder": [{"step": "notice", "seconds": 9}]},
        {"ladder": [{"step": "warning"}, {"step": "notice", "strikes": 2}]},
        {"ladder": [{"step": "notice"}, {"step": "notice", "strikes": 2}]},
        {"ladder": [{"step": "notice"}, {"step": "warning"}]},
        rungs({"strikes": 1001}),
        rungs({}, {"cooldown_seconds": -1}),
        rungs({}, {}, {"seconds": 86401}),
        broken(extra=1),
    ],
)
async def test_the_door_and_the_agent_agree_about_a_policy(world: World, policy: Json) -> None:
    await agree(world, policy)


async def test_the_door_and_the_agent_agree_about_every_bound(world: World) -> None:
    assert len(edges()) > 80
    for policy in edges():
        await agree(world, policy)


async def agree(world: World, policy: Json) -> None:
    fault = await world.value("select live.policy_fault($1)", policy)
    try:
        parse_policy(policy)
    except PolicyError:
        assert fault, policy
    else:
        assert fault is None, policy


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"mode": "x"}, "mode must be one of off, observe, enforce"),
        ({"too_loud": {"threshold_lufs": -55.0}}, "too_loud.threshold_lufs must be a number from -40 to 0"),
        ({"too_loud": {"grace_seconds": 1e9}}, "too_loud.grace_seconds must be a number from 0 to 60"),
        ({"ladder": [{"step": "mute", "strikes": 0.75}]}, "ladder: mute must have seconds above 0"),
        (
            {"ladder": [{"step": "notice", "strikes": -1}]},
            "ladder[0].strikes must be a number from 0 to 1000",
        ),
        ({"preset": "disco"}, "preset must be one of asmr, music, talk"),
        ({"preset": 3}, "preset must be one of asmr, music, talk"),
        ({"howl": {"weight": 9}, "z": 0}, "howl.weight must be a number from 0 to 5; z is unknown"),
        ([], "the policy must be an object"),
    ],
)
async def test_what_is_out_of_bounds_is_refused_at_the_write_with_its_bounds(
    world: World, policy: Any, words: str
) -> None:
    ops, scene = await world.user(ops=True), await world.live()
    with pytest.raises(Refused) as refused:
        await world.as_user(ops, WRITE, policy)
    assert (refused.value.hint, words in refused.value.message) == ("bad_policy", True), refused.value
    with pytest.raises(Refused) as refused:
        await world.service(OVERRIDE, policy, scene.id)
    assert (refused.value.hint, words in refused.value.message) == ("bad_policy", True), refused.value
    stands = await world.value("select moderation from live_sessions where id = $1", scene.id)
    assert stands == {}


async def test_a_sessions_policy_is_merged_as_the_agent_merges(world: World) -> None:
    platform = {"too_loud": {"threshold_lufs": -15, "grace_seconds": 3}, "mode": "enforce"}
    own = {"too_loud": {"grace_seconds": 1}, "howl": {"enabled": False}}
    merged = await world.value("select live.merged_policy($1, $2)", platform, own)
    assert parse_policy(merged) == parse_policy(platform, own)


async def effective(world: World, session: str) -> Policy:
    told = await world.value("select live.effective_policy(s) from live_sessions s where s.id = $1", session)
    return parse_policy(told)


@pytest.mark.parametrize("preset", PRESETS)
async def test_a_preset_is_the_base_of_a_sessions_policy_and_its_own_fields_win(
    world: World, preset: str
) -> None:
    scene = await world.live()
    numbers = (await world.value("select live.policy_presets()"))[preset]
    await world.service(OVERRIDE, {"preset": preset, "mode": "enforce"}, scene.id)
    assert await effective(world, scene.id) == parse_policy({"mode": "enforce"}, numbers)
    await world.service(OVERRIDE, {"preset": preset, "too_loud": {"threshold_lufs": -33}}, scene.id)
    found = await effective(world, scene.id)
    assert found[TooLoud].threshold_lufs == -33.0
    assert found[Scream].threshold_lufs == numbers["scream"]["threshold_lufs"]


async def test_a_preset_is_the_same_over_every_other(world: World) -> None:
    """Whatever one of them says, each says: nothing of a platform's preset shows through a session's."""
    presets = await world.value("select live.policy_presets()")
    assert set(presets) == set(PRESETS)
    names = {
        preset: {(rule, name) for rule in said for name in said[rule]} for preset, said in presets.items()
    }
    assert names["talk"] == names["music"] == names["asmr"]
    for said in presets.values():
        assert await world.value("select live.policy_fault($1)", said) is None
    assert parse_policy(presets["talk"]) == Policy()


async def test_a_sessions_staff_read_the_policy_that_holds_and_nobody_else(world: World) -> None:
    scene, ops, stranger = await world.live(), await world.user(ops=True), await world.user()
    viewer = await world.seat(scene, "viewer")
    await world.service(OVERRIDE, {"preset": "asmr", "mode": "enforce"}, scene.id)
    ask = "select session_policy($1)"
    for allowed in (ops, scene.creator):
        told = await world.as_user(allowed, ask, scene.id)
        assert parse_policy(told) == await effective(world, scene.id)
        assert set(told) == set(default_policy_json())
    for other in (stranger, viewer):
        assert await world.as_user(other, ask, scene.id) is None
    assert await world.as_user(ops, ask, stranger) is None


async def test_a_pull_brings_the_policy_when_it_changed_and_not_with_every_row(world: World) -> None:
    scene = await world.live()
    guest = await world.seat(scene, "speaker")
    claim = await world.claim(scene.room)
    assert parse_policy(claim["snapshot"]["policy"]) == await effective(world, scene.id)
    # Whatever else ran on this database while the claim was made may count as later: past that is this cursor.
    cursor = (await world.pull(scene.room, claim["epoch"]))["cursor"]
    await world.ask(scene.creator, "mute", scene, guest)
    news = await world.pull(scene.room, claim["epoch"], cursor)
    assert (len(news["actions"]), news["policy"]) == (1, None)
    await world.service(OVERRIDE, {"mode": "enforce"}, scene.id)
    told = await world.pull(scene.room, claim["epoch"], news["cursor"])
    assert parse_policy(told["policy"]) == await effective(world, scene.id)
    await world.service(
        "update app_settings set value = value where key = 'moderation.policy'"
    )  # others' tests read it
    everyone = await world.pull(scene.room, claim["epoch"], told["cursor"])
    assert parse_policy(everyone["policy"]) == await effective(world, scene.id)
