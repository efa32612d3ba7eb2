"""What a room decides about what it hears: rules to steps, steps to effects, minutes, levels, dead air."""

import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from handlers.effects import (
    AutomaticAction,
    Effect,
    Listen,
    Notify,
    RecordIncident,
    RecordMinute,
    ReportLoudness,
    ReportPolicy,
    SetPermission,
    ShowLevels,
)
from handlers.events import (
    Identity,
    Measured,
    MicrophonePaused,
    Pulled,
    RoomEnded,
    Sid,
    Status,
    Strikes,
    Switch,
    Switches,
)
from moderation.audio.measurement import Gap, Measurement
from moderation.desired import Desired
from moderation.roles import Role
from moderation.rules.policy import Policy, Rule, Step
from tests.fakes.measured import QUIET
from tests.fakes.scene import ADA, BO, CEM, HOST, LISTENER, NOTHING, SPEAK, SPEAKER, Scene, of, only

ENFORCE: dict[str, Any] = {"mode": "enforce", "dead_air": {"enabled": False}}
SHOUT = QUIET._replace(
    rms_dbfs=-8.0,
    momentary_dbfs=-8.0,
    momentary_lufs=-9.0,
    short_term_lufs=-9.0,
    short_term_low_lufs=-9.0,
    active=True,
    talk_seconds=0.2,
)
TALK = SHOUT._replace(
    rms_dbfs=-20.0,
    momentary_dbfs=-20.0,
    momentary_lufs=-20.0,
    short_term_lufs=-20.0,
    short_term_low_lufs=-20.0,
)
WATCHED = Pulled(Status.OPEN, levels_watched=True)
ON, MUTED = Switches(Switch.ON, Switch.ON), Switches(Switch.MUTED, Switch.OFF)
LADDER = Policy().ladder


def room(policy: dict[str, Any] | None = None, desired: Desired = SPEAKER, **fields: Any) -> Scene:
    """A room in which ADA hosts and BO is somebody."""
    scene = Scene.open(policy=ENFORCE if policy is None else policy, **fields)
    scene.present(ADA, HOST, SPEAK)
    scene.present(BO, desired, SPEAK if desired.role in {Role.SPEAKER, Role.MODERATOR} else NOTHING)
    return scene


def hear(scene: Scene, who: Identity, measurement: Measurement, seconds: float) -> list[Effect]:
    """So many seconds of the same sound."""
    effects: list[Effect] = []
    for _ in range(round(seconds / 0.2)):
        effects += scene.passes(0.2)
        measured = Measured(who, Sid(f"sid-{who}"), measurement._replace(at=scene.now))
        effects += scene.happens(measured)
    return effects


def incidents(effects: list[Effect]) -> list[RecordIncident]:
    return of(RecordIncident, tuple(effects))


def steps(effects: list[Effect]) -> list[Step]:
    return [incident.decision.step for incident in incidents(effects)]


# -- listening ---------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "on"), [("off", False), ("observe", True), ("enforce", True)])
def test_a_session_is_listened_to_unless_the_policy_is_off(mode: str, on: bool) -> None:
    scene = Scene()
    effects = Scene.open(policy={"mode": mode}).state.hearing
    assert effects.on is on
    assert scene.state.hearing.on is False


def test_a_call_is_never_listened_to() -> None:
    scene = Scene.open(context="call", policy=None)
    assert not scene.state.hearing.on
    assert not of(Listen, scene.happens(Pulled(Status.OPEN)))


def test_switching_the_policy_off_and_on_again_stops_and_starts_listening() -> None:
    scene = room()
    assert of(Listen, scene.happens(Pulled(Status.OPEN, policy={"mode": "off"}))) == [Listen(on=False)]
    assert hear(scene, BO, SHOUT, 10.0) == []
    assert of(Listen, scene.happens(Pulled(Status.OPEN, policy={"mode": "off"}))) == []
    assert of(Listen, scene.happens(Pulled(Status.OPEN, policy=ENFORCE))) == [Listen(on=True)]
    assert steps(hear(scene, BO, SHOUT, 3.0)) == [Step.NOTICE]


