"""Hints over `LISTEN`, and the death of a worker seen at once.

The session that listens also holds an advisory lock with the worker's name for as long as it lives. Workers watch each
other in a ring: each waits on a session of its own for its neighbour's lock. When that lock falls the neighbour has
died, or its session was lost, or the server was restarted. So a fallen lock is a hint: the database hands the rooms
out, and grants their claims only when the old worker has not renewed them within a grace.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from agent.core.backoff import Backoff
from agent.core.lease import RoomName
from agent.core.wakes import Listener, WakeUpMetrics
from agent.postgres.lane import LOST, open_session

log = logging.getLogger(__name__)

CHECK_SECONDS = 2.0
"""A session that does not answer a question for so long is thrown away."""
CLOSE_SECONDS = 2.0
FIRST_RETRY_SECONDS = 0.05
"""Short: who does not take its lock again within the grace passes for dead."""
RETRY_CAP_SECONDS = 2.0
LOCK_WAIT_SECONDS = 4.0
"""One wait for a neighbour's lock: it holds a snapshot, which keeps vacuum from cleaning what is newer."""
CLASH_SECONDS = 1.0
KEY = "hashtextextended('live:worker:' || $1::text, 0)"
"""As `live.worker_lock`."""
TAKE_LOCK = f"select pg_advisory_lock({KEY})"
AWAIT_LOCK = f"select pg_advisory_xact_lock_shared({KEY})"


def channel_of(worker: str) -> str:
    """As `live.wake_channel`."""
    return "live_wake_" + hashlib.md5(worker.encode(), usedforsecurity=False).hexdigest()


class PostgresHints:
    """`agent.core.wakes.Hints` over a session of the worker's own."""

    def __init__(self, url: str, worker: str, metrics: WakeUpMetrics) -> None:
        self._url, self._worker, self._metrics = url, worker, metrics
        self._trouble = asyncio.Event()
        self.joined = False
        """Whether it listens and holds its lock."""

    def distrust(self) -> None:
        """Rows came that no notification announced: look whether this session still listens."""
        self._trouble.set()

    def lead(self, *, on: bool) -> None:
        """The database tells the leader over the same channel."""

    async def run(self, listener: Listener) -> None:
        """Listen until cancelled, over a new session after each that is lost."""
        backoff = Backoff(FIRST_RETRY_SECONDS, RETRY_CAP_SECONDS)
        while True:
            try:
                await self._listen(listener, backoff)
            except (*LOST, asyncpg.PostgresError) as error:
                log.warning("no wake-ups; polling goes on", extra={"error": repr(error)})
            await asyncio.sleep(backoff.pause())

    async def _listen(self, listener: Listener, backoff: Backoff) -> None:
        self._trouble.clear()
        session = await open_session(self._url, self._worker)
        try:
            session.add_termination_listener(lambda _: self._trouble.set())
            await session.add_listener(
                channel_of(self._worker),
                lambda _session, _pid, _channel, payload: self._on(payload, listener),
            )
            # It waits where the server has not noticed yet that our session before is gone.
            await session.fetchval(TAKE_LOCK, self._worker, timeout=CHECK_SECONDS)
            backoff.reset()
            self._joined(now=True)
            listener.missed()
            while not self._trouble.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CHECK_SECONDS):
                        await self._trouble.wait()
                        return
                await session.fetchval("select 1", timeout=CHECK_SECONDS)
        finally:
            self._joined(now=False)
            session.terminate()

    def _joined(self, *, now: bool) -> None:
        if now != self.joined:
            (log.info if now else log.warning)("wake-ups joined" if now else "wake-ups lost; polling goes on")
        self.joined = now
        self._metrics.wakeups_connected.set(now)

    def _on(self, payload: str, listener: Listener) -> None:
        try:
            message: Any = json.loads(payload)
            event, about = message["event"], message["payload"]
        except (ValueError, KeyError, TypeError):
            log.warning("a wake-up that cannot be read")
            return
        self._metrics.wakeups.inc()
        self._metrics.last_wakeup.set(time.time())
        match event:
            case "wake" if isinstance(about.get("room"), str):
                listener.wake(RoomName(about["room"]))
            case "serve":
                listener.handed()
            case "offer":
                listener.offered()
            case _:
                log.warning("an unknown wake-up", extra={"event": event})


class Ring:
    """Waits for the lock of one neighbour, and tells when it falls."""

    def __init__(self, url: str, worker: str, fallen: Callable[[str], Awaitable[None]]) -> None:
        self._url, self._worker, self._fallen = url, worker, fallen
        self._neighbour: str | None = None
        self._changed = asyncio.Event()

    def watch(self, neighbour: str | None) -> None:
        """Watch this worker from now on; None: there is no other."""
        if neighbour != self._neighbour:
            self._neighbour = neighbour
            self._changed.set()

    async def run(self) -> None:
        """Watch for ever."""
        backoff = Backoff(FIRST_RETRY_SECONDS, RETRY_CAP_SECONDS)
        while True:
            self._changed.clear()
            neighbour = self._neighbour
            if neighbour is None:
                await self._changed.wait()
                continue
            try:
                await self._watch(neighbour)
                backoff.reset()
            except (*LOST, asyncpg.PostgresError) as error:
                log.warning("neighbour not watched", extra={"neighbour": neighbour, "error": repr(error)})
                await asyncio.sleep(backoff.pause())

    async def _watch(self, neighbour: str) -> None:
        """One session, until the neighbour is another one or its lock has fallen."""
        session = await open_session(self._url, self._worker)
        try:
            await session.execute(f"set lock_timeout = '{round(LOCK_WAIT_SECONDS * 1000)}ms'")
            while self._neighbour == neighbour:
                try:
                    await session.execute("begin")
                    await session.fetchval(AWAIT_LOCK, neighbour, timeout=LOCK_WAIT_SECONDS + CHECK_SECONDS)
                except asyncpg.LockNotAvailableError:
                    continue
                finally:
                    await session.execute("rollback", timeout=CHECK_SECONDS)
                await self._fallen(neighbour)
                # Until the database has named another, or the same again because it lives.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), CLASH_SECONDS)
        finally:
            session.terminate()
