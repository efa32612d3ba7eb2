"""What events speak of: people, connections, tracks, rows. Each is a value, and nothing here has happened yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, NamedTuple, NewType

from moderation.desired import Desired, Permission
from moderation.roles import Source
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


class Switch(StrEnum):
    """How a person has set a device of their own."""

    ON = "on"
    MUTED = "muted"
    """Published, and sends nothing."""
    OFF = "off"
    """Not published."""


class Weak(StrEnum):
    """How a connection fares, by LiveKit's word, where it does not fare well."""

    POOR = "poor"
    LOST = "lost"
    """Nothing comes through; it may come back."""


class Switches(NamedTuple):
    microphone: Switch = Switch.OFF
    camera: Switch = Switch.OFF


class Track(NamedTuple):
    """One sound among those of a person, by what it calls itself. `source` None: LiveKit calls it unknown. `number`: 0
    for the first one of its source; another only while there are several at once."""

    source: Source | None
    number: int = 0


MICROPHONE = Track(Source.MICROPHONE)
