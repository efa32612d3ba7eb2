"""Who is in the room: visits by connection, doubt, lists that are older than what they miss, take-overs."""

import pytest

from handlers.effects import (
    Count,
    FinishAction,
    Leave,
    Metric,
    Outcome,
    RecordJoined,
    RecordLeft,
    RemoveParticipant,
    Resync,
    SetPermission,
)
from handlers.events import RoomEnded
from handlers.facts import Connection, Identity, PersonFacts, Sid
from handlers.state import GRACE_SECONDS
from tests.fakes.scene import (
    ADA,
    BANNED,
    BO,
    HOST,
    LISTENER,
    MUTED_SPEAKER,
    NOTHING,
    SPEAK,
    SPEAKER,
    Scene,
    of,
    only,
    snapshot,
)


def test_a_join_and_a_leave_are_each_written_once() -> None:
    scene = Scene.open()
    joined = only(RecordJoined, scene.joins(ADA))
    assert not of(RecordJoined, scene.joins(ADA)), "the same report again"
    left = only(RecordLeft, scene.leaves(ADA))
    assert (joined.connection.sid, left.sid, left.reason) == ("sid-ada", "sid-ada", "client_initiated")


def test_a_leave_of_someone_never_seen_is_written() -> None:
    """Its webhook may have been lost, and a leave before its join ends in the same rows."""
    assert only(RecordLeft, Scene.open().leaves(ADA)).sid == "sid-ada"


def test_a_leave_of_an_earlier_connection_does_not_end_the_present_one() -> None:
    scene = Scene.open()
    scene.joins(ADA, "first")
    scene.passes(1)
    scene.joins(ADA, "second")
    assert only(RecordLeft, scene.leaves(ADA, "first", "duplicate_identity")).sid == "first"
    assert scene.here(ADA)[1].sid == "second"


def test_a_second_device_ends_the_visit_of_the_first_when_it_joins() -> None:
    scene = Scene.open()
    scene.joins(ADA, "first")
    scene.passes(2)
    effects = scene.joins(ADA, "second")
    left = only(RecordLeft, effects)
    assert (left.sid, left.reason, left.at_ms) == ("first", "duplicate_identity", round(scene.now * 1000))
    assert only(RecordJoined, effects).connection.sid == "second"


def test_a_connection_shown_after_the_one_that_replaced_it_is_written_with_its_end() -> None:
    scene = Scene.open()
    scene.passes(1)
    scene.wants(ADA, LISTENER, scene.connection("second"))  # the webhook was first
    effects = scene.joins(ADA, "first", ago=1)
    assert (only(RecordJoined, effects).connection.sid, only(RecordLeft, effects).sid) == ("first", "first")
    assert scene.here(ADA)[1].sid == "second"


# -- the webhook's word --------------------------------------------------------------------


def test_a_join_that_only_a_webhook_told_about_is_acted_on_at_once() -> None:
    scene = Scene.open()
    asked = only(SetPermission, scene.wants(ADA, SPEAKER, scene.connection("sid-ada")))
    assert (asked.sid, asked.permission) == ("sid-ada", SPEAK)


def test_when_livekit_shows_what_the_webhook_told_it_is_confirmed_as_a_visit() -> None:
    scene = Scene.open()
    scene.wants(ADA, LISTENER, scene.connection("sid-ada"))
    assert only(RecordJoined, scene.joins(ADA)).connection.sid == "sid-ada"


def test_a_webhook_leave_ends_a_visit_that_livekit_never_showed() -> None:
    scene = Scene.open()
    scene.wants(ADA, LISTENER, scene.connection("sid-ada"))
    scene.wants(ADA, LISTENER, None)
    assert scene.state.people[ADA].connection is None


def test_a_closed_visit_does_not_hide_someone_whom_livekit_shows() -> None:
    scene = Scene.open()
    scene.joins(ADA)
    scene.wants(ADA, LISTENER, None)
    assert scene.here(ADA)[1].sid == "sid-ada"


def test_a_visit_that_never_shows_is_asked_about_and_closed() -> None:
    scene = Scene.open()
    scene.wants(ADA, LISTENER, scene.connection("sid-ada", ago=0.1))
    assert not of(Resync, scene.passes(9.9))
    assert only(Resync, scene.passes(0.1)).doubt
    effects = scene.lists()
    left = only(RecordLeft, effects)
    assert (left.sid, left.at_ms) == ("sid-ada", int(scene.now * 1000))
    assert only(Count, effects).metric is Metric.PRESENCE_CORRECTED


