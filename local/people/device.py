"""One connection of one person to one room, as the app on a phone holds it."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any, Self

from livekit import rtc

from agent.livekit.native import ParticipantPermission
from local.people import voice
from local.people.api import Api, Json
from local.people.ear import Ear
from local.people.joining import join
from local.people.relay import Join, RelayReader
from local.people.relay_packet import PacketEvent, PacketSubject
from local.people.relay_sequence import RelayEvent
from local.people.sound import SpokenSound, speech_like
from local.people.waiting import DEADLINE_SECONDS, until, within

GOODBYE_SECONDS = 5.0
MICROPHONE, CAMERA = rtc.TrackSource.SOURCE_MICROPHONE, rtc.TrackSource.SOURCE_CAMERA


class NotLetInError(Exception):
    """LiveKit did not take the token."""


@dataclass(frozen=True, slots=True)
class RawPacket:
    """A data packet as it came: for those who ask what the app is given, not what it makes of it."""

    topic: str
    data: bytes
    sender: str | None
    at: float


class Device:
    """Connects with a `join`, as an edge function gives it; use it as `async with`, or `leave()` it.

    Times are `time.monotonic()`.
    """

    def __init__(
        self,
        join: Json,
        subject: PacketSubject,
        api: Api,
        *,
        start_after: int | None = None,
        encryption: rtc.E2EEOptions | None = None,
    ) -> None:
        self.join, self.subject = join, subject
        self._options = rtc.RoomOptions(encryption=encryption)
        self.room = rtc.Room()
        self.shown: set[str] = set()
        """Every identity that the room ever spoke of, but one's own."""
        self.packets: list[RawPacket] = []
        self.events: list[RelayEvent] = []
        """What the relay delivered: each event of the session once, in order."""
        self.notices: list[PacketEvent] = []
        self.levels: list[PacketEvent] = []
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """LiveKit's reason for the end of the connection, in lower case."""
        self.ended_at = 0.0
        self.relay = RelayReader(
            self.room,
            api,
            subject,
            Join(join["last_seq"], join["relay_keys"]),
            on_event=self.events.append,
            on_notice=self.notices.append,
            on_levels=self.levels.append,
            start_after=start_after,
        )
        self._ears: dict[str, Ear] = {}
        self._hearing: dict[str, asyncio.Task[None]] = {}
        """By track SID."""
        self._sending: dict[int, AsyncExitStack] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._attach()

    # ------------------------------------------------------------ coming and going

    async def connect(self) -> Self:
        """Enters the room.

        Raises:
            NotLetInError: LiveKit refused, or did not answer.
        """
        self._begin(self.relay.run(), "relay")
        try:
            await join(self.room, self.join["url"], self.join["token"], self._options)
        except (rtc.ConnectError, TimeoutError) as error:
            await self.leave()
            raise NotLetInError(str(error)) from error
        for identity in self.room.remote_participants:
            self.shown.add(identity)
        return self

    async def leave(self) -> None:
        """Says goodbye. Harmless when the connection is over already."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self.room.disconnect()
        for source in [*self._sending]:
            await self._stop(source)
        await self._end_tasks()
        self.ended.cancel()

    async def _end_tasks(self) -> None:
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    @property
    def sid(self) -> str:
        """LiveKit's SID of this connection."""
        return self.room.local_participant.sid

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self.room.isconnected()

    @property
    def others(self) -> frozenset[str]:
        """Identities in the room now, as this device sees it."""
        return frozenset(self.room.remote_participants)

    async def until_ended(self, within_seconds: float = DEADLINE_SECONDS) -> str:
        """The reason why LiveKit ended the connection; raises NotInTimeError while it has not."""
        return await within(within_seconds, "the connection ends", asyncio.shield(self.ended))

    async def stays(self, seconds: float) -> bool:
        """Whether nobody ends the connection for so long. Returns at once when somebody does."""
        await asyncio.wait({self.ended}, timeout=seconds)
        return not self.ended.done()

    # ------------------------------------------------------------ rights

    def may_send(self, source: rtc.TrackSource.ValueType = MICROPHONE) -> bool:
        """Whether the permission of now allows this source."""
        allowed: ParticipantPermission = self.room.local_participant.permissions
        # No source named means all of them.
        named = allowed.can_publish_sources
        return allowed.can_publish and (not named or source in named)

    async def until_may_send(
        self, source: rtc.TrackSource.ValueType = MICROPHONE, within_seconds: float = DEADLINE_SECONDS
    ) -> float:
        """Returns when the right is there. Publishing without it would hang for 10 s."""
        await until("the right to publish", lambda: self.may_send(source), within_seconds)
        return time.monotonic()

    async def until_may_not_send(
        self, source: rtc.TrackSource.ValueType = MICROPHONE, within_seconds: float = DEADLINE_SECONDS
    ) -> float:
        """Wait until the right to this source is gone; the seconds that it took."""
        await until("the right to publish is gone", lambda: not self.may_send(source), within_seconds)
        return time.monotonic()

    # ------------------------------------------------------------ sending

    async def speak(self, sound: SpokenSound | None = None) -> None:
        """Opens the microphone, once it may: until `hush`, or until the right is taken away."""
        await self.until_may_send(MICROPHONE)
        await self._send(MICROPHONE, sound or speech_like())

    async def speak_without_asking(self, sound: SpokenSound | None = None) -> None:
        """Publishes whether it may or not. Raises rtc's PublishTrackError, after 10 s, when it may not."""
        await self._send(MICROPHONE, sound or speech_like())

    def set_muted(self, source: rtc.TrackSource.ValueType = MICROPHONE, *, muted: bool) -> None:
        """The app's own switch: the track stays published."""
        for publication in self.room.local_participant.track_publications.values():
            if publication.source == source and publication.track is not None:
                track = publication.track
                track.mute() if muted else track.unmute()

    async def hush(self) -> None:
        """Publish no microphone any more."""
        await self._stop(MICROPHONE)

    async def film(self) -> None:
        """Opens the camera, once it may."""
        await self.until_may_send(CAMERA)
        await self._send(CAMERA, None)

    async def _send(self, source: int, sound: SpokenSound | None) -> None:
        await self._stop(source)
        stack = AsyncExitStack()
        sending = voice.camera(self.room) if sound is None else voice.microphone(self.room, sound)
        await stack.enter_async_context(sending)
        self._sending[source] = stack

    async def _stop(self, source: int) -> None:
        if stack := self._sending.pop(source, None):
            await stack.aclose()

    # ------------------------------------------------------------ hearing

    def ear(self, identity: str) -> Ear:
        """Listens to this person from now on, through any number of tracks."""
        if identity in self._ears:
            return self._ears[identity]
        ear = self._ears[identity] = Ear()
        if (person := self.room.remote_participants.get(identity)) is not None:
            for publication in person.track_publications.values():
                if publication.track is not None:
                    self._on_track(publication.track, publication, person)
        return ear

    def track_of(self, identity: str) -> rtc.Track | None:
        """This person's microphone, while it is heard here."""
        person = self.room.remote_participants.get(identity)
        heard = (
            [p.track for p in person.track_publications.values() if p.source == MICROPHONE] if person else []
        )
        return next((track for track in heard if track is not None), None)

    def sees_camera_of(self, identity: str) -> bool:
        """Whether somebody's camera is published, as seen from here."""
        person = self.room.remote_participants.get(identity)
        return person is not None and any(
            p.source == CAMERA and p.track is not None for p in person.track_publications.values()
        )

    # ------------------------------------------------------------ what the room says

    def _attach(self) -> None:
        room = self.room
        room.on("participant_connected", self._on_someone)
        room.on("participant_disconnected", self._on_someone)
        room.on("participant_permissions_changed", self._on_someone)
        room.on("active_speakers_changed", self._on_speakers)
        room.on("track_published", lambda _, person: self._on_someone(person))
        room.on("track_subscribed", self._on_track)
        room.on("track_unsubscribed", self._on_track_gone)
        room.on("data_received", self._on_packet)
        room.on("disconnected", self._on_disconnected)

    def _on_someone(self, person: rtc.Participant) -> None:
        if isinstance(person, rtc.RemoteParticipant):
            self.shown.add(person.identity)

    def _on_speakers(self, people: list[rtc.Participant]) -> None:
        for person in people:
            self._on_someone(person)

    def _on_track(
        self, track: rtc.Track, _publication: rtc.RemoteTrackPublication, person: rtc.RemoteParticipant
    ) -> None:
        ear = self._ears.get(person.identity)
        if ear is not None and track.kind == rtc.TrackKind.KIND_AUDIO:
            self._hearing[track.sid] = self._begin(ear.listen(track), f"ear for {person.identity}")

    def _on_track_gone(self, track: rtc.Track, *_: object) -> None:
        """As an app that takes the player away: what is still in a queue is not played."""
        if (hearing := self._hearing.pop(track.sid, None)) is not None:
            hearing.cancel()

    def _on_packet(self, packet: rtc.DataPacket) -> None:
        sender = packet.participant.identity if packet.participant else None
        self.packets.append(RawPacket(packet.topic or "", bytes(packet.data), sender, time.monotonic()))

    def _on_disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        if not self.ended.done():
            self.ended_at = time.monotonic()
            self.ended.set_result(str(rtc.DisconnectReason.Name(reason)).lower())

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[None]) -> None:
        # One that failed stays, and `leave` tells about it.
        if task.cancelled() or task.exception() is None:
            self._tasks.discard(task)
