"""Asking what is new: wake-ups and their second look, leases that never outlast the database's, faults kept apart."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from agent.core.announced import DEAF_AFTER, DOUBTFUL_FOR_SECONDS
from agent.core.clock import DatabaseClock
from agent.core.held_room import HeldRoom
from agent.core.lease import Known, Lease, RoomName, RoomPull
from agent.core.ports import Refused, Unavailable
from agent.core.puller import (
    DOUBTFUL_BEAT_SECONDS,
    LAST_LOOK_SECONDS,
    SECOND_LOOK_SECONDS,
    Puller,
    Rhythm,
)
from agent.process.metrics import Metrics
from handlers.events import Event, HintsLost, LeaseLost, Pulled
from handlers.facts import Action, ActionId, Status
from tests.fakes.virtual_time import clock, virtual_time

ONE, TWO = Lease(RoomName("one"), 1), Lease(RoomName("two"), 1)
NEWS = Pulled(Status.OPEN)


class Store:
    """Answers pulls as told, and remembers when they came and for which rooms."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.seconds = seconds
        self.pulls: list[tuple[float, list[str]]] = []
        self.in_hand: list[set[ActionId]] = []
        """Of the room one, in each pull."""
        self.under_way: set[Lease] = set()
        self.overlapped = False
        self.answer: Exception | tuple[RoomPull, ...] = ()
        self.waits: frozenset[RoomName] | Exception = frozenset()

    async def waiting(self) -> frozenset[RoomName]:
        if isinstance(self.waits, Exception):
            raise self.waits
        return self.waits

    async def pull(self, rooms: Mapping[Lease, Known]) -> tuple[RoomPull, ...]:
        self.in_hand += [set(known.in_hand or ()) for lease, known in rooms.items() if lease == ONE]
        self.pulls.append((round(clock(), 3), [lease.room for lease in rooms]))
        self.overlapped |= bool(self.under_way & rooms.keys())
        self.under_way |= rooms.keys()
        await asyncio.sleep(self.seconds)
        self.under_way -= rooms.keys()
        if isinstance(self.answer, Exception):
            raise self.answer
        return tuple(item for item in self.answer if item.room in {lease.room for lease in rooms})


class Rig:
    def __init__(self, store: Store, *, glances: bool = False) -> None:
        self.store = store
        self.metrics, self.deaf = Metrics(), 0
        self.clock = DatabaseClock(clock)
        self.puller = Puller(
            store,  # type: ignore[arg-type]
            self.clock,
            self.metrics,
            Rhythm(lease_seconds=3.0, beat_seconds=1.0, patience_seconds=5.0, glances=glances),
            self.on_deaf,
        )
        self.told: list[tuple[str, Event | Exception]] = []

    def on_deaf(self) -> None:
        self.deaf += 1

    def hold(self, lease: Lease) -> HeldRoom:
        def tell(event: Event | Exception) -> None:
            self.told.append((lease.room, event))

        return self.puller.hold(lease, "5", clock(), tell, tell)


@asynccontextmanager
async def pulling(store: Store, *, glances: bool = False) -> AsyncIterator[Rig]:
    rig = Rig(store, glances=glances)
    running = asyncio.create_task(rig.puller.run())
    try:
        yield rig
    finally:
        running.cancel()
        await asyncio.wait({running})


async def looks(pauses: Sequence[float]) -> list[float]:
    """When a room is looked at, counted from the first of wake-ups with these pauses after them."""
    async with pulling(Store()) as rig:
        rig.hold(ONE)
        await asyncio.sleep(0.5)
        before, woken = len(rig.store.pulls), clock()
        for pause in pauses:
            rig.puller.wake(ONE.room)
            await asyncio.sleep(pause)
        return [at - woken for at, _ in rig.store.pulls[before:]]


