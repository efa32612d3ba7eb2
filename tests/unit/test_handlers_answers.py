"""Calls to LiveKit whose answers are late, lost, refused, or about somebody's earlier connection."""

import pytest

from handlers.effects import RemoveParticipant, Resync, SetPermission
from handlers.events import Failure
from handlers.facts import PersonFacts
from handlers.permissions import RIGHT_AFTER_JOIN_SECONDS
from tests.fakes.scene import (
    ADA,
    BANNED,
    LISTENER,
    MUTED_SPEAKER,
    NOTHING,
    SPEAKER,
    Scene,
    finished,
    of,
    only,
)


def test_a_call_under_way_outlives_the_connection_that_it_was_meant_for() -> None:
    scene = Scene.open()
    scene.joins(ADA, "first")
    up = only(SetPermission, scene.wants(ADA, SPEAKER))
    scene.leaves(ADA, "first")
    scene.wants(ADA, LISTENER)
    scene.passes(0.1)
    assert not of(SetPermission, scene.joins(ADA, "second")), "two calls about one person at once"
    again = only(SetPermission, scene.confirms(up))
    assert (again.sid, again.permission) == ("second", NOTHING), (
        "the promotion may have hit the new connection"
    )


def test_a_connection_that_began_before_the_answer_is_not_believed() -> None:
    scene = Scene.open()
    scene.joins(ADA, "first")
    up = only(SetPermission, scene.wants(ADA, SPEAKER))
    second = scene.connection("second")
    scene.passes(0.1)
    scene.confirms(up)
    scene.leaves(ADA, "first")
    assert only(SetPermission, scene.wants(ADA, LISTENER, second)).permission == NOTHING


def test_a_call_without_an_answer_is_made_again_even_if_nothing_seems_left_to_do() -> None:
    scene = Scene.open()
    scene.joins(ADA)
    up = only(SetPermission, scene.wants(ADA, SPEAKER))
    scene.denies(up, Failure.RETRYABLE)  # LiveKit may have taken it before the time-out
    assert not of(SetPermission, scene.wants(ADA, LISTENER))
    assert only(SetPermission, scene.passes(0.1)).permission == NOTHING


def test_nothing_is_reported_done_while_a_call_to_the_contrary_is_under_way() -> None:
    scene = Scene.open()
    scene.joins(ADA)
    up = only(SetPermission, scene.wants(ADA, SPEAKER))
    assert scene.asks("mute", ADA, MUTED_SPEAKER) == ()
    down = only(SetPermission, scene.confirms(up))
    assert finished(scene.confirms(down)).verdict == "applied"


def test_just_after_a_join_not_found_is_retried_quickly() -> None:
    scene = Scene.open(PersonFacts(ADA, SPEAKER))
    asked = only(SetPermission, scene.joins(ADA))
    for _ in range(10):
        assert scene.denies(asked, Failure.GONE) == ()
        asked = only(SetPermission, scene.passes(0.1))


def test_later_not_found_makes_the_room_ask_who_is_there() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    asked = only(SetPermission, scene.wants(ADA, SPEAKER))
    assert only(Resync, scene.denies(asked, Failure.GONE)).doubt


def test_a_connection_is_young_for_two_seconds_and_no_longer() -> None:
    scene = Scene.open(PersonFacts(ADA, SPEAKER))
    asked = only(SetPermission, scene.joins(ADA))
    scene.passes(RIGHT_AFTER_JOIN_SECONDS)
    assert only(Resync, scene.denies(asked, Failure.GONE)).doubt


def test_failures_back_off_to_five_seconds_and_no_further() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    asked, waits = only(SetPermission, scene.wants(ADA, SPEAKER)), list[float]()
    for _ in range(9):
        scene.denies(asked, Failure.RETRYABLE)
        waits.append(scene.state.people[ADA].retry_at - scene.now)
        asked = only(SetPermission, scene.passes(waits[-1]))
    assert waits == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


def test_what_waits_for_the_lease_does_not_back_off_and_leaves_no_doubt() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    asked = only(SetPermission, scene.wants(ADA, SPEAKER))
    for _ in range(50):
        assert not of(SetPermission, scene.denies(asked, Failure.LAPSED))
        asked = only(SetPermission, scene.passes(0.1))
    scene.denies(asked, Failure.LAPSED)
    assert not of(SetPermission, scene.wants(ADA, LISTENER))
    assert not of(SetPermission, scene.passes(0.1)), "nothing was sent, so nothing has to be taken back"


def test_success_forgets_earlier_failures() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    asked = only(SetPermission, scene.wants(ADA, SPEAKER))
    for _ in range(3):
        scene.denies(asked, Failure.RETRYABLE)
        asked = only(SetPermission, scene.passes(0.5))
    scene.confirms(asked)
    scene.denies(only(SetPermission, scene.wants(ADA, LISTENER)), Failure.RETRYABLE)
    assert of(SetPermission, scene.passes(0.05))


def test_a_removal_that_fails_is_tried_again() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    scene.keeps(only(RemoveParticipant, scene.wants(ADA, BANNED)), Failure.RETRYABLE)
    assert only(RemoveParticipant, scene.passes(0.05)).ban


def test_a_removal_that_failed_because_they_came_back_is_made_of_the_new_connection() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    gone = only(RemoveParticipant, scene.wants(ADA, BANNED))
    again = only(RemoveParticipant, scene.joins(ADA, "second"))
    scene.keeps(again, Failure.RETRYABLE)
    scene.now = scene.state.people[ADA].retry_at
    assert only(RemoveParticipant, scene.keeps(gone, Failure.GONE)).sid == "second"
