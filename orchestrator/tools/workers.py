"""What the workers do now, by their own pages and by the leases in the database."""

import time

from pydantic import BaseModel, Field

from orchestrator import workers
from orchestrator.answer import Answer, Inquiry
from orchestrator.desk import Desk
from orchestrator.drift import seconds
from orchestrator.records import Figures, LeaseRow
from orchestrator.rights import Reach
from orchestrator.tools.tool import Ask, Tool
from orchestrator.untrusted import clean_all


class WorkerStatus(Ask):
    pass


class WorkerSeen(BaseModel):
    url: str
    status: Figures = Field(description="what it says itself; null: it does not answer, see unknown")
    figures: Figures = Field(description="counters and mean times since it started")


class RoomOfWorker(LeaseRow):
    holds: bool | None = Field(default=None, description="whether the lease is running")


class WorkersNow(BaseModel):
    workers: list[WorkerSeen]
    rooms: list[RoomOfWorker] = Field(
        description="the latest leases by the database; one that ran out moderates nothing"
    )


async def worker_status(desk: Desk, _ask: WorkerStatus) -> Answer[WorkersNow]:
    """What each worker says about itself; one that does not answer is named as missing."""
    inquiry = Inquiry(desk)
    timeout = desk.settings.live_api_timeout
    seen = []
    for url in desk.settings.live_worker_urls:
        status = await inquiry.note(workers.status_of(desk.http, url, timeout))
        figures = await inquiry.note(workers.figures_of(desk.http, url, timeout)) if status else None
        seen.append(WorkerSeen(url=url, status=clean_all(status), figures=figures))
    leases = await inquiry.rows(LeaseRow, limit=50, order="lease_expires_at.desc")
    rooms = [RoomOfWorker(**dict(lease), holds=_holds(lease)) for lease in leases]
    return inquiry.answer(WorkersNow(workers=seen, rooms=rooms))


def _holds(lease: LeaseRow) -> bool | None:
    ends_at = seconds(lease.lease_expires_at)
    return None if ends_at is None else ends_at > time.time()


WORKER_STATUS = Tool(
    name="worker_status",
    title="Workers",
    description="Whether the workers are ready, which rooms they hold, how fast they act, and the "
    "leases by the database.",
    ask=WorkerStatus,
    answer=Answer[WorkersNow],
    run=worker_status,
    reach=Reach.OPS,
)
