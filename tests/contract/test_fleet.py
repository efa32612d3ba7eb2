"""What any `Store` must do for a fleet: one worker watches for all, and rooms go to the one with most room for them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agent.core.fleet_facts import FleetRole, WorkerState
from agent.core.lease import ClaimOutcome, RoomName
from agent.core.ports import Store
from agent.postgres.lane import own_lane
from handlers.facts import Identity
from local.lane import lane_url
from tests.contract.test_store import Backend, Fake, Real, hold
from tests.database.server import address, throwaway

EARLY = 1.0
IDLE = WorkerState(takes=True, rooms=0, load=0.0)
LEAVING = WorkerState(takes=False, rooms=0, load=0.0)
HALF = WorkerState(takes=True, rooms=10, load=0.4)
FULL = WorkerState(takes=True, rooms=40, load=0.9)
LISTENING = WorkerState(takes=True, rooms=0, load=0.0, lane="own", locked=True)


async def standing(store: Store, state: WorkerState = IDLE) -> FleetRole:
    return (await store.check_in(state, EARLY)).standing


class FleetContract:
    """The suite. Each test gets an empty fleet as `backend` from the class below it."""

    async def test_one_leads_and_leads_on(self, backend: Backend) -> None:
        one, two = backend.worker("one"), backend.worker("two")
        assert await standing(one) is FleetRole.LEADER
        assert await standing(two) is FleetRole.STANDBY
        assert await standing(one) is FleetRole.LEADER
        answer = await two.check_in(IDLE, EARLY)
        assert answer.workers == 2
        assert answer.leader_left > EARLY

    async def test_a_leader_that_is_late_gets_one_deputy(self, backend: Backend) -> None:
        one, two, three = (backend.worker(name) for name in ("one", "two", "three"))
        assert await standing(one) is FleetRole.LEADER
        late = 3600.0
        assert (await two.check_in(IDLE, late)).standing is FleetRole.DEPUTY
        assert (await three.check_in(IDLE, late)).standing is FleetRole.STANDBY
        assert (await two.check_in(IDLE, late)).standing is FleetRole.DEPUTY
        assert await standing(one) is FleetRole.LEADER, "it was late, not dead"
        assert await standing(two) is FleetRole.STANDBY

    async def test_one_that_takes_no_rooms_gives_the_post_back_and_never_gets_it(
        self, backend: Backend
    ) -> None:
        one, two = backend.worker("one"), backend.worker("two")
        assert await standing(one, LEAVING) is FleetRole.STANDBY
        assert await standing(two) is FleetRole.LEADER
        assert await standing(two, LEAVING) is FleetRole.STANDBY
        assert await standing(one) is FleetRole.LEADER

    async def test_a_look_is_a_check_in_too(self, backend: Backend) -> None:
        one, two = backend.worker("one"), backend.worker("two")
        assert await standing(one) is FleetRole.LEADER
        await two.check_in(FULL, EARLY)
        await two.hand({RoomName("room"): 0.5})
        seen = (await one.watch(EARLY, None, IDLE)).checked_in
        assert seen is not None
        assert (seen.standing, seen.workers, list(seen.handed)) == (FleetRole.LEADER, 2, ["room"])
        assert (await two.watch(EARLY, None)).checked_in is None

    async def test_what_is_handed_over_is_told_once_and_to_nobody_else(self, backend: Backend) -> None:
        one, two = backend.worker("one"), backend.worker("two")
        await one.check_in(FULL, EARLY)
        await two.check_in(IDLE, EARLY)
        room = RoomName("room")
        assert await one.hand({room: 2.0}) == {}
        assert (await one.check_in(FULL, EARLY)).handed == {}
        handed = (await two.check_in(IDLE, EARLY)).handed
        assert handed.keys() == {room}
        assert 1.0 < handed[room] <= 2.0
        assert (await two.check_in(IDLE, EARLY)).handed == {}

    async def test_a_fleet_fills_evenly_by_load(self, backend: Backend) -> None:
        idle, half, full = (backend.worker(name) for name in ("idle", "half", "full"))
        await idle.check_in(IDLE, EARLY)
        await half.check_in(HALF, EARLY)
        await full.check_in(FULL, EARLY)
        rooms = {RoomName(f"room-{n:02}"): 0.0 for n in range(20)}
        assert await full.hand(rooms) == {}, "it is past its load, and others are not"
        first = (await idle.check_in(IDLE, EARLY)).handed
        second = (await half.check_in(HALF, EARLY)).handed
        assert len(first) == 20
        assert len(second) == 0
        await idle.check_in(HALF, EARLY)
        await full.hand(rooms)
        shares = [len((await store.check_in(HALF, EARLY)).handed) for store in (idle, half)]
        assert shares == [10, 10]

    async def test_a_room_is_not_handed_to_the_one_that_let_it_lapse(self, backend: Backend) -> None:
        room = await backend.live()
        dead, alive = backend.worker("dead"), backend.worker("alive")
        await hold(backend, room, "dead")
        await dead.check_in(IDLE, EARLY)
        await alive.check_in(FULL, EARLY)
        assert await alive.hand({room: 0.5}) == {room: 0.5}

    async def test_where_nobody_takes_rooms_the_asker_does(self, backend: Backend) -> None:
        one = backend.worker("one")
        await one.check_in(LEAVING, EARLY)
        assert await one.hand({RoomName("room"): 0.5}) == {"room": 0.5}

    async def test_neighbours_make_a_ring_of_those_with_a_lane_of_their_own(self, backend: Backend) -> None:
        stores = {name: backend.worker(name) for name in ("a", "b", "c", "d")}
        for name, store in stores.items():
            await store.check_in(IDLE if name == "d" else LISTENING, EARLY)
        seen = {
            name: (await store.check_in(LISTENING, EARLY)).neighbour
            for name, store in stores.items()
            if name != "d"
        }
        assert seen == {"a": "b", "b": "c", "c": "a"}
        assert (await stores["d"].check_in(IDLE, EARLY)).neighbour is None

    async def test_the_rooms_of_one_that_fell_are_free_after_a_grace(self, backend: Backend) -> None:
        room = await backend.live()
        dead, alive = backend.worker("dead"), backend.worker("alive")
        held = await hold(backend, room, "dead")
        await dead.check_in(LISTENING, EARLY)
        await alive.check_in(LISTENING, EARLY)
        assert await alive.suspect("dead", 0.3) == {room: 0.3}
        assert (await alive.claim(room, Identity("agent-2"))).outcome is ClaimOutcome.HELD, (
            "it may still renew"
        )
        await backend.pass_grace()
        assert (await alive.watch(EARLY, None)).lapsing[room] is None
        taken = await alive.claim(room, Identity("agent-2"))
        assert taken.outcome is ClaimOutcome.CLAIMED
        lost = await held.pull()
        assert lost is not None
        assert lost.pulled is None

    async def test_one_that_renews_within_the_grace_keeps_its_rooms(self, backend: Backend) -> None:
        room = await backend.live()
        slow, other = backend.worker("slow"), backend.worker("other")
        held = await hold(backend, room, "slow")
        await slow.check_in(LISTENING, EARLY)
        await other.check_in(LISTENING, EARLY)
        await other.suspect("slow", 0.3)
        await backend.pass_grace()
        await held.pull()
        assert (await other.claim(room, Identity("agent-2"))).outcome is ClaimOutcome.HELD
        assert room not in (await other.watch(EARLY, None)).lapsing

    async def test_a_lock_that_is_held_makes_nobody_fall(self, backend: Backend) -> None:
        room = await backend.live()
        await hold(backend, room, "alive")
        alive, other = backend.worker("alive"), backend.worker("other")
        await alive.check_in(LISTENING, EARLY)
        await backend.take_lock("alive")
        assert await other.suspect("alive", 0.3) == {}
        assert (await other.check_in(LISTENING, EARLY)).workers == 2


class TestFakeFleet(FleetContract):
    @pytest.fixture
    def backend(self) -> Backend:
        return Fake()


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    with throwaway() as socket:
        yield socket


class TestOwnLaneFleet(FleetContract):
    """Over a database of its own: the stack's has a worker that leads."""

    @pytest.fixture
    async def backend(self, socket: Path) -> AsyncIterator[Backend]:
        url = await lane_url(address(socket))
        async with own_lane(url, "tests", 5.0, lambda *_: None) as lane:
            backend = Real(address(socket), lane)
            await (await backend.world.owner()).execute(
                "delete from agent_workers; delete from live.sweeps; delete from agent_rooms"
            )
            try:
                yield backend
            finally:
                await backend.world.close()
