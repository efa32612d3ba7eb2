"""Who may do what: grants, revocations, removals, late and odd reports."""

import pytest

from handlers.effects import Count, Metric, Notify, RecordJoined, RemoveParticipant, Resync, SetPermission
from handlers.events import PresenceRecorded, RoomSynced
from handlers.facts import Connection, Identity, PersonFacts
from handlers.state import BATCHING_SECONDS as LIVEKIT_BATCH_SECONDS
from moderation.desired import Desired, Permission, Removal
from moderation.roles import Role, Source
from tests.fakes.scene import (
    ADA,
    BANNED,
    BOTH,
    EVERYTHING,
    HOST,
    LISTENER,
    MUTED_SPEAKER,
    NOTHING,
    SPEAK,
    SPEAKER,
    START,
    Scene,
    finished,
    of,
    only,
    snapshot,
)

# -- joins ------------------------------------------------------------------------


def test_a_stranger_with_an_ordinary_token_needs_nothing() -> None:
    scene = Scene.open()
    effects = scene.joins(ADA)
    assert of(RecordJoined, effects)
    assert not of(SetPermission, effects)


def test_a_stranger_with_an_old_token_loses_its_grants() -> None:
    asked = only(SetPermission, Scene.open().joins(ADA, permission=EVERYTHING))
    assert asked.permission == NOTHING
    assert asked.revokes


def test_a_host_who_joins_without_rights_is_given_them() -> None:
    scene = Scene.open(PersonFacts(ADA, HOST), context="video_live")
    asked = only(SetPermission, scene.joins(ADA))
    assert asked.permission == EVERYTHING
    assert not asked.revokes


def test_an_unknown_permission_is_always_set() -> None:
    scene = Scene.open()
    asked = only(SetPermission, scene.wants(ADA, LISTENER, scene.connection("sid-ada", None)))
    assert asked.permission == NOTHING


def test_nobody_unknown_may_be_in_a_call() -> None:
    gone = only(RemoveParticipant, Scene.open(context="call").joins(ADA))
    assert gone.notice.payload["reason"] == "not_invited"


def test_a_role_that_the_context_does_not_know_has_no_rights() -> None:
    scene = Scene.open(PersonFacts(ADA, Desired(Role.PARTY)))
    assert only(SetPermission, scene.joins(ADA, permission=SPEAK)).permission == Permission(
        frozenset(), can_subscribe=False
    )


def test_an_old_token_with_grants_is_caught_at_the_second_join_too() -> None:
    scene = Scene.open()
    scene.confirms(only(SetPermission, scene.joins(ADA, "first", SPEAK)))
    scene.leaves(ADA, "first")
    scene.passes(1)
    assert only(SetPermission, scene.joins(ADA, "second", SPEAK)).permission == NOTHING


# -- promotion, demotion, mutes, cameras -------------------------------------------------


def test_promotion_and_demotion_each_take_one_call() -> None:
    scene = Scene.open()
    scene.joins(ADA)
    up = only(SetPermission, scene.wants(ADA, SPEAKER))
    assert (up.permission, up.revokes) == (SPEAK, False)
    assert not of(SetPermission, scene.confirms(up))
    down = only(SetPermission, scene.wants(ADA, LISTENER))
    assert (down.permission, down.revokes) == (NOTHING, True)
    assert not of(SetPermission, scene.confirms(down))


def test_a_change_of_mind_waits_for_the_answer_and_then_wins() -> None:
    scene = Scene.open()
    scene.joins(ADA)
    up = only(SetPermission, scene.wants(ADA, SPEAKER))
    assert not of(SetPermission, scene.wants(ADA, LISTENER))
    assert only(SetPermission, scene.confirms(up)).permission == NOTHING


@pytest.mark.parametrize(
    ("desired", "left"),
    [
        (Desired(Role.SPEAKER, mic_muted=True), {Source.CAMERA}),
        (Desired(Role.SPEAKER, camera_off=True), {Source.MICROPHONE}),
        (Desired(Role.SPEAKER, mic_muted=True, camera_off=True), set()),
        (Desired(Role.HOST, mic_muted=True), {Source.CAMERA, Source.SCREEN_SHARE}),
        (Desired(Role.HOST, camera_off=True), {Source.MICROPHONE, Source.SCREEN_SHARE_AUDIO}),
    ],
)
def test_a_mute_takes_sound_and_camera_off_takes_pictures(desired: Desired, left: set[Source]) -> None:
    scene = Scene.open(PersonFacts(ADA, desired), context="video_live")
    asked = only(SetPermission, scene.joins(ADA, permission=EVERYTHING))
    assert asked.permission == Permission(frozenset(left))


