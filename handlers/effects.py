"""What should be done about it, as verbs. Handlers return these; the performer alone carries them out.

An effect states a target condition and may be carried out twice without harm. Each one that can fail is answered by an
outcome event (see `handlers.events`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from handlers.facts import ActionId, Connection, Identity, LiveEvent, Sid, Switches, Track, Weak
from handlers.notice_types import NoticeType
from moderation.action_names import ActionName
from moderation.audio.board import Level
from moderation.audio.kept import Cause
from moderation.audio.stats import AudioMinute
from moderation.desired import Permission
from moderation.escalation import Decision, Severity
from moderation.roles import Source
from moderation.rules.policy import Mode


class Outcome(StrEnum):
    """How a claimed action ended, as far as this room can tell."""

    APPLIED = "applied"
    FAILED = "failed"


class Metric(Enum):
    """Things worth counting that only the handlers can see."""

    DRIFT_FOUND = "drift_found"
    PRESENCE_CORRECTED = "presence_corrected"
    LISTING_CONTRADICTED = "listing_contradicted"
    TRACK_DISGUISED = "track_disguised"
    HOST_NOT_MEASURABLE = "host_not_measurable"


@dataclass(frozen=True, slots=True)
class SetPermission:
    """Let this person have exactly this permission. Answered by `PermissionSet` or `PermissionNotSet`."""

    identity: Identity
    sid: Sid
    permission: Permission
    revokes: bool
    """True when it only takes rights away: harmless twice, so it may be done while the database is unreachable."""


@dataclass(frozen=True, slots=True)
class RemoveParticipant:
    """Disconnect this person. Answered by `ParticipantRemoved` or `ParticipantNotRemoved`."""

    identity: Identity
    sid: Sid
    ban: bool
    """True when the database says that they may not be here; False for a kick, which is done once."""
    notice: "Notify"
    """What they are told just before."""


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell one person something on `live.notice`. Best effort: the database has the record."""

    identity: Identity
    type: NoticeType
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Relay:
    """Put these events on the wire in order. Answered by `EventsRelayed` or `EventsNotRelayed`."""

    events: tuple[LiveEvent, ...]
    last_seq: int
    """How far the stream is with them. Those up to here that are not among them are not worth a packet any more."""


@dataclass(frozen=True, slots=True)
class Beacon:
    """Tell everyone how far the stream is, so that a client that lost its last packet notices. Best effort."""

    last_seq: int
    hints: bool = True
    """False: Realtime drops hints, so chat is to be read by the clock."""


@dataclass(frozen=True, slots=True)
class AdvanceCursor:
    """Record that everything up to `seq` is relayed."""

    seq: int


@dataclass(frozen=True, slots=True)
class RecordJoined:
    """Write the visit. Answered by `PresenceRecorded`."""

    identity: Identity
    connection: Connection


@dataclass(frozen=True, slots=True)
class RecordLeft:
    identity: Identity
    sid: Sid
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class FinishAction:
    """Write back how a claimed row ended."""

    action: ActionId
    verdict: Outcome
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    error_code: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Resync:
    """Read who is in the room and what they may do. Answered by `RoomSynced`, or by nothing when it failed.

    `doubt`: what the room shows may be wrong, so ask the server; otherwise the view from inside is enough and free.
    """

    doubt: bool


@dataclass(frozen=True, slots=True)
class CloseRoom:
    """Delete the room: its session or call is over. Answered by `RoomClosed` or `RoomNotClosed`."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Stop moderating this room. `closed`: it has ended; otherwise somebody else has it."""

    closed: bool
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class HearSounds:
    """Hear every sound of this room, or none."""

    on: bool


@dataclass(frozen=True, slots=True)
class AutomaticAction:
    """A row of `moderation_actions` that a rule asks for."""

    action: ActionName
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RecordIncident:
    """Write what a rule decided and, in the same transaction, ask for the action that follows, if any."""

    identity: Identity
    sid: Sid | None
    decision: Decision
    action: AutomaticAction | None
    track: Track | None = None
    """Which of the person's sounds; None: all together, or none of them."""
    case: Severity | None = None
    """How grave the case is that it opens for a human's decision; None: none."""


@dataclass(frozen=True, slots=True)
class KeepSound:
    """Keep the last `seconds` of the sound of these people in memory, each for a cause, and of nobody else."""

    of: Mapping[Identity, Cause]
    seconds: float


@dataclass(frozen=True, slots=True)
class TakeClip:
    """Make evidence of what is kept of this person and of `after_seconds` that follow: for an incident, or by an order
    of the database's. Of somebody whose sound is not kept: nothing."""

    identity: Identity
    after_seconds: float
    incident: RecordIncident | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True)
class RecordMinute:
    """Write how a person sounded in one minute. `begins`: its start, seconds."""

    identity: Identity
    begins: float
    figures: AudioMinute
    """Of everything that people heard from them."""
    tracks: Mapping[Track, AudioMinute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordMedia:
    """Write which of a host's camera and microphone are published and not muted: tickets are earned by it."""

    identity: Identity
    sid: Sid
    flowing: frozenset[Source]
    at_ms: int


@dataclass(frozen=True, slots=True)
class ShowLevels:
    """Everyone's level as of now, None for who is not heard, and the switches of anyone who publishes anything. `to`:
    who moderates in the room; `watched`: tell those who look from outside as well; `tracks`: of whom more is heard
    than one microphone; `weak`: whose connection is. Best effort: the next one replaces it."""

    levels: Mapping[Identity, Level | None]
    switches: Mapping[Identity, Switches]
    to: tuple[Identity, ...]
    watched: bool
    tracks: Mapping[Identity, Mapping[Track, Level]] = field(default_factory=dict)
    weak: Mapping[Identity, Weak] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportPolicy:
    """The policy in the database cannot be used: why, and in which mode the room goes on without it."""

    problems: tuple[str, ...]
    mode: Mode


@dataclass(frozen=True, slots=True)
class Count:
    metric: Metric


Effect = (
    SetPermission
    | RemoveParticipant
    | Notify
    | Relay
    | Beacon
    | AdvanceCursor
    | RecordJoined
    | RecordLeft
    | FinishAction
    | Resync
    | CloseRoom
    | Leave
    | HearSounds
    | RecordIncident
    | KeepSound
    | TakeClip
    | RecordMinute
    | RecordMedia
    | ShowLevels
    | ReportPolicy
    | Count
)
Effects = tuple[Effect, ...]