@virtual_time
async def test_a_wake_up_is_followed_by_a_second_and_a_last_look() -> None:
    assert await looks([0.4]) == pytest.approx([0.0, SECOND_LOOK_SECONDS, LAST_LOOK_SECONDS])


@virtual_time
async def test_a_run_of_wake_ups_has_one_last_look() -> None:
    expected = [0.0, SECOND_LOOK_SECONDS, 0.1, 0.1 + SECOND_LOOK_SECONDS, 0.1 + LAST_LOOK_SECONDS]
    assert await looks([0.1, 0.38]) == pytest.approx(expected)


@virtual_time
async def test_a_stream_of_wake_ups_is_one_look_for_each() -> None:
    """As fast as writers send them, each takes the place of the second look at the one before."""
    assert await looks([0.05] * 6) == pytest.approx([0.05 * n for n in range(6)])


@virtual_time
async def test_the_beat_alone_asks_for_every_room_in_one_call() -> None:
    async with pulling(Store()) as rig:
        rig.hold(ONE)
        rig.hold(TWO)
        await asyncio.sleep(2.5)
        assert [rooms for _, rooms in rig.store.pulls] == [["one", "two"]] * 3


@virtual_time
async def test_no_room_is_pulled_twice_at_once_and_no_wake_up_is_lost_to_that() -> None:
    async with pulling(Store(seconds=0.4)) as rig:
        rig.hold(ONE)
        for _ in range(20):
            rig.puller.wake(ONE.room)
            await asyncio.sleep(0.03)
        last = clock()
        await asyncio.sleep(0.5)
        assert not rig.store.overlapped
        assert rig.store.pulls[-1][0] >= last - 0.4


@virtual_time
async def test_a_wake_up_for_a_room_that_is_not_ours_is_ignored() -> None:
    async with pulling(Store()) as rig:
        rig.puller.wake(RoomName("elsewhere"))
        await asyncio.sleep(3)
        assert rig.store.pulls == []


@virtual_time
async def test_a_lease_counts_from_before_the_request_was_sent() -> None:
    async with pulling(Store(seconds=0.8)) as rig:
        held = rig.hold(ONE)
        await asyncio.sleep(0.9)
        assert held.valid_until == pytest.approx(1003.0)
        assert rig.puller.may_act(held)


@virtual_time
async def test_a_lease_lapses_by_our_own_clock_when_nobody_answers() -> None:
    store = Store()
    async with pulling(store) as rig:
        held = rig.hold(ONE)
        store.answer = Unavailable("away")
        await asyncio.sleep(2.9)
        assert rig.puller.may_act(held)
        assert not rig.puller.reachable
        await asyncio.sleep(0.2)
        assert not rig.puller.may_act(held)
        store.answer = ()
        await asyncio.sleep(1.1)
        assert rig.puller.may_act(held)
        assert rig.puller.reachable


@virtual_time
async def test_a_room_that_somebody_else_has_is_let_go_at_once() -> None:
    store = Store()
    store.answer = (RoomPull(ONE.room, None), RoomPull(TWO.room, NEWS, "9"))
    async with pulling(store) as rig:
        lost, kept = rig.hold(ONE), rig.hold(TWO)
        await asyncio.sleep(0.5)
        assert rig.told == [("one", LeaseLost()), ("two", NEWS)]
        assert not rig.puller.may_act(lost)
        assert rig.puller.rooms == {"two"}
        assert kept.cursor == "9"


@virtual_time
async def test_news_that_cannot_be_read_fail_that_room_alone() -> None:
    store, odd = Store(), ValueError("a role from the future")
    store.answer = (RoomPull(ONE.room, None, fault=odd), RoomPull(TWO.room, NEWS, "9"))
    async with pulling(store) as rig:
        rig.hold(ONE)
        rig.hold(TWO)
        await asyncio.sleep(0.5)
        assert rig.told == [("one", odd), ("two", NEWS)]


