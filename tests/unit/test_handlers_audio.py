"""What a room decides about what it hears: rules to steps, steps to effects, minutes, dead air."""

import math
import time
from dataclasses import replace
from typing import Any

import pytest

from handlers.audio import FAULTS_EVERY_SECONDS
from handlers.effects import (
    AutomaticAction,
    Effects,
    HearSounds,
    Notify,
    RecordIncident,
    RecordMinute,
    ReportPolicy,
    SetPermission,
)
from handlers.events import Measured, Pulled, RoomEnded, TrackPaused
from handlers.facts import MICROPHONE, Identity, Sid, StandingStrikes, Status, Track
from moderation.audio.measurement import Gap, Measurement
from moderation.desired import Desired
from moderation.roles import Role, Source
from moderation.rule_names import Rule
from moderation.rules.policy import Mode, Policy, parse_policy
from moderation.rules.steps import Step
from tests.fakes.measured import QUIET, SHOUT, TALK
from tests.fakes.scene import ADA, BO, ENFORCE, LISTENER, NOTHING, SPEAK, SPEAKER, Scene, of, only

LADDER = Policy().ladder


def incidents(effects: Effects) -> list[RecordIncident]:
    return of(RecordIncident, effects)


def steps(effects: Effects) -> list[Step]:
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
    assert not of(HearSounds, scene.happens(Pulled(Status.OPEN)))


def test_switching_the_policy_off_and_on_again_stops_and_starts_listening() -> None:
    scene = Scene.hosted()
    assert of(HearSounds, scene.happens(Pulled(Status.OPEN, policy={"mode": "off"}))) == [
        HearSounds(on=False)
    ]
    assert scene.hears(BO, SHOUT, 10.0) == ()
    assert of(HearSounds, scene.happens(Pulled(Status.OPEN, policy={"mode": "off"}))) == []
    assert of(HearSounds, scene.happens(Pulled(Status.OPEN, policy=ENFORCE))) == [HearSounds(on=True)]
    assert steps(scene.hears(BO, SHOUT, 3.0)) == [Step.NOTICE]


BROKEN = {"mode": "enforce", "too_loud": {"threshold_lufs": 99}, "scream": {"threshold_lufs": -5}}


def test_a_broken_policy_changes_nothing_and_is_told_until_it_is_mended() -> None:
    scene = Scene.hosted({**ENFORCE, "too_loud": {"threshold_lufs": -5.0}})
    told = only(ReportPolicy, scene.happens(Pulled(Status.OPEN, policy=BROKEN)))
    assert "too_loud.threshold_lufs" in told.problems[0]
    assert told.mode is Mode.ENFORCE
    assert of(ReportPolicy, scene.happens(Pulled(Status.OPEN, policy=BROKEN))) == []
    assert steps(scene.hears(BO, SHOUT, 10.0)) == []
    assert only(ReportPolicy, scene.passes(FAULTS_EVERY_SECONDS)) == told
    scene.happens(Pulled(Status.OPEN, policy=ENFORCE))
    assert of(ReportPolicy, scene.passes(FAULTS_EVERY_SECONDS)) == []


def test_a_room_that_never_had_a_good_policy_enforces_what_can_be_read_of_it() -> None:
    policy = Scene.open(policy=BROKEN).state.hearing.policy
    assert policy == parse_policy({"mode": "enforce", "scream": {"threshold_lufs": -5}})
    unknown = Scene.open(policy={"mode": "enforce", "of_a_later_version": {}}).state.hearing.policy
    assert unknown == parse_policy({"mode": "enforce"})


# -- the ladder --------------------------------------------------------------------


