"""A room that this worker holds: how it is claimed, what a pull brings, and what is written under its lease.

Each write carries its lease, and the database refuses it (`fenced`) when the room has another holder by now."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NewType

from handlers.effects import FinishAction, RecordIncident, RecordMedia, RecordMinute, TakeClip
from handlers.events import Pulled, SnapshotLoaded
from handlers.facts import ActionId, Connection, Identity, PersonFacts, Sid
from moderation.audio.kept import Block

RoomName = NewType("RoomName", str)


class ClaimOutcome(Enum):
    CLAIMED = "claimed"
    HELD = "held"
    UNKNOWN = "unknown"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What does not change while a room is moderated."""

    kind: str
    id: str

    def as_key(self) -> dict[str, str]:
        """The field that names it in packets and logs: `session_id` or `call_id`."""
        return {f"{self.kind}_id": self.id}


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer to asking for a room. What follows `outcome` means something only when it was claimed."""

    outcome: ClaimOutcome
    epoch: int = 0
    facts: RoomFacts | None = None
    snapshot: SnapshotLoaded | None = None
    cursor: str = "0"
    unmoderated_since: float | None = None
    """When the worker before last gave a sign, by the database's clock. None: the room has just been opened."""
    recorded: bool = False
    """It is recorded, or is to be."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A room held by this worker: what every write is fenced with."""

    room: RoomName
    epoch: int

    def as_json(self) -> dict[str, str | int]:
        """The fence, as the database's functions take it in each row."""
        return {"room": self.room, "epoch": self.epoch}


@dataclass(frozen=True, slots=True)
class Known:
    """What a worker knows of a room that it asks about."""

    cursor: str
    in_hand: frozenset[ActionId] | None = None
    """Claimed actions without a written outcome. Any other that it claimed is brought again: the answer with it got
    lost. None: it does not say."""


@dataclass(frozen=True, slots=True)
class RoomPull:
    """News of one room. `pulled` None: the lease is lost. `fault`: they cannot be read; it concerns this room alone."""

    room: RoomName
    pulled: Pulled | None
    cursor: str | None = None
    fault: Exception | None = None
    more_events: bool = False
    """There may be more than were brought: look again once these are relayed and recorded."""
    recorded: bool = False
    """It is recorded, or is to be."""


@dataclass(frozen=True, slots=True)
class Joined:
    lease: Lease
    identity: Identity
    connection: Connection


@dataclass(frozen=True, slots=True)
class Left:
    lease: Lease
    identity: Identity
    sid: Sid
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Finish:
    lease: Lease
    effect: FinishAction
    confirmed_at: float
    """When LiveKit confirmed, by the database's clock: waiting in a queue does not count."""


@dataclass(frozen=True, slots=True)
class Cursor:
    lease: Lease
    seq: int


@dataclass(frozen=True, slots=True)
class Incident:
    lease: Lease
    effect: RecordIncident


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that is to be evidence, and what it is for."""

    lease: Lease
    effect: TakeClip
    blocks: Sequence[Block]
    """At least one, in the order of time."""


@dataclass(frozen=True, slots=True)
class Minute:
    lease: Lease
    effect: RecordMinute


@dataclass(frozen=True, slots=True)
class OnAir:
    lease: Lease
    effect: RecordMedia


@dataclass(frozen=True, slots=True)
class Release:
    lease: Lease
    closed: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Written:
    """One row's answer in a batch. `ok` False: it was refused for good, `error` says why (`fenced`, …)."""

    ok: bool
    error: str | None = None
    person: PersonFacts | None = None
    """Presence: what is wanted for that person."""
    action: str | None = None
    enforce_ms: float | None = None
    """Finishes: which action it was, and how long it took from its insertion."""
