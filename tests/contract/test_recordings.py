"""What any `RecordingRows` must do: the fake of the unit tests, and both lanes to the real database."""

import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

import pytest
import pytest_asyncio

from agent.core.lease import Lease, RoomName
from agent.core.recording_ports import RecordingRows, Reported, ReportRow
from agent.postgres.lane import own_lane
from agent.supabase.client import supabase_client
from agent.supabase.recording_store import SqlRecordings
from handlers.facts import Identity
from handlers.recording_facts import PartFact, Recording, RecordingGap, TellRecording
from local.lane import lane_url
from local.stack import Stack
from tests.database.world import World
from tests.fakes.recordings import FakeRecordings

WORKER = "recorder-contract"
ELSEWHERE = "https://s3.example.com/shows"


class RecordingBackend(Protocol):
    """One database, as everyone but the worker sees it."""

    @property
    def rows(self) -> RecordingRows: ...
    async def wish(self) -> tuple[Lease, str]:
        """A recording whose announcement is over, in a room that the worker holds."""

    async def unwish(self, recording: str) -> None: ...
    async def let_go(self, lease: Lease) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.fake = FakeRecordings(time.time)

    @property
    def rows(self) -> RecordingRows:
        return self.fake

    async def wish(self) -> tuple[Lease, str]:
        name, now = str(uuid.uuid4()), time.time()
        lease = Lease(RoomName(f"room-{name}"), 1)
        self.fake.held.add(lease)
        self.fake.rows[name] = Recording(
            id=name, room=lease.room, mode="audio", wanted=True, state="requested", begins_at=now - 1,
            max_until=now + 60, prefix=f"s/{name}", consented=frozenset({Identity("host")}), host=Identity("host"),
        )  # fmt: skip
        return lease, name

    async def unwish(self, recording: str) -> None:
        self.fake.rows[recording] = replace(self.fake.rows[recording], wanted=False)

    async def let_go(self, lease: Lease) -> None:
        self.fake.held.discard(lease)


class InPostgres:
    def __init__(self, world: World, rows: RecordingRows) -> None:
        self._world, self._rows = world, rows

    @property
    def rows(self) -> RecordingRows:
        return self._rows

    async def wish(self) -> tuple[Lease, str]:
        scene = await self._world.live()
        epoch = (await self._world.claim(scene.room, WORKER, 60_000))["epoch"]
        asked = "select public.recording_start($1, $2, 'audio')"
        answer = await self._world.service(asked, scene.creator, scene.id)
        recording = str(answer["recording"]["id"])
        await self._change("begins_at = now() - interval '1 second'", recording)
        return Lease(RoomName(scene.room), epoch), recording

    async def unwish(self, recording: str) -> None:
        await self._change("wanted = false, unwanted_why = 'stopped'", recording)

    async def let_go(self, lease: Lease) -> None:
        owner, over = await self._world.owner(), "now() - interval '1 minute'"
        await owner.execute(
            f"update agent_rooms set lease_expires_at = {over} where room = $1",  # noqa: S608
            lease.room,
        )
        ended = "update live_sessions set status = 'ended', end_reason = 'host' where livekit_room = $1"
        await owner.execute(ended, lease.room)

    async def _change(self, what: str, recording: str) -> None:
        owner = await self._world.owner()
        await owner.execute(f"update live_recordings set {what} where id = $1", recording)  # noqa: S608


@pytest_asyncio.fixture(params=["fake", "api", "own lane"], loop_scope="session")
async def backend(request: pytest.FixtureRequest, stack: Stack) -> AsyncIterator[RecordingBackend]:
    if request.param == "fake":
        yield InMemory()
        return
    env, world = stack.env, World(stack.database_url)
    try:
        if request.param == "api":
            async with supabase_client(
                env["SUPABASE_URL"], env["SUPABASE_SERVICE_ROLE_KEY"], 5.0
            ) as supabase:
                yield InPostgres(world, SqlRecordings(supabase, WORKER))
        else:
            url = await lane_url(stack.database_url)
            async with own_lane(url, WORKER, 5.0, lambda *_: None) as lane:
                yield InPostgres(world, SqlRecordings(lane, WORKER))
    finally:
        await world.close()


