"""What has happened to a room, in the past tense. Everything that reaches a room's loop is one of these."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from handlers.facts import (
    MICROPHONE,
    Action,
    Connection,
    EvidenceAsked,
    Identity,
    LiveEvent,
    PersonFacts,
    Sid,
    StandingStrikes,
    Status,
    Switches,
    Track,
    Weak,
)
from moderation.audio.measurement import Gap, Measurement
from moderation.desired import Permission
from moderation.roles import Role, RoleRights, Source
from moderation.rules.not_measurable import Shut

# -- from the database ---------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class HintsLost:
    """Realtime drops the database's messages just now, so new chat is announced to nobody."""


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


@dataclass(frozen=True, slots=True)
class Switched:
    """A connection has published, unpublished, muted or unmuted something: this is how it stands now."""

    identity: Identity
    sid: Sid
    switches: Switches


@dataclass(frozen=True, slots=True)
class ConnectionRated:
    """LiveKit says that a connection has become weak, or (None) that it is well again. Of whom we hear alone."""

    identity: Identity
    sid: Sid
    weak: Weak | None


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
    LAPSED = auto()
    """Nothing was sent: our lease has to be renewed first, which is under way."""
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
    failure: Failure
    error: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """A deadline that the state asked for has come."""


Event = (
    SnapshotLoaded
    | Pulled
    | PresenceRecorded
    | LeaseLost
    | HintsLost
    | RoomSynced
    | ParticipantJoined
    | ParticipantLeft
    | PermissionReported
    | TrackPublished
    | TracksCounted
    | Switched
    | ConnectionRated
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
