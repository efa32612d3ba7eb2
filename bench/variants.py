"""The workers that are measured side by side: ours, and the baselines. Each is the only one of its stack."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from agent.process.scheduling import usable_cpus
from local.paths import REPOSITORY
from local.stack import Stack

REGISTERED_SECONDS = 60.0

Start = Callable[[Stack], AbstractAsyncContextManager[int]]
"""Starts a worker that is registered when it yields its pid."""


def one_core(worker: int = 0) -> dict[str, str]:
    """A worker's environment as the handbook recommends it: a core for each, the last one for the first."""
    usable = sorted(usable_cpus() or (), reverse=True)
    return {"LIVE_CPUS": str(usable[worker % len(usable)])} if usable else {}


def ours(env: Mapping[str, str]) -> Start:
    """A worker with this environment beside the stack's own; stopped at the end."""

    @asynccontextmanager
    async def start(stack: Stack) -> AsyncIterator[int]:
        child = await stack.start_worker(f"worker-{time.monotonic_ns()}", env)
        try:
            yield child.pid
        finally:
            await child.stop()

    return start


def baseline(module: str, env: Mapping[str, str] | None = None) -> Start:
    """Runs `bench.baselines.<module>`, and kills its process group at the end.

    Raises:
        RuntimeError: on entering; it ended before it was registered.
        TimeoutError: on entering; it was not registered within `REGISTERED_SECONDS`.
    """

    @asynccontextmanager
    async def start(stack: Stack) -> AsyncIterator[int]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"bench.baselines.{module}",
            "start",
            cwd=REPOSITORY,
            env={**os.environ, **stack.env, **(env or {})},
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            await _until_registered(module, process.stdout)
            reading = asyncio.create_task(_swallow(process.stdout))
            yield process.pid
            reading.cancel()
        finally:
            # The whole group: a job process that outlived its worker would stay in its room, and hold the output open.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    return start


async def _until_registered(module: str, output: asyncio.StreamReader) -> None:
    async with asyncio.timeout(REGISTERED_SECONDS):
        while b"registered worker" not in (line := await output.readline()):
            if not line:
                raise RuntimeError(f"{module} ended before it was registered")


async def _swallow(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass
