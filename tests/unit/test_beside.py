"""A person who streams from OBS beside their app is one person with two connections."""

import pytest

from handlers.effects import (
    FinishAction,
    Notify,
    RecordIncident,
    RecordJoined,
    RecordLeft,
    RecordMedia,
    RemoveParticipant,
    SetPermission,
    ShowLevels,
)
from handlers.events import KeptOut, TrackPaused
from handlers.facts import Identity, Sid, Switch, Switches, Track
from moderation.audio.measurement import Gap
from moderation.desired import Desired
from moderation.roles import Role, Source
from moderation.rule_names import Rule
from moderation.rules.not_measurable import NotMeasurable, Shut
from moderation.rules.policy import Policy
from tests.fakes.measured import SHOUT, TALK
from tests.fakes.scene import (
    ADA,
    BANNED,
    BO,
    CEM,
    MUTED_SPEAKER,
    NOTHING,
    SPEAK,
    SPEAKER,
    Scene,
    of,
)

OBS = Identity(f"{BO}/obs")
"""What carries BO beside the app."""
BY_OBS = Track(Source.MICROPHONE, 1)
RAISED = SHOUT._replace(momentary_lufs=-11.0, short_term_lufs=-11.0, short_term_low_lufs=-11.0)
GRACE = Policy()[NotMeasurable].grace_seconds


def with_obs(desired: Desired = SPEAKER) -> Scene:
    scene = Scene.hosted(desired=desired)
    for asked in of(SetPermission, scene.joins(OBS, ago=1.0)):
        scene.confirms(asked)
    scene.state.people[OBS].known_at = scene.now - 60.0
    return scene


def test_both_are_visits_of_their_own() -> None:
    scene = Scene.hosted()
    assert [effect.identity for effect in of(RecordJoined, scene.joins(OBS))] == [OBS]
    assert [(e.identity, e.sid) for e in of(RecordLeft, scene.leaves(OBS))] == [(OBS, "sid-bo/obs")]
    assert scene.state.people[BO].connection is not None


def test_a_mute_reaches_both_and_is_applied_when_both_have_it() -> None:
    scene = with_obs()
    effects = scene.asks("mute", BO, MUTED_SPEAKER)
    asked = of(SetPermission, effects)
    assert {(e.identity, e.permission) for e in asked} == {(BO, NOTHING), (OBS, NOTHING)}
    assert not of(FinishAction, scene.confirms(asked[0]))
    done = scene.confirms(asked[1])
    assert [e.after for e in of(FinishAction, done)] == [{"present": True, "actual": NOTHING.as_json()}]


def test_the_app_alone_is_told() -> None:
    scene = with_obs()
    told: list[Notify] = []
    for asked in of(SetPermission, scene.asks("mute", BO, MUTED_SPEAKER)):
        told += of(Notify, scene.confirms(asked))
    assert [notice.identity for notice in told] == [BO]


def test_a_ban_removes_both() -> None:
    scene = with_obs()
    removed = of(RemoveParticipant, scene.asks("ban", BO, BANNED))
    assert {e.identity for e in removed} == {BO, OBS}
    assert not of(FinishAction, scene.removes(removed[0]))
    assert of(FinishAction, scene.removes(removed[1]))


def test_a_kick_removes_both_once_and_neither_that_comes_later() -> None:
    scene = with_obs()
    removed = of(RemoveParticipant, scene.asks("kick", BO))
    assert {e.identity for e in removed} == {BO, OBS}
    first, second = removed
    assert not of(FinishAction, scene.removes(first))
    scene.now += 1.0
    assert not of(RemoveParticipant, scene.joins(first.identity, sid="later"))
    assert of(FinishAction, scene.removes(second))


def test_somebody_who_is_muted_already_gets_no_right_by_obs() -> None:
    scene = Scene.hosted()
    scene.present(CEM, MUTED_SPEAKER, NOTHING)
    (asked,) = of(SetPermission, scene.joins(Identity(f"{CEM}/obs"), permission=SPEAK))
    assert asked.permission == NOTHING