def test_a_visit_of_before_a_take_over_that_nobody_belongs_to_is_closed_as_of_then() -> None:
    scene = Scene.open(open_visits=((Sid("old"), ADA),))
    begun = scene.now
    left = only(RecordLeft, scene.passes(GRACE_SECONDS))
    assert left == RecordLeft(ADA, Sid("old"), "unknown", int(begun * 1000))


def test_a_newer_visit_that_the_database_tells_first_ends_the_older() -> None:
    scene = Scene.open()
    scene.joins(ADA, "first", ago=60)
    second = scene.connection("second")
    left = only(RecordLeft, scene.wants(ADA, LISTENER, second))
    assert left == RecordLeft(ADA, Sid("first"), "duplicate_identity", second.joined_at_ms)


def test_a_removal_is_on_record_at_the_moment_at_which_it_was_confirmed() -> None:
    scene = Scene.open(PersonFacts(ADA, BANNED))
    removal = only(RemoveParticipant, scene.joins(ADA))
    left = only(RecordLeft, scene.removes(removal))
    assert left == RecordLeft(ADA, removal.sid, "participant_removed", int(scene.now * 1000))


def test_an_older_open_visit_is_not_taken_for_the_present_connection() -> None:
    scene = Scene.open()
    scene.joins(ADA, "second")
    left = only(RecordLeft, scene.wants(ADA, LISTENER, scene.connection("first", ago=60)))
    assert left.sid == "first", "nobody will tell about its end any more"
    assert scene.here(ADA)[1].sid == "second"


# -- our own reconnect ---------------------------------------------------------------------------


def test_a_full_reconnect_closes_nobodys_visit() -> None:
    scene = Scene.open()
    for who in (ADA, BO):
        scene.present(who, LISTENER, NOTHING)
    before = [scene.here(ADA), scene.here(BO)]
    assert scene.leaves(ADA, reason="unknown") == ()
    assert scene.leaves(BO, reason="unknown") == ()
    for who, connection in before:
        assert not of(RecordJoined, scene.joins(who, connection.sid, ago=60))
    assert not of(RecordLeft, scene.shows(*before))
    assert not of(Resync, scene.passes(10))


def test_anyone_who_left_during_our_reconnect_is_asked_about_and_then_closed() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    scene.leaves(ADA, reason="unknown")
    assert only(Resync, scene.passes(5)).doubt
    assert only(RecordLeft, scene.lists()).reason == "unknown"


def test_a_room_that_looks_empty_from_inside_is_asked_about_and_nobody_taken_for_gone() -> None:
    """A comparison that falls into our own reconnect sees nobody."""
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    scene.passes(29)
    before = scene.here(ADA)
    assert not of(RecordLeft, scene.shows())
    assert only(Resync, scene.passes(5)).doubt
    assert not of(RecordLeft, scene.lists(before))
    assert scene.here(ADA) == before


def test_a_listing_that_fails_is_asked_for_again() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    scene.leaves(ADA, reason="unknown")
    assert of(Resync, scene.passes(5))
    assert of(Resync, scene.passes(5)), "nothing came back"


def test_rights_are_still_taken_from_someone_in_doubt() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    scene.leaves(ADA, reason="unknown")
    assert only(SetPermission, scene.wants(ADA, LISTENER)).permission == NOTHING


# -- lists ---------------------------------------------------------------------------------------


def test_a_list_older_than_a_join_does_not_erase_it() -> None:
    """Erased, a mute would be reported as applied to someone who is away, while they speak."""
    scene = Scene.open()
    scene.joins(ADA, permission=NOTHING)
    assert not of(RecordLeft, scene.shows())
    assert scene.here(ADA)[1].sid == "sid-ada"


@pytest.mark.parametrize("ahead", [-30.0, 30.0])
def test_how_old_a_connection_is_does_not_depend_on_livekits_clock(ahead: float) -> None:
    scene = Scene.open()
    scene.joins(ADA, ago=-ahead)
    assert not of(RecordLeft, scene.lists()), "the list is older than the join"
    scene.passes(10.1)
    assert only(RecordLeft, scene.lists()).sid == "sid-ada"


