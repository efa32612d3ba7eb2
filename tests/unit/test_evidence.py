"""Clips on their way: encoded beside the loop, tried again, bounded, and stored at the end."""

import asyncio
import contextlib
import io
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import av
import numpy as np
import pytest
from prometheus_client import Counter

from agent.core import evidence as module
from agent.core.evidence import Evidence, StoredClip
from agent.core.lease import Clip, Lease, RoomName
from agent.core.ports import PortError, Refused, Unavailable
from agent.process.opus import EncodingError, encoded
from handlers.effects import TakeClip
from handlers.facts import Identity
from local.people.waiting import until
from moderation.audio.kept import KEPT_RATE, Block


def clip(order: str = "", amplitude: float = 8000.0) -> Clip:
    t = np.arange(KEPT_RATE // 5) / KEPT_RATE
    samples = (amplitude * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    blocks = [Block(1_800_000_000.0 + 0.2 * n, 1.0, samples) for n in range(10)]
    return Clip(
        Lease(RoomName("live_1"), 1), TakeClip(Identity("bo"), 10.0, order=order or str(uuid.uuid4())), blocks
    )


class Shelf:
    """Storage that fails as told."""

    def __init__(self, *failures: PortError) -> None:
        self._failures: Iterator[PortError] = iter(failures)
        self.stored: list[StoredClip] = []
        self.deletions = [2, 0]
        self.blocked: asyncio.Event | None = None

    async def put(self, clip: StoredClip) -> None:
        if self.blocked is not None:
            await self.blocked.wait()
        if (failure := next(self._failures, None)) is not None:
            raise failure
        self.stored.append(clip)

    async def delete_due(self) -> int:
        return self.deletions.pop(0)


async def as_it_is(pcm: bytes) -> bytes:
    return pcm


@asynccontextmanager
async def running(shelf: Shelf, encode: object = as_it_is) -> AsyncIterator[tuple[Evidence, Counter]]:
    counts = Counter("clips", "of the test", ["outcome"], registry=None)
    evidence = Evidence(shelf, encode, lambda _: "i1", counts)  # type: ignore[arg-type]
    task = asyncio.create_task(evidence.run())
    try:
        yield evidence, counts
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def lost(counts: Counter) -> float:
    return counts.labels("lost")._value.get()  # type: ignore[no-any-return]


async def test_a_clip_is_a_file_that_plays_with_its_hash_and_its_times() -> None:
    shelf = Shelf()
    async with running(shelf, encoded) as (evidence, _):
        evidence.add(clip("c1"))
        await until("it is stored", lambda: shelf.stored)
    stored = shelf.stored[0]
    assert stored.content[:4] == b"OggS"
    with av.open(io.BytesIO(stored.content)) as file:
        rate = file.streams.audio[0].rate
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
    heard = np.concatenate(frames, axis=1).astype(float).ravel()
    assert len(heard) / rate == pytest.approx(2.0, abs=0.05)
    loud = np.sqrt(2 * np.mean(heard[rate // 2 : rate] ** 2)) * (32768 if heard.max() <= 1.0 else 1)
    assert loud == pytest.approx(8000, rel=0.1)
    assert stored.row == {
        "room": "live_1",
        "id": "c1",
        "user_id": "bo",
        "incident_id": None,
        "from_at": "2027-01-15T07:59:59.800Z",
        "to_at": "2027-01-15T08:00:01.800Z",
    }


async def test_what_is_away_or_not_ready_is_tried_again_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST_RETRY_SECONDS", 0.01)
    shelf = Shelf(Unavailable("away"), Refused("no cause yet"), Unavailable("away"))
    async with running(shelf) as (evidence, counts):
        for n in range(4):
            evidence.add(clip(f"c{n}"))
        await until("all are stored", lambda: len(shelf.stored) == 4)
    assert {stored.row["id"] for stored in shelf.stored} == {"c0", "c1", "c2", "c3"}
    assert lost(counts) == 0


async def test_what_is_refused_for_long_is_given_up_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "REFUSED_SECONDS", 0.05)
    async with running(Shelf(*[Refused("no cause")] * 500)) as (evidence, counts):
        evidence.add(clip())
        await until("it is given up", lambda: lost(counts) == 1)


async def test_more_than_it_can_hold_loses_the_oldest() -> None:
    shelf = Shelf()
    shelf.blocked = asyncio.Event()
    async with running(shelf) as (evidence, counts):
        for n in range(module.MOST_WAITING + 10):
            evidence.add(clip(f"c{n}"))
            await asyncio.sleep(0)
        assert evidence.waiting <= module.MOST_WAITING
        assert lost(counts) > 0
        shelf.blocked.set()


async def test_what_waits_at_the_end_is_stored() -> None:
    shelf = Shelf()
    shelf.blocked = asyncio.Event()
    async with running(shelf) as (evidence, _):
        for n in range(5):
            evidence.add(clip(f"c{n}"))
        await until("three are in hand", lambda: evidence.waiting == 2)
        shelf.blocked.set()
    assert {stored.row["id"] for stored in shelf.stored} == {f"c{n}" for n in range(5)}


async def test_a_clip_that_cannot_be_encoded_takes_no_other_with_it() -> None:
    async def broken(pcm: bytes) -> bytes:
        if np.abs(np.frombuffer(pcm, np.int16)).max() < 100:
            raise EncodingError("too soft")
        return b"OggS"

    shelf = Shelf()
    async with running(shelf, broken) as (evidence, counts):
        evidence.add(clip("bad", amplitude=1.0))
        evidence.add(clip("good"))
        await until("the other is stored", lambda: shelf.stored)
    assert ([stored.row["id"] for stored in shelf.stored], lost(counts)) == (["good"], 1)


async def test_files_past_their_time_are_deleted_until_none_is_left() -> None:
    shelf = Shelf()
    async with running(shelf) as (evidence, _):
        evidence.due()
        await until("all are deleted", lambda: not shelf.deletions)


async def test_what_cannot_be_encoded_is_said_with_its_reason() -> None:
    with pytest.raises(EncodingError, match="Error"):
        await encoded(b"1")
