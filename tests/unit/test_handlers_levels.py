"""Who is shown levels and switches, when, and what of them."""

from itertools import pairwise

from handlers.effects import ShowLevels
from handlers.events import Pulled, TrackPaused
from handlers.facts import MICROPHONE, Status, Switch, Switches, Track, Weak
from moderation.audio.board import Level
from moderation.audio.measurement import Gap
from moderation.desired import Desired
from moderation.roles import Role, Source
from tests.fakes.measured import SHOUT, TALK
from tests.fakes.scene import ADA, BO, CEM, ENFORCE, LISTENER, SPEAK, Scene, of, only

SCREEN = Track(Source.SCREEN_SHARE_AUDIO)
WATCHED = Pulled(Status.OPEN, levels_watched=True)
ON, MUTED = Switches(Switch.ON, Switch.ON), Switches(Switch.MUTED, Switch.OFF)


def test_levels_go_to_host_and_moderators_at_most_twice_a_second() -> None:
    scene = Scene.hosted()
    scene.present(CEM, Desired(Role.MODERATOR), SPEAK)
    scene.hears(BO, TALK, 2.0)
    shown: list[tuple[float, ShowLevels]] = []
    for i in range(50):
        loud = TALK._replace(momentary_dbfs=-20.0 if i % 2 else -40.0)
        shown += [(scene.now, s) for s in of(ShowLevels, scene.hears(BO, loud, 0.2))]
    assert {s.to for _, s in shown} == {(ADA, CEM)}
    assert len(shown) <= 20
    assert all(later[0] - earlier[0] >= 0.5 - 1e-6 for earlier, later in pairwise(shown))


def test_only_what_an_eye_would_notice_is_shown() -> None:
    scene = Scene.hosted()
    first = of(ShowLevels, scene.hears(BO, TALK, 1.0))
    assert first[0].levels[BO] is not None
    assert of(ShowLevels, (scene.hears(BO, TALK._replace(momentary_dbfs=-21.0), 5.0))) == []


def test_who_stops_being_heard_is_shown_as_gone() -> None:
    scene = Scene.hosted()
    scene.hears(BO, TALK, 1.0)
    effects = scene.happens(TrackPaused(BO, Gap.MUTED)) + scene.passes(1.0)
    assert only(ShowLevels, effects).levels == {BO: None}


def test_a_new_viewer_sees_everyone_at_once_and_again_lest_they_could_not_take_it_yet() -> None:
    scene = Scene.hosted()
    scene.hears(BO, TALK, 2.0)
    scene.wants(CEM, Desired(Role.CO_HOST))
    shown = only(ShowLevels, scene.joins(CEM, permission=SPEAK))
    assert (shown.to, list(shown.levels)) == ((ADA, CEM), [BO])
    again = only(ShowLevels, scene.hears(BO, TALK, 0.6))
    assert (again.to, list(again.levels)) == ((ADA, CEM), [BO])
    assert of(ShowLevels, scene.hears(BO, TALK, 2.0)) == []


def test_a_viewer_who_comes_again_is_shown_everything_though_their_old_connection_was_never_seen_to_end() -> (
    None
):
    scene = Scene.hosted()
    scene.present(CEM, Desired(Role.CO_HOST), SPEAK)
    scene.hears(BO, TALK, 2.0)
    shown = only(ShowLevels, scene.joins(CEM, "sid-again", SPEAK))
    assert (shown.to, list(shown.levels)) == ((ADA, CEM), [BO])


def test_the_audience_arrives_without_a_word_about_levels() -> None:
    scene = Scene.hosted()
    scene.hears(BO, TALK, 2.0)
    scene.wants(CEM, LISTENER)
    assert of(ShowLevels, scene.joins(CEM)) == []


def test_levels_leave_the_room_only_while_somebody_watches() -> None:
    scene = Scene.hosted()
    assert not any(s.watched for s in of(ShowLevels, scene.hears(BO, TALK, 1.0)))
    scene.passes(0.5)
    assert only(ShowLevels, scene.happens(WATCHED)).watched
    scene.passes(5.0)
    assert not any(s.watched for s in of(ShowLevels, scene.hears(BO, SHOUT, 1.0)))


