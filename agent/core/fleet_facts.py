"""What workers say of themselves to the database, and what it finds not in order among all rooms."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from agent.core.lease import RoomName
from handlers.facts import Identity


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
    swept: "Swept | None" = None
    """What the sweep did that came with a list of rooms."""


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
    recordings_over: bool = False
    """Files of recordings are to be deleted."""
    recording_minutes: int = 0
    """Recorded this month: 0 within the limit, 1 past the warning, 2 used up."""
    recordings_due: bool = False
    """There are recordings that are not over and whose room nobody holds."""
    evidence_due: bool = False
    """Clips are to be deleted."""
    unheard_rooms: int = 0
    """Rooms in which a speech process is to listen or look, and none does."""
