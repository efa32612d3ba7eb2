"""The stream of events in order, the end of a session, and the loss of a room."""

from handlers.effects import AdvanceCursor, Beacon, CloseRoom, Leave, Relay, SetPermission
from handlers.events import (
    EventsNotRelayed,
    EventsRelayed,
    Failure,
    HintsLost,
    LeaseLost,
    Pulled,
    RoomClosed,
    RoomNotClosed,
)
from handlers.facts import Status
from handlers.relay import BACKLOG_LIMIT
from tests.fakes.scene import ADA, NOTHING, SPEAK, Scene, live_event, of, only, snapshot


def due(scene: Scene, *seqs: int) -> list[Relay]:
    return of(Relay, scene.happens(Pulled(Status.OPEN, events=tuple(live_event(seq) for seq in seqs))))


def seqs(relay: Relay) -> list[int]:
    return [event.seq for event in relay.events]


def test_events_go_out_in_order_one_batch_at_a_time() -> None:
    scene = Scene.open()
    (first,) = due(scene, 1, 2)
    assert seqs(first) == [1, 2]
    assert due(scene, 3) == []
    assert due(scene, 3, 4) == []
    effects = scene.happens(EventsRelayed(2))
    assert only(AdvanceCursor, effects).seq == 2
    assert seqs(only(Relay, effects)) == [3, 4]


def test_events_that_were_relayed_are_not_relayed_again() -> None:
    scene = Scene.open(relayed_seq=5)
    assert due(scene, 4, 5) == []
    assert seqs(due(scene, 4, 5, 6)[0]) == [6]


def test_a_batch_that_fails_goes_first_when_it_is_tried_again() -> None:
    scene = Scene.open()
    due(scene, 1)
    due(scene, 2)
    assert not of(Relay, scene.happens(EventsNotRelayed("gone")))
    assert due(scene, 3) == [], "not before its time"
    assert seqs(only(Relay, scene.passes(0.25))) == [1, 2, 3]


def test_the_backlog_is_bounded_and_what_it_drops_comes_again() -> None:
    scene = Scene.open()
    due(scene, 1)
    due(scene, *range(2, BACKLOG_LIMIT + 50))
    assert len(scene.state.backlog) == BACKLOG_LIMIT
    last = seqs(only(Relay, scene.happens(EventsRelayed(1))))[-1]
    assert last == BACKLOG_LIMIT + 1
    due(scene, *range(2, BACKLOG_LIMIT + 50))
    assert seqs(only(Relay, scene.happens(EventsRelayed(last))))[0] == last + 1


def test_what_is_too_old_for_a_packet_is_passed_over_and_the_cursor_with_it() -> None:
    scene = Scene.open()
    scene.passes(31)
    kinds = ["gift_combo", "role_changed", "gift", "hand_raised"]
    events = tuple(live_event(seq, kind) for seq, kind in enumerate(kinds, start=1))
    relay = only(Relay, scene.happens(Pulled(Status.OPEN, events=events)))
    assert (seqs(relay), relay.last_seq) == ([2, 3], 4)
    assert only(AdvanceCursor, scene.happens(EventsRelayed(4))).seq == 4


def test_when_nothing_is_worth_a_packet_the_room_still_hears_how_far_the_stream_is() -> None:
    scene = Scene.open()
    scene.passes(3600)
    (relay,) = due(scene, 1, 2)
    assert (relay.events, relay.last_seq) == ((), 2)
    scene.happens(EventsRelayed(2))
    assert due(scene, 1, 2) == []


def test_after_the_last_event_and_then_every_twenty_seconds_a_beacon_says_how_far_the_stream_is() -> None:
    scene = Scene.open(streams=True)
    assert only(Beacon, scene.passes(0.5)).last_seq == 0
    due(scene, 1)
    scene.happens(EventsRelayed(1))
    assert only(Beacon, scene.passes(0.5)).last_seq == 1
    assert not of(Beacon, scene.passes(19.9))
    assert only(Beacon, scene.passes(0.1)).last_seq == 1


def test_a_call_has_no_beacon() -> None:
    assert not of(Beacon, Scene.open(context="call").passes(60))
    assert not of(Beacon, Scene.open(context="call").happens(HintsLost()))


def test_while_realtime_drops_hints_the_room_is_told_at_once_and_again_but_not_each_time() -> None:
    scene = Scene.open(streams=True)
    scene.passes(0.5)
    told = only(Beacon, scene.happens(HintsLost()))
    assert (told.last_seq, told.hints) == (0, False)
    for _ in range(9):
        assert not of(Beacon, scene.passes(2.0))
        assert not of(Beacon, scene.happens(HintsLost()))
    assert only(Beacon, scene.passes(2.5)).hints, "the one of every twenty seconds"
    assert not only(Beacon, scene.happens(HintsLost())).hints


# -- the end ------------------------------------------------------------------------------------


def test_an_ended_room_is_deleted_once() -> None:
    scene = Scene.open()
    assert of(CloseRoom, scene.happens(Pulled(Status.OVER)))
    assert not of(CloseRoom, scene.happens(Pulled(Status.OVER)))
    scene.happens(RoomClosed())
    assert not of(CloseRoom, scene.passes(60))


def test_an_ended_room_is_deleted_only_after_its_last_events_are_out() -> None:
    scene = Scene.open()
    effects = scene.happens(Pulled(Status.OVER, events=(live_event(1),)))
    assert of(Relay, effects)
    assert not of(CloseRoom, effects)
    assert not of(CloseRoom, scene.happens(EventsNotRelayed("slow")))
    assert of(Relay, scene.passes(0.25))
    assert not of(CloseRoom, scene.happens(EventsRelayed(1)))
    assert of(CloseRoom, scene.passes(0.25))


def test_a_room_that_cannot_be_deleted_is_tried_again() -> None:
    scene = Scene.open()
    scene.happens(Pulled(Status.OVER))
    assert not of(CloseRoom, scene.happens(RoomNotClosed(Failure.RETRYABLE, "busy")))
    assert not of(CloseRoom, scene.passes(1.9))
    assert of(CloseRoom, scene.passes(0.1))
    assert not of(CloseRoom, scene.happens(RoomNotClosed(Failure.LAPSED, "the lease has lapsed")))
    assert of(CloseRoom, scene.passes(0.1))


def test_a_lost_lease_ends_the_work_without_closing_anything() -> None:
    scene = Scene.open()
    assert scene.happens(LeaseLost()) == (Leave(closed=False),)


def test_who_was_seen_before_the_rows_came_and_has_none_gets_what_newcomers_get() -> None:
    scene = Scene()
    scene.shows((ADA, scene.connection("one", SPEAK)))
    asked = only(SetPermission, scene.happens(snapshot()))
    assert (asked.identity, asked.permission, asked.revokes) == (ADA, NOTHING, True)