def test_a_young_connection_that_a_list_misses_is_asked_about_again_until_it_is_old_enough() -> None:
    scene = Scene.open()
    scene.joins(ADA)
    scene.lists()
    assert only(Resync, scene.passes(5)).doubt
    assert not of(RecordLeft, scene.lists())
    scene.passes(5)
    assert only(RecordLeft, scene.lists()).sid == "sid-ada"


def test_a_list_that_misses_whom_the_room_shows_ends_nothing_and_is_asked_for_again() -> None:
    """Redis has lost its memory: the API says that nobody is there, and the room shows them."""
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    scene.asks("mute", ADA, MUTED_SPEAKER)
    scene.asks("kick", ADA)
    for _ in range(4):
        effects = scene.lists(shown={"sid-ada"})
        assert not of(RecordLeft, effects)
        assert not of(FinishAction, effects)
        assert scene.here(ADA)[1].sid == "sid-ada"
        assert of(Resync, scene.passes(5))
    assert only(Count, scene.lists(shown={"sid-ada"})).metric is Metric.LISTING_CONTRADICTED


def test_a_leave_that_the_room_is_late_to_tell_about_is_not_counted_against_the_list() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    assert scene.lists(shown={"sid-ada"}) == ()
    scene.passes(3)
    assert only(RecordLeft, scene.leaves(ADA)).sid == "sid-ada"


def test_a_list_that_is_wrong_about_somebody_proves_nobodys_absence() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    scene.lists(shown={"sid-ada"})
    scene.passes(5)
    scene.asks("kick", BO)
    assert not of(FinishAction, scene.lists(shown={"sid-ada"}))
    scene.passes(5)
    assert only(FinishAction, scene.lists(scene.here(ADA), shown={"sid-ada"})).verdict is Outcome.APPLIED


def test_the_whole_room_is_compared_every_thirty_seconds() -> None:
    scene = Scene.open()
    assert not of(Resync, scene.passes(29.9))
    assert only(Resync, scene.passes(0.1)) == Resync(doubt=False)


# -- beginnings and ends -----------------------------------------------------------------------------


def test_a_take_over_closes_visits_that_belong_to_nobody() -> None:
    scene = Scene()
    ada = Connection(Sid("second"), round((scene.now - 60) * 1000), NOTHING)
    visits = ((Sid("first"), ADA), (Sid("second"), ADA), (Sid("third"), BO))
    taken_over = round(scene.now * 1000)
    assert not of(
        RecordLeft,
        scene.happens(snapshot(people=(PersonFacts(ADA, LISTENER, ada),), open_visits=visits)),
    )
    scene.shows((ADA, ada))
    lefts = of(RecordLeft, scene.passes(10))
    assert [(left.sid, left.at_ms) for left in lefts] == [("first", taken_over), ("third", taken_over)]


def test_a_take_over_closes_no_visit_of_who_comes_at_that_moment_beside_their_app() -> None:
    """The webhook came first; under its person's id, as the database has it."""
    scene = Scene()
    ada = Connection(Sid("app"), round((scene.now - 60) * 1000), NOTHING)
    visits = ((Sid("app"), ADA), (Sid("obs"), ADA))
    scene.happens(snapshot(people=(PersonFacts(ADA, HOST, ada),), open_visits=visits))
    beside = Identity(f"{ADA}/{ADA}:obs")
    scene.shows((ADA, ada), (beside, Connection(Sid("obs"), round(scene.now * 1000), NOTHING)))
    assert not of(RecordLeft, scene.passes(20))


def test_a_take_over_closes_the_visit_of_anyone_who_is_not_there_any_more() -> None:
    scene = Scene()
    scene.happens(snapshot(people=(PersonFacts(ADA, LISTENER, scene.connection("sid-ada", ago=60)),)))
    scene.shows()
    assert only(Resync, scene.passes(10)).doubt
    assert only(RecordLeft, scene.lists()).sid == "sid-ada"


def test_the_end_of_the_room_ends_every_visit_and_the_work() -> None:
    scene = Scene.open(PersonFacts(ADA, HOST))
    scene.joins(ADA)
    scene.joins(BO)
    effects = scene.happens(RoomEnded("room_closed", round(scene.now * 1000)))
    assert {(left.identity, left.reason) for left in of(RecordLeft, effects)} == {
        (ADA, "room_closed"),
        (BO, "room_closed"),
    }
    assert only(Leave, effects).closed
