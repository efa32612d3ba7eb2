"""One room as its hidden participant sees it: translates LiveKit's callbacks into events, and sends packets.

Nothing is decided here. Callbacks run on the process's one loop, so `report` may put straight into an inbox.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from livekit import api, rtc

from agent.core.inbox import Inbox
from agent.core.lease import RoomName
from agent.core.ports import ConnectionLost, Unavailable
from agent.livekit.doubts import Door
from agent.livekit.hearing import Hearing
from agent.livekit.joining import join
from agent.livekit.native import ParticipantPermission, RoomEvents, forget_callbacks
from agent.livekit.room_hearing import RoomHearing
from agent.livekit.server import LiveKitServer
from agent.livekit.translation import (
    ROOM_IS_OVER,
    SOURCES,
    WEAK,
    carries_sound,
    connection_of,
    identity_of,
    is_person,
    leave_reason,
    permission_from,
    switches_of,
)
from handlers.events import (
    ConnectionRated,
    ParticipantJoined,
    ParticipantLeft,
    PermissionReported,
    RoomEnded,
    RoomSynced,
    Switched,
    TrackPublished,
    TracksCounted,
)
from handlers.facts import Connection, Identity, Sid
from handlers.false_sources import TRACKS_OF_A_SOURCE
from moderation.identity import is_beside, name_of, person_of
from moderation.roles import Source

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
JOINS_AT_ONCE = 10
"""To join takes memory for a moment, and a core: more at once take more time in all, and leave the heap in pieces."""
SEND_SECONDS = 2.0
OPTIONS = rtc.RoomOptions(
    auto_subscribe=False,
    single_peer_connection=True,
    rtc_config=rtc.RtcConfiguration(
        continual_gathering_policy=rtc.ContinualGatheringPolicy.GATHER_ONCE,
    ),
)
"""One peer connection, since with two LiveKit's client (1.1.21) asks for no second channel and mixes both into one, in
which a sound and its inverse cancel. A server stays on its network: to look for others as a phone does takes a tenth of
a room's memory, and who reconnects looks anew."""


@dataclass(frozen=True, slots=True)
class Native:
    """LiveKit's native side, as all rooms of a process share it."""

    hearing: Hearing
    events: RoomEvents
    joining: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JOINS_AT_ONCE))
    """Held by who joins a room."""

    def close(self) -> None:
        """Leave the client's queues of events and frames."""
        self.events.close()


