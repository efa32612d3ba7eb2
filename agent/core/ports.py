"""What the loop needs from the world, as small interfaces, and the only errors that cross them.

    PortError
    ├── Unavailable   no answer, or an answer that may be different next time: try again
    ├── TargetGone    the person or room is not there (yet)
    └── Refused       it will never be accepted: a person has to look

An adapter translates its vendor's errors into these, once. Anything else that escapes an adapter is a bug.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple, NewType, Protocol

from handlers.effects import FinishAction, RecordIncident, RecordMedia, RecordMinute, TakeClip
from handlers.events import ActionId, Connection, Identity, PersonFacts, Pulled, Sid, SnapshotLoaded
from moderation.audio.kept import Block, Cause
from moderation.desired import Permission

RoomName = NewType("RoomName", str)


class PortError(Exception):
    """Something outside did not do what was asked."""


class Unavailable(PortError):
    """No usable answer: unreachable, overloaded, rate limited, timed out."""


class TargetGone(PortError):
    """The person or room that it was about is not there."""


class Refused(PortError):
    """The other side understood and said no."""


class ConnectionLost(Exception):
    """The hidden participant's connection is over although the room may go on: take the room again."""


class Listing(NamedTuple):
    """Who is in a room, as LiveKit's API tells."""

    people: tuple[tuple[Identity, Connection], ...]
    others: frozenset[Identity] = frozenset()
    """Agents, recorders and anyone who is hidden. A list without its asker's own agent is another room's, or
    forgotten."""


class RoomActions(Protocol):
    """Acts on rooms through LiveKit's server API. All methods raise `PortError`; all are safe to repeat."""

    async def set_permission(
        self, room: RoomName, identity: Identity, permission: Permission, *, urgent: bool
    ) -> None:
        """Replace what a person may do. Returns when the server has taken it."""

    async def remove(self, room: RoomName, identity: Identity) -> None:
        """Disconnect a person. Raises `TargetGone` when they are not there."""

    async def people(self, room: RoomName) -> Listing:
        """Everyone in the room. A room that is not there has nobody."""

    async def connected(self, room: RoomName, identity: Identity) -> bool:
        """Whether this identity, hidden or not, is in the room with a connection that works."""

    async def close(self, room: RoomName) -> None:
        """Delete the room; everyone in it is disconnected. Deleting a room that is gone is success."""

    async def rooms(self) -> frozenset[RoomName]:
        """Every room that LiveKit has now."""


class Sounds(Protocol):
    """The sounds of one room's people."""

    def hear(self, *, on: bool) -> None:
        """Hear all of them from now on, or none. While on, answered by `Measured` and `TrackPaused`."""

    def keep(self, of: Mapping[Identity, Cause], seconds: float) -> None:
        """Keep the last `seconds` of these people's sound in memory, and forget what was kept of all others."""

    def clip(self, identity: Identity, after_seconds: float, done: Callable[[Sequence[Block]], None]) -> None:
        """What is kept of this person and what follows, when it is complete or the ears are closed. Of somebody whose
        sound is not kept, or who made none, nothing comes."""


class HiddenParticipant(Protocol):
    """Our own connection to one room. What it sees goes into the room's inbox as events."""

    identity: Identity
    restoring: asyncio.Event
    """Set while the connection is lost and LiveKit's client tries to restore it."""

    @property
    def sounds(self) -> Sounds: ...

    async def connect(self) -> None:
        """Join, seen by nobody. Raises `ConnectionLost` when that does not succeed in time."""

    async def disconnect(self) -> None: ...

    def look_around(self) -> None:
        """Report everyone who is here, and what they publish."""

    def present(self) -> tuple[tuple[Identity, Connection], ...]:
        """Who is in the room, seen from inside: free, but up to 3 s old for listeners."""

    async def send(self, packet: bytes, topic: str, to: Sequence[Identity] = ()) -> None:
        """One reliable data packet, to everyone or to some. Raises `Unavailable`."""


class Screen(Protocol):
    """Shows levels to those who look from outside the room. Best effort."""

    def show(self, session_id: str, payload: Mapping[str, Any]) -> None: ...


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
    """The answer to asking for a room. What follows `holder` means something only when it was claimed."""

    outcome: ClaimOutcome
    holder: str | None = None
    epoch: int = 0
    facts: RoomFacts | None = None
    snapshot: SnapshotLoaded | None = None
    cursor: str = "0"
    unmoderated_since: float | None = None
    """When the worker before last gave a sign, by the database's clock. None: the room has just been opened."""


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


class ClipSink(Protocol):
    """Encodes and stores clips, in its own time."""

    def add(self, clip: Clip) -> None:
        """Never blocks: past its bound the oldest is given up."""


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


class Unclaimed(NamedTuple):
    """Rows that the holder of a room should have claimed by now."""

    actions: int = 0
    oldest_seconds: float = 0.0
    """For how long the first of them has been due."""


class Findings(NamedTuple):
    """What is not in order among the rooms of all live sessions and running calls."""

    lapsing: Mapping[RoomName, float | None] = MappingProxyType({})
    """Rooms whose lease is about to run out, and the seconds that it has left; None: nobody holds the room, or its
    worker is leaving and offers it, or has died."""
    next_seconds: float | None = None
    """When the first lease of other workers comes so near to its end; None: they have none."""
    unclaimed: Mapping[RoomName, Unclaimed] = MappingProxyType({})
    """Only rooms in which something waits."""
    missed: frozenset[RoomName] = frozenset()
    """Those in which somebody is, as far as the database has been told, and that were not listed."""
    strangers: frozenset[RoomName] = frozenset()
    """Listed rooms that belong to nothing that runs."""
    checked_in: "CheckedIn | None" = None
    """The answer to the check-in that came with the question."""


