"""The life of a moderation row: what must hold for each action, what is written back, and nothing is done twice."""

import pytest

from handlers.actions import CONDITIONS
from handlers.effects import FinishAction, Notify, Outcome, RemoveParticipant, Resync, SetPermission
from handlers.events import EventsRelayed, Failure, Pulled, RoomClosed, RoomEnded
from handlers.facts import ActionId, Identity, PersonFacts, Sid, Status
from handlers.notice_types import NoticeType
from moderation.action_names import AGENT_ACTIONS
from moderation.desired import Desired, Permission, Removal
from moderation.roles import Role
from tests.fakes.scene import (
    ADA,
    BO,
    HOST,
    LISTENER,
    NOTHING,
    SPEAK,
    SPEAKER,
    Scene,
    finished,
    live_event,
    of,
    only,
)

MUTED = Desired(Role.SPEAKER, mic_muted=True)
DARK = Desired(Role.SPEAKER, camera_off=True)
BANNED = Desired(Role.SPEAKER, removal=Removal("banned"))


@pytest.mark.parametrize(
    ("action", "before", "had", "after", "gets", "told"),
    [
        ("mute", SPEAKER, SPEAK, MUTED, NOTHING, NoticeType.MUTED),
        ("unmute", MUTED, NOTHING, SPEAKER, SPEAK, NoticeType.UNMUTED),
        ("set_role", LISTENER, NOTHING, SPEAKER, SPEAK, NoticeType.ROLE_CHANGED),
        ("set_role", SPEAKER, SPEAK, LISTENER, NOTHING, NoticeType.ROLE_CHANGED),
    ],
)
def test_a_change_of_rights_is_done_when_livekit_confirms(
    action: str, before: Desired, had: Permission, after: Desired, gets: Permission, told: NoticeType
) -> None:
    scene = Scene.open()
    scene.present(ADA, before, had)
    effects = scene.asks(action, ADA, after)
    assert not of(FinishAction, effects)
    asked = only(SetPermission, effects)
    assert asked.permission == gets
    effects = scene.confirms(asked)
    done = finished(effects)
    assert done.before is not None
    assert done.after is not None
    assert done.verdict is Outcome.APPLIED
    assert done.before["present"]
    assert done.after["present"]
    assert (done.before["actual"], done.after["actual"]) == (had.as_json(), gets.as_json())
    assert only(Notify, effects).type is told


@pytest.mark.parametrize(
    ("action", "desired"),
    [
        ("mute", MUTED),
        ("unmute", SPEAKER),
        ("camera_off", DARK),
        ("camera_on", SPEAKER),
        ("set_role", SPEAKER),
        ("ban", BANNED),
        ("unban", SPEAKER),
    ],
)
def test_acting_on_someone_who_is_away_is_applied_at_once_and_holds_when_they_come_back(
    action: str, desired: Desired
) -> None:
    scene = Scene.open()
    effects = scene.asks(action, ADA, desired)
    assert finished(effects).verdict is Outcome.APPLIED
    assert not of(Notify, effects)
    back = scene.joins(ADA, permission=SPEAK)
    assert bool(of(RemoveParticipant, back)) == (action == "ban")
    assert bool(of(SetPermission, back)) == (action == "mute")


@pytest.mark.parametrize("action", ["camera_off", "camera_on", "unban"])
def test_what_needs_nothing_from_livekit_is_applied_at_once(action: str) -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    effects = scene.asks(action, ADA, SPEAKER)
    assert finished(effects).verdict is Outcome.APPLIED
    assert not of(SetPermission, effects)


# -- whole room -----------------------------------------------------------------------------------


def test_mute_all_is_done_when_the_last_one_is_muted() -> None:
    scene = Scene.open()
    for who in (ADA, BO):
        scene.present(who, SPEAKER, SPEAK)
    people = tuple(PersonFacts(who, MUTED) for who in (ADA, BO))
    asked = of(
        SetPermission, scene.happens(Pulled(Status.OPEN, people=people, actions=(scene.row("mute_all"),)))
    )
    assert [one.identity for one in asked] == [ADA, BO]
    assert not of(FinishAction, scene.confirms(asked[0]))
    assert finished(scene.confirms(asked[1])).verdict is Outcome.APPLIED


def test_mute_all_does_not_wait_for_anyone_who_leaves() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    scene.happens(Pulled(Status.OPEN, people=(PersonFacts(ADA, MUTED),), actions=(scene.row("mute_all"),)))
    assert finished(scene.leaves(ADA)).verdict is Outcome.APPLIED


