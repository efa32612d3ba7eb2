"""Who is heard and cannot be measured climbs the ladder; anyone who lets the agent in does not."""

import pytest

from handlers.effects import Count, Effect, Metric, Notify, RecordIncident
from handlers.events import KeptOut
from handlers.facts import Identity, Sid
from moderation.desired import Desired
from moderation.escalation import Severity
from moderation.roles import Role
from moderation.rules.not_measurable import Evaded, NotMeasurable, Shut, add, not_measurable
from moderation.rules.policy import Policy
from moderation.rules.steps import Step
from tests.fakes.measured import TALK
from tests.fakes.scene import ADA, BO, BOTH, ENFORCE, SPEAKER, Scene, of, only

POLICY = Policy()
GRACE = POLICY[NotMeasurable].grace_seconds
TOLD = GRACE + 0.5
"""The report after the grace: the seconds before it have decayed by a hair."""
TO_THE_MUTE = TOLD + sum(rung.cooldown_seconds for rung in POLICY.ladder[:2])
HALF_LIFE = POLICY.strikes.half_life_seconds


def shuts_out(
    scene: Scene, seconds: float, who: Identity = BO, shut: Shut = Shut.DENIED
) -> tuple[Effect, ...]:
    """So many seconds in which people hear somebody and we cannot, reported every half second."""
    effects: tuple[Effect, ...] = ()
    for _ in range(round(seconds / 0.5)):
        effects += scene.passes(0.5)
        effects += scene.happens(KeptOut(who, Sid(f"sid-{who}"), shut, 0.5))
    return effects


def steps(effects: tuple[Effect, ...]) -> list[Step]:
    return [incident.decision.step for incident in of(RecordIncident, effects)]


def test_it_is_told_then_warned_then_ended_by_the_ladder() -> None:
    scene = Scene.hosted()
    assert steps(shuts_out(scene, GRACE - 0.5)) == []
    effects = shuts_out(scene, 1.0)
    incident, told = only(RecordIncident, effects), only(Notify, effects)
    measured = dict(incident.decision.measured)
    assert measured.pop("unmeasured_seconds") == pytest.approx(TOLD, abs=0.01)
    assert measured == {"threshold_seconds": GRACE, "denied": 1.0, "encrypted": 0.0}
    assert told.payload["text"]["en"].startswith("Your app keeps moderation from your sound")
    assert told.payload["text"]["tr"].startswith("Uygulamanız sesinizin denetlenmesini engelliyor")

    after = shuts_out(scene, TO_THE_MUTE - TOLD)
    assert steps(after) == [Step.WARNING, Step.MUTE]
    action = of(RecordIncident, after)[-1].action
    assert action is not None
    assert (action.action, action.params) == ("mute", {"seconds": POLICY[NotMeasurable].mute_seconds})


def test_who_does_it_again_after_the_mute_loses_the_role() -> None:
    scene = Scene.hosted()
    shuts_out(scene, TO_THE_MUTE)
    scene.passes(POLICY[NotMeasurable].mute_seconds)
    again = shuts_out(scene, 0.5)
    assert steps(again) == [Step.DEMOTE]
    action = only(RecordIncident, again).action
    assert action is not None
    assert (action.action, action.params) == ("set_role", {"role": "listener"})


def test_who_lets_the_agent_in_after_a_mute_may_speak_on() -> None:
    scene = Scene.hosted()
    shuts_out(scene, TO_THE_MUTE)
    scene.passes(POLICY[NotMeasurable].mute_seconds)
    assert steps(scene.hears(BO, TALK, 20.0)) == []


def test_letting_the_agent_in_now_and_then_adds_up_all_the_same() -> None:
    scene = Scene.hosted()
    effects: tuple[Effect, ...] = ()
    for _ in range(round(TOLD / 0.5)):
        scene.hears(BO, TALK, 5.0)
        effects += shuts_out(scene, 0.5)
    assert steps(effects) == [Step.NOTICE]


def test_observing_records_and_does_nothing_else() -> None:
    scene = Scene.hosted({**ENFORCE, "mode": "observe"})
    effects = (*shuts_out(scene, 30.0), *shuts_out(scene, TOLD, ADA))
    assert {incident.decision.dry_run for incident in of(RecordIncident, effects)} == {True}
    assert [i.action for i in of(RecordIncident, effects) if i.action or i.case] == []
    assert of(Notify, effects) == of(Count, effects) == []


def test_no_rule_acts_on_a_host_so_a_human_is_called() -> None:
    scene = Scene.hosted()
    effects = shuts_out(scene, 30.0, ADA)
    incident = only(RecordIncident, effects)
    assert (incident.decision.step, incident.action, incident.case) == (Step.NOTICE, None, Severity.CRITICAL)
    assert only(Count, effects).metric is Metric.HOST_NOT_MEASURABLE
    assert steps(shuts_out(scene, POLICY.told_every_seconds, ADA)) == [Step.NOTICE]


@pytest.mark.parametrize("role", [Role.CO_HOST, Role.MODERATOR])
def test_of_all_others_nobody_is_spared(role: Role) -> None:
    scene = Scene.hosted()
    scene.wants(BO, Desired(role))
    assert steps(shuts_out(scene, TO_THE_MUTE)) == [Step.NOTICE, Step.WARNING, Step.MUTE]


def test_anyone_who_lifts_the_mute_forgives_the_seconds() -> None:
    scene = Scene.hosted()
    shuts_out(scene, TO_THE_MUTE)
    scene.asks("unmute", BO, SPEAKER, via="app")
    assert steps(shuts_out(scene, GRACE - 0.5)) == []


def test_of_a_connection_that_is_gone_nothing_is_counted() -> None:
    scene = Scene.hosted()
    scene.happens(KeptOut(BO, Sid("an older one"), Shut.DENIED, 60.0))
    assert BO not in scene.state.hearing.evaded


def test_in_a_call_nobody_is_measured() -> None:
    scene = Scene.open(context="call")
    scene.present(BO, Desired(Role.PARTY), BOTH)
    assert steps(shuts_out(scene, 30.0)) == []


def test_seconds_halve_like_strikes_and_the_rule_can_be_switched_off() -> None:
    past = add(Evaded(), 4.0, 0.0, HALF_LIFE)
    assert add(past, 1.0, HALF_LIFE, HALF_LIFE).seconds == pytest.approx(3.0)
    off = NotMeasurable(enabled=False)
    assert not_measurable(past, 0.5, Shut.DENIED, off) is None
    found = not_measurable(past, 0.5, Shut.ENCRYPTED, NotMeasurable())
    assert found is not None
    assert (found.since, found.measured["encrypted"]) == (-0.5, 1.0)