def test_a_broken_policy_is_told_once_and_the_last_good_one_stays() -> None:
    scene = room({**ENFORCE, "too_loud": {"threshold_lufs": -5.0}})
    broken = Pulled(Status.OPEN, policy={"mode": "enforce", "too_loud": {"threshold_lufs": 99}})
    told = only(ReportPolicy, scene.happens(broken))
    assert "too_loud.threshold_lufs" in told.problems[0]
    assert of(ReportPolicy, scene.happens(broken)) == []
    assert steps(hear(scene, BO, SHOUT, 10.0)) == []


# -- the ladder --------------------------------------------------------------------


def test_a_shout_climbs_the_ladder_and_each_step_is_recorded_with_its_numbers() -> None:
    scene = room()
    begun = scene.now
    effects = hear(scene, BO, SHOUT, 14.0)

    assert steps(effects) == [Step.NOTICE, Step.WARNING, Step.MUTE]
    at = [incident.decision.at - begun for incident in incidents(effects)]
    assert at == pytest.approx([2.0, 7.0, 12.0], abs=0.21)
    mute = incidents(effects)[-1]
    assert (mute.identity, mute.sid) == (BO, "sid-bo")
    assert mute.action == AutomaticAction("mute", {"seconds": LADDER[2].seconds})
    assert mute.decision.measured["short_term_lufs"] == -9.0
    assert mute.decision.measured["threshold_lufs"] == -12.0


def test_notice_and_warning_are_words_in_both_languages() -> None:
    scene = room()
    told = of(Notify, tuple(hear(scene, BO, SHOUT, 8.0)))
    assert [n.type.value for n in told] == ["warning", "warning"]
    assert [n.payload["strikes"] for n in told] == [1, 2]
    assert {n.payload["rule"] for n in told} == {"too_loud"}
    assert "limit here is" in told[0].payload["text"]["en"]
    assert "Bu bir uyarıdır" in told[1].payload["text"]["tr"]


def test_the_muted_hear_the_rules_own_words_when_it_is_true() -> None:
    scene = room()
    hear(scene, BO, SHOUT, 13.0)
    muted = replace(SPEAKER, mic_muted=True, mic_muted_until=scene.now + 60.0)
    asked = only(SetPermission, scene.asks("mute", BO, muted, via="auto", reason="Too loud."))
    told = only(Notify, scene.confirms(asked))
    assert told.type.value == "muted"
    assert told.payload["text"]["tr"].endswith("Mikrofonunuz 60 saniyeliğine kapatıldı.")
    assert "moderator" not in told.payload["text"]["en"]


def test_the_next_offence_after_the_mute_leads_to_demotion_and_then_to_a_human() -> None:
    scene = room()
    hear(scene, BO, SHOUT, 13.0)
    scene.passes(60.0)
    demoted = incidents(hear(scene, BO, SHOUT, 4.0))[0]
    assert demoted.decision.step is Step.DEMOTE
    assert demoted.action == AutomaticAction("set_role", {"role": "listener"})
    scene.passes(60.0)
    effects = hear(scene, BO, SHOUT, 4.0)
    assert steps(effects) == [Step.CALL_HUMAN]
    assert incidents(effects)[0].action is None


def test_in_observe_the_same_steps_are_recorded_and_nothing_else_happens() -> None:
    enforced, observed = room(), room({**ENFORCE, "mode": "observe"})
    done, seen = hear(enforced, BO, SHOUT, 14.0), hear(observed, BO, SHOUT, 14.0)
    assert steps(seen) == steps(done)
    assert all(i.action is None and i.decision.dry_run for i in incidents(seen))
    assert of(Notify, tuple(seen)) == []
    assert [i.decision.measured for i in incidents(seen)] == [i.decision.measured for i in incidents(done)]


