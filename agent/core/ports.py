"""What the loop needs from the world, as small interfaces, and the only errors that cross them.

    PortError
    ├── Unavailable   no answer, or an answer that may be different next time: try again
    ├── TargetGone    the person or room is not there (yet)
    └── Refused       it will never be accepted: a person has to look

An adapter translates its vendor's errors into these, once. Anything else that escapes an adapter is a bug.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from agent.core.fleet_facts import CheckedIn, Findings, WorkerState
from agent.core.lease import (
    Claim,
    Clip,
    Cursor,
    Finish,
    Incident,
    Joined,
    Known,
    Lease,
    Left,
    Minute,
    OnAir,
    Release,
    RoomName,
    RoomPull,
    Written,
)
from handlers.facts import Connection, Identity
from moderation.audio.kept import Block, Cause
from moderation.desired import Permission


class PortError(Exception):
    """Something outside did not do what was asked."""


class Unavailable(PortError):
    """No usable answer: unreachable, overloaded, rate limited, timed out."""


class LeaseLapsed(Unavailable):
    """Nothing was asked: the room may not be ours any more."""


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


class RoomCalls(Protocol):
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
        """What is kept of this person and what follows, when it is complete or the hearing ends. Of somebody whose
        sound is not kept, or who made none, nothing comes."""


class HiddenParticipant(Protocol):
    """Our own connection to one room. What it sees goes into the room's inbox as events."""

    identity: Identity
    restoring: asyncio.Event
    """Set while the connection is lost and LiveKit's client tries to restore it."""

    @property
    def sounds(self) -> Sounds:
        """What it can hear."""

    async def connect(self) -> None:
        """Join, seen by nobody. Raises `ConnectionLost` when that does not succeed in time."""

    async def disconnect(self) -> None:
        """Leave. Raises nothing, and may be repeated."""

    def look_around(self) -> None:
        """Report everyone who is here, and what they publish."""

    def present(self) -> tuple[tuple[Identity, Connection], ...]:
        """Who is in the room, seen from inside: free, but up to 3 s old for listeners."""

    async def send(self, packet: bytes, topic: str, to: Sequence[Identity] = ()) -> None:
        """One reliable data packet, to everyone or to some. Raises `Unavailable`."""


class Recorders(Protocol):
    """Sees to the recordings of the rooms that are ours."""

    def hold(self, lease: Lease, bot: Identity, *, recorded: bool) -> None:
        """A room is ours, and we are in it as `bot`. `recorded`: it is recorded, or is to be."""

    def let_go(self, lease: Lease) -> None:
        """It is not ours any more."""


class Screen(Protocol):
    """Shows levels to those who look from outside the room. Best effort."""

    def show(self, session_id: str, payload: Mapping[str, Any]) -> None:
        """Show one picture of levels of a session. Never blocks."""


class ClipSink(Protocol):
    """Encodes and stores clips, in its own time."""

    def add(self, clip: Clip) -> None:
        """Never blocks: past its bound the oldest is given up."""


class Store(Protocol):
    """The database, in calls that each serve many rooms. All raise `Unavailable` or `Refused`."""

    @property
    def failed_at(self) -> float:
        """When a lease last could not be taken, renewed or looked up, by the monotonic clock."""

    async def claim(self, room: RoomName, bot: Identity) -> Claim:
        """Take the lease of a room for our agent in it. Without one, the answer says what is in the way."""

    async def pull(self, rooms: Mapping[Lease, Known]) -> tuple[RoomPull, ...]:
        """Renew every lease given and bring what is new. Rooms without news are left out."""

    async def waiting(self) -> frozenset[RoomName]:
        """Rooms of this worker in which an action waits that nobody has claimed. It renews and claims nothing."""

    async def presence(self, reports: Sequence[Joined | Left]) -> Sequence[Written]:
        """Who came and who left, as we saw it. One answer for each report, in their order."""

    async def finish(self, finishes: Sequence[Finish]) -> Sequence[Written]:
        """What has become of actions. One answer for each, in their order."""

    async def relayed(self, cursors: Sequence[Cursor]) -> Sequence[Written]:
        """Up to which event each room has been told. One answer for each, in their order."""

    async def incidents(self, incidents: Sequence[Incident]) -> Sequence[Written]:
        """What rules decided, each with the action that it asks for in one transaction."""

    async def minutes(self, minutes: Sequence[Minute]) -> Sequence[Written]:
        """How people sounded. A fenced row is left out and still answered `ok`."""

    async def media(self, rows: Sequence[OnAir]) -> Sequence[Written]:
        """What flows from hosts, in the order in which it changed."""

    async def release(self, releases: Sequence[Release]) -> None:
        """Give leases back, so that the next worker need not wait for their end."""

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
        has, when they have just been listed: the one whose turn it is then does what needs no request as well (missed
        calls, hosts who stayed away, deleted accounts, ends of timed states). `state`: check in by the same call."""

    async def hand(self, rooms: Mapping[RoomName, float]) -> Mapping[RoomName, float]:
        """Give rooms to the workers with most room for them, each with the seconds until its claim is granted. Returns
        those that this worker shall take."""

    async def suspect(self, worker: str, grace_seconds: float) -> Mapping[RoomName, float]:
        """This worker's session lock has fallen: if it is free, hand its rooms out. Returns those for this worker."""

    async def offer(self, leases: Sequence[Lease]) -> None:
        """Let others claim these rooms while we go on moderating them."""

    def now(self) -> float:
        """The database's clock, seconds since the epoch, from its last answers."""