async def seen(backend: RecordingBackend, lease: Lease) -> Recording:
    recordings = (await backend.rows.recordings([lease]))[lease.room]
    assert recordings is not None
    return recordings[0]


async def tell(
    backend: RecordingBackend,
    recording: str,
    lease: Lease | None,
    *told: TellRecording,
    errand: int | None = None,
) -> list[str | None]:
    """The refusals, in order."""
    answers: list[Reported] = []
    for one in told:
        answers += await backend.rows.report_recordings([ReportRow(recording, one, lease, errand)])
    return [answer.error for answer in answers]


async def test_a_recording_is_told_from_its_wish_to_its_end(backend: RecordingBackend, stack: Stack) -> None:  # noqa: ARG001
    lease, name = await backend.wish()
    wish = await seen(backend, lease)
    assert (wish.id, wish.room, wish.state, wish.wanted, wish.parts) == (
        name,
        lease.room,
        "requested",
        True,
        (),
    )
    assert wish.host in wish.consented
    now, first = time.time(), f"EG_{uuid.uuid4().hex}"
    assert (
        await tell(
            backend,
            name,
            lease,
            TellRecording("starting", PartFact(1, store=ELSEWHERE)),
            TellRecording(part=PartFact(1, first, store="supabase")),  # it does not move
            TellRecording(part=PartFact(1, "EG_other")),  # what was known first stays
            TellRecording("active", PartFact(1, started_at=now)),
            TellRecording("active", PartFact(1, started_at=now)),  # the same again changes nothing
        )
        == [None] * 5
    )
    active = await seen(backend, lease)
    part = active.open_part
    assert part is not None
    assert (active.state, part.egress_id, part.prefix) == ("active", first, f"{active.prefix}/1")
    assert part.store == ELSEWHERE
    assert part.started_at == pytest.approx(now, abs=0.01)
    lost = TellRecording("starting", PartFact(1, ended_at=now + 1, error="x"), code="lost", error="x")
    gap = RecordingGap(now + 1, now + 2, "lost")
    assert await tell(
        backend,
        name,
        lease,
        lost,
        TellRecording("active", PartFact(2, f"{first}_2", started_at=now + 2), gap),
    ) == [None, None]
    await backend.unwish(name)
    assert not (await seen(backend, lease)).wanted
    over = [
        TellRecording("stopping"),
        TellRecording("processing", PartFact(2, ended_at=now + 3)),
        TellRecording("ready"),
    ]
    assert await tell(backend, name, lease, *over) == [None, None, None]
    assert (await backend.rows.recordings([lease]))[lease.room] == ()


async def test_what_cannot_be_is_refused(backend: RecordingBackend, stack: Stack) -> None:  # noqa: ARG001
    lease, name = await backend.wish()
    stranger = replace(lease, epoch=lease.epoch + 1)
    assert (await backend.rows.recordings([stranger]))[lease.room] is None
    assert await tell(backend, name, stranger, TellRecording("starting", PartFact(1))) == ["fenced"]
    assert await tell(backend, name, lease, TellRecording("ready")) == ["impossible_transition"]
    assert await tell(backend, str(uuid.uuid4()), lease, TellRecording()) == ["unknown_recording"]
    assert await tell(backend, name, lease, TellRecording("starting", PartFact(1))) == [None]
    await backend.unwish(name)
    steps = (TellRecording("stopping"), TellRecording("processing"), TellRecording("ready"))
    assert await tell(backend, name, lease, *steps) == [None, None, "nothing_recorded"]


async def test_what_nobody_holds_is_an_errand(backend: RecordingBackend, stack: Stack) -> None:  # noqa: ARG001
    lease, name = await backend.wish()
    assert await tell(backend, name, lease, TellRecording("starting", PartFact(1))) == [None]
    assert name not in {row.id for row in await backend.rows.recording_errands()}
    await backend.let_go(lease)
    errand = next(row for row in await backend.rows.recording_errands() if row.id == name)
    assert errand.errand is not None
    stale = errand.errand - 1
    assert await tell(backend, name, None, TellRecording("aborted"), errand=stale) == ["fenced"]
    assert await tell(backend, name, None, TellRecording("aborted"), errand=errand.errand) == [None]
    assert name not in {row.id for row in await backend.rows.recording_errands()}
