"""A stack with one worker on it and a crowd beside it: what several benchmarks are measured in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from bench.cost import policy
from bench.crowd import Crowd
from bench.variants import one_core
from bench.worker_view import WorkerView
from local.paths import STATE
from local.stack import Stack


@dataclass(frozen=True, slots=True)
class House:
    """`view` is the worker's; `crowd` opens rooms."""

    stack: Stack
    database: asyncpg.Connection
    crowd: Crowd
    view: WorkerView
    worker_pid: int


@asynccontextmanager
async def house(mode: str) -> AsyncIterator[House]:
    """`mode`: `off`, and no microphone is listened to; `observe`, and all are."""
    async with Stack(STATE / "bench", realtime_plan="team") as stack:
        database = await asyncpg.connect(stack.database_url)
        try:
            await policy(database, mode)
            worker = await stack.start_worker("worker", one_core())
            async with Crowd(stack, database) as crowd:
                yield House(stack, database, crowd, WorkerView(worker), worker.pid)
        finally:
            await database.close()