def test_a_shout_climbs_the_ladder_and_each_step_is_recorded_with_its_numbers() -> None:
    scene = Scene.hosted()
    begun = scene.now
    effects = scene.hears(BO, SHOUT, 14.0)

    assert steps(effects) == [Step.NOTICE, Step.WARNING, Step.MUTE]
    at = [incident.decision.at - begun for incident in incidents(effects)]
    assert at == pytest.approx([2.0, 7.0, 12.0], abs=0.21)
    mute = incidents(effects)[-1]
    assert (mute.identity, mute.sid) == (BO, "sid-bo")
    assert mute.action == AutomaticAction("mute", {"seconds": LADDER[2].seconds})
    assert mute.decision.measured["short_term_lufs"] == -6.0
    assert mute.decision.measured["threshold_lufs"] == -9.0


def test_notice_and_warning_are_words_in_both_languages() -> None:
    scene = Scene.hosted()
    told = of(Notify, scene.hears(BO, SHOUT, 8.0))
    assert [n.type.value for n in told] == ["warning", "warning"]
    assert [n.payload["strikes"] for n in told] == [1, 2]
    assert {n.payload["rule"] for n in told} == {"too_loud"}
    assert "limit here is" in told[0].payload["text"]["en"]
    assert "Bu bir uyarıdır" in told[1].payload["text"]["tr"]


def test_the_muted_hear_the_rules_own_words_when_it_is_true() -> None:
    scene = Scene.hosted()
    scene.hears(BO, SHOUT, 13.0)
    muted = replace(SPEAKER, mic_muted=True, mic_muted_until=scene.now + 60.0)
    asked = only(SetPermission, scene.asks("mute", BO, muted, via="auto", reason="Too loud."))
    told = only(Notify, scene.confirms(asked))
    assert told.type.value == "muted"
    assert told.payload["text"]["tr"].endswith("Sesiniz 60 saniyeliğine kapatıldı.")
    assert "moderator" not in told.payload["text"]["en"]


def test_the_next_offence_after_the_mute_leads_to_demotion_and_then_to_a_human() -> None:
    scene = Scene.hosted()
    scene.hears(BO, SHOUT, 13.0)
    scene.passes(60.0)
    demoted = incidents(scene.hears(BO, SHOUT, 4.0))[0]
    assert demoted.decision.step is Step.DEMOTE
    assert demoted.action == AutomaticAction("set_role", {"role": "listener"})
    scene.passes(60.0)
    effects = scene.hears(BO, SHOUT, 4.0)
    assert steps(effects) == [Step.CALL_HUMAN]
    assert incidents(effects)[0].action is None


def test_in_observe_the_same_steps_are_recorded_and_nothing_else_happens() -> None:
    enforced, observed = Scene.hosted(), Scene.hosted({**ENFORCE, "mode": "observe"})
    done, seen = enforced.hears(BO, SHOUT, 14.0), observed.hears(BO, SHOUT, 14.0)
    assert steps(seen) == steps(done)
    assert all(i.action is None and i.decision.dry_run for i in incidents(seen))
    assert of(Notify, tuple(seen)) == []
    assert [i.decision.measured for i in incidents(seen)] == [i.decision.measured for i in incidents(done)]


@pytest.mark.parametrize(
    ("role", "highest"),
    [(Role.HOST, Step.NOTICE), (Role.CO_HOST, Step.WARNING), (Role.MODERATOR, Step.WARNING)],
)
def test_hosts_are_told_and_co_hosts_and_moderators_only_warned(role: Role, highest: Step) -> None:
    scene = Scene.hosted()
    scene.wants(BO, Desired(role))
    effects = scene.hears(BO, SHOUT, 300.0)
    assert set(steps(effects)) <= {Step.NOTICE, highest}
    assert highest in steps(effects)
    assert all(incident.action is None for incident in incidents(effects))


def test_strikes_outlive_a_reconnect() -> None:
    scene = Scene.hosted()
    scene.hears(BO, SHOUT, 8.0)
    scene.leaves(BO)
    scene.joins(BO, permission=SPEAK)
    assert steps(scene.hears(BO, SHOUT, 6.0))[0] is Step.MUTE