@pytest.mark.parametrize(
    ("role", "highest"),
    [(Role.HOST, Step.NOTICE), (Role.CO_HOST, Step.WARNING), (Role.MODERATOR, Step.WARNING)],
)
def test_hosts_are_told_and_co_hosts_and_moderators_only_warned(role: Role, highest: Step) -> None:
    scene = room()
    scene.wants(BO, Desired(role))
    effects = hear(scene, BO, SHOUT, 300.0)
    assert set(steps(effects)) <= {Step.NOTICE, highest}
    assert highest in steps(effects)
    assert all(incident.action is None for incident in incidents(effects))


def test_strikes_outlive_a_reconnect() -> None:
    scene = room()
    hear(scene, BO, SHOUT, 8.0)
    scene.leaves(BO)
    scene.joins(BO, permission=SPEAK)
    assert steps(hear(scene, BO, SHOUT, 6.0))[0] is Step.MUTE


def test_a_successor_goes_on_where_the_agent_before_it_stopped() -> None:
    before = room()
    last = incidents(hear(before, BO, SHOUT, 8.0))[-1].decision
    held = Strikes(BO, last.strikes, last.step.value, last.at)
    successor = room(strikes=(held,))
    successor.now = before.now
    effects = hear(successor, BO, SHOUT, 6.0)
    assert steps(effects)[0] is Step.MUTE
    assert incidents(effects)[0].decision.at - last.at >= LADDER[1].cooldown_seconds


@pytest.mark.parametrize("lifted", ["unmute", "set_role"])
def test_whoever_lifts_what_a_rule_did_forgives(lifted: str) -> None:
    scene = room()
    hear(scene, BO, SHOUT, 13.0)
    scene.asks(lifted, BO, SPEAKER, via="app", params={"role": "speaker"})
    scene.passes(60.0)
    assert steps(hear(scene, BO, SHOUT, 3.0)) == [Step.NOTICE]


@pytest.mark.parametrize(
    ("action", "desired", "fields"),
    [
        ("unmute", SPEAKER, {"via": "auto"}),
        ("unmute", SPEAKER, {"via": "ops", "dry_run": True}),
        ("set_role", LISTENER, {"via": "app", "params": {"role": "listener"}}),
        ("chat_unmute", SPEAKER, {"via": "app"}),
    ],
)
def test_what_lifts_nothing_forgives_nothing(action: str, desired: Desired, fields: dict[str, Any]) -> None:
    scene = room()
    hear(scene, BO, SHOUT, 8.0)
    scene.asks(action, BO, desired, **fields)
    assert scene.state.hearing.records[BO].strikes > 1.0


def test_who_is_heard_without_leave_is_set_right_and_told_to_ops() -> None:
    scene = room(desired=LISTENER)
    effects = hear(scene, BO, TALK, 3.0)
    incident = incidents(effects)[0]
    assert (incident.decision.rule, incident.decision.step) == (Rule.NOT_ALLOWED, Step.REASSERT)
    assert only(SetPermission, tuple(effects)).permission == NOTHING


def test_a_measurement_of_an_older_connection_means_nothing() -> None:
    scene = room()
    scene.joins(BO, "newer", permission=SPEAK)
    assert hear(scene, BO, SHOUT, 5.0) == []


# -- minutes -----------------------------------------------------------------------


def test_each_minute_becomes_one_row_for_each_who_was_heard() -> None:
    scene = room()
    scene.passes(60.0 - scene.now % 60.0)
    begins = scene.now
    effects = hear(scene, BO, TALK, 30.0) + hear(scene, ADA, TALK, 28.0) + list(scene.passes(10.0))
    rows = of(RecordMinute, tuple(effects))
    assert {(row.identity, row.begins) for row in rows} == {(ADA, begins), (BO, begins)}
    assert [row.figures.talk_seconds for row in rows if row.identity == BO][-1] == pytest.approx(30.0)