def test_an_announcement_is_done_when_its_event_is_on_the_wire() -> None:
    scene = Scene.open()
    row = scene.row("announce", params={"text": "hello", "seq": 2})
    assert not of(
        FinishAction,
        scene.happens(Pulled(Status.OPEN, actions=(row,), events=(live_event(1), live_event(2)))),
    )
    assert not of(FinishAction, scene.happens(EventsRelayed(1)))
    assert finished(scene.happens(EventsRelayed(2))).action == row.id


@pytest.mark.parametrize("end", ["confirmed", "seen"])
def test_end_session_is_done_when_the_room_is_gone(end: str) -> None:
    scene = Scene.open()
    row = scene.row("end_session")
    assert not of(FinishAction, scene.happens(Pulled(Status.OVER, actions=(row,))))
    gone = RoomClosed() if end == "confirmed" else RoomEnded("room_deleted", round(scene.now * 1000))
    assert finished(scene.happens(gone)).action == row.id


# -- kick and ban ---------------------------------------------------------------------------------


def test_a_kick_disconnects_once_and_lets_the_person_come_back() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    gone = only(RemoveParticipant, scene.asks("kick", ADA))
    assert not gone.ban
    assert finished(scene.removes(gone)).verdict is Outcome.APPLIED
    scene.passes(1)
    assert not of(RemoveParticipant, scene.joins(ADA, "again"))


def test_a_kick_does_not_touch_a_connection_from_after_the_row() -> None:
    scene = Scene.open()
    row = scene.row("kick", ADA, connections=frozenset({Sid("sid-before")}))
    scene.passes(0.5)
    scene.joins(ADA)
    effects = scene.happens(Pulled(Status.OPEN, actions=(row,)))
    assert finished(effects).verdict is Outcome.APPLIED
    assert not of(RemoveParticipant, effects)


@pytest.mark.parametrize("ahead", [-30.0, 30.0])
def test_a_kick_finds_its_connection_whatever_livekits_clock_says(ahead: float) -> None:
    """Half a minute between two clocks made it `applied` without kicking, or kick who had just come back."""
    scene = Scene.open()
    scene.joins(ADA, "old", ago=-ahead)
    scene.passes(1)
    assert only(RemoveParticipant, scene.asks("kick", ADA)).sid == "old"

    scene = Scene.open()
    row = scene.row("kick", ADA, connections=frozenset({Sid("old")}))
    scene.passes(0.5)
    scene.joins(ADA, "new", ago=-ahead)
    assert not of(RemoveParticipant, scene.happens(Pulled(Status.OPEN, actions=(row,))))


def test_a_kick_of_someone_whom_the_room_does_not_show_yet_finds_them_in_the_list() -> None:
    scene = Scene.open()
    scene.wants(ADA, LISTENER)
    effects = scene.asks("kick", ADA)
    assert only(Resync, effects).doubt
    assert not of(FinishAction, effects)
    gone = only(RemoveParticipant, scene.lists((ADA, scene.connection("unseen", ago=1.0))))
    assert finished(scene.removes(gone)).verdict is Outcome.APPLIED


def test_a_kick_of_someone_who_is_away_is_done_once_the_list_says_so() -> None:
    scene = Scene.open()
    scene.asks("kick", ADA)
    assert not of(FinishAction, scene.shows()), "the view from inside is seconds old"
    assert only(Resync, scene.passes(2.6)).doubt, "the list that never came is asked for again"
    assert finished(scene.lists()).verdict is Outcome.APPLIED
    assert not of(RemoveParticipant, scene.joins(ADA))


def test_a_kick_is_done_when_the_person_rejoins_while_it_is_under_way() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    gone = only(RemoveParticipant, scene.asks("kick", ADA))
    scene.passes(0.1)
    effects = scene.joins(ADA, "again")
    assert finished(effects).verdict is Outcome.APPLIED
    assert not of(RemoveParticipant, (*effects, *scene.removes(gone)))


def test_a_kick_that_fails_is_retried_no_sooner_than_its_turn() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    gone = only(RemoveParticipant, scene.asks("kick", ADA))
    assert not of(RemoveParticipant, scene.keeps(gone, Failure.RETRYABLE))
    assert not of(RemoveParticipant, scene.joins(BO)), "anything else that happens is no reason"
    assert not only(RemoveParticipant, scene.passes(0.05)).ban


def test_a_ban_is_done_when_the_person_is_out() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    gone = only(RemoveParticipant, scene.asks("ban", ADA, BANNED))
    assert gone.ban
    assert finished(scene.removes(gone)).verdict is Outcome.APPLIED