def test_a_successor_goes_on_where_the_agent_before_it_stopped() -> None:
    before = Scene.hosted()
    last = incidents(before.hears(BO, SHOUT, 8.0))[-1].decision
    held = StandingStrikes(BO, last.strikes, last.step.value, last.at)
    successor = Scene.hosted(strikes=(held,))
    successor.now = before.now
    effects = successor.hears(BO, SHOUT, 6.0)
    assert steps(effects)[0] is Step.MUTE
    assert incidents(effects)[0].decision.at - last.at >= LADDER[1].cooldown_seconds


@pytest.mark.parametrize("lifted", ["unmute", "set_role"])
def test_anyone_who_lifts_what_a_rule_did_forgives(lifted: str) -> None:
    scene = Scene.hosted()
    scene.hears(BO, SHOUT, 13.0)
    scene.asks(lifted, BO, SPEAKER, via="app", params={"role": "speaker"})
    scene.passes(60.0)
    assert steps(scene.hears(BO, SHOUT, 3.0)) == [Step.NOTICE]


@pytest.mark.parametrize(
    ("action", "desired", "fields"),
    [
        ("unmute", SPEAKER, {"via": "auto"}),
        ("set_role", LISTENER, {"via": "app", "params": {"role": "listener"}}),
        ("camera_on", SPEAKER, {"via": "app"}),
    ],
)
def test_what_lifts_nothing_forgives_nothing(action: str, desired: Desired, fields: dict[str, Any]) -> None:
    scene = Scene.hosted()
    scene.hears(BO, SHOUT, 8.0)
    scene.asks(action, BO, desired, **fields)
    assert scene.state.hearing.records[BO].strikes > 1.0


def test_who_is_heard_without_leave_is_set_right_and_told_to_ops() -> None:
    scene = Scene.hosted(desired=LISTENER)
    effects = scene.hears(BO, TALK, 3.0)
    incident = incidents(effects)[0]
    assert (incident.decision.rule, incident.decision.step) == (Rule.NOT_ALLOWED, Step.REASSERT)
    assert only(SetPermission, tuple(effects)).permission == NOTHING


def test_they_are_set_right_by_the_block_that_shows_it_and_not_a_moment_later() -> None:
    scene = Scene.hosted(desired=LISTENER)
    scene.passes(1.0)  # the host has been shown the room
    while not incidents(effects := scene.sounds(BO, TALK)):
        assert scene.passes(TALK.seconds) == ()
    assert only(SetPermission, effects).permission == NOTHING


def test_a_measurement_of_an_older_connection_means_nothing() -> None:
    scene = Scene.hosted()
    scene.joins(BO, "newer", permission=SPEAK)
    scene.passes(1.0)  # the host has been shown the room
    assert scene.hears(BO, SHOUT, 5.0) == ()


# -- several sounds of one person --------------------------------------------------

SECOND, SCREEN = Track(Source.MICROPHONE, 1), Track(Source.SCREEN_SHARE_AUDIO)
RAISED = SHOUT._replace(momentary_lufs=-11.0, short_term_lufs=-11.0, short_term_low_lufs=-11.0)
"""Not too loud alone; two of them are."""


def both_heard(
    scene: Scene, who: Identity, one: Measurement, other: Measurement, seconds: float, second: Track = SECOND
) -> Effects:
    """So many seconds of the same two sounds, the one half a block before the other."""
    effects: Effects = ()
    for _ in range(round(seconds / one.seconds)):
        for track, sound in ((MICROPHONE, one), (second, other)):
            effects += scene.passes(one.seconds / 2)
            effects += scene.sounds(who, sound, track)
    return effects


def test_sounds_that_are_too_loud_together_only_are_held_against_the_person() -> None:
    scene = Scene.hosted()
    assert steps(scene.hears(BO, RAISED, 10.0)) == []
    begun = scene.now
    (incident,) = incidents(both_heard(scene, BO, RAISED, RAISED, 5.0))
    assert (incident.decision.rule, incident.decision.step) == (Rule.TOO_LOUD, Step.NOTICE)
    assert incident.decision.at - begun == pytest.approx(2.0, abs=0.41)
    assert incident.decision.measured["short_term_lufs"] == pytest.approx(-8.0, abs=0.2)
    assert incident.track is None