class LiveKitRoom:
    """A `HiddenParticipant`."""

    def __init__(
        self, livekit: LiveKitServer, room: RoomName, identity: Identity, inbox: Inbox, native: Native
    ) -> None:
        """`inbox`: takes what is seen, and the end of the connection."""
        self._url, self._token = livekit.url, hidden_token(livekit.key, livekit.secret, room, identity)
        self._report, self._lost, self._clock = inbox.put, inbox.fail, native.hearing.clock
        self._room, self._events, self._joining = rtc.Room(), native.events, native.joining
        door = Door(livekit.url, lambda: witness_token(livekit, room))
        self.sounds = RoomHearing(self._room, native.hearing, inbox.put, door)
        self.identity, self.restoring = identity, asyncio.Event()
        self._leaving = False
        self._crowds: set[tuple[str, Source | None]] = set()
        """Connections that publish too many tracks of a source, and the source."""
        self._weak: set[str] = set()
        """Connections, by SID, that LiveKit called weak last."""
        self._beside: dict[Identity, set[str]] = {}
        """What else than their app publishes for a person, by LiveKit's names."""
        self._opening: asyncio.Task[None] | None = None
        self._subscribe()

    async def connect(self) -> None:
        """Join, hidden, with no media.

        Raises:
            ConnectionLost: not connected within the time-out, or refused.
        """
        async with self._joining:
            await self._join()
        self._events.adopt(self._room)
        self._opening = asyncio.create_task(self._open_data_channel(), name="data channel")

    async def _join(self) -> None:
        try:
            await join(self._room, self._url, self._token, OPTIONS, CONNECT_SECONDS, self.disconnect)
        except Exception as error:
            raise ConnectionLost(str(error)) from error

    async def _open_data_channel(self) -> None:
        """The first packet negotiates a connection of its own, a quarter of a second: spend it on one to ourselves."""
        with contextlib.suppress(Unavailable):
            await self.send(b"", "", (Identity(self._room.local_participant.identity),))

    async def disconnect(self) -> None:
        """Leave. What the room calls is forgotten, so that it is freed at once."""
        self._leaving = True
        self.sounds.close()
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        try:
            await self._room.disconnect()
        finally:
            forget_callbacks(self._room)

    def present(self) -> tuple[tuple[Identity, Connection], ...]:
        """Everyone seen in the room now, people only."""
        return tuple(
            (identity_of(p), connection_of(p))
            for p in self._room.remote_participants.values()
            if is_person(p.kind)
        )

    def look_around(self) -> None:
        """Report everyone who is here, and what they publish."""
        self._report(RoomSynced(self.present()))
        for participant in self._room.remote_participants.values():
            for publication in participant.track_publications.values():
                self._on_published(publication, participant)

    async def send(self, packet: bytes, topic: str, to: Sequence[Identity] = ()) -> None:
        """One reliable data packet, to everyone or to some. Raises `Unavailable` when it is not taken within
        `SEND_SECONDS`."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                error = await self._events.send(self._room, packet, topic, [name_of(who) for who in to])
        except TimeoutError:
            error = "timed out"
        if error:
            msg = f"packet not sent: {error}"
            raise Unavailable(msg)

    def _subscribe(self) -> None:
        room = self._room
        room.on("participant_connected", self._on_joined)
        room.on("participant_disconnected", self._on_left)
        room.on("participant_permissions_changed", self._on_permission)
        room.on("track_published", self._on_published)
        room.on("track_unpublished", self._on_unpublished)
        room.on("track_muted", lambda participant, _: self._on_switched(participant))
        room.on("track_unmuted", lambda participant, _: self._on_switched(participant))
        room.on("connection_quality_changed", self._on_rated)
        room.on("reconnecting", self.restoring.set)
        room.on("reconnected", self._on_reconnected)
        room.on("disconnected", self._on_disconnected)

    def _on_joined(self, participant: rtc.RemoteParticipant) -> None:
        if is_person(participant.kind):
            self._report(ParticipantJoined(identity_of(participant), connection_of(participant)))

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if is_person(participant.kind):
            reason = leave_reason(participant.disconnect_reason)
            self._weak.discard(participant.sid)
            self._crowds = {crowd for crowd in self._crowds if crowd[0] != participant.sid}
            who, sid = identity_of(participant), Sid(participant.sid)
            if is_beside(who):
                self._beside.get(person_of(who), set()).discard(participant.identity)
            self._report(ParticipantLeft(who, sid, reason, self._now_ms()))

    def _on_permission(self, participant: rtc.Participant, permission: ParticipantPermission) -> None:
        if isinstance(participant, rtc.RemoteParticipant) and is_person(participant.kind):
            who, sid = identity_of(participant), Sid(participant.sid)
            self._report(PermissionReported(who, sid, permission_from(permission)))

    def _on_published(
        self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        if is_person(participant.kind):
            who, sid = identity_of(participant), Sid(participant.sid)
            sound = carries_sound(publication)
            source = SOURCES.get(publication.source)
            self._report(TrackPublished(who, sid, source, sound, publication.sid))
            self._count(participant, source)
            self._on_switched(participant)

    def _on_unpublished(
        self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        if is_person(participant.kind):
            self._count(participant, SOURCES.get(publication.source))
            self._on_switched(participant)

    def _count(self, participant: rtc.RemoteParticipant, source: Source | None) -> None:
        """All of a source that the person publishes; what is too much is the connection's that published it last."""
        count = sum(
            SOURCES.get(publication.source) is source
            for same_person in self._connections_of(participant)
            for publication in same_person.track_publications.values()
        )
        who, many = (participant.sid, source), count > TRACKS_OF_A_SOURCE
        if many or who in self._crowds:
            self._report(TracksCounted(identity_of(participant), Sid(participant.sid), source, count))
        if many:
            self._crowds.add(who)
        else:
            self._crowds.discard(who)

    def _connections_of(self, participant: rtc.RemoteParticipant) -> list[rtc.RemoteParticipant]:
        """Of the same person, all that have ever published here."""
        identity = identity_of(participant)
        person = person_of(identity)
        if is_beside(identity):
            self._beside.setdefault(person, set()).add(participant.identity)
        names = {participant.identity, person, *self._beside.get(person, ())}
        here = self._room.remote_participants
        found = [here[name] for name in sorted(names) if name in here]
        return [other for other in found if person_of(identity_of(other)) == person]

    def _on_switched(self, participant: rtc.Participant) -> None:
        if isinstance(participant, rtc.RemoteParticipant) and is_person(participant.kind):
            who, sid = identity_of(participant), Sid(participant.sid)
            self._report(Switched(who, sid, switches_of(participant)))

    def _on_rated(self, participant: rtc.Participant | None, quality: int) -> None:
        """From well to very well and back is no news; it comes every few seconds."""
        if not isinstance(participant, rtc.RemoteParticipant) or not is_person(participant.kind):
            return
        weak = WEAK.get(quality)
        if weak is None and participant.sid not in self._weak:
            return
        (self._weak.discard if weak is None else self._weak.add)(participant.sid)
        self._report(ConnectionRated(identity_of(participant), Sid(participant.sid), weak))

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)

    def _on_reconnected(self) -> None:
        self.restoring.clear()
        self.look_around()

    def _on_disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        if self._leaving:
            return
        if reason in ROOM_IS_OVER:
            self._report(RoomEnded(leave_reason(reason), self._now_ms()))
        else:
            self._lost(ConnectionLost(leave_reason(reason)))


def witness_token(livekit: LiveKitServer, room: RoomName) -> str:
    """Of a second hidden participant, new each time; see `agent.livekit.witness`."""
    return hidden_token(livekit.key, livekit.secret, room, Identity(f"witness-{uuid.uuid4()}"))


def hidden_token(key: str, secret: str, room: RoomName, identity: Identity) -> str:
    """A token for the hidden participant: hears and sends data, publishes nothing, is seen by nobody."""
    grants = api.VideoGrants(
        room_join=True,
        room=room,
        hidden=True,
        agent=True,
        can_publish=False,
        can_publish_data=True,
        can_subscribe=True,
    )
    token = api.AccessToken(key, secret).with_identity(identity).with_kind("agent").with_grants(grants)
    return token.to_jwt()
