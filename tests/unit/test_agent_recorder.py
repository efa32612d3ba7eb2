"""The worker's half of recording, over fakes: it looks at what is recorded and at nothing else."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from agent.core.clock import DatabaseClock
from agent.core.lease import Lease, RoomName
from agent.core.ports import Listing, Unavailable
from agent.core.recorder import Recorder
from agent.core.recording_ports import NotBegun, PartOrder, RecordingOutside
from agent.process.metrics import Metrics
from handlers.facts import Connection, Identity, Sid
from handlers.recording_facts import EgressStage, Recording, SeenEgress
from local.people.waiting import until
from moderation.desired import Permission
from moderation.roles import Source
from tests.fakes.livekit import FakeRoom, LiveKit
from tests.fakes.recordings import FakeRecordings

BOT, HOST = Identity("bot"), Identity("host")
LEASE = Lease(RoomName("room"), 1)
SPEAKS = Permission(frozenset({Source.MICROPHONE}))


@dataclass
class FakeEgress:
    """LiveKit's list, and who is in the room."""

    seen: dict[str, SeenEgress] = field(default_factory=dict)
    inside: set[str] = field(default_factory=set)
    refuses: NotBegun | None = None
    looks: int = 0

    async def begin(self, order: PartOrder) -> str:
        if self.refuses is not None:
            raise self.refuses
        name = f"EG_{len(self.seen) + 1}"
        self.seen[name] = SeenEgress(name, order.prefix, EgressStage.ACTIVE, started_at=time.time())
        self.inside.add(name)
        return name

    async def stop(self, egress_id: str) -> None:
        self.inside.discard(egress_id)
        one = self.seen[egress_id]
        self.seen[egress_id] = replace(
            one, stage=EgressStage.COMPLETE, ended_at=time.time(), size=9, seconds=1.0
        )

    async def of(self, room: RoomName) -> Sequence[SeenEgress]:  # noqa: ARG002
        self.looks += 1
        return tuple(self.seen.values())


@dataclass
class FilesOf:
    """As much of each part as was recorded."""

    egress: FakeEgress
    store: str = "https://s3.example.com/shows"

    async def measure(self, store: str, prefix: str) -> tuple[int, float]:
        if store != self.store:
            raise Unavailable(store)
        return next((one.size, one.seconds) for one in self.egress.seen.values() if one.prefix == prefix)


class RecordedFakeRoom(FakeRoom):
    """A host who speaks, our agent, and the recorders."""

    def __init__(self, egress: FakeEgress) -> None:
        super().__init__(LiveKit(time.time))
        self._egress = egress
        self.people_there = ((HOST, Connection(Sid("PA_1"), 1, SPEAKS)),)

    async def people(self, room: RoomName) -> Listing:  # noqa: ARG002
        return Listing(self.people_there, frozenset({BOT, *map(Identity, self._egress.inside)}))


@dataclass
class RecorderScene:
    rows: FakeRecordings
    egress: FakeEgress
    room: RecordedFakeRoom
    recorder: Recorder

    @property
    def recording(self) -> Recording:
        return self.rows.rows["r"]

    async def until(self, state: str, parts: int = 1) -> None:
        def reached() -> bool:
            return self.recording.state == state and len(self.recording.parts) >= parts

        await until(f"the recording is {state}", reached, 20)


@asynccontextmanager
async def scene() -> AsyncIterator[RecorderScene]:
    rows, egress = FakeRecordings(time.time), FakeEgress()
    rows.rows["r"] = Recording(
        id="r", room=LEASE.room, mode="audio", wanted=True, state="requested", begins_at=time.time(),
        max_until=time.time() + 60, prefix="s/r", consented=frozenset({HOST}), host=HOST,
    )  # fmt: skip
    rows.held.add(LEASE)
    room = RecordedFakeRoom(egress)
    recorder = Recorder(RecordingOutside(rows, egress, room, FilesOf(egress), DatabaseClock(), Metrics()))
    running = asyncio.create_task(recorder.run())
    try:
        yield RecorderScene(rows, egress, room, recorder)
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_a_wish_is_recorded_until_it_goes() -> None:
    async with scene() as here:
        here.recorder.hold(LEASE, BOT, recorded=True)
        await here.until("active")
        here.rows.rows["r"] = replace(here.recording, wanted=False)
        here.recorder.woken(LEASE.room)
        await here.until("ready")
        assert here.egress.inside == set()


async def test_a_room_without_a_recording_is_not_looked_at() -> None:
    async with scene() as here:
        here.recorder.hold(LEASE, BOT, recorded=False)
        here.recorder.woken(LEASE.room)
        await asyncio.sleep(0.1)
        assert here.egress.looks == 0
        here.recorder.recorded(LEASE)
        await here.until("active")


async def test_what_is_refused_is_said_and_tried_again() -> None:
    async with scene() as here:
        here.egress.refuses = NotBegun("limit", "too many at once")
        here.recorder.hold(LEASE, BOT, recorded=True)
        await until("it says why", lambda: "limit" in here.rows.codes)
        here.egress.refuses = None
        await here.until("active", parts=2)


async def test_a_silent_death_is_a_further_part_with_its_gap() -> None:
    async with scene() as here:
        here.recorder.hold(LEASE, BOT, recorded=True)
        await here.until("active")
        here.egress.inside.clear()  # and the list goes on saying that it is active
        await here.until("active", parts=2)
        assert [gap.why for gap in here.rows.gaps] == ["lost"]


async def test_nobody_is_recorded_who_may_speak_and_has_not_agreed() -> None:
    async with scene() as here:
        stranger = (Identity("guest"), Connection(Sid("PA_2"), 1, SPEAKS))
        here.room.people_there = (*here.room.people_there, stranger)
        here.recorder.hold(LEASE, BOT, recorded=True)
        await until("it was looked at", lambda: here.egress.looks > 2)
        assert here.egress.seen == {}
        here.room.people_there = here.room.people_there[:1]
        await here.until("active")


async def test_a_database_that_is_away_is_waited_for() -> None:
    async with scene() as here:
        here.rows.away = Unavailable("away")
        here.recorder.hold(LEASE, BOT, recorded=True)
        await asyncio.sleep(0.1)
        here.rows.away = None
        await here.until("active")


async def test_what_is_left_open_is_ended_by_another_worker() -> None:
    async with scene() as here:
        here.recorder.hold(LEASE, BOT, recorded=True)
        await here.until("active")
        here.rows.held.clear()
        here.rows.rows["r"] = replace(here.recording, wanted=False)
        here.recorder.let_go(LEASE)  # which makes it an errand
        await here.until("ready")
        assert here.egress.inside == set()