def test_two_sounds_do_not_make_time_pass_twice_as_fast() -> None:
    one, two = Scene.hosted(), Scene.hosted()
    assert steps(two.passes(0.0) + both_heard(two, BO, SHOUT, RAISED, 14.0)) == steps(
        one.hears(BO, SHOUT, 14.0)
    )


def test_changing_from_one_sound_to_another_makes_nobody_softer() -> None:
    scene = Scene.hosted()
    effects: Effects = ()
    for turn in range(6):
        speaking, ended = (MICROPHONE, SECOND) if turn % 2 else (SECOND, MICROPHONE)
        effects += scene.happens(TrackPaused(BO, Gap.MUTED, ended))
        for block in range(1, 6):
            # Of a track that has just begun, the last three seconds hold little yet.
            loudness = -3.0 + 10.0 * math.log10(block / 15.0)
            sound = SHOUT._replace(short_term_lufs=loudness, short_term_low_lufs=loudness)
            effects += scene.passes(0.2) + scene.sounds(BO, sound, speaking)
    assert Step.NOTICE in steps(effects)


def test_a_sound_under_a_source_that_is_not_allowed_is_set_right_though_another_is_allowed() -> None:
    scene = Scene.hosted()
    assert incidents(scene.hears(BO, TALK, 3.0)) == []
    effects = both_heard(scene, BO, QUIET, TALK, 3.0, SCREEN)
    assert {(i.decision.rule, i.track) for i in incidents(effects)} == {(Rule.NOT_ALLOWED, SCREEN)}


def test_a_minute_has_each_sound_and_their_sum() -> None:
    scene = Scene.hosted()
    scene.passes(60.0 - scene.now % 60.0)
    effects = scene.hears(BO, TALK, 10.0) + both_heard(scene, BO, TALK, TALK, 20.0) + scene.passes(40.0)
    row = of(RecordMinute, effects)[-1]
    assert row.figures.talk_seconds == pytest.approx(30.0, abs=0.3)
    assert row.figures.heard_seconds == pytest.approx(30.0, abs=0.3)
    assert row.figures.loudness_lufs == pytest.approx(-15.0, abs=0.5)  # 3 dB more for two thirds of the time
    assert {t: f.talk_seconds for t, f in row.tracks.items()} == {
        MICROPHONE: pytest.approx(30.0, abs=0.3),
        SECOND: pytest.approx(20.0, abs=0.3),
    }


# -- minutes -----------------------------------------------------------------------


def test_each_minute_becomes_one_row_for_each_who_was_heard() -> None:
    scene = Scene.hosted()
    scene.passes(60.0 - scene.now % 60.0)
    begins = scene.now
    effects = scene.hears(BO, TALK, 30.0) + scene.hears(ADA, TALK, 28.0) + scene.passes(10.0)
    rows = of(RecordMinute, tuple(effects))
    assert {(row.identity, row.begins) for row in rows} == {(ADA, begins), (BO, begins)}
    assert [row.figures.talk_seconds for row in rows if row.identity == BO][-1] == pytest.approx(30.0)


def test_the_first_minute_is_written_early_and_again_when_it_is_over_and_no_other_one_is() -> None:
    scene = Scene.hosted()
    scene.passes(60.0 - scene.now % 60.0)
    begins = scene.now
    early = of(RecordMinute, scene.hears(BO, TALK, 3.0) + scene.passes(8.0))
    assert [(row.begins, row.figures.talk_seconds) for row in early] == [(begins, pytest.approx(3.0))]
    assert early[0].figures.loudness_lufs == pytest.approx(-17.0, abs=0.1)
    later = of(RecordMinute, scene.hears(BO, TALK, 48.8) + scene.hears(BO, TALK, 50.0))
    assert [(row.begins, row.figures.talk_seconds) for row in later] == [
        (begins, pytest.approx(51.8, abs=0.3))
    ]


