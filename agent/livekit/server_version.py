"""Which LiveKit server answers, and whether it is new enough."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from agent.livekit.dispatches import close, no_job, quiet_library_log, server_without_jobs
from agent.livekit.server import LiveKitServer

OLDEST = (1, 9, 12)
"""The oldest version that `make conformance` runs. 1.8 does not say to the millisecond when somebody joined."""
CLOUD_EDITION = 1
ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Server:
    version: str
    cloud: bool
    """LiveKit Cloud keeps itself up to date, and numbers its versions as it likes."""

    @property
    def is_old(self) -> bool:
        """Older than `OLDEST`. False where the version cannot be read."""
        parts = re.match(r"v?(\d+)\.(\d+)\.(\d+)", self.version)
        return not self.cloud and parts is not None and tuple(map(int, parts.groups())) < OLDEST


async def ask(url: str, key: str, secret: str) -> Server | None:
    """What the server says of itself when a worker registers; None where it does not say so in time.

    The worker that is registered for this moment takes no room: it says that it is full.
    """
    quiet_library_log()
    answered: asyncio.Future[Server] = asyncio.get_running_loop().create_future()
    server = server_without_jobs(LiveKitServer(url, key, secret), load=1.0, full_at=0.5)
    server.rtc_session(no_job)

    @server.on("worker_registered")
    def registered(_id: str, info: object) -> None:
        if not answered.done():
            answered.set_result(
                Server(getattr(info, "version", ""), getattr(info, "edition", 0) == CLOUD_EDITION)
            )

    running = asyncio.create_task(server.run())
    either: set[asyncio.Future[Any]] = {running, answered}
    await asyncio.wait(either, timeout=ANSWER_SECONDS, return_when="FIRST_COMPLETED")
    await close(server, running)  # one that does not answer is reported by the other check
    return answered.result() if answered.done() else None
