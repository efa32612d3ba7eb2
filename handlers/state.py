"""What is known of one room. Only the room's own loop changes it, through `handlers.handle`.

Times are seconds by the database's clock unless a name ends in `_ms` (LiveKit's epoch milliseconds).
"""

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.effects import FinishAction
from handlers.facts import Action, ActionId, Connection, Identity, LiveEvent, Sid, Status
from handlers.hearing import SoundState
from moderation.desired import Desired, Permission, Removal, Standing, effective_permission
from moderation.identity import is_beside, person_of
from moderation.roles import Role, RoleRights, Source
from moderation.words import Words

RESYNC_SECONDS = 30.0
"""How often the whole room is compared when nothing else asks for it."""
BATCHING_SECONDS = 3.5
"""LiveKit tells about listeners in batches, up to 3 s late; what it says of them may be that old."""
GRACE_SECONDS = 10.0
"""How long a connection may be missing from what the room shows before that is believed."""


@dataclass(slots=True)
class Misuse:
    """What a person has done with their sources in this room. It outlives connections: a client that does it again
    will."""

    disguises: int = 0
    """How often they have published under a false source, and were not forgiven."""
    withheld: dict[Source, float] = field(default_factory=dict)
    """Until when the right to a source is away because it was misused; infinite: until a moderator returns it."""
    crowds: dict[Source, int] = field(default_factory=dict)
    """How often they have published more tracks of a source than anybody can use."""


@dataclass(slots=True)
class PersonState:
    """One person, as far as one identity of LiveKit's carries them: what the database wants, what LiveKit has, and what
    is under way between the two. Who streams from OBS beside their app has two, with one `desired` and one `misuse`."""

    desired: Desired | None = None
    connection: Connection | None = None
    known_at: float = 0.0
    """Since when we know of this connection: when it joined is told by LiveKit's clock, which may be any other."""
    seen: bool = False
    """LiveKit itself has shown this connection; before that only a webhook told about it."""
    asked: Permission | None = None
    """A permission that was sent and is not answered yet. LiveKit takes it for whichever connection it finds, so it
    outlives the connection that it was meant for: one change at a time per person, whatever they do meanwhile."""
    answered_at: float = float("-inf")
    """When the last such call was answered."""
    unsure: bool = False
    """What LiveKit has may differ from `connection.permission`: a call may or may not have been taken."""
    removing: bool = False
    """A removal of this connection is under way."""
    failures: int = 0
    retry_at: float = 0.0
    overridden: dict[Permission, float] = field(default_factory=dict)
    """Permissions of this connection that we replaced, and when: late reports of them are no drift."""
    doubted_at: float | None = None
    """A leave without a reason came then: it may be our own reconnect."""
    contradicted_at: float | None = None
    """Since when LiveKit's lists miss this connection though the room shows it."""
    told: Standing | None = None
    """How they were last told that they stand, and of an earlier connection the role alone; None: nothing was said."""
    misuse: Misuse = field(default_factory=Misuse)
    """Shared by all connections of one person."""
    disguised: set[str] = field(default_factory=set)
    """The tracks that are known to be under a false source, by LiveKit's SID: of this connection."""
    crowding: set[Source] = field(default_factory=set)
    """Sources of which this connection publishes more tracks now than anybody can use."""
    why: str | Words | None = None
    """What the latest action about this person gave as its reason, until they are told. A rule has words for it."""

    def connect(self, connection: Connection, now: float, *, seen: bool) -> None:
        """A new connection. A call for an older one may have changed this one instead, if it came before its answer:
        it may have, for as long as we may be late to learn it."""
        self.disconnect()
        self.connection, self.seen, self.known_at = connection, seen, now
        self.unsure = self.asked is not None or now - self.answered_at <= BATCHING_SECONDS
        self.failures, self.retry_at = 0, 0.0
        self.overridden.clear()
        self.disguised.clear()
        self.told = None if self.told is None else Standing(role=self.told.role)

    def disconnect(self) -> None:
        """Nobody is connected any more; what is wanted for the person stays."""
        self.connection, self.seen, self.removing = None, False, False
        self.doubted_at = self.contradicted_at = None
        self.crowding.clear()


@dataclass(slots=True)
class OpenAction:
    """A claimed row that is not true yet."""

    action: Action
    before: Mapping[str, Any] | None
    aims: frozenset[Sid]
    """The connections that a kick is meant for; empty while none is known."""
    certain: bool
    """Whether the person was here when the row came is known: the room showed them, or LiveKit was asked since."""