def test_a_ban_that_ends_before_it_could_be_carried_out_is_done_all_the_same() -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    short = Desired(Role.LISTENER, removal=Removal("banned", scene.now + 1))
    gone = only(RemoveParticipant, scene.asks("ban", ADA, short))
    scene.passes(2)
    assert finished(scene.keeps(gone, Failure.RETRYABLE)).verdict is Outcome.APPLIED


# -- rows that cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"action": "levitate", "target": ADA}, "unknown_action"),
        ({"action": "kick"}, "malformed"),
        ({"action": "chat_mute", "target": ADA}, "unknown_action"),
    ],
)
def test_a_row_that_makes_no_sense_fails_alone(row: dict[str, object], code: str) -> None:
    scene = Scene.open()
    scene.present(ADA, LISTENER, NOTHING)
    good = scene.row("camera_on", ADA)
    effects = scene.happens(Pulled(Status.OPEN, actions=(scene.row(**row), good)))  # type: ignore[arg-type]
    bad, fine = of(FinishAction, effects)
    assert (bad.verdict, bad.error_code) == (Outcome.FAILED, code)
    assert (fine.action, fine.verdict) == (good.id, Outcome.APPLIED)


def test_a_refusal_for_good_fails_the_rows_that_wait_for_it_and_no_others() -> None:
    scene = Scene.open()
    for who in (ADA, BO):
        scene.present(who, SPEAKER, SPEAK)
    asked = only(SetPermission, scene.asks("mute", ADA, MUTED))
    scene.asks("mute", BO, MUTED)
    everyone = scene.row("mute_all")
    scene.happens(Pulled(Status.OPEN, actions=(everyone,)))
    failed = of(FinishAction, scene.denies(asked, Failure.PERMANENT, "no such permission"))
    assert [(one.action, one.verdict) for one in failed] == [
        (ActionId("row-1"), Outcome.FAILED),
        (everyone.id, Outcome.FAILED),
    ]
    assert {(one.error_code, one.error) for one in failed} == {("livekit_refused", "no such permission")}


@pytest.mark.parametrize("failure", [Failure.RETRYABLE, Failure.GONE])
def test_a_failure_that_may_pass_keeps_the_row_open(failure: Failure) -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    asked = only(SetPermission, scene.asks("mute", ADA, MUTED))
    assert not of(FinishAction, scene.denies(asked, failure))
    again = only(SetPermission, scene.passes(0.1))
    assert finished(scene.confirms(again)).verdict is Outcome.APPLIED


# -- rows that come again --------------------------------------------------------------------------------


def test_a_row_claimed_again_while_it_is_open_is_carried_out_once() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    row = scene.row("mute", ADA)
    again = Pulled(Status.OPEN, people=(PersonFacts(ADA, MUTED),), actions=(row,))
    asked = only(SetPermission, scene.happens(again))
    assert scene.happens(again) == ()
    assert len(of(FinishAction, scene.confirms(asked))) == 1


def test_a_row_claimed_again_after_its_end_is_told_to_the_database_and_to_nobody_else() -> None:
    scene = Scene.open()
    scene.present(ADA, SPEAKER, SPEAK)
    row = scene.row("mute", ADA)
    again = Pulled(Status.OPEN, people=(PersonFacts(ADA, MUTED),), actions=(row,))
    first = scene.confirms(only(SetPermission, scene.happens(again)))
    assert of(Notify, first)
    assert scene.happens(again) == (finished(first),)


def test_only_so_many_finished_rows_are_remembered() -> None:
    scene = Scene.open()
    for _ in range(1100):
        scene.asks("camera_on", ADA)
    assert len(scene.state.finished) == 1000
    assert not scene.state.actions


def test_rows_for_one_person_do_not_wait_for_another() -> None:
    scene = Scene.open()
    for who in (ADA, BO):
        scene.present(who, SPEAKER, SPEAK)
    scene.asks("mute", ADA, MUTED)
    assert finished(scene.confirms(only(SetPermission, scene.asks("mute", BO, MUTED)))).action == "row-2"


def test_a_host_is_muted_like_anyone_once_the_database_says_so() -> None:
    scene = Scene.open()
    scene.present(Identity("host"), HOST, SPEAK)
    asked = only(SetPermission, scene.asks("mute", Identity("host"), Desired(Role.HOST, mic_muted=True)))
    assert asked.permission == NOTHING


def test_each_action_that_livekit_must_agree_with_has_its_condition() -> None:
    assert set(CONDITIONS) == AGENT_ACTIONS