def test_an_audio_call_has_no_camera_and_nobody_is_told_that_one_was_taken() -> None:
    scene = Scene.open(PersonFacts(ADA, Desired(Role.SPEAKER, sound_only=True)), context="video_live")
    effects = scene.joins(ADA, permission=EVERYTHING)
    asked = only(SetPermission, effects)
    assert asked.permission == SPEAK
    assert of(Notify, scene.confirms(asked)) == []
    both = only(SetPermission, scene.wants(ADA, Desired(Role.SPEAKER)))
    assert both.permission == BOTH
    assert of(Notify, scene.confirms(both)) == []


def test_a_timed_mute_ends_at_its_own_second() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    until = scene.now + 30.0
    scene.confirms(only(SetPermission, scene.wants(ADA, Desired(Role.SPEAKER, True, until))))
    assert not of(SetPermission, scene.passes(29.999))
    asked = only(SetPermission, scene.passes(0.001))
    assert (asked.permission, scene.now) == (SPEAK, until)


def test_a_mute_that_is_over_when_it_arrives_changes_nothing() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    assert scene.wants(ADA, Desired(Role.SPEAKER, True, scene.now - 1)) == ()


# -- removal ------------------------------------------------------------------------


def test_anyone_who_is_banned_is_removed_and_told_why() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    gone = only(RemoveParticipant, scene.wants(ADA, BANNED))
    assert gone.ban
    assert gone.notice.payload["reason"] == "banned"


def test_a_banned_person_is_removed_at_each_return() -> None:
    scene = Scene.open(PersonFacts(ADA, BANNED))
    for number in range(3):
        scene.removes(only(RemoveParticipant, scene.joins(ADA, f"sid-{number}", SPEAK)))
        scene.passes(1)


def test_a_banned_person_is_removed_on_the_webhooks_word_alone() -> None:
    scene = Scene.open(PersonFacts(ADA, BANNED))
    assert only(RemoveParticipant, scene.wants(ADA, BANNED, scene.connection("sid-ada"))).sid == "sid-ada"


def test_a_timed_ban_stops_by_itself() -> None:
    scene = Scene.open(PersonFacts(ADA, Desired(Role.LISTENER, removal=Removal("banned", START + 10))))
    scene.passes(10)
    assert not of(RemoveParticipant, scene.joins(ADA))


# -- what LiveKit reports ----------------------------------------------------------------


def test_a_late_report_of_what_was_replaced_is_no_drift() -> None:
    scene = Scene.open()
    scene.joins(ADA)
    scene.confirms(only(SetPermission, scene.wants(ADA, SPEAKER)))
    scene.passes(2.9)
    assert scene.reports(ADA, NOTHING) == (Resync(doubt=True),)
    assert not scene.lists(scene.here(ADA))
    assert scene.actual(ADA) == SPEAK


def test_drift_is_counted_and_repaired() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    effects = scene.reports(ADA, EVERYTHING)
    assert only(Count, effects).metric is Metric.DRIFT_FOUND
    assert only(SetPermission, effects).permission == NOTHING


def test_what_is_doubted_is_looked_at_once_more_when_reports_of_it_cannot_be_late() -> None:
    scene = Scene.open()
    scene.joins(ADA)
    scene.confirms(only(SetPermission, scene.wants(ADA, SPEAKER)))
    scene.passes(2.0)
    scene.reports(ADA, NOTHING)
    assert scene.state.resync_at == scene.now + LIVEKIT_BATCH_SECONDS


def test_drift_back_to_what_was_replaced_is_found_once_reports_of_it_cannot_be_late() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    scene.confirms(only(SetPermission, scene.wants(ADA, LISTENER)))
    scene.passes(1)
    scene.reports(ADA, SPEAK)  # somebody gave it back; at this moment it looks like an old report
    assert only(Resync, scene.passes(3.5)).doubt is False
    who, connection = scene.here(ADA)
    effects = scene.shows((who, Connection(connection.sid, connection.joined_at_ms, SPEAK)))
    assert only(SetPermission, effects).permission == NOTHING


