"""Recordings as the database's functions tell and take them; it owns their JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.core.lease import Lease, RoomName
from agent.core.recording_ports import Reported, ReportRow
from agent.supabase.shape import Seconds, Shaped, checked
from handlers.facts import Identity
from handlers.recording_facts import Part, Recording
from moderation.timestamps import text_of


class _Part(Shaped):
    number: int
    egress_id: str | None
    prefix: str
    store: str
    asked_at: Seconds
    started_at: Seconds | None
    ended_at: Seconds | None
    error: str | None = None

    def read(self) -> Part:
        return Part(
            self.number,
            self.egress_id,
            self.prefix,
            self.store,
            self.asked_at,
            self.started_at,
            self.ended_at,
            self.error,
        )


class _Recording(Shaped):
    id: str
    room: str
    mode: str
    wanted: bool
    state: str
    begins_at: Seconds
    max_until: Seconds
    prefix: str
    errand: int
    mp4: bool
    consented: frozenset[str]
    parts: tuple[_Part, ...]
    host: str | None = None

    def read(self, *, errand: bool) -> Recording:
        return Recording(
            id=self.id,
            room=self.room,
            mode=self.mode,
            wanted=self.wanted,
            state=self.state,
            begins_at=self.begins_at,
            max_until=self.max_until,
            prefix=self.prefix,
            consented=frozenset(map(Identity, self.consented)),
            parts=tuple(part.read() for part in self.parts),
            mp4=self.mp4,
            host=None if self.host is None else Identity(self.host),
            errand=self.errand if errand else None,
        )


def recordings(rows: Sequence[Mapping[str, Any]], *, errands: bool = False) -> tuple[Recording, ...]:
    """RECORDINGs of the database's.

    Raises:
        ShapeError: it names each field that is missing or odd.
    """
    return tuple(checked(_Recording, "a recording", row).read(errand=errands) for row in rows)


def report(row: ReportRow) -> dict[str, Any]:
    """A row of `agent_recording_report`; what is not known is left out."""
    told, part, gap = row.told, row.told.part, row.told.gap
    fact = (
        None
        if part is None
        else _known(
            number=part.number,
            egress_id=part.egress_id,
            started_at=_moment(part.started_at),
            ended_at=_moment(part.ended_at),
            bytes=part.size,
            duration_seconds=part.seconds,
            error=part.error,
            store=part.store,
        )
    )
    missing = (
        None
        if gap is None
        else {
            "from_at": text_of(gap.from_at),
            "to_at": text_of(gap.to_at),
            "why": gap.why,
        }
    )
    fence = {} if row.lease is None else row.lease.as_json()
    return {
        "id": row.recording,
        **fence,
        **_known(
            errand=row.errand,
            state=told.state,
            part=fact,
            gap=missing,
            bytes=row.size,
            duration_seconds=row.seconds,
            error_code=told.code,
            error=told.error,
        ),
    }


def reported(answers: Sequence[Mapping[str, Any]]) -> Sequence[Reported]:
    """What the database answers to reports, row by row."""
    return [Reported(answer["ok"], answer.get("error")) for answer in answers]


def by_room(
    leases: Sequence[Lease], answers: Sequence[Mapping[str, Any]]
) -> Mapping[RoomName, tuple[Recording, ...] | None]:
    """What is not over in each room; None: the room is not ours any more. A room without an answer is left out."""
    told = {answer["room"]: answer for answer in answers}
    return {
        lease.room: recordings(told[lease.room]["recordings"]) if told[lease.room]["held"] else None
        for lease in leases
        if lease.room in told
    }


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else text_of(seconds)
