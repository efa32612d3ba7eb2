"""Anyone who misuses a source loses the right to it: at once, for a moment, and the second time until it is
returned."""

import math

import pytest

from handlers.effects import AutomaticAction, Count, Effect, Metric, Notify, RecordIncident, SetPermission
from handlers.events import TrackPublished, TracksCounted
from handlers.facts import Identity, Sid
from handlers.false_sources import LONGEST_SECONDS, MOMENT_SECONDS, TRACKS_OF_A_SOURCE
from handlers.state import BATCHING_SECONDS
from moderation.desired import Desired, Permission
from moderation.escalation import Severity
from moderation.roles import Role, Source
from moderation.rule_names import Rule
from tests.fakes.scene import (
    ADA,
    BO,
    BOTH,
    ENFORCE,
    EVERYTHING,
    HOST,
    MUTED_SPEAKER,
    NOTHING,
    SHOW,
    SPEAK,
    SPEAKER,
    Scene,
    of,
    only,
)


def video_live(policy: dict[str, object] | None = None) -> Scene:
    """ADA hosts, BO is a speaker; anyone who asks for a permission gets it."""
    scene = Scene.open(context="video_live", policy=ENFORCE if policy is None else policy)
    scene.present(ADA, HOST, EVERYTHING)
    scene.present(BO, SPEAKER, BOTH)
    return scene


