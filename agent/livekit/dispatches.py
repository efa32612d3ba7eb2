"""LiveKit's dispatches, answered by LiveKit Agents' own server (`AgentServer`).

A dispatch is only a doorbell: the request's room goes to the host, and the job is ended at once, so no thread or
process is started and nothing of the room's life hangs on a job. The server is told to give up at the first lost
connection, which its public interface reports in no other way; it is then started anew, within two seconds instead of
the ten that it would wait itself.
"""

import asyncio
import contextlib
import logging
import math
from typing import Protocol

from agent.core.backoff import Backoff
from agent.core.lease import RoomName
from agent.livekit.agents_library import (
    AgentServer,
    JobContext,
    JobExecutorType,
    JobRequest,
    WorkerPermissions,
)
from agent.livekit.metrics import DispatchMetrics
from agent.livekit.server import LiveKitServer

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.2
RETRY_CAP_SECONDS = 2.0
DRAIN_SECONDS = 2
LIBRARY_LOG = "livekit.agents"


class RoomTaker(Protocol):
    """What takes the rooms that LiveKit offers; `agent.core.host` is it."""

    @property
    def taking(self) -> bool:
        """Whether it takes new rooms; when not, LiveKit asks other workers."""

    def serve(self, room: RoomName) -> None:
        """Somebody opened this room."""


class Dispatches:
    """`run` it. Not named, so that LiveKit sends it every room."""

    def __init__(self, livekit: LiveKitServer, host: RoomTaker, metrics: DispatchMetrics) -> None:
        self._livekit, self._host, self._metrics = livekit, host, metrics
        self._server: AgentServer | None = None
        self.registered = False
        quiet_library_log()

    async def run(self) -> None:
        """Stay registered until cancelled, or until we are leaving and the connection is lost."""
        backoff = Backoff(FIRST_RETRY_SECONDS, RETRY_CAP_SECONDS)
        while True:
            self._server = server = self._new_server()
            reason, was_registered = await self._run(server)
            if not self._host.taking:
                return
            log.warning("not registered with LiveKit", extra={"error": reason})
            if was_registered:
                backoff.reset()
            await asyncio.sleep(backoff.pause())

    async def drain(self) -> None:
        """Tell LiveKit to offer us no more rooms."""
        if self._server is not None and self.registered:
            with contextlib.suppress(TimeoutError):  # what is asked meanwhile is refused, as `taking` says
                await self._server.drain(DRAIN_SECONDS)

    async def _run(self, server: AgentServer) -> tuple[str, bool]:
        """One connection, until it is lost: why, and whether it was ever registered."""
        running = asyncio.create_task(server.run(), name="agent server")
        try:
            await asyncio.wait({running})
        finally:
            was_registered, self.registered = self.registered, False
            error = await close(server, running)
        # The server hides the cause ("from None"); Python keeps it.
        return "closed" if error is None else repr(error.__context__ or error), was_registered

    def _new_server(self) -> AgentServer:
        # Below any other threshold an idle worker refuses all but a few of many rooms at once.
        server = server_without_jobs(self._livekit, load=0.0, full_at=math.inf)
        server.rtc_session(no_job, on_request=self._on_request)
        server.on("worker_registered", self._on_registered)
        return server

    def _on_registered(self, _id: str, _server: object) -> None:
        self.registered = True
        log.info("registered")

    async def _on_request(self, request: JobRequest) -> None:
        """The job is over at once, for us and for all other workers: the host has the room. While leaving it is not:
        the next worker is asked."""
        taking = self._host.taking
        self._metrics.dispatches.labels("accepted" if taking else "rejected").inc()
        if taking:
            self._host.serve(RoomName(request.room.name))
        await request.reject(terminate=taking)


def server_without_jobs(livekit: LiveKitServer, *, load: float, full_at: float) -> AgentServer:
    """A server that starts no thread or process, listens on loopback alone, gives up at the first lost connection and
    tells LiveKit this load, full from `full_at` on (both 0 to 1, or infinity for never)."""
    return AgentServer(
        ws_url=livekit.url,
        api_key=livekit.key,
        api_secret=livekit.secret,
        permissions=WorkerPermissions(
            can_publish=False,
            can_subscribe=True,
            can_publish_data=True,
            can_update_metadata=False,
            hidden=True,
        ),
        job_executor_type=JobExecutorType.THREAD,
        multiprocessing_context="spawn",
        num_idle_processes=0,
        load_fnc=lambda: load,
        load_threshold=full_at,
        max_retry=0,
        host="127.0.0.1",
        port=0,
    )


async def close(server: AgentServer, running: asyncio.Task[None]) -> BaseException | None:
    """Close a server and wait for the end of its `run`: the error that ended it. `run` is never cancelled, because one
    that is cancelled while it starts leaves its sockets open; `aclose` waits for the start."""
    with contextlib.suppress(Exception):  # of a connection that is lost there may be nothing left to close
        await server.aclose()
    await asyncio.wait({running})
    return None if running.cancelled() else running.exception()


async def no_job(_: JobContext) -> None:
    """Never started, because no request is accepted; the server wants one all the same."""


def quiet_library_log() -> None:
    """The server logs each room at INFO, and the end of each connection with its stack; `Dispatches` reports both."""
    library = logging.getLogger(LIBRARY_LOG)
    library.setLevel(logging.WARNING)
    library.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return "_connection_task" not in record.getMessage()
