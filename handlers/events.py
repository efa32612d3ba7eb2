"""What has happened to a room, in the past tense. Everything that reaches a room's loop is one of these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, NamedTuple, NewType

from moderation.audio.measurement import Gap, Measurement
from moderation.desired import Desired, Permission
from moderation.roles import Role, RoleRights, Source
from moderation.rules.not_measurable import Shut
from moderation.words import Reason

Identity = NewType("Identity", str)
"""The user's id, which is their app's identity in LiveKit; or somebody beside it (`moderation.identity`)."""
Sid = NewType("Sid", str)
"""A LiveKit participant SID: one connection of one person."""
ActionId = NewType("ActionId", str)


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection of one person as LiveKit or its webhook reports it. `permission` None: not known."""

    sid: Sid
    joined_at_ms: int
    permission: Permission | None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person as the database knows them: desired state, and the open visit that it knows."""

    identity: Identity
    desired: Desired
    connection: Connection | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A claimed row of `moderation_actions`."""

    id: ActionId
    n: int
    action: str
    target: Identity | None
    params: Mapping[str, Any] = field(default_factory=dict)
    reason: str | Reason | None = None
    created_at_ms: int = 0
    connections: frozenset[Sid] = frozenset()
    """Those of the target's that were open when the row was inserted, as far as the database knew. A kick only."""
    via: str = "ops"
    """Through which door it came: `ops`, `app`, `assistant`, or `auto` for what a rule asked."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """A row of `live_events`."""

    seq: int
    id: str
    type: str
    at: str
    payload: Mapping[str, Any]


class Status(Enum):
    """Whether the room's session or call goes on."""

    OPEN = auto()
    OVER = auto()