def test_where_nobody_may_see_levels_none_are_sent_but_to_who_watches_from_outside() -> None:
    scene = Scene.open(policy=ENFORCE)
    scene.present(BO, Desired(Role.SPEAKER), SPEAK)
    assert of(ShowLevels, scene.hears(BO, TALK, 2.0)) == []
    shown = only(ShowLevels, scene.happens(WATCHED))
    assert (shown.to, shown.watched, list(shown.levels)) == ((), True, [BO])


def test_a_persons_level_is_the_sum_of_their_sounds_and_each_is_shown() -> None:
    scene = Scene.hosted()
    scene.sounds(BO, TALK)
    scene.passes(1.2)
    shown = only(ShowLevels, scene.sounds(BO, TALK._replace(active=False), SCREEN))
    assert shown.levels[BO] == Level(-17.0, speaking=True)
    assert shown.tracks == {
        BO: {MICROPHONE: Level(-20.0, speaking=True), SCREEN: Level(-20.0, speaking=False)}
    }
    scene.happens(TrackPaused(BO, Gap.UNPUBLISHED, SCREEN))
    alone = only(ShowLevels, scene.passes(0.6) + scene.sounds(BO, TALK))
    assert (alone.levels[BO], alone.tracks) == (Level(-20.0, speaking=True), {})


# -- switches ----------------------------------------------------------------------


def test_who_watches_is_told_at_once_who_has_what_on_also_when_nobody_speaks() -> None:
    scene = Scene.hosted()
    scene.switches(BO, ON)
    scene.passes(1.0)
    shown = only(ShowLevels, scene.happens(WATCHED))
    assert (shown.levels, shown.switches) == ({}, {BO: ON})


def test_nobody_publishing_is_told_as_well() -> None:
    scene = Scene.hosted(desired=LISTENER)
    scene.passes(1.0)
    assert only(ShowLevels, scene.happens(WATCHED)).switches == {}


def test_a_switch_is_told_when_it_changes_at_most_twice_a_second() -> None:
    scene = Scene.hosted()
    scene.happens(WATCHED)
    shown: list[tuple[float, ShowLevels]] = []
    for i in range(20):
        effects = scene.switches(BO, MUTED if i % 2 else ON)
        shown += [(scene.now, s) for s in of(ShowLevels, effects + scene.passes(0.1))]
    shown += [(scene.now, s) for s in of(ShowLevels, scene.passes(1.0))]
    assert 3 <= len(shown) <= 6
    assert shown[-1][1].switches == {BO: MUTED}
    assert of(ShowLevels, scene.switches(BO, MUTED) + scene.passes(1.0)) == []


def test_the_picture_is_repeated_while_anybody_watches_and_not_otherwise() -> None:
    scene = Scene.hosted()
    scene.passes(1.0)
    shown = [s for _ in range(20) for s in of(ShowLevels, scene.happens(WATCHED) + scene.passes(1.0))]
    assert [s.to for s in shown] == [(ADA,)] * 4
    assert all(s.watched for s in shown)
    assert of(ShowLevels, scene.passes(30.0)) == []


def test_switches_of_a_connection_that_is_over_do_not_count() -> None:
    scene = Scene.hosted()
    scene.switches(BO, ON)
    scene.leaves(BO)
    scene.passes(1.0)
    assert only(ShowLevels, scene.happens(WATCHED)).switches == {}
    scene.joins(BO, "sid-2")
    scene.passes(6.0)
    assert only(ShowLevels, scene.happens(WATCHED)).switches == {}


# -- weak connections ----------------------------------------------------------------


def test_a_weak_connection_is_told_until_it_is_well_again() -> None:
    scene = Scene.hosted()
    scene.happens(WATCHED)
    scene.passes(1.0)
    scene.happens(WATCHED)
    assert only(ShowLevels, scene.rates(BO, Weak.LOST) + scene.passes(0.6)).weak == {BO: Weak.LOST}
    scene.happens(WATCHED)
    assert of(ShowLevels, scene.rates(BO, Weak.LOST) + scene.passes(0.6)) == []
    assert only(ShowLevels, scene.rates(BO, None) + scene.passes(0.6)).weak == {}


def test_what_was_said_of_a_connection_that_is_over_counts_for_no_other() -> None:
    scene = Scene.hosted()
    scene.rates(BO, Weak.POOR)
    scene.leaves(BO)
    scene.joins(BO, "sid-2")
    scene.passes(1.0)
    assert only(ShowLevels, scene.happens(WATCHED)).weak == {}
