"""Batched writes: one call per kind of write and flush, across all rooms of the process.

Nothing waits for a full batch: a flush starts as soon as the one before has ended, with what has come meanwhile. A
batch that the database cannot take now is tried again, in order, until it can; a batch that it refuses is tried row by
row, so that one bad row never holds up the others.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from agent.core.backoff import Backoff
from agent.core.lease import Written
from agent.core.ports import Refused, Unavailable

log = logging.getLogger(__name__)

Row = TypeVar("Row")
BATCH_ROWS = 200
QUEUE_ROWS = 20_000
"""Presence and outcomes of an hour's outage of a busy worker; past that the oldest is dropped and said so."""
FIRST_RETRY_SECONDS = 0.1
RETRY_CAP_SECONDS = 1.0


class Outbox(Generic[Row]):
    """One kind of write. `answered` hears about each row once, whatever became of it."""

    def __init__(
        self,
        kind: str,
        send: Callable[[Sequence[Row]], Awaitable[Sequence[Written]]],
        answered: Callable[[Row, Written], None],
    ) -> None:
        self.kind = kind
        self._send, self._answered = send, answered
        self._rows: deque[Row] = deque()
        self._filled = asyncio.Event()
        self._added = 0
        self._done = 0
        self._progress = asyncio.Event()
        self.dropped = 0
        """Rows given up because the queue was full."""
        self.refused = 0
        """Rows that the database refused for good."""

    @property
    def waiting(self) -> int:
        """Rows without an answer yet."""
        return self._added - self._done

    def add(self, row: Row) -> None:
        """Write this soon. Never blocks: with `QUEUE_ROWS` waiting the oldest is given up and answered as dropped."""
        if len(self._rows) >= QUEUE_ROWS:
            log.error("outbox is full, oldest row dropped", extra={"kind": self.kind})
            self.dropped += 1
            self._settle(self._rows.popleft(), Written(ok=False, error="dropped"))
        self._rows.append(row)
        self._added += 1
        self._filled.set()

    async def run(self) -> None:
        """Flush for ever."""
        while True:
            await self._filled.wait()
            batch = [self._rows.popleft() for _ in range(min(BATCH_ROWS, len(self._rows)))]
            await self._deliver(batch)
            if not self._rows:
                self._filled.clear()

    async def flush(self) -> None:
        """Returns when every row added so far has its answer."""
        target = self._added
        while self._done < target:
            self._progress.clear()
            await self._progress.wait()

    async def _deliver(self, batch: list[Row]) -> None:
        try:
            answers = await self._persist(batch)
        except Refused as error:
            if len(batch) == 1:
                log.error("row refused", extra={"kind": self.kind, "error": str(error)})
                self.refused += 1
                answers = [Written(ok=False, error="refused")]
            else:
                for row in batch:
                    await self._deliver([row])
                return
        for row, answer in zip(batch, answers, strict=True):
            self._settle(row, answer)

    def _settle(self, row: Row, answer: Written) -> None:
        self._done += 1
        self._progress.set()
        self._answered(row, answer)

    async def _persist(self, batch: list[Row]) -> Sequence[Written]:
        backoff = Backoff(FIRST_RETRY_SECONDS, RETRY_CAP_SECONDS)
        while True:
            try:
                return await self._send(batch)
            except Unavailable as error:
                log.warning(
                    "write postponed", extra={"kind": self.kind, "rows": len(batch), "error": str(error)}
                )
                await asyncio.sleep(backoff.pause())