def test_the_first_minute_is_written_early_and_again_when_it_is_over_and_no_other_one_is() -> None:
    scene = room()
    scene.passes(60.0 - scene.now % 60.0)
    begins = scene.now
    early = of(RecordMinute, tuple(hear(scene, BO, TALK, 3.0)) + scene.passes(8.0))
    assert [(row.begins, row.figures.talk_seconds) for row in early] == [(begins, pytest.approx(3.0))]
    assert early[0].figures.loudness_lufs == pytest.approx(-20.0, abs=0.1)
    later = of(RecordMinute, tuple(hear(scene, BO, TALK, 48.8)) + tuple(hear(scene, BO, TALK, 50.0)))
    assert [(row.begins, row.figures.talk_seconds) for row in later] == [
        (begins, pytest.approx(51.8, abs=0.3))
    ]
    last = scene.happens(RoomEnded("room_deleted", round(scene.now * 1000)))
    assert only(ReportLoudness, last).speakers[BO].talk_seconds == pytest.approx(101.8)


def test_the_end_of_a_session_writes_the_rest_and_sums_up() -> None:
    scene = room()
    effects = hear(scene, BO, SHOUT, 10.0)
    last = scene.happens(RoomEnded("room_deleted", round(scene.now * 1000)))
    assert only(RecordMinute, last).identity == BO
    summary = only(ReportLoudness, last).speakers[BO]
    assert summary.talk_seconds == pytest.approx(10.0)
    assert summary.loudness_lufs == pytest.approx(-9.0, abs=0.1)
    assert summary.incidents == len(incidents(effects))


# -- levels ------------------------------------------------------------------------


def test_levels_go_to_host_and_moderators_at_most_twice_a_second() -> None:
    scene = room()
    scene.present(CEM, Desired(Role.MODERATOR), SPEAK)
    shown: list[tuple[float, ShowLevels]] = []
    for i in range(50):
        loud = TALK._replace(momentary_dbfs=-20.0 if i % 2 else -40.0)
        shown += [(scene.now, s) for s in of(ShowLevels, tuple(hear(scene, BO, loud, 0.2)))]
    assert {s.to for _, s in shown} == {(ADA, CEM)}
    assert len(shown) <= 20
    assert all(later[0] - earlier[0] >= 0.5 - 1e-6 for earlier, later in pairwise(shown))


def test_only_what_an_eye_would_notice_is_shown() -> None:
    scene = room()
    first = of(ShowLevels, tuple(hear(scene, BO, TALK, 1.0)))
    assert first[0].levels[BO] is not None
    assert of(ShowLevels, tuple(hear(scene, BO, TALK._replace(momentary_dbfs=-21.0), 5.0))) == []


def test_who_stops_being_heard_is_shown_as_gone() -> None:
    scene = room()
    hear(scene, BO, TALK, 1.0)
    effects = scene.happens(MicrophonePaused(BO, Gap.MUTED)) + scene.passes(1.0)
    assert only(ShowLevels, effects).levels == {BO: None}


def test_a_new_viewer_sees_everyone_at_once() -> None:
    scene = room()
    hear(scene, BO, TALK, 2.0)
    scene.present(CEM, Desired(Role.CO_HOST), SPEAK)
    assert only(ShowLevels, tuple(hear(scene, BO, TALK, 0.6))).to == (ADA, CEM)


def test_levels_leave_the_room_only_while_somebody_watches() -> None:
    scene = room()
    assert not any(s.watched for s in of(ShowLevels, tuple(hear(scene, BO, TALK, 1.0))))
    scene.passes(0.5)
    assert only(ShowLevels, scene.happens(WATCHED)).watched
    scene.passes(5.0)
    assert not any(s.watched for s in of(ShowLevels, tuple(hear(scene, BO, SHOUT, 1.0))))


# -- switches ----------------------------------------------------------------------


def test_who_watches_is_told_at_once_who_has_what_on_also_when_nobody_speaks() -> None:
    scene = room()
    scene.switches(BO, ON)
    scene.passes(1.0)
    shown = only(ShowLevels, scene.happens(WATCHED))
    assert (shown.levels, shown.switches) == ({}, {BO: ON})


