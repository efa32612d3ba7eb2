"""Which rooms a watcher takes, and when: unowned, offered and lapsing ones; never after an outage of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from agent.core.clock import DatabaseClock
from agent.core.fleet import EARLY_SECONDS, Fleet
from agent.core.fleet_facts import Findings, FleetRole, Swept, Unclaimed, WorkerState
from agent.core.lease import RoomName
from agent.core.ports import TargetGone, Unavailable
from agent.core.watcher import BLIND_LOOKS, HANDED_TIMES, Pace, Watcher
from handlers.facts import Identity
from local.people.waiting import until

ONE, TWO = RoomName("one"), RoomName("two")


@dataclass
class World:
    """LiveKit and the database, as a watcher sees them."""

    there: frozenset[RoomName] = frozenset()
    leases: Mapping[RoomName, float | None] = field(default_factory=dict)
    unclaimed: Mapping[RoomName, Unclaimed] = field(default_factory=dict)
    occupied: frozenset[RoomName] = frozenset()
    failed_at: float = float("-inf")
    blind: bool = False
    served: list[tuple[RoomName, float | None]] = field(default_factory=list)
    ours: frozenset[RoomName] = frozenset()
    handed: list[dict[RoomName, float]] = field(default_factory=list)
    standing: FleetRole = FleetRole.LEADER
    workers: int = 1
    seeking: bool = False
    lists: int = 0
    offers: int = 0
    looks: int = 0
    swept: Swept = field(default_factory=Swept)
    stubborn: frozenset[RoomName] = frozenset()
    closed: list[RoomName] = field(default_factory=list)
    served_before_closing: int | None = None
    told: list[Swept] = field(default_factory=list)
    removed: list[tuple[RoomName, Identity]] = field(default_factory=list)

    async def rooms(self) -> frozenset[RoomName]:
        self.lists += 1
        if self.blind:
            raise Unavailable("no LiveKit")
        return self.there

    async def close(self, room: RoomName) -> None:
        self.served_before_closing = len(self.served)
        if room in self.stubborn:
            raise Unavailable("no LiveKit")
        self.closed.append(room)

    async def remove(self, room: RoomName, identity: Identity) -> None:
        self.removed.append((room, identity))
        if room in self.stubborn:
            raise TargetGone("not there any more")

    async def watch(
        self, early_seconds: float, listed: frozenset[RoomName] | None, _state: WorkerState
    ) -> Findings:
        self.looks += 1
        sound = {
            room: left for room, left in self.leases.items() if left is not None and left >= early_seconds
        }
        return Findings(
            {room: left for room, left in self.leases.items() if room not in sound},
            min((left for room, left in sound.items() if room not in self.ours), default=None),
            self.unclaimed,
            frozenset() if listed is None else self.occupied - listed,
            frozenset() if listed is None else listed - self.leases.keys(),
            swept=None if listed is None else self.swept,
        )

    async def hand(self, rooms: Mapping[RoomName, float]) -> Mapping[RoomName, float]:
        self.handed.append(dict(rooms))
        return {}


@dataclass
class Host:
    """`RoomHost` over it."""

    world: World

    @property
    def rooms(self) -> frozenset[RoomName]:
        return self.world.ours

    @property
    def seeking(self) -> bool:
        return self.world.seeking

    async def offer_all(self) -> None:
        self.world.offers += 1

    def serve(self, room: RoomName, succeed_at: float | None = None) -> None:
        self.world.served.append((room, succeed_at))


def watcher_of(world: World) -> Watcher:
    clock, host = DatabaseClock(), Host(world)
    fleet = Fleet(world, clock, host, lambda: WorkerState(takes=True, rooms=0, load=0.0))  # type: ignore[arg-type]
    fleet.standing, fleet.workers = world.standing, world.workers
    return Watcher(
        SimpleNamespace(store=world, calls=world, clock=clock),  # type: ignore[arg-type]
        host,
        fleet,
        Pace(every_seconds=60, grace_seconds=60),
        swept=world.told.append,
    )


@asynccontextmanager
async def watching(world: World) -> AsyncIterator[Watcher]:
    watcher = watcher_of(world)
    running = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_an_unowned_room_is_joined_at_once_and_an_unknown_one_only_asked_about() -> None:
    world = World(there=frozenset({ONE, TWO}), leases={ONE: None})
    async with watching(world):
        await until("it has looked", lambda: len(world.served) == 2)
    served = dict(world.served)
    assert served[ONE] is not None
    assert served[ONE] <= time.monotonic()
    assert served[TWO] is None


async def test_a_sound_lease_is_left_alone_and_a_lapsing_one_is_joined_before_it_ends() -> None:
    world = World(there=frozenset({ONE, TWO}), leases={ONE: 50.0, TWO: 0.5})
    before = time.monotonic()
    async with watching(world):
        await until("it has looked", lambda: world.served)
    ((room, succeed_at),) = world.served
    assert room == TWO
    assert succeed_at is not None
    assert succeed_at >= before + 0.5


async def test_the_next_look_is_due_when_a_lease_of_others_would_run_out_not_one_of_ours() -> None:
    world = World(there=frozenset({ONE}), leases={ONE: EARLY_SECONDS + 1})
    assert await watcher_of(world)._look() < 2
    world.ours = frozenset({ONE})
    assert await watcher_of(world)._look() > 50


async def test_each_sweep_is_told_to_those_who_send_what_is_due() -> None:
    world = World(swept=Swept(pushes_due=True, pages_due=True))
    async with watching(world):
        await until("it has looked", lambda: world.looks)
    assert world.told == [world.swept]


async def test_a_session_without_a_room_needs_nobody() -> None:
    world = World(there=frozenset(), leases={ONE: None})
    async with watching(world):
        await until("it has looked", lambda: world.looks)
    assert world.served == []


async def test_a_room_with_people_that_livekit_does_not_list_is_looked_into_at_the_second_time() -> None:
    """It may have just been opened, or be about to end; or LiveKit has forgotten it while people talk."""
    world = World(leases={ONE: None, TWO: 50.0}, occupied=frozenset({ONE, TWO}))
    watcher = watcher_of(world)
    await watcher._look()
    assert (world.served, watcher.unlisted) == ([], 0)
    watcher.hint()
    await watcher._look()
    assert ([room for room, _ in world.served], watcher.unlisted) == ([ONE], 2)
    assert set(watcher.unmoderated) == {ONE}
    world.there = frozenset({ONE, TWO})
    watcher.hint()
    await watcher._look()
    assert watcher.unlisted == 0


async def test_orphans_are_closed_by_the_databases_leave_and_one_that_resists_stops_nothing() -> None:
    world = World(
        there=frozenset({ONE, TWO}), swept=Swept(orphans=3, close=(ONE, TWO)), stubborn=frozenset({ONE})
    )
    async with watching(world) as watcher:
        await until("it has looked", lambda: world.looks)
    assert (world.closed, watcher.orphans, watcher.orphans_closed) == ([TWO], 3, 1)


async def test_rooms_that_nobody_has_are_taken_before_livekit_is_asked_to_close_others() -> None:
    """How long a lease has left is counted from the answer; LiveKit may take seconds."""
    world = World(there=frozenset({ONE, TWO}), leases={ONE: 0.5}, swept=Swept(close=(TWO,)))
    async with watching(world):
        await until("it has closed one", lambda: world.closed)
    assert world.served_before_closing == 2


async def test_listeners_whose_time_is_over_are_removed_and_one_who_is_gone_stops_nothing() -> None:
    over = ((ONE, Identity("ops-1")), (TWO, Identity("ops-2")))
    world = World(there=frozenset({ONE, TWO}), swept=Swept(listens_over=over), stubborn=frozenset({ONE}))
    async with watching(world):
        await until("it has looked", lambda: world.looks)
    assert tuple(world.removed) == over


async def test_after_an_outage_of_its_own_nothing_is_taken() -> None:
    world = World(there=frozenset({ONE}), leases={ONE: None}, failed_at=time.monotonic())
    async with watching(world):
        await until("it has looked", lambda: world.looks)
    assert world.served == []


async def test_a_worker_that_cannot_see_livekit_offers_its_rooms_and_takes_none() -> None:
    world = World(leases={ONE: None}, blind=True)
    async with watching(world):
        await until("it has looked", lambda: world.offers)
        assert world.offers == 1
        world.blind, world.there = False, frozenset({ONE})
        await until("it has looked", lambda: world.served)
    assert BLIND_LOOKS > 1


async def test_what_nobody_claims_is_counted_in_rooms_that_are_there_as_of_the_last_look() -> None:
    elsewhere = RoomName("elsewhere")
    waiting = {ONE: Unclaimed(2, 3.0), TWO: Unclaimed(1, 40.0), elsewhere: Unclaimed(5, 500.0)}
    world = World(frozenset({ONE, TWO}), {ONE: 50.0, TWO: 50.0, elsewhere: None}, waiting)
    watcher = watcher_of(world)
    assert watcher.unclaimed == Unclaimed(0, 0.0)
    await watcher._look()
    assert watcher.unclaimed == Unclaimed(3, 40.0)
    world.unclaimed = {}
    await watcher._look()
    assert watcher.unclaimed == Unclaimed(0, 0.0)


async def test_a_hint_makes_it_look_and_list_at_once() -> None:
    world = World()
    async with watching(world) as watcher:
        await until("it has looked", lambda: world.looks)
        world.there, world.leases = frozenset({ONE}), {ONE: None}
        watcher.hint()
        await until("it has looked", lambda: world.served)


async def test_what_nobody_has_is_handed_to_the_fleet_and_taken_here_when_that_does_not_help() -> None:
    world = World(there=frozenset({ONE}), leases={ONE: None}, workers=3)
    watcher = watcher_of(world)
    for _ in range(HANDED_TIMES):
        await watcher._look()
    assert (world.handed, world.served) == ([{ONE: 0.0}] * HANDED_TIMES, [])
    await watcher._look()
    assert [room for room, _ in world.served] == [ONE]
    world.leases = {ONE: 50.0}
    await watcher._look()
    world.leases = {ONE: None}
    await watcher._look()
    assert len(world.handed) == HANDED_TIMES + 1, "somebody had it meanwhile: it begins anew"


async def test_a_standby_looks_after_nothing_but_whether_livekit_is_there_for_its_own_rooms() -> None:
    world = World(there=frozenset({ONE}), leases={ONE: None}, standing=FleetRole.STANDBY, workers=4)
    watcher = watcher_of(world)
    await watcher._glance()
    assert (world.looks, world.lists) == (0, 0), "it has no room"
    world.ours = frozenset({TWO})
    for _ in range(3):
        await watcher._glance()
    assert (world.looks, world.lists) == (0, 1), "LiveKit's calls are limited: not at each glance"
    world.seeking = True
    await watcher._glance()
    assert world.lists == 2
    world.blind = True
    for _ in range(BLIND_LOOKS):
        with pytest.raises(Unavailable):
            await watcher._glance()
    assert (world.offers, watcher.blind) == (1, True)
