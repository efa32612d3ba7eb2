"""Batched writes: together when they can be, apart when one is bad, again in order until they are taken."""

import asyncio
from collections.abc import Sequence

import pytest

from agent.core import outbox
from agent.core.lease import Written
from agent.core.outbox import Outbox
from agent.core.ports import Refused, Unavailable
from tests.fakes.virtual_time import clock, virtual_time


class Writer:
    """Takes batches of numbers; refuses those with `poison` in them, and all for `away` times."""

    def __init__(self, poison: int | None = None, away: int = 0) -> None:
        self.poison, self.away = poison, away
        self.batches: list[list[int]] = []
        self.answers: list[tuple[int, bool]] = []
        self.box: Outbox[int] = Outbox("numbers", self.send, self.answered)

    async def send(self, rows: Sequence[int]) -> Sequence[Written]:
        await asyncio.sleep(0.01)
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        if self.poison in rows:
            raise Refused("bad row")
        self.batches.append(list(rows))
        return [Written(ok=True) for _ in rows]

    def answered(self, row: int, answer: Written) -> None:
        self.answers.append((row, answer.ok))

    async def write(self, *rows: int) -> None:
        """Write these, and return when all are answered."""
        running = asyncio.create_task(self.box.run())
        for row in rows:
            self.box.add(row)
        await self.box.flush()
        running.cancel()
        await asyncio.wait({running})


@virtual_time
async def test_what_comes_while_a_batch_is_under_way_goes_together_in_the_next() -> None:
    writer = Writer()
    running = asyncio.create_task(writer.box.run())
    writer.box.add(1)
    await asyncio.sleep(0.005)
    for row in (2, 3, 4):
        writer.box.add(row)
    await writer.box.flush()
    running.cancel()
    await asyncio.wait({running})
    assert writer.batches == [[1], [2, 3, 4]]


@virtual_time
async def test_one_bad_row_never_holds_up_the_others() -> None:
    writer = Writer(poison=2)
    await writer.write(1, 2, 3)
    assert writer.answers == [(1, True), (2, False), (3, True)]


@virtual_time
async def test_while_the_database_is_away_writes_wait_in_order() -> None:
    writer, before = Writer(away=5), clock()
    await writer.write(1, 2, 3)
    assert [row for row, _ in writer.answers] == [1, 2, 3]
    longest = 0.1 + 0.2 + 0.4 + 0.8 + 1.0
    assert longest / 2 <= clock() - before - 6 * 0.01 <= longest


@virtual_time
async def test_a_batch_has_a_limit() -> None:
    writer = Writer()
    await writer.write(*range(outbox.BATCH_ROWS + 1))
    assert [len(batch) for batch in writer.batches] == [outbox.BATCH_ROWS, 1]


@virtual_time
async def test_a_full_queue_drops_its_oldest_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "QUEUE_ROWS", 2)
    writer = Writer()
    await writer.write(1, 2, 3)
    assert writer.answers == [(1, False), (2, True), (3, True)]


@virtual_time
async def test_a_flush_with_nothing_to_write_returns() -> None:
    await Writer().write()
    assert clock() == 1000.0
