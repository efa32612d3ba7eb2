"""LiveKit in memory, with the habits that cost a real agent its nerves; `RoomCalls` and `HiddenParticipant` over it.

Habits, each measured on a real server: one connection per identity; a new one brings the rights of its token; calls
about someone who is still joining are `not_found`; calls name an identity and hit whichever connection has it; what
the hidden participant is told about listeners comes in batches, up to three seconds late, with what they may do by
then; a visit inside one batch is never reported; a full reconnect says that everyone left, for no reason, and then
that everyone is there; a closed room comes back as soon as somebody with a token joins; a server that has lost its
memory (a Redis without persistence, another region) says of everything that it is not there, while people go on
talking in it."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.core.inbox import Inbox
from agent.core.lease import Clip, Lease, RoomName
from agent.core.ports import ConnectionLost, Listing, TargetGone, Unavailable
from handlers.events import Event, ParticipantJoined, ParticipantLeft, PermissionReported, RoomSynced
from handlers.facts import Connection, Identity, Sid
from moderation.audio.kept import Block, Cause
from moderation.desired import Permission

BATCH_SECONDS = 3.0
Seen = dict[Identity, Connection]


@dataclass
class Member:
    connection: Connection
    ready_at: float
    """From then on calls find them."""
    agent: bool = False


@dataclass
class Room:
    members: dict[Identity, Member] = field(default_factory=dict)
    seen: Seen = field(default_factory=dict)
    """The view from inside, as of the last batch."""
    last_reason: dict[Sid, str] = field(default_factory=dict)


class LiveKit:
    """The server. `clock`: seconds since the epoch; `joining_seconds`: how long calls do not find who just joined."""

    def __init__(self, clock: Callable[[], float], joining_seconds: float = 0.0) -> None:
        self._clock, self._joining_seconds = clock, joining_seconds
        self.rooms: dict[RoomName, Room] = {}
        self.visits: dict[Sid, tuple[Identity, int, int | None]] = {}
        """Every connection there ever was: who, from when, until when (milliseconds)."""
        self.removed: list[tuple[Identity, Sid]] = []
        self.forgotten = False
        """Its API knows of no room and nobody in it. Connections are as they were."""
        self._sids = itertools.count(1)
        self._joined_ms = 0

    # -- people ---------------------------------------------------------------------

    def join(
        self, name: RoomName, who: Identity, permission: Permission, *, agent: bool = False
    ) -> Connection:
        room = self.rooms.setdefault(name, Room())
        if who in room.members:
            self.leave(name, who, "duplicate_identity")
        now = self._clock()
        self._joined_ms = max(self._joined_ms + 1, round(now * 1000))  # no two within a millisecond
        connection = Connection(Sid(f"PA_{next(self._sids)}"), self._joined_ms, permission)
        room.members[who] = Member(connection, now + self._joining_seconds, agent)
        if not agent:
            self.visits[connection.sid] = (who, connection.joined_at_ms, None)
        return connection

    def leave(self, name: RoomName, who: Identity, reason: str = "client_initiated") -> Sid:
        room = self.rooms[name]
        sid = room.members.pop(who).connection.sid
        room.last_reason[sid] = reason
        if sid in self.visits:
            identity, since, _ = self.visits[sid]
            self.visits[sid] = (identity, since, max(since, round(self._clock() * 1000)))
        return sid

    # -- what the hidden participant hears ---------------------------------------------

    def batch(self, name: RoomName) -> Iterator[Event]:
        """What changed since the last batch. Call it at most `BATCH_SECONDS` apart."""
        room = self.rooms.get(name) or Room()
        now = {who: member.connection for who, member in room.members.items() if not member.agent}
        for who, old in room.seen.items():
            if who not in now or now[who].sid != old.sid:
                reason = room.last_reason.get(old.sid, "client_initiated")
                yield ParticipantLeft(who, old.sid, reason, round(self._clock() * 1000))
        for who, connection in now.items():
            if who not in room.seen or room.seen[who].sid != connection.sid:
                yield ParticipantJoined(who, connection)
            elif connection.permission is not None and room.seen[who].permission != connection.permission:
                yield PermissionReported(who, connection.sid, connection.permission)
        room.seen = now

    def reconnect(self, name: RoomName) -> Iterator[Event]:
        """A full reconnect of the hidden participant."""
        room = self.rooms.get(name) or Room()
        for who, old in room.seen.items():
            yield ParticipantLeft(who, old.sid, "unknown", round(self._clock() * 1000))
        room.seen = {who: member.connection for who, member in room.members.items() if not member.agent}
        for who, connection in room.seen.items():
            yield ParticipantJoined(who, connection)
        yield RoomSynced(self.view(name))

    def view(self, name: RoomName) -> tuple[tuple[Identity, Connection], ...]:
        """Who is there, seen from inside: as old as the last batch."""
        return tuple((self.rooms.get(name) or Room()).seen.items())

    def listed(self, name: RoomName) -> Room:
        """The room as the API knows it."""
        return Room() if self.forgotten else self.rooms.get(name, Room())

    def member(self, name: RoomName, who: Identity) -> Member:
        found = self.listed(name).members.get(who)
        if found is None or self._clock() < found.ready_at:
            raise TargetGone("participant does not exist")
        return found


class FakeRoom:
    """`RoomCalls` over `LiveKit`. `away`: it does not answer."""

    def __init__(self, livekit: LiveKit) -> None:
        self._livekit = livekit
        self.away = False

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("LiveKit is away")

    async def set_permission(
        self,
        room: RoomName,
        identity: Identity,
        permission: Permission,
        *,
        urgent: bool,  # noqa: ARG002
    ) -> None:
        self._reach()
        member = self._livekit.member(room, identity)
        member.connection = Connection(member.connection.sid, member.connection.joined_at_ms, permission)

    async def remove(self, room: RoomName, identity: Identity) -> None:
        self._reach()
        sid = self._livekit.member(room, identity).connection.sid
        self._livekit.leave(room, identity, "participant_removed")
        self._livekit.removed.append((identity, sid))

    async def people(self, room: RoomName) -> Listing:
        self._reach()
        members = self._livekit.listed(room).members
        people = tuple((who, member.connection) for who, member in members.items() if not member.agent)
        return Listing(people, frozenset(who for who, member in members.items() if member.agent))

    async def connected(self, room: RoomName, identity: Identity) -> bool:
        self._reach()
        return identity in self._livekit.listed(room).members

    async def close(self, room: RoomName) -> None:
        self._reach()
        for who in list(self._livekit.listed(room).members):
            self._livekit.leave(room, who, "room_deleted")
        if not self._livekit.forgotten:
            self._livekit.rooms.pop(room, None)

    async def rooms(self) -> frozenset[RoomName]:
        self._reach()
        return frozenset() if self._livekit.forgotten else frozenset(self._livekit.rooms)


class FakeSounds:
    """`Sounds`: whether the room is listened to."""

    def __init__(self) -> None:
        self.on = False
        self.kept: tuple[dict[Identity, Cause], float] = ({}, 0.0)
        self.clips: list[tuple[Identity, float, Callable[[Sequence[Block]], None]]] = []

    def hear(self, *, on: bool) -> None:
        self.on = on

    def keep(self, of: Mapping[Identity, Cause], seconds: float) -> None:
        self.kept = (dict(of), seconds)

    def clip(self, identity: Identity, after_seconds: float, done: Callable[[Sequence[Block]], None]) -> None:
        self.clips.append((identity, after_seconds, done))


class NoRecorder:
    """`Recorders` where nothing is recorded."""

    def hold(self, lease: Lease, bot: Identity, *, recorded: bool) -> None: ...

    def let_go(self, lease: Lease) -> None: ...


class FakeClips:
    """`ClipSink`: what was handed over."""

    def __init__(self) -> None:
        self.added: list[Clip] = []

    def add(self, clip: Clip) -> None:
        self.added.append(clip)


class FakeParticipant:
    """`HiddenParticipant` over `LiveKit`. `away`: nothing gets in or out."""

    def __init__(self, livekit: LiveKit, room: RoomName, identity: Identity, inbox: Inbox) -> None:
        self._livekit, self._room, self._inbox = livekit, room, inbox
        self.identity, self.restoring = identity, asyncio.Event()
        self.sounds = FakeSounds()
        self.away = False
        self.sent: list[tuple[str, bytes, tuple[Identity, ...]]] = []

    async def connect(self) -> None:
        if self.away:
            raise ConnectionLost("LiveKit is away")
        self._livekit.join(self._room, self.identity, Permission(frozenset()), agent=True)

    async def disconnect(self) -> None:
        room = self._livekit.rooms.get(self._room)
        if room is not None and self.identity in room.members:
            self._livekit.leave(self._room, self.identity)

    def present(self) -> tuple[tuple[Identity, Connection], ...]:
        return self._livekit.view(self._room)

    def look_around(self) -> None:
        for _ in self._livekit.batch(self._room):
            pass  # it is in the list that follows
        self._inbox.put(RoomSynced(self.present()))

    def hear(self) -> None:
        """The next batch of what happened reaches the room's inbox."""
        for event in self._livekit.batch(self._room):
            self._inbox.put(event)

    async def send(self, packet: bytes, topic: str, to: Sequence[Identity] = ()) -> None:
        if self.away:
            raise Unavailable("LiveKit is away")
        self.sent.append((topic, packet, tuple(to)))