def test_a_report_about_an_earlier_connection_is_ignored() -> None:
    scene = Scene.open()
    scene.joins(ADA, "first")
    scene.passes(1)
    scene.joins(ADA, "second")
    assert scene.reports(ADA, EVERYTHING, "first") == ()


def test_the_same_report_twice_is_one_repair() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    assert of(SetPermission, scene.reports(ADA, SPEAK))
    assert not of(SetPermission, scene.reports(ADA, SPEAK))


# -- taking a room over ------------------------------------------------------------------


def test_nothing_is_decided_before_the_room_has_shown_who_is_there() -> None:
    scene = Scene()
    scene.happens(
        snapshot(people=(PersonFacts(ADA, LISTENER, scene.connection("sid-ada", NOTHING, ago=600)),))
    )
    # Its predecessor had promoted her: the permission at the join says nothing about today's.
    assert scene.asks("set_role", ADA, LISTENER) == ()
    down = only(SetPermission, scene.shows((ADA, scene.connection("sid-ada", SPEAK, ago=600))))
    assert down.permission == NOTHING
    assert finished(scene.confirms(down)).verdict == "applied"


def test_a_view_that_agrees_costs_no_call_at_a_take_over() -> None:
    scene = Scene()
    people = [(Identity(f"user-{n}"), scene.connection(f"sid-{n}", NOTHING, ago=600)) for n in range(50)]
    scene.happens(snapshot(people=tuple(PersonFacts(who, LISTENER, where) for who, where in people)))
    assert not of(SetPermission, scene.happens(RoomSynced(tuple(people))))


def test_a_promoted_person_found_at_a_take_over_is_no_drift() -> None:
    scene = Scene()
    scene.happens(
        snapshot(people=(PersonFacts(ADA, SPEAKER, scene.connection("sid-ada", NOTHING, ago=600)),))
    )
    effects = scene.shows((ADA, scene.connection("sid-ada", SPEAK, ago=600)))
    assert not of(Count, effects)
    assert not of(SetPermission, effects)


# -- which word of the database counts ---------------------------------------------------------


def test_the_answer_to_a_report_never_undoes_what_a_pull_has_told_since() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    scene.confirms(only(SetPermission, scene.wants(ADA, MUTED_SPEAKER)))
    assert scene.happens(PresenceRecorded(PersonFacts(ADA, SPEAKER))) == (), "it was read before the mute"


def test_the_answer_to_a_report_teaches_who_a_stranger_is() -> None:
    scene = Scene.open()
    scene.joins(ADA)
    assert only(SetPermission, scene.happens(PresenceRecorded(PersonFacts(ADA, SPEAKER)))).permission == SPEAK


def test_a_muted_speaker_who_comes_back_on_a_second_device_is_still_muted() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    mute = only(SetPermission, scene.wants(ADA, MUTED_SPEAKER))
    scene.joins(ADA, "phone", SPEAK)
    asked = only(SetPermission, scene.confirms(mute))
    assert (asked.sid, asked.permission) == ("phone", NOTHING)


def test_more_rights_are_not_urgent_and_fewer_are() -> None:
    scene = Scene.open(context="video_live")
    scene.present(ADA, SPEAKER, BOTH)
    assert only(SetPermission, scene.wants(ADA, Desired(Role.SPEAKER, camera_off=True))).revokes


def test_what_we_replaced_and_somebody_else_gave_back_is_taken_again_as_soon_as_livekit_lists_it() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    scene.confirms(only(SetPermission, scene.wants(ADA, MUTED_SPEAKER)))
    assert scene.reports(ADA, SPEAK) == (Resync(doubt=True),)
    effects = scene.lists((ADA, scene.connection("sid-ada", SPEAK, ago=60)))
    assert Count(Metric.DRIFT_FOUND) in effects
    assert only(SetPermission, effects).permission == NOTHING


def test_a_right_that_nobody_has_is_drift_and_is_taken_back() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    effects = scene.reports(ADA, Permission(SPEAK.sources, excess=True))
    assert Count(Metric.DRIFT_FOUND) in effects
    asked = only(SetPermission, effects)
    assert asked.permission == SPEAK
    assert asked.revokes