class FleetRole(Enum):
    """What a worker is in the fleet."""

    LEADER = "leader"
    """It watches over what nobody has, for all."""
    DEPUTY = "deputy"
    """It watches as well, since the leader has not been seen in time."""
    STANDBY = "standby"


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What a worker says of itself at a check-in."""

    takes: bool
    """Whether it takes rooms. One that does not cannot lead."""
    rooms: int
    load: float
    """Share of what it can carry; 1 is full."""
    lane: str = "api"
    """How it is woken: `api` or `own`."""
    locked: bool = False
    """Whether it holds its session lock, by which others see that it lives."""


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """The answer to a check-in."""

    standing: FleetRole
    leader_left: float
    """Seconds until the leader's lease runs out."""
    workers: int
    """How many are up, this one among them."""
    handed: Mapping[RoomName, float]
    """Rooms that it shall take, each told once, and the seconds until its claim is granted."""
    neighbour: str | None = None
    """The worker whose session lock this one waits for."""


class Swept(NamedTuple):
    """What a sweep made of LiveKit's list of rooms. Another worker's turn: nothing."""

    orphans: int = 0
    """Rooms with a name of ours that the database does not know."""
    close: tuple[RoomName, ...] = ()
    """Those of them to close now."""
    open_circuits: int = 0
    """Rules that only observe in a session, because they have asked for too much there."""
    automatic: int = 0
    """Actions that rules asked for within an hour, on the whole platform."""
    automatic_limit: float = float("inf")
    """More than so many wake somebody."""
    unlisted: int = 0
    """Rooms that workers are in and the list misses. While there are any, no room counts as gone for it."""
    open_cases: int = 0
    """Cases that no human has decided."""
    grave_case_waits: float = 0.0
    """For how many seconds the longest critical one has waited that nobody has claimed."""
    pushes_due: bool = False
    """Something waits in the push outbox."""
    listens_over: tuple[tuple[RoomName, Identity], ...] = ()
    """Hidden listeners of the operators' whose time is over, to be removed."""
    pages_due: bool = False
    """A page waits for the operators' pager."""
    evidence_due: bool = False
    """Clips are to be deleted."""


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


class Store(Protocol):
    """The database, in calls that each serve many rooms. All raise `Unavailable` or `Refused`."""

    @property
    def failed_at(self) -> float:
        """When a lease last could not be taken, renewed or looked up, by the monotonic clock."""

    async def claim(self, room: RoomName, bot: Identity) -> Claim: ...

    async def pull(self, rooms: Mapping[Lease, Known]) -> tuple[RoomPull, ...]:
        """Renew every lease given and bring what is new. Rooms without news are left out."""

    async def presence(self, reports: Sequence[Joined | Left]) -> Sequence[Written]: ...

    async def finish(self, finishes: Sequence[Finish]) -> Sequence[Written]: ...

    async def relayed(self, cursors: Sequence[Cursor]) -> Sequence[Written]: ...

    async def incidents(self, incidents: Sequence[Incident]) -> Sequence[Written]:
        """What rules decided, each with the action that it asks for in one transaction."""

    async def minutes(self, minutes: Sequence[Minute]) -> Sequence[Written]:
        """How people sounded. A fenced row is left out and still answered `ok`."""

    async def media(self, rows: Sequence[OnAir]) -> Sequence[Written]:
        """What flows from hosts, in the order in which it changed."""

    async def release(self, releases: Sequence[Release]) -> None: ...

    async def publish_key(self, kid: str, public_key: str) -> bool:
        """Make a key known, or prolong it. False: it is revoked."""

    async def check_in(self, state: WorkerState, early_seconds: float) -> CheckedIn:
        """Say that this worker is up, and learn what is asked of it. `early_seconds`: a leader whose lease has less
        left has missed its check-ins, and gets a deputy."""

    async def watch(
        self,
        early_seconds: float,
        listed: frozenset[RoomName] | None,
        state: WorkerState | None = None,
    ) -> Findings:
        """What is not in order. `early_seconds`: a lease with less left is lapsing. `listed`: all rooms that LiveKit
        has, when they have just been listed. `state`: check in by the same call."""

    async def hand(self, rooms: Mapping[RoomName, float]) -> Mapping[RoomName, float]:
        """Give rooms to the workers with most room for them, each with the seconds until its claim is granted. Returns
        those that this worker shall take."""

    async def suspect(self, worker: str, grace_seconds: float) -> Mapping[RoomName, float]:
        """This worker's session lock has fallen: if it is free, hand its rooms out. Returns those for this worker."""

    async def offer(self, leases: Sequence[Lease]) -> None:
        """Let others claim these rooms while we go on moderating them."""

    async def sweep(self, rooms: frozenset[RoomName]) -> Swept:
        """What needs no request: missed calls, hosts who stayed away, deleted accounts, ends of timed states. `rooms`:
        all that LiveKit has now. One worker at a time does it for all."""

    def now(self) -> float:
        """The database's clock, seconds since the epoch, from its last answers."""