def test_what_the_database_says_of_the_app_says_nothing_of_obs() -> None:
    scene = with_obs()
    assert not of(RecordLeft, scene.wants(BO, SPEAKER, scene.state.people[BO].connection))
    scene.leaves(BO)
    scene.wants(BO, SPEAKER, None)
    assert scene.actual(OBS) == SPEAK


def test_a_disguise_on_one_costs_the_right_on_both() -> None:
    scene = with_obs()
    asked = of(SetPermission, scene.publishes(OBS, Source.MICROPHONE, sound=False))
    assert {(e.identity, e.permission) for e in asked} == {(BO, NOTHING), (OBS, NOTHING)}
    incident = of(RecordIncident, with_obs().publishes(OBS, Source.MICROPHONE, sound=False))
    assert [(e.identity, e.sid) for e in incident] == [(BO, "sid-bo/obs")]


def test_seconds_that_nobody_measured_add_up_over_both() -> None:
    scene, incidents = with_obs(), list[RecordIncident]()
    for n in range(round(2 * GRACE)):
        who = (BO, OBS)[n % 2]
        scene.passes(0.5)
        incidents += of(RecordIncident, scene.happens(KeptOut(who, Sid(f"sid-{who}"), Shut.DENIED, 0.5)))
    assert not incidents
    for who in (BO, OBS):
        incidents += of(RecordIncident, scene.happens(KeptOut(who, Sid(f"sid-{who}"), Shut.DENIED, 0.5)))
    assert [(e.identity, e.decision.rule) for e in incidents] == [(BO, Rule.NOT_MEASURABLE)]


def test_two_sounds_of_a_person_are_judged_together() -> None:
    """Each alone is within the limit; an ear gets both."""
    scene = with_obs()
    assert not of(RecordIncident, scene.hears(BO, RAISED, 10.0))
    effects: list[RecordIncident] = []
    for _ in range(25):
        scene.passes(0.1)
        effects += of(RecordIncident, scene.sounds(BO, RAISED))
        scene.passes(0.1)
        effects += of(RecordIncident, scene.sounds(OBS, RAISED, BY_OBS))
    assert [(e.identity, e.decision.rule) for e in effects] == [(BO, Rule.TOO_LOUD)]


def test_levels_show_one_person_and_are_sent_to_the_app() -> None:
    scene = with_obs(desired=Desired(Role.MODERATOR))
    scene.switches(BO, Switches(Switch.MUTED, Switch.OFF))
    scene.switches(OBS, Switches(Switch.ON, Switch.ON))
    scene.passes(1.0)
    (shown, *_) = of(ShowLevels, scene.sounds(OBS, TALK, BY_OBS))
    assert set(shown.to) == {ADA, BO}
    assert shown.switches == {BO: Switches(Switch.ON, Switch.ON)}
    assert set(shown.levels) == {BO}


def test_a_pause_of_obs_pauses_its_sound_alone() -> None:
    scene = with_obs()
    scene.sounds(BO, TALK)
    scene.sounds(OBS, TALK, BY_OBS)
    scene.happens(TrackPaused(OBS, Gap.MUTED, BY_OBS))
    assert list(scene.state.hearing.voices[BO].levels) == [Track(Source.MICROPHONE)]


def test_a_host_on_obs_is_on_air() -> None:
    scene = Scene.hosted()
    scene.joins(Identity(f"{ADA}/obs"), permission=SPEAK)
    told = of(RecordMedia, scene.switches(Identity(f"{ADA}/obs"), Switches(Switch.ON, Switch.ON)))
    assert [(e.identity, e.sid) for e in told] == [(ADA, "sid-ada/obs")]


@pytest.mark.parametrize("stranger", ["lk-load-0/obs", "/obs"])
def test_what_stands_for_nobody_gets_nothing(stranger: str) -> None:
    scene = Scene.hosted()
    (asked,) = of(SetPermission, scene.joins(Identity(stranger), permission=SPEAK))
    assert asked.permission == NOTHING
