"""The order of a session's events: each seq once, ascending, whether a packet brought it or the database.

The Python half of `livekit-system/clients/typescript/src/sequence.ts`, by the same vectors. Pure, bounded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from local.people.relay_packet import Json, PacketEvent, Refusal

MAX_PENDING = 1024
_MAX_RECENT_IDS = 2048


class EventSource(StrEnum):
    """How an event came: as a packet, or read from the database afterwards."""

    LIVE = "live"
    CAUGHT_UP = "caught_up"


@dataclass(frozen=True, slots=True)
class RelayEvent:
    seq: int
    id: str
    type: str
    at: datetime
    payload: Json
    source: EventSource


class RecentIds:
    """A bounded memory of ids already seen; the oldest is forgotten first."""

    def __init__(self, limit: int) -> None:
        self._ids: dict[str, None] = {}
        self._limit = limit

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._ids

    def add(self, identifier: str) -> None:
        """This one is seen; the oldest is forgotten past the limit."""
        self._ids[identifier] = None
        if len(self._ids) > self._limit:
            del self._ids[next(iter(self._ids))]


class EventSequence:
    def __init__(self, after_seq: int) -> None:
        self.position = after_seq
        """The highest seq given out."""
        self.missing = 0
        """How many seqs the database turned out not to have."""
        self._latest = after_seq
        self._settled = after_seq
        self._pending: dict[int, RelayEvent] = {}
        self._ids = RecentIds(_MAX_RECENT_IDS)

    @property
    def behind(self) -> bool:
        """Whether an event is known to exist that has not been given out."""
        return self._latest > self.position

    def note_latest(self, seq: int) -> None:
        """The stream reaches this far at least."""
        self._latest = max(self._latest, seq)

    def offer(self, event: PacketEvent) -> Refusal | None:
        """Takes an event from a verified packet. One too large to travel is only announced: its row is read."""
        seq = event.seq or 0
        if seq <= self.position or seq in self._pending or event.id in self._ids:
            return Refusal.REPEAT
        self.note_latest(seq)
        if event.payload.get("oversize") is True:
            return None
        if len(self._pending) >= MAX_PENDING and seq != self.position + 1:
            return Refusal.QUEUE_FULL
        self._keep(event, EventSource.LIVE)
        return None

    def fill(self, rows: Iterable[PacketEvent]) -> None:
        """Takes a page of the database's rows after `position`. A packet's copy keeps its place."""
        for row in rows:
            seq = row.seq or 0
            if seq > self.position and seq not in self._pending and row.id not in self._ids:
                self._keep(row, EventSource.CAUGHT_UP)
            self._settled = max(self._settled, seq)
            self.note_latest(seq)

    def take(self) -> Iterator[RelayEvent]:
        """The events whose turn has come, in order."""
        while self.position < self._settled or self.position + 1 in self._pending:
            self.position += 1
            event = self._pending.pop(self.position, None)
            if event is None:
                self.missing += 1
            else:
                yield event

    def _keep(self, event: PacketEvent, source: EventSource) -> None:
        self._ids.add(event.id)
        seq = event.seq or 0
        self._pending[seq] = RelayEvent(seq, event.id, event.type, event.at, event.payload, source)