def test_the_end_of_a_session_writes_the_rest() -> None:
    scene = Scene.hosted()
    scene.hears(BO, SHOUT, 10.0)
    last = only(RecordMinute, scene.happens(RoomEnded("room_deleted", round(scene.now * 1000))))
    assert (last.identity, last.figures.talk_seconds) == (BO, pytest.approx(10.0))
    assert last.figures.loudness_lufs == pytest.approx(-6.0, abs=0.1)


# -- dead air ----------------------------------------------------------------------

SILENT_HOST = {"mode": "enforce", "dead_air": {"seconds": 30.0, "count_muted": True}}


def test_a_host_whom_nobody_hears_is_told_to_ops_and_to_nobody_else() -> None:
    scene = Scene.hosted(SILENT_HOST)
    assert steps(list(scene.passes(29.0))) == []
    effects = scene.passes(2.0)
    assert steps(list(effects)) == [Step.TELL_OPS]
    assert of(Notify, effects) == []
    assert incidents(list(effects))[0].identity == ADA
    assert steps(list(scene.passes(61.0))) == [Step.TELL_OPS]


def test_a_host_who_speaks_ends_the_dead_air() -> None:
    scene = Scene.hosted(SILENT_HOST)
    scene.passes(20.0)
    scene.hears(ADA, TALK, 1.0)
    assert steps(list(scene.passes(25.0))) == []
    assert steps(list(scene.passes(10.0))) == [Step.TELL_OPS]


def test_a_live_microphone_with_only_its_noise_is_dead_air_and_music_that_nobody_speaks_over_is_none() -> (
    None
):
    noise, music = Scene.hosted(SILENT_HOST), Scene.hosted(SILENT_HOST)
    assert steps(noise.hears(ADA, QUIET._replace(rms_dbfs=-55.0), 31.0)) == [Step.TELL_OPS]
    concert = QUIET._replace(audible_seconds=0.2, talk_seconds=0.0, active=False)
    assert steps(music.hears(ADA, concert, 90.0)) == []


def test_a_guest_who_is_heard_while_the_host_is_silent_is_no_dead_air() -> None:
    scene, audible = Scene.hosted(SILENT_HOST), QUIET._replace(audible_seconds=0.2)
    for _ in range(40):
        assert steps((*scene.hears(ADA, QUIET, 1.0), *scene.hears(BO, audible, 1.0))) == []


def test_a_microphone_that_the_host_switched_off_is_no_dead_air_unless_the_policy_says_so() -> None:
    scene = Scene.hosted({"mode": "enforce", "dead_air": {"seconds": 30.0}})
    scene.hears(ADA, TALK, 1.0)
    scene.happens(TrackPaused(ADA, Gap.MUTED))
    assert steps(list(scene.passes(300.0))) == []


def test_another_sound_of_the_host_while_the_microphone_is_quiet_is_no_dead_air() -> None:
    scene = Scene.hosted(SILENT_HOST)
    assert steps(both_heard(scene, ADA, QUIET, TALK, 60.0)) == []


def test_a_host_is_switched_off_only_with_every_sound() -> None:
    scene = Scene.hosted({"mode": "enforce", "dead_air": {"seconds": 30.0}})
    scene.happens(TrackPaused(ADA, Gap.MUTED))
    scene.happens(TrackPaused(ADA, Gap.DTX, SECOND))
    assert steps(scene.passes(31.0)) == [Step.TELL_OPS]


def test_a_host_who_is_away_is_no_dead_air() -> None:
    scene = Scene.hosted(SILENT_HOST)
    scene.leaves(ADA)
    assert steps(list(scene.passes(300.0))) == []


# -- cost --------------------------------------------------------------------------


def test_a_measurement_costs_little_in_a_full_room() -> None:
    """Five a second and speaker, many rooms to a process: 100 µs is the budget, beside the measuring."""
    scene = Scene.hosted({**ENFORCE, "mode": "observe"})
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
