"""`RecordingRows` over the database's functions, by the lane that the worker has."""

from collections.abc import Mapping, Sequence

from agent.core.lease import Lease, RoomName
from agent.core.ports import Refused
from agent.core.recording_ports import Reported, ReportRow
from agent.supabase import recording_rows
from agent.supabase.shape import ShapeError
from agent.supabase.store import Rpc
from handlers.recording_facts import Recording


class SqlRecordings:
    def __init__(self, database: Rpc, worker: str) -> None:
        self._database, self._worker = database, worker

    async def recordings(self, leases: Sequence[Lease]) -> Mapping[RoomName, tuple[Recording, ...] | None]:
        asked = [lease.as_json() for lease in leases]
        answers = await self._database.rpc("agent_recordings", {"p_worker": self._worker, "p_rooms": asked})
        try:
            return recording_rows.by_room(leases, answers)
        except ShapeError as error:
            raise Refused(str(error)) from error

    async def recording_errands(self) -> tuple[Recording, ...]:
        answers = await self._database.rpc("agent_recording_errands", {"p_worker": self._worker})
        try:
            return recording_rows.recordings(answers, errands=True)
        except ShapeError as error:
            raise Refused(str(error)) from error

    async def report_recordings(self, rows: Sequence[ReportRow]) -> Sequence[Reported]:
        asked = [recording_rows.report(row) for row in rows]
        answers = await self._database.rpc(
            "agent_recording_report", {"p_worker": self._worker, "p_rows": asked}
        )
        return recording_rows.reported(answers)
