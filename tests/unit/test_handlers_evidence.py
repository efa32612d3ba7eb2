"""Of whom a room has sound kept, and what becomes a clip: for a cause, each once, in calls never."""

from dataclasses import replace

import numpy as np
import pytest

from handlers.effects import Effects, KeepSound, RecordIncident, TakeClip
from handlers.events import Pulled
from handlers.facts import Action, ActionId, ClipOrder, EvidenceAsked, Identity, Status
from local import sounds
from local.people.sound import RATE
from moderation.audio.kept import Cause
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter
from moderation.rule_names import Rule
from moderation.rules.policy import Step
from tests.fakes.measured import SHOUT, TALK
from tests.fakes.scene import ADA, BO, ENFORCE, START, Scene, of, only

ASKED = EvidenceAsked(30.0, 10.0)


def scene_with(asked: EvidenceAsked | None = ASKED, mode: str = "enforce") -> Scene:
    return Scene.hosted({**ENFORCE, "mode": mode}, evidence=asked)


def kept(effects: Effects) -> list[dict[Identity, Cause]]:
    return [dict(effect.of) for effect in of(KeepSound, effects)]


def test_from_the_onset_of_a_sign_on_sound_is_kept_and_each_graver_step_takes_a_clip() -> None:
    scene = scene_with()
    assert kept(scene.hears(BO, TALK, 5.0)) == []
    effects = scene.hears(BO, SHOUT, 14.0)
    taken = of(TakeClip, effects)
    assert kept(effects) == [{BO: Cause.SIGN}, {BO: Cause.STRIKE}]
    assert [clip.incident.decision.step for clip in taken if clip.incident] == [Step.WARNING, Step.MUTE]
    assert {(clip.identity, clip.after_seconds, clip.order) for clip in taken} == {(BO, 10.0, None)}
    assert effects.index(of(KeepSound, effects)[-1]) < effects.index(taken[0])
    assert [clip.incident for clip in taken] == of(RecordIncident, effects)[1:]


def test_a_sign_that_passes_before_its_grace_is_a_cause_while_it_is_heard_and_no_longer() -> None:
    scene = scene_with()
    effects = scene.hears(BO, SHOUT, 0.6)
    assert of(RecordIncident, effects) == [], "the grace is not over"
    assert kept(effects) == [{BO: Cause.SIGN}]
    assert kept(scene.hears(BO, TALK, 0.4)) == [{}]


def test_of_feedback_sound_is_kept_from_when_it_was_seen_to_grow() -> None:
    """A second before the rule is sure."""
    scene, rings = scene_with(), sounds.feedback(1000.0, 40.0, 8.0, RATE, np.random.default_rng(2))
    meter, began, said = TrackMeter(), list[float](), list[float]()
    for n, block in enumerate(sounds.as_blocks(rings)):
        ends = (n + 1) * BLOCK_SECONDS
        scene.passes(START + ends - scene.now)
        measured = meter.push(block, ends)
        assert measured is not None
        effects = scene.sounds(BO, measured)
        began += [ends for causes in kept(effects) if BO in causes]
        said += [ends for incident in of(RecordIncident, effects) if incident.decision.rule is Rule.HOWL]
    assert said
    assert said[0] - began[0] >= 0.8 - 1e-6


def test_a_sign_of_somebody_who_falls_silent_is_over_by_the_clock() -> None:
    scene = scene_with()
    assert kept(scene.hears(BO, SHOUT, 0.6)) == [{BO: Cause.SIGN}]
    assert kept(scene.passes(2.0)) == [{}]
    assert kept(scene.hears(BO, SHOUT, 0.4)) == [{BO: Cause.SIGN}], "and begins anew"


@pytest.mark.parametrize(
    ("asked", "mode"), [(None, "enforce"), (ASKED, "observe"), (replace(ASKED, seconds=0.0), "enforce")]
)
def test_without_evidence_or_a_policy_that_acts_no_strike_is_a_cause(
    asked: EvidenceAsked | None, mode: str
) -> None:
    scene = scene_with(asked, mode)
    effects = scene.hears(BO, SHOUT, 14.0)
    assert of(RecordIncident, effects)
    assert of(KeepSound, effects) == of(TakeClip, effects) == []


def test_a_case_of_the_databases_is_a_cause_while_it_is_told() -> None:
    scene = scene_with()
    told = Pulled(Status.OPEN, evidence=replace(ASKED, kept=frozenset({BO})))
    assert kept(scene.happens(told)) == [{BO: Cause.CASE}]
    assert kept(scene.happens(told)) == []
    assert kept(scene.happens(Pulled(Status.OPEN))) == [], "nothing new was told"
    assert kept(scene.happens(Pulled(Status.OPEN, evidence=ASKED))) == [{}]


def test_an_order_takes_one_clip_however_often_it_is_told() -> None:
    scene = scene_with()
    told = Pulled(Status.OPEN, evidence=replace(ASKED, kept=frozenset({BO}), orders=(ClipOrder("c1", BO),)))
    effects = scene.happens(told)
    assert only(TakeClip, effects) == TakeClip(BO, 10.0, order="c1")
    assert effects.index(only(KeepSound, effects)) < effects.index(only(TakeClip, effects))
    assert of(TakeClip, scene.happens(told)) == []


def test_who_is_forgiven_is_kept_no_longer() -> None:
    scene = scene_with()
    assert kept(scene.hears(BO, SHOUT, 6.0))[-1] == {BO: Cause.STRIKE}
    scene.hears(BO, TALK, 4.0)
    lifted = Action(ActionId("a1"), 1, "unmute", BO, via="ops")
    assert kept(scene.happens(Pulled(Status.OPEN, actions=(lifted,)))) == [{}]


def test_strikes_that_have_worn_off_are_no_cause() -> None:
    scene = scene_with()
    scene.hears(BO, SHOUT, 6.0)
    assert kept(scene.passes(24 * 3600.0))[-1] == {}


def test_a_call_is_told_nothing_that_could_be_a_cause() -> None:
    scene = Scene.open(context="call", policy=None, evidence=None)
    orders = Pulled(
        Status.OPEN, evidence=replace(ASKED, kept=frozenset({ADA}), orders=(ClipOrder("c1", ADA),))
    )
    assert of(KeepSound, scene.happens(orders)) == of(TakeClip, scene.happens(orders)) == []


def test_switching_the_policy_off_forgets_what_is_kept() -> None:
    scene = scene_with()
    scene.hears(BO, SHOUT, 6.0)
    assert kept(scene.happens(Pulled(Status.OPEN, policy={"mode": "off"}))) == [{}]