# -- from the database ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StandingStrikes:
    """What an agent before us held against someone, after its last step."""

    identity: Identity
    strikes: float
    step: str
    at: float


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """The database asks for a clip of somebody, under this id."""

    id: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class EvidenceAsked:
    """How much of the last sound is kept (seconds; 0: nothing of anybody), how much of what follows belongs to a clip,
    of whom by a case, and which clips are asked for."""

    seconds: float
    after_seconds: float
    kept: frozenset[Identity] = frozenset()
    orders: tuple[ClipOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotLoaded:
    """The whole desired state, when the room was taken over or must be rebuilt."""

    status: Status
    default_role: Role | None
    """The role of someone the database has no row for. None: nobody unknown may be here (a call)."""
    rights: Mapping[Role, RoleRights]
    people: tuple[PersonFacts, ...]
    open_visits: tuple[tuple[Sid, Identity], ...]
    streams: bool
    """Whether there is a stream of `live_events`: in sessions, not in calls."""
    relayed_seq: int
    policy: Mapping[str, Any] | None = None
    """The policy of the audio rules, as JSON. None: nobody is heard here (a call)."""
    strikes: tuple[StandingStrikes, ...] = ()
    evidence: EvidenceAsked | None = None
    """None: no sound is ever kept here (a call)."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was new for this room, read in one transaction.

    `people`: desired state or open visit changed, in no order. `actions`: rows now ours to make true, by `n`; their
    desired state is among `people`. `events`: rows of `live_events` past the cursor, by `seq`.
    """

    status: Status
    people: tuple[PersonFacts, ...] = ()
    actions: tuple[Action, ...] = ()
    events: tuple[LiveEvent, ...] = ()
    policy: Mapping[str, Any] | None = None
    evidence: EvidenceAsked | None = None
    levels_watched: bool = False
    """Somebody looks at this session's levels from outside the room, now."""


@dataclass(frozen=True, slots=True)
class PresenceRecorded:
    """The database took a report and told what it wants for that person."""

    person: PersonFacts


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """Another worker moderates the room now."""


# -- from LiveKit --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoomSynced:
    """Everyone who is in the room now. `listed`: by LiveKit's API, so nobody is missing who joined seconds ago."""

    present: tuple[tuple[Identity, Connection], ...]
    listed: bool = False
    shown: frozenset[Sid] = frozenset()
    """Beside a list: whom the room itself showed when it came. Who is shown and not listed may be either way."""


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    identity: Identity
    connection: Connection


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    identity: Identity
    sid: Sid
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class PermissionReported:
    """LiveKit told what a person may do now. May be up to 3 s old for someone who never published."""

    identity: Identity
    sid: Sid
    permission: Permission


@dataclass(frozen=True, slots=True)
class TrackPublished:
    """`sound`: what the track carries, whatever its source is called. `source` None: it is called nothing known."""

    identity: Identity
    sid: Sid
    source: Source | None
    sound: bool
    track: str = ""
    """LiveKit's SID of it."""


@dataclass(frozen=True, slots=True)
class TracksCounted:
    """So many tracks of one source a connection publishes now. Only reported of what are many, and of their end."""

    identity: Identity
    sid: Sid
    source: Source | None
    count: int


class Switch(StrEnum):
    """How a person has set a device of their own."""

    ON = "on"
    MUTED = "muted"
    """Published, and sends nothing."""
    OFF = "off"
    """Not published."""


class Switches(NamedTuple):
    microphone: Switch = Switch.OFF
    camera: Switch = Switch.OFF


@dataclass(frozen=True, slots=True)
class Switched:
    """A connection has published, unpublished, muted or unmuted something: this is how it stands now."""

    identity: Identity
    sid: Sid
    switches: Switches


class Track(NamedTuple):
    """One sound among those of a person, by what it calls itself. `source` None: LiveKit calls it unknown. `number`: 0
    for the first one of its source; another only while there are several at once."""

    source: Source | None
    number: int = 0


MICROPHONE = Track(Source.MICROPHONE)


@dataclass(frozen=True, slots=True)
class Measured:
    """One block of one track, measured. Several a second and track: the only frequent event."""

    identity: Identity
    sid: Sid
    measurement: Measurement
    track: Track = MICROPHONE


@dataclass(frozen=True, slots=True)
class TrackPaused:
    """Nothing is to be heard from a track until its next `Measured`, and why. It is not silence."""

    identity: Identity
    why: Gap
    track: Track = MICROPHONE


@dataclass(frozen=True, slots=True)
class KeptOut:
    """So many more seconds of a sound that people may hear and that its publisher provably keeps us from."""

    identity: Identity
    sid: Sid
    shut: Shut
    seconds: float


@dataclass(frozen=True, slots=True)
class RoomEnded:
    """The room is gone from LiveKit; nobody is in it any more."""

    reason: str
    at_ms: int


# -- outcomes of effects -------------------------------------------------------


class Failure(Enum):
    """Why an effect did not happen, as far as it matters to what follows."""

    GONE = auto()
    """The target is not in the room (yet): right after a join this passes."""
    RETRYABLE = auto()
    PERMANENT = auto()


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """LiveKit confirmed."""

    identity: Identity
    sid: Sid
    permission: Permission


@dataclass(frozen=True, slots=True)
class PermissionNotSet:
    identity: Identity
    sid: Sid
    failure: Failure
    error: str


@dataclass(frozen=True, slots=True)
class ParticipantRemoved:
    identity: Identity
    sid: Sid


@dataclass(frozen=True, slots=True)
class ParticipantNotRemoved:
    identity: Identity
    sid: Sid
    failure: Failure
    error: str


@dataclass(frozen=True, slots=True)
class EventsRelayed:
    """All events up to `seq` are on the wire."""

    seq: int


@dataclass(frozen=True, slots=True)
class EventsNotRelayed:
    error: str


@dataclass(frozen=True, slots=True)
class RoomClosed:
    """LiveKit confirmed that the room is deleted."""


@dataclass(frozen=True, slots=True)
class RoomNotClosed:
    error: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """A deadline that the state asked for has come."""


Event = (
    SnapshotLoaded
    | Pulled
    | PresenceRecorded
    | LeaseLost
    | RoomSynced
    | ParticipantJoined
    | ParticipantLeft
    | PermissionReported
    | TrackPublished
    | TracksCounted
    | Switched
    | Measured
    | TrackPaused
    | KeptOut
    | RoomEnded
    | PermissionSet
    | PermissionNotSet
    | ParticipantRemoved
    | ParticipantNotRemoved
    | EventsRelayed
    | EventsNotRelayed
    | RoomClosed
    | RoomNotClosed
    | Ticked
)