def test_nobody_publishing_is_told_as_well() -> None:
    scene = room(desired=LISTENER)
    scene.passes(1.0)
    assert only(ShowLevels, scene.happens(WATCHED)).switches == {}


def test_a_switch_is_told_when_it_changes_at_most_twice_a_second() -> None:
    scene = room()
    scene.happens(WATCHED)
    shown: list[tuple[float, ShowLevels]] = []
    for i in range(20):
        effects = scene.switches(BO, MUTED if i % 2 else ON)
        shown += [(scene.now, s) for s in of(ShowLevels, effects + scene.passes(0.1))]
    shown += [(scene.now, s) for s in of(ShowLevels, scene.passes(1.0))]
    assert 3 <= len(shown) <= 6
    assert shown[-1][1].switches == {BO: MUTED}
    assert of(ShowLevels, scene.switches(BO, MUTED) + scene.passes(1.0)) == []


def test_the_picture_is_repeated_for_who_watches_and_for_nobody_else() -> None:
    scene = room()
    scene.passes(1.0)
    shown = [s for _ in range(20) for s in of(ShowLevels, scene.happens(WATCHED) + scene.passes(1.0))]
    assert [s.to for s in shown] == [(ADA,), (), (), ()]
    assert all(s.watched for s in shown)
    assert of(ShowLevels, scene.passes(30.0)) == []


def test_switches_of_a_connection_that_is_over_do_not_count() -> None:
    scene = room()
    scene.switches(BO, ON)
    scene.leaves(BO)
    scene.passes(1.0)
    assert only(ShowLevels, scene.happens(WATCHED)).switches == {}
    scene.joins(BO, "sid-2")
    scene.passes(6.0)
    assert only(ShowLevels, scene.happens(WATCHED)).switches == {}


# -- dead air ----------------------------------------------------------------------

SILENT_HOST = {"mode": "enforce", "dead_air": {"seconds": 30.0, "count_muted": True}}


def test_a_host_whom_nobody_hears_is_told_to_ops_and_to_nobody_else() -> None:
    scene = room(SILENT_HOST)
    assert steps(list(scene.passes(29.0))) == []
    effects = scene.passes(2.0)
    assert steps(list(effects)) == [Step.TELL_OPS]
    assert of(Notify, effects) == []
    assert incidents(list(effects))[0].identity == ADA
    assert steps(list(scene.passes(61.0))) == [Step.TELL_OPS]


def test_a_host_who_speaks_ends_the_dead_air() -> None:
    scene = room(SILENT_HOST)
    scene.passes(20.0)
    hear(scene, ADA, TALK, 1.0)
    assert steps(list(scene.passes(25.0))) == []
    assert steps(list(scene.passes(10.0))) == [Step.TELL_OPS]


def test_a_microphone_that_the_host_switched_off_is_no_dead_air_unless_the_policy_says_so() -> None:
    scene = room({"mode": "enforce", "dead_air": {"seconds": 30.0}})
    hear(scene, ADA, TALK, 1.0)
    scene.happens(MicrophonePaused(ADA, Gap.MUTED))
    assert steps(list(scene.passes(300.0))) == []


def test_a_host_who_is_away_is_no_dead_air() -> None:
    scene = room(SILENT_HOST)
    scene.leaves(ADA)
    assert steps(list(scene.passes(300.0))) == []


# -- cost --------------------------------------------------------------------------


def test_a_measurement_costs_little_in_a_full_room() -> None:
    """Five a second and speaker, many rooms to a process: 100 µs is the budget, beside the measuring."""
    scene = room({**ENFORCE, "mode": "observe"})
    for number in range(500):
        scene.present(Identity(f"listener-{number}"), LISTENER, NOTHING)
    events = [Measured(BO, Sid("sid-bo"), TALK._replace(at=scene.now + i * 0.2)) for i in range(500)]
    best = float("inf")
    for _ in range(5):
        begun = time.thread_time()
        for event in events:
            scene.happens(event)
        best = min(best, (time.thread_time() - begun) / len(events))
    assert best < 100e-6