@dataclass(slots=True)
class RoomState:
    """The room. Until it is both loaded and synced, what is wanted or what is there is unknown: nothing is decided."""

    loaded: bool = False
    """The first snapshot is in."""
    synced: bool = False
    """The first full list of who is here is in."""
    status: Status = Status.OPEN
    default_role: Role | None = None
    rights: Mapping[Role, RoleRights] = field(default_factory=dict)
    people: dict[Identity, PersonState] = field(default_factory=dict)
    beside: dict[Identity, list[Identity]] = field(default_factory=dict)
    """Of each person, what else than their app carries them."""
    unclaimed: dict[Sid, tuple[Identity, float]] = field(default_factory=dict)
    """Visits open in the database that nobody in the room belongs to, whose they are, and since when that is known."""
    actions: dict[ActionId, OpenAction] = field(default_factory=dict)
    finished: dict[ActionId, FinishAction] = field(default_factory=dict)
    """The last thousand, for the row that is claimed again before the database took its end."""
    listing_until: float = 0.0
    """A list that rows wait for was asked for, and is to be asked for again if it has not come by then."""
    relayed_seq: int = 0
    relaying: tuple[LiveEvent, ...] = ()
    backlog: tuple[LiveEvent, ...] = ()
    relayed_at: float = 0.0
    relay_retry_at: float = 0.0
    hints_lost_told_at: float = -math.inf
    beacon_at: float | None = None
    """When to tell next how far the stream is; None: there is no stream here."""
    closing: bool = False
    closed_at: float | None = None
    close_retry_at: float = 0.0
    resync_at: float = 0.0
    hearing: SoundState = field(default_factory=SoundState)
    on_air: dict[Identity, tuple[Sid, frozenset[Source]]] = field(default_factory=dict)
    """What of which host's connection flowed when the database was last told."""
    timers: list[float] = field(default_factory=list)
    """A heap of the moments at which something must be looked at again; each moment once."""

    @property
    def ready(self) -> bool:
        """Whether both the database and the room have been read, so that anything may be decided."""
        return self.loaded and self.synced

    def person(self, identity: Identity) -> PersonState:
        """What is known of this identity, from now on if nothing was."""
        known = self.people.get(identity)
        if known is None:
            known = self.people[identity] = PersonState()
            if is_beside(identity):
                self.beside.setdefault(person_of(identity), []).append(identity)
                owner = self.person(person_of(identity))
                known.desired, known.misuse = owner.desired, owner.misuse
        return known

    def identities_of(self, person: Identity) -> tuple[Identity, ...]:
        """Everything that carries this person: their app, and what is beside it."""
        return (person, *self.beside.get(person, ()))

    def connections_of(self, person: Identity) -> Iterator[tuple[Identity, PersonState, Connection]]:
        """The open connections of a person, with the identity and state of each."""
        for identity in self.identities_of(person):
            known = self.people.get(identity)
            if known is not None and known.connection is not None:
                yield identity, known, known.connection

    def connected(self) -> Iterator[tuple[Identity, PersonState, Connection]]:
        """Everybody who is connected, with their state and connection."""
        for identity, person in self.people.items():
            if person.connection is not None:
                yield identity, person, person.connection

    def desired(self, person: PersonState) -> Desired:
        """What is wanted for someone, also when the database has no row for them."""
        if person.desired is not None:
            return person.desired
        if self.default_role is None:
            return Desired(Role.LISTENER, removal=Removal("not_invited"))
        return Desired(self.default_role)

    def allowed(self, person: PersonState, now: float) -> Permission:
        """What the database lets someone do now."""
        misuse = person.misuse
        withheld = {source for source, until in misuse.withheld.items() if now < until}
        return effective_permission(
            self.desired(person),
            self.rights,
            now,
            disguises=misuse.disguises > 0,
            misused=frozenset(withheld | person.crowding),
        )

    def wake_at(self, when: float) -> None:
        """Ask for a `Ticked` at `when`."""
        if when not in self.timers:
            heapq.heappush(self.timers, when)

    def next_deadline(self) -> float | None:
        """When the room must look at its clock again, seconds since the epoch. None: never."""
        return self.timers[0] if self.timers else None

    def drop_due_timers(self, now: float) -> None:
        """Forget timers up to `now`."""
        while self.timers and self.timers[0] <= now:
            heapq.heappop(self.timers)


def sid_of(person: PersonState) -> Sid | None:
    """The SID of the person's connection; None: there is none."""
    return None if person.connection is None else person.connection.sid