@virtual_time
async def test_a_refused_pull_does_not_end_the_worker() -> None:
    store = Store()
    store.answer = Refused("the key was changed")
    async with pulling(store) as rig:
        rig.hold(ONE)
        await asyncio.sleep(1.5)
        assert not rig.puller.reachable
        store.answer = (RoomPull(ONE.room, NEWS, "9"),)
        await asyncio.sleep(1.5)
        assert ("one", NEWS) in rig.told


def found_by_the_beat(age_seconds: float, rows: int = 1) -> RoomPull:
    """News with rows that old, which no wake-up announced."""
    row = Action(ActionId("row"), 1, "mute", None, created_at_ms=round((clock() - age_seconds) * 1000))
    return RoomPull(ONE.room, Pulled(Status.OPEN, actions=(row,) * rows), "6")


@virtual_time
@pytest.mark.parametrize(("age_seconds", "counted"), [(0.1, 0), (0.3, 1), (0.9, 1), (60.0, 0)])
async def test_rows_that_wake_ups_should_have_told_about_are_counted(
    age_seconds: float, counted: int
) -> None:
    """Neither one whose wake-up may still come, nor one from before the room was ours."""
    async with pulling(Store()) as rig:
        rig.clock.learn(clock(), clock(), clock())
        rig.hold(ONE)
        await asyncio.sleep(1.5)
        rig.store.answer = (found_by_the_beat(age_seconds - 0.5),)
        await asyncio.sleep(0.6)
        rig.store.answer = ()
        assert rig.metrics.poll_fallbacks._value.get() == counted
        assert rig.puller.announced.unannounced == counted
        assert rig.deaf == 0


@virtual_time
async def test_a_row_that_no_wake_up_told_about_makes_the_beat_quicker_for_a_minute() -> None:
    async with pulling(Store()) as rig:
        rig.clock.learn(clock(), clock(), clock())
        rig.hold(ONE)
        await asyncio.sleep(1.5)
        rig.store.answer = (found_by_the_beat(0.1),)
        await asyncio.sleep(0.6)
        rig.store.answer = ()
        before = len(rig.store.pulls)
        await asyncio.sleep(30)
        assert len(rig.store.pulls) - before == pytest.approx(30 / DOUBTFUL_BEAT_SECONDS, abs=4)
        await asyncio.sleep(DOUBTFUL_FOR_SECONDS)
        before = len(rig.store.pulls)
        await asyncio.sleep(30)
        assert len(rig.store.pulls) - before == pytest.approx(30, abs=1)


@virtual_time
async def test_a_doubt_from_outside_makes_the_beat_quicker_too() -> None:
    async with pulling(Store()) as rig:
        rig.hold(ONE)
        rig.puller.hints_lost()
        assert rig.told[-1] == (ONE.room, HintsLost())
        await asyncio.sleep(1.5)
        before = len(rig.store.pulls)
        await asyncio.sleep(30)
        assert len(rig.store.pulls) - before == pytest.approx(30 / DOUBTFUL_BEAT_SECONDS, abs=2)


@virtual_time
async def test_what_nothing_announces_is_found_within_half_a_beat() -> None:
    store = Store()
    async with pulling(store, glances=True) as rig:
        rig.clock.learn(clock(), clock(), clock())
        rig.hold(ONE)
        rig.hold(TWO)
        await asyncio.sleep(2.1)
        assert [rooms for _, rooms in store.pulls] == [["one", "two"]] * 3
        store.waits, store.answer = frozenset({ONE.room, RoomName("elsewhere")}), (found_by_the_beat(0.0),)
        asked = clock()
        await asyncio.sleep(0.5)
        assert store.pulls[3:] == [(pytest.approx(2.5 + asked - 2.1, abs=0.01), ["one"])]
        assert rig.puller.announced.doubtful, "a glance that finds a row doubts the channel as a beat does"


