"""Recordings in memory, with the database's refusals; `RecordingRows` over them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.core.lease import Lease, RoomName
from agent.core.recording_ports import Reported, ReportRow
from handlers.recording_facts import Part, PartFact, Recording, RecordingGap

NEXT = {
    "requested": {"starting", "failed", "aborted"},
    "starting": {"active", "stopping", "processing", "failed", "aborted"},
    "active": {"starting", "stopping", "processing", "failed"},
    "stopping": {"processing", "failed", "aborted"},
    "processing": {"ready", "failed"},
}
ERRAND = 1
OVER = frozenset({"ready", "failed", "aborted", "deleted"})


@dataclass
class FakeRecordings:
    """`clock`: seconds since the epoch. `held`: the leases that are in force."""

    clock: Callable[[], float]
    rows: dict[str, Recording] = field(default_factory=dict)
    held: set[Lease] = field(default_factory=set)
    gaps: list[RecordingGap] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    away: Exception | None = None

    async def recordings(self, leases: Sequence[Lease]) -> Mapping[RoomName, tuple[Recording, ...] | None]:
        self._reach()
        return {lease.room: self._open(lease.room) if lease in self.held else None for lease in leases}

    async def recording_errands(self) -> tuple[Recording, ...]:
        self._reach()
        rooms = {lease.room for lease in self.held}
        return tuple(
            replace(row, errand=ERRAND)
            for row in self.rows.values()
            if row.state not in OVER and row.room not in rooms
        )

    async def report_recordings(self, rows: Sequence[ReportRow]) -> Sequence[Reported]:
        self._reach()
        return [self._take(row) for row in rows]

    def _reach(self) -> None:
        if self.away is not None:
            raise self.away

    def _open(self, room: RoomName) -> tuple[Recording, ...]:
        return tuple(row for row in self.rows.values() if row.room == room and row.state not in OVER)

    def _take(self, row: ReportRow) -> Reported:
        if row.recording not in self.rows:
            return Reported(ok=False, error="unknown_recording")
        item, told = self.rows[row.recording], row.told
        leased = row.lease is not None and row.lease in self.held
        if not leased and row.errand != ERRAND:
            return Reported(ok=False, error="fenced")
        if told.part is not None:
            item = self.rows[item.id] = _with_part(item, told.part, self.clock())
        if (fault := self._fault(item, told.state)) is not None:
            return Reported(ok=False, error=fault)
        self.rows[item.id] = replace(
            item,
            state=told.state or item.state,
            wanted=item.wanted and told.state not in OVER,
        )
        self.gaps += [told.gap] if told.gap is not None else []
        self.codes += [told.code] if told.code is not None else []
        return Reported(ok=True)

    def _fault(self, item: Recording, state: str | None) -> str | None:
        if state in (None, item.state):
            return None
        if state not in NEXT.get(item.state, ()):
            return "impossible_transition"
        if state == "starting" and not item.wanted:
            return "not_wanted"
        if state == "starting" and self.clock() < item.begins_at:
            return "too_early"
        return "nothing_recorded" if state == "ready" and not item.has_begun else None


def _with_part(item: Recording, fact: PartFact, now: float) -> Recording:
    """What was known first stays."""
    known = {part.number: part for part in item.parts}
    part = known.get(fact.number) or Part(
        fact.number, None, f"{item.prefix}/{fact.number}", fact.store or "supabase", now
    )
    known[fact.number] = replace(
        part,
        egress_id=part.egress_id or fact.egress_id,
        started_at=part.started_at or fact.started_at,
        ended_at=part.ended_at or fact.ended_at,
        error=part.error or fact.error,
    )
    return replace(item, parts=tuple(known[number] for number in sorted(known)))
