"""A worker's shift: rooms come only once its key is known, a drain lets others in first, and a stop leaves at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.core.lease import RoomName
from agent.core.relay_key import RelayKey
from agent.process.shift import Rooms, Shift
from tests.fakes.process import WATCH_SECONDS, Outside, Process
from tests.fakes.scene import ADA, NOTHING
from tests.fakes.virtual_time import clock, virtual_time

ONE = RoomName("one")
DRAIN_SECONDS = 20.0


class Offers:
    def __init__(self) -> None:
        self.running = self.drained = False

    async def run(self) -> None:
        self.running = True
        await asyncio.Event().wait()

    async def drain(self) -> None:
        self.drained = True


class Worker:
    """One process at work, and the doors to end it."""

    def __init__(self, world: Outside, name: str) -> None:
        self.process, self.offers = Process(world, name), Offers()
        self.drain, self.stop, self.worn_out = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.ended = False
        key = RelayKey(self.process.store, None)
        self.shift = Shift(
            Rooms(self.process.host, self.process.fleet, self.process.watcher, self.offers, key),
            {"beside": self.beside},
            drain_seconds=DRAIN_SECONDS,
            worn_out=self.until_worn_out,
        )

    async def beside(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True

    async def until_worn_out(self) -> None:
        await self.worn_out.wait()


@asynccontextmanager
async def working(world: Outside, name: str = "one") -> AsyncIterator[tuple[Worker, asyncio.Task[None]]]:
    worker = Worker(world, name)
    running = asyncio.create_task(worker.shift.run(worker.drain, worker.stop))
    await asyncio.sleep(2 * WATCH_SECONDS)
    try:
        yield worker, running
    finally:
        worker.stop.set()
        await running


def world_with_a_room() -> Outside:
    world = Outside()
    world.database.live(ONE)
    world.livekit.join(ONE, ADA, NOTHING)
    return world


@virtual_time
async def test_rooms_are_found_only_once_the_key_is_known() -> None:
    world = world_with_a_room()
    world.database.away = True
    async with working(world) as (worker, _):
        assert (worker.offers.running, worker.process.host.rooms) == (False, frozenset())
        world.database.away = False
        await asyncio.sleep(2 * WATCH_SECONDS)
        assert world.database.keys
        assert (worker.offers.running, worker.process.host.rooms) == (True, {ONE})


@virtual_time
async def test_a_stop_leaves_at_once_and_gives_every_lease_back() -> None:
    world = world_with_a_room()
    async with working(world) as (worker, running):
        begun = clock()
        worker.stop.set()
        await running
        assert clock() - begun < 1
        assert worker.ended
        assert world.database.places[ONE].expires_at <= world.clock.now()
        assert not worker.offers.drained


@virtual_time
async def test_a_drain_ends_as_soon_as_others_are_in() -> None:
    world = world_with_a_room()
    async with working(world, "one") as (old, leaving), working(world, "two") as (new, _):
        begun = clock()
        old.drain.set()
        await leaving
        assert clock() - begun < DRAIN_SECONDS / 2
        assert new.process.host.rooms == {ONE}
        assert old.offers.drained, "LiveKit offers it nothing more"


@virtual_time
async def test_a_drain_with_nobody_else_there_takes_its_time_and_no_longer() -> None:
    world = world_with_a_room()
    async with working(world) as (worker, running):
        begun = clock()
        worker.drain.set()
        await running
        assert DRAIN_SECONDS <= clock() - begun < DRAIN_SECONDS + 1
        assert worker.process.host.rooms == frozenset()


@virtual_time
async def test_a_stop_cuts_a_drain_short() -> None:
    world = world_with_a_room()
    async with working(world) as (worker, running):
        begun = clock()
        worker.drain.set()
        await asyncio.sleep(1)
        worker.stop.set()
        await running
        assert clock() - begun < 2


@virtual_time
async def test_a_worn_out_process_drains_by_itself_and_takes_nothing_meanwhile() -> None:
    world = world_with_a_room()
    async with working(world) as (worker, running):
        worker.worn_out.set()
        await asyncio.sleep(1)
        assert not worker.process.host.taking
        assert worker.process.host.rooms == {ONE}
        await running
