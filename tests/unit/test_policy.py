"""Reading a policy: defaults, overrides, and refusals that say what is wrong."""

import json
from typing import Any

import pytest

from moderation.rules.policy import Mode, Policy, PolicyError, default_policy_json, parse_policy
from moderation.rules.steps import Step
from moderation.rules.too_loud import TooLoud


def test_nothing_set_is_the_default_and_only_observes() -> None:
    assert parse_policy({}) == Policy()
    assert parse_policy({}, None).mode is Mode.OBSERVE


def test_the_printed_default_reads_back() -> None:
    assert parse_policy(json.loads(json.dumps(default_policy_json()))) == Policy()


def test_a_session_overrides_the_platform_key_by_key_and_the_ladder_as_a_whole() -> None:
    platform = {"mode": "enforce", "too_loud": {"threshold_lufs": -14, "grace_seconds": 3}}
    policy = parse_policy(
        platform, {"too_loud": {"grace_seconds": 1.5}, "ladder": [{"step": "warning", "strikes": 1}]}
    )
    assert policy.mode is Mode.ENFORCE
    assert (policy[TooLoud].threshold_lufs, policy[TooLoud].grace_seconds) == (-14.0, 1.5)
    assert [(rung.step, rung.cooldown_seconds) for rung in policy.ladder] == [(Step.WARNING, 5.0)]


MORE = "ladder: each step must take more strikes than the one before"
STEPS = "notice, warning, mute, demote, call_human"


@pytest.mark.parametrize(
    ("json_", "complaint"),
    [
        ({"tooloud": {}}, f"tooloud: unknown; known here are {', '.join(default_policy_json())}"),
        (
            {"too_loud": {"treshold": -3}},
            "too_loud.treshold: unknown; known here are enabled, threshold_lufs, grace_seconds, weight, ceiling",
        ),
        (
            {"too_loud": {"threshold_lufs": 3}},
            "too_loud.threshold_lufs: must be a number from -40 to 0, not 3",
        ),
        (
            {"too_loud": {"threshold_lufs": "-3"}},
            "too_loud.threshold_lufs: must be a number from -40 to 0, not '-3'",
        ),
        ({"too_loud": {"weight": True}}, "too_loud.weight: must be a number from 0 to 5, not True"),
        ({"too_loud": {"weight": float("nan")}}, "too_loud.weight: must be a number from 0 to 5, not nan"),
        ({"too_loud": {"weight": "loud"}}, "too_loud.weight: must be a number from 0 to 5, not 'loud'"),
        ({"too_loud": {"weight": None}}, "too_loud.weight: must be a number from 0 to 5, not None"),
        ({"too_loud": {"weight": [1]}}, "too_loud.weight: must be a number from 0 to 5, not [1]"),
        ({"too_loud": {"weight": 5.01}}, "too_loud.weight: must be a number from 0 to 5, not 5.01"),
        ({"too_loud": {"weight": -0.01}}, "too_loud.weight: must be a number from 0 to 5, not -0.01"),
        ({"mode": None}, "mode: must be one of off, observe, enforce, not None"),
        ({"ladder": [3]}, "ladder[0]: must be an object"),
        ({"too_loud": {"enabled": 1}}, "too_loud.enabled: must be true or false"),
        ({"too_loud": -3}, "too_loud: must be an object"),
        ({"ladder": [{"step": "notice", "strikes": 1}, {"step": "warning", "strikes": 1}]}, MORE),
        ({"mode": "strict"}, "mode: must be one of off, observe, enforce, not 'strict'"),
        ({"howl": {"ceiling": "tell_ops"}}, f"howl.ceiling: must be one of {STEPS}"),
        ({"ladder": {}}, "ladder: must be a list"),
        ({"ladder": []}, "ladder: must have at least one step"),
        ({"ladder": [{"strikes": 1}]}, "ladder[0].step: is missing"),
        ({"ladder": [{"step": "tell_ops"}]}, "ladder: tell_ops is no step of the ladder"),
        ({"ladder": [{"step": "mute", "strikes": 1}]}, "ladder: mute must have seconds above 0"),
        ({"ladder": [{"step": "notice", "seconds": 9}]}, "ladder: notice must not have seconds above 0"),
        (
            {"ladder": [{"step": "warning"}, {"step": "notice", "strikes": 2}]},
            f"ladder: steps must be in this order, each once: {STEPS}",
        ),
        ({"ladder": [{"step": "notice"}, {"step": "warning"}]}, MORE),
    ],
)
def test_what_cannot_be_is_refused_by_name(json_: dict[str, Any], complaint: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(json_)
    assert refused.value.problems == (complaint,)


@pytest.mark.parametrize("weight", [0, 5])
def test_both_bounds_of_a_number_may_be_set(weight: float) -> None:
    assert parse_policy({"too_loud": {"weight": weight}})[TooLoud].weight == weight


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy({"mode": "x", "noise": {"weight": 9, "y": 1}, "z": 0})
    assert len(refused.value.problems) == 4
    assert str(refused.value) == "; ".join(refused.value.problems)
