"""Which rooms a watcher takes, and when: unowned, offered and lapsing ones; never after an outage of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

from agent.core.clock import DatabaseClock
from agent.core.ports import Overview, RoomName, Swept, Unavailable, Unclaimed
from agent.core.watcher import BLIND_LOOKS, EARLY_SECONDS, Watcher
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
    offers: int = 0
    looks: int = 0
    swept: Swept = field(default_factory=Swept)
    stubborn: frozenset[RoomName] = frozenset()
    closed: list[RoomName] = field(default_factory=list)
    told: list[Swept] = field(default_factory=list)

    async def rooms(self) -> frozenset[RoomName]:
        if self.blind:
            raise Unavailable("no LiveKit")
        return self.there

    async def sweep(self, rooms: frozenset[RoomName]) -> Swept:
        assert rooms == self.there
        return self.swept

    async def close(self, room: RoomName) -> None:
        if room in self.stubborn:
            raise Unavailable("no LiveKit")
        self.closed.append(room)

    async def overview(self) -> Overview:
        self.looks += 1
        return Overview(self.leases, self.unclaimed, self.occupied)


@dataclass
class Host:
    """`RoomHost` over it."""

    world: World

    @property
    def rooms(self) -> frozenset[RoomName]:
        return self.world.ours

    async def offer_all(self) -> None:
        self.world.offers += 1

    def serve(self, room: RoomName, succeed_at: float | None = None) -> None:
        self.world.served.append((room, succeed_at))


def watcher_of(world: World) -> Watcher:
    return Watcher(
        SimpleNamespace(store=world, actions=world, clock=DatabaseClock()),  # type: ignore[arg-type]
        Host(world),
        every_seconds=60,
        grace_seconds=60,
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