def settle(scene: Scene, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    for asked in of(SetPermission, effects):
        effects += settle(scene, scene.confirms(asked))
    return effects


def disguise(
    scene: Scene, source: Source | None = Source.CAMERA, who: Identity = BO, *, sound: bool = True
) -> tuple[Effect, ...]:
    return settle(scene, scene.publishes(who, source, sound=sound))


def count(scene: Scene, tracks: int, source: Source = Source.MICROPHONE) -> tuple[Effect, ...]:
    return settle(scene, scene.happens(TracksCounted(BO, Sid("sid-bo"), source, tracks)))


@pytest.mark.parametrize(
    ("source", "sound", "left"),
    [
        (Source.CAMERA, True, SPEAK),
        (Source.MICROPHONE, False, SHOW),
        (None, True, NOTHING),
        (None, False, NOTHING),
    ],
)
def test_a_disguise_costs_the_right_at_once_and_it_returns(
    source: Source | None, sound: bool, left: Permission
) -> None:
    scene = video_live()
    effects = disguise(scene, source, sound=sound)
    assert Count(Metric.TRACK_DISGUISED) in effects
    asked = only(SetPermission, effects)
    assert (asked.permission, asked.revokes) == (left, True)
    incident, told = only(RecordIncident, effects), only(Notify, effects)
    assert (incident.decision.rule, incident.action, incident.case) == (Rule.DISGUISE, None, None)
    assert told.payload["rule"] == "disguise"
    assert set(told.payload["text"]) == {"en", "tr"}

    settle(scene, scene.passes(MOMENT_SECONDS))
    assert scene.actual(BO) == BOTH


def test_a_track_that_is_told_of_again_is_no_second_offence() -> None:
    scene = video_live()
    again = TrackPublished(BO, Sid("sid-bo"), Source.CAMERA, sound=True, track="TR_again")
    assert only(RecordIncident, settle(scene, scene.happens(again))).decision.rule is Rule.DISGUISE
    settle(scene, scene.passes(MOMENT_SECONDS))
    assert of(RecordIncident, settle(scene, scene.happens(again))) == []


def test_a_host_is_no_exception() -> None:
    scene = video_live()
    effects = disguise(scene, who=ADA)
    assert only(SetPermission, effects).permission.sources == frozenset(Source) - {Source.CAMERA}
    assert only(RecordIncident, effects).case is None, "once is no case yet"


@pytest.mark.parametrize(
    ("source", "sound", "action"),
    [(Source.CAMERA, True, "camera_off"), (Source.MICROPHONE, False, "mute"), (None, True, "mute")],
)
def test_repeated_the_right_stays_away_by_a_row_of_its_own(
    source: Source | None, sound: bool, action: str
) -> None:
    scene = video_live()
    disguise(scene, source, sound=sound)
    settle(scene, scene.passes(MOMENT_SECONDS))
    incident = only(RecordIncident, disguise(scene, source, sound=sound))
    assert incident.action == AutomaticAction(action, {})
    assert (incident.decision.severity, incident.case) == (Severity.CRITICAL, None)
    settle(scene, scene.passes(3600.0))
    permission = scene.actual(BO)
    assert permission is not None
    assert source not in permission.sources
    assert not scene.state.people[BO].misuse.withheld.get(source or Source.CAMERA, 0.0) < math.inf


def test_no_rule_acts_on_a_host_so_the_second_time_a_human_is_called() -> None:
    scene = video_live()
    disguise(scene, who=ADA)
    settle(scene, scene.passes(MOMENT_SECONDS))
    incident = only(RecordIncident, disguise(scene, who=ADA))
    assert (incident.action, incident.case) == (None, Severity.CRITICAL)
    assert only(RecordIncident, disguise(scene)).case is None


def test_observing_asks_for_no_row_and_takes_the_right_all_the_same() -> None:
    scene = video_live({**ENFORCE, "mode": "observe"})
    for _ in range(2):
        effects = disguise(scene)
        assert only(SetPermission, effects).permission == SPEAK
        assert only(RecordIncident, effects).action is None
        settle(scene, scene.passes(MOMENT_SECONDS))


def test_several_at_once_are_one_offence() -> None:
    scene = video_live()
    first = scene.publishes(BO, Source.CAMERA, sound=True)
    second = scene.publishes(BO, Source.CAMERA, sound=True)
    assert of(RecordIncident, second) == []
    settle(scene, first)
    settle(scene, scene.passes(MOMENT_SECONDS))
    assert scene.actual(BO) == BOTH


@pytest.mark.parametrize("lifted", ["camera_on", "set_role"])
def test_a_moderator_returns_the_right(lifted: str) -> None:
    scene = video_live()
    for _ in range(2):
        disguise(scene)
        settle(scene, scene.passes(MOMENT_SECONDS))
    assert scene.actual(BO) == SPEAK
    settle(scene, scene.asks(lifted, BO, SPEAKER, via="app", params={"role": "speaker"}))
    assert scene.actual(BO) == BOTH
    assert only(RecordIncident, disguise(scene)).action is None, "what was forgiven does not count"


def test_an_act_about_everybody_returns_the_right_of_each_who_lost_it() -> None:
    scene = Scene.open(context="video_live")
    scene.present(ADA, SPEAKER, BOTH)
    scene.present(BO, SPEAKER, BOTH)
    for _ in range(2):
        disguise(scene, Source.MICROPHONE, sound=False)
        settle(scene, scene.passes(MOMENT_SECONDS))
    assert scene.actual(BO) == SHOW
    settle(scene, scene.asks("unmute_all", via="app"))
    assert scene.actual(BO) == BOTH, "ADA, who lost nothing, comes before"


def test_the_rules_own_row_returns_nothing() -> None:
    scene = video_live()
    for _ in range(2):
        disguise(scene)
        settle(scene, scene.passes(MOMENT_SECONDS))
    settle(scene, scene.asks("set_role", BO, SPEAKER, via="auto", params={"role": "speaker"}))
    assert scene.actual(BO) == SPEAK


def test_in_a_call_the_right_always_returns_and_nothing_is_recorded() -> None:
    scene = Scene.open(context="call")
    scene.present(BO, Desired(Role.PARTY), BOTH)
    for _ in range(3):
        effects = disguise(scene, Source.MICROPHONE, sound=False)
        assert only(SetPermission, effects).permission == SHOW
        assert of(RecordIncident, effects) == []
        settle(scene, scene.passes(MOMENT_SECONDS))
        assert scene.actual(BO) == BOTH


@pytest.mark.parametrize(
    ("desired", "source", "sound"),
    [
        (Desired(Role.SPEAKER, mic_muted=True), Source.CAMERA, True),
        (Desired(Role.SPEAKER, camera_off=True), Source.MICROPHONE, False),
    ],
)
def test_anyone_who_is_muted_as_well_loses_all(desired: Desired, source: Source, sound: bool) -> None:
    scene = video_live()
    settle(scene, scene.wants(BO, desired))
    assert only(SetPermission, disguise(scene, source, sound=sound)).permission == NOTHING
    settle(scene, scene.passes(MOMENT_SECONDS))
    settle(scene, scene.wants(BO, SPEAKER))
    assert scene.actual(BO) == BOTH


def test_a_false_source_is_remembered_for_the_mute_that_comes_later_and_across_connections() -> None:
    scene = video_live()
    disguise(scene)
    settle(scene, scene.passes(MOMENT_SECONDS))
    settle(scene, scene.wants(BO, MUTED_SPEAKER))
    assert scene.actual(BO) == NOTHING
    scene.leaves(BO)
    assert only(SetPermission, scene.joins(BO, "again", permission=SHOW)).permission == NOTHING


def test_sound_and_pictures_under_their_own_names_are_nobodys_business() -> None:
    scene = video_live()
    assert not scene.publishes(BO, Source.MICROPHONE, sound=True)
    assert not scene.publishes(BO, Source.CAMERA, sound=False)


def test_more_tracks_than_anybody_can_use_cost_the_right_until_they_are_gone() -> None:
    scene = video_live()
    assert count(scene, TRACKS_OF_A_SOURCE) == ()
    effects = count(scene, TRACKS_OF_A_SOURCE + 1)
    assert only(SetPermission, effects).permission == SHOW
    assert only(RecordIncident, effects).decision.rule is Rule.TOO_MANY_TRACKS
    assert of(RecordIncident, count(scene, 70)) == [], "it is one offence"
    settle(scene, scene.passes(60.0))
    assert scene.actual(BO) == SHOW, "they are still there"

    count(scene, 0)
    settle(scene, scene.passes(MOMENT_SECONDS))
    assert scene.actual(BO) == BOTH


def test_it_takes_twice_as_long_each_time() -> None:
    scene = video_live()
    for seconds in (3.0, 6.0, 12.0, 24.0, 48.0, 60.0, 60.0):
        count(scene, 3)
        count(scene, 0)
        settle(scene, scene.passes(seconds - 0.1))
        assert scene.actual(BO) == SHOW
        settle(scene, scene.passes(0.1))
        assert scene.actual(BO) == BOTH


def test_however_often_it_happens_there_is_a_longest_time() -> None:
    scene = video_live()
    count(scene, 3)
    scene.state.people[BO].misuse.crowds[Source.MICROPHONE] = 5000
    count(scene, 0)
    settle(scene, scene.passes(LONGEST_SECONDS))
    assert scene.actual(BO) == BOTH


def test_anyone_who_leaves_takes_the_tracks_along() -> None:
    scene = video_live()
    count(scene, 3)
    scene.leaves(BO)
    scene.passes(
        BATCHING_SECONDS + 0.1
    )  # after which no call for the old connection may have met the new one
    assert of(SetPermission, scene.joins(BO, "again", permission=BOTH)) == []


def test_each_time_is_on_record_with_its_number_and_moment_and_no_strikes() -> None:
    scene = video_live()
    for times, severity in ((1, Severity.WARNING), (2, Severity.CRITICAL)):
        scene.passes(120.0)
        told = only(RecordIncident, disguise(scene))
        assert (told.identity, told.decision.rule, told.decision.severity) == (BO, Rule.DISGUISE, severity)
        assert told.decision.measured == {"times": float(times)}
        assert (told.decision.at, told.decision.since) == (scene.now, scene.now)
        assert (told.decision.strikes, told.decision.seconds, told.decision.dry_run) == (0.0, 0.0, False)