@virtual_time
async def test_a_glance_that_fails_ends_nothing_and_costs_no_beat() -> None:
    store = Store()
    store.waits = Unavailable("away")
    async with pulling(store, glances=True) as rig:
        rig.hold(ONE)
        await asyncio.sleep(2.1)
        store.waits = Refused("no such function")
        await asyncio.sleep(2.0)
        assert len(store.pulls) == 5
        assert rig.puller.reachable


@virtual_time
async def test_lost_hints_cut_the_beat_under_way_short_once() -> None:
    async with pulling(Store()) as rig:
        rig.hold(ONE)
        await asyncio.sleep(1.5)
        before = len(rig.store.pulls)
        rig.puller.hints_lost()
        await asyncio.sleep(0.01)
        assert len(rig.store.pulls) == before + 1
        rig.puller.hints_lost()
        await asyncio.sleep(0.01)
        assert len(rig.store.pulls) == before + 1, "a doubt that stands hurries nothing"


@virtual_time
async def test_a_crowd_of_rows_in_one_beat_is_no_deaf_channel() -> None:
    async with pulling(Store()) as rig:
        rig.clock.learn(clock(), clock(), clock())
        rig.hold(ONE)
        await asyncio.sleep(1.5)
        rig.store.answer = (found_by_the_beat(0.4, rows=2 * DEAF_AFTER),)
        await asyncio.sleep(0.6)
        assert rig.metrics.poll_fallbacks._value.get() == 2 * DEAF_AFTER
        assert (rig.puller.announced.unannounced, rig.deaf) == (1, 0)


@virtual_time
async def test_a_channel_that_tells_about_nothing_is_distrusted_until_it_does() -> None:
    async with pulling(Store()) as rig:
        rig.clock.learn(clock(), clock(), clock())
        rig.hold(ONE)
        await asyncio.sleep(1.5)
        for _ in range(DEAF_AFTER):
            rig.store.answer = (found_by_the_beat(0.4),)
            before = len(rig.store.pulls)
            while len(rig.store.pulls) == before:  # noqa: ASYNC110 - the beat does not tell
                await asyncio.sleep(0.02)
            rig.store.answer = ()
        await asyncio.sleep(0.05)
        assert rig.deaf == 1
        rig.puller.wake(ONE.room)
        assert rig.puller.announced.unannounced == 0


@virtual_time
async def test_one_call_that_hangs_does_not_cost_the_lease() -> None:
    store = Store()
    async with pulling(store) as rig:
        held = rig.hold(ONE)
        await asyncio.sleep(0.5)
        store.seconds = 3600.0
        await asyncio.sleep(0.6)
        store.seconds = 0.01
        lapsed = False
        for _ in range(40):
            await asyncio.sleep(0.1)
            lapsed |= not rig.puller.may_act(held)
        assert not lapsed


@virtual_time
async def test_it_says_with_every_pull_which_rows_it_has() -> None:
    row = Action(ActionId("row"), 1, "mute", None, created_at_ms=0)
    store = Store()
    store.answer = (RoomPull(ONE.room, Pulled(Status.OPEN, actions=(row,)), "6"),)
    async with pulling(store) as rig:
        rig.hold(ONE)
        await asyncio.sleep(0.5)
        store.answer = ()
        rig.puller.look(ONE.room)
        await asyncio.sleep(0.1)
        rig.puller.finished(ONE, ActionId("row"), written=False)
        await asyncio.sleep(0.1)
        rig.puller.finished(ONE, ActionId("row"), written=True)
        await asyncio.sleep(0.1)
        assert store.in_hand == [set(), {"row"}, {"row"}, set()]


@virtual_time
async def test_a_slow_database_is_waited_for() -> None:
    store = Store(seconds=1.8)
    async with pulling(store) as rig:
        held = rig.hold(ONE)
        await asyncio.sleep(20)
        renewed = held.valid_until
        await asyncio.sleep(5)
        assert held.valid_until > renewed
