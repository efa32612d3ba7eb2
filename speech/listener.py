"""One room, joined hidden: hears its flagged speakers and nobody else, and looks at its cameras one frame at a time."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from livekit import api, rtc
from livekit.agents import vad

from agent.livekit.joining import join
from agent.livekit.room import OPTIONS
from agent.livekit.server import LiveKitServer
from agent.livekit.translation import carries_sound, identity_of, is_as_announced, is_person
from moderation.identity import person_of
from speech.hearing import hear
from speech.pictures import ON_THE_WALL, Classifier, is_black, jpeg, one_frame
from speech.ports import Flagged, PictureState, SeenFrame, SpeechRoom, Told
from speech.windows import Window

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Senses:
    """What the rooms of a process share."""

    detector: vad.VAD
    hear: Callable[[Window, Flagged], None]
    classifier: Classifier | None
    """None: pictures are not looked at, whatever the database says."""
    seen: Callable[[SeenFrame], Awaitable[None]]
    show: Callable[[SeenFrame], Awaitable[None]]
    """Puts a frame on the wall. Raises `PortError`."""
    looking: asyncio.Semaphore
    """How many cameras are looked at together."""


class RoomListener:
    """`run` it for as long as the room is this process's; `settle` says what is wanted from now on."""

    def __init__(self, livekit: LiveKitServer, senses: Senses, place: SpeechRoom, told: Told) -> None:
        self._livekit, self._senses = livekit, senses
        self._place, self._told = place, told
        self._room = rtc.Room()
        self._heard: dict[str, asyncio.Task[None]] = {}
        """By the track's SID."""
        self._tasks: asyncio.TaskGroup | None = None
        """What runs while the room is joined."""
        self._asked: dict[str, asyncio.Event] = {}
        """Cameras that are being looked at, by the track's SID."""
        self._frozen: dict[str, float] = {}
        """Cameras that sent no frame when they were looked at last, by the track's SID: since when (Unix seconds)."""

    def settle(self, place: SpeechRoom) -> None:
        """Subscribe to flagged speakers' sound, and to no other."""
        self._place = place
        for participant in self._room.remote_participants.values():
            for publication in participant.track_publications.values():
                self._choose(publication, participant)

    async def run(self) -> None:
        """Until cancelled, or the room ends. Raises OSError when it cannot be joined."""
        room, over = self._room, asyncio.Event()
        room.on("track_published", self._choose)
        room.on("track_subscribed", self._subscribed)
        room.on("track_unsubscribed", lambda _track, publication, _participant: self._stop(publication.sid))
        room.on("disconnected", lambda _reason: over.set())
        try:
            await self._join()
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self.settle(self._place)
                looking = tasks.create_task(self._look_for_ever(), name=f"cameras of {self._place.room}")
                await over.wait()
                looking.cancel()
                for sid in tuple(self._heard):
                    self._stop(sid)
        finally:
            self._tasks = None
            await room.disconnect()

    async def _join(self) -> None:
        token = _token(self._livekit, self._place.room)
        try:
            await join(self._room, self._livekit.url, token, OPTIONS, CONNECT_SECONDS)
        except Exception as error:
            raise OSError(str(error)) from error

    # -- words ------------------------------------------------------------------------

    def _choose(self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        if not is_person(participant.kind) or not carries_sound(publication):
            return
        flagged = person_of(identity_of(participant)) in self._place.flagged
        wanted = flagged and is_as_announced(publication)
        if wanted is not publication.subscribed:
            publication.set_subscribed(wanted)
        if not wanted:
            self._stop(publication.sid)

    def _subscribed(
        self, track: rtc.Track, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        if (asked := self._asked.get(publication.sid)) is not None:
            asked.set()
        who = person_of(identity_of(participant))
        flagged = track.kind == rtc.TrackKind.KIND_AUDIO and who in self._place.flagged
        if self._tasks is None or not flagged:
            return
        self._stop(publication.sid)
        heard = self._hear(track, Flagged(self._place.room, who))
        self._heard[publication.sid] = self._tasks.create_task(heard, name=f"hearing {publication.sid}")

    async def _hear(self, track: rtc.Track, of: Flagged) -> None:
        try:
            await hear(track, self._senses.detector, lambda window: self._senses.hear(window, of))
        except Exception as error:  # noqa: BLE001  (one speaker must not end the room's others)
            log.warning("not heard", extra={"room": of.room, "error": repr(error)})

    def _stop(self, sid: str) -> None:
        if (heard := self._heard.pop(sid, None)) is not None:
            heard.cancel()

    # -- pictures ---------------------------------------------------------------------

    async def _look_for_ever(self) -> None:
        while True:
            began = time.monotonic()
            if self._place.pictures and self._senses.classifier is not None:
                cameras = self._cameras()
                on = {camera.sid for _, camera in cameras}
                self._frozen = {sid: since for sid, since in self._frozen.items() if sid in on}
                for who, camera in cameras:
                    await self._look(who, camera, self._senses.classifier)
            await asyncio.sleep(max(0.2, self._told.orders.every_seconds - (time.monotonic() - began)))

    def _cameras(self) -> list[tuple[str, rtc.RemoteTrackPublication]]:
        return [
            (person_of(identity_of(participant)), publication)
            for participant in self._room.remote_participants.values()
            if is_person(participant.kind)
            for publication in participant.track_publications.values()
            if publication.source == rtc.TrackSource.SOURCE_CAMERA
            and publication.kind == rtc.TrackKind.KIND_VIDEO
            and is_as_announced(publication)
            and not publication.muted
        ]

    async def _look(self, who: str, camera: rtc.RemoteTrackPublication, classifier: Classifier) -> None:
        try:
            async with self._senses.looking:
                asked = self._asked[camera.sid] = asyncio.Event()
                picture, at = await one_frame(camera, asked), time.time()
                if picture is None:
                    return await self._without(who, camera, at)
                self._frozen.pop(camera.sid, None)
                score = await asyncio.to_thread(classifier.score, picture)
            seen = SeenFrame(self._place.room, who, b"", round(score, 4), at)
            if score >= self._told.orders.score and self._place.pictures:
                file = await asyncio.to_thread(jpeg, picture)
                await self._senses.seen(replace(seen, jpeg=file))
            if self._place.shown:
                file = await asyncio.to_thread(jpeg, picture, ON_THE_WALL)
                state: PictureState = "black" if is_black(picture) else "shown"
                await self._senses.show(replace(seen, jpeg=file, state=state))
        except Exception as error:  # noqa: BLE001  (one camera must not end the looking at all others)
            log.warning("not looked at", extra={"room": self._place.room, "error": repr(error)})
        finally:
            self._asked.pop(camera.sid, None)

    async def _without(self, who: str, camera: rtc.RemoteTrackPublication, at: float) -> None:
        """No frame came. Once may be a slow beginning; the second time in a row the wall says so."""
        if camera.muted:
            return
        since = self._frozen.setdefault(camera.sid, at)
        if self._place.shown and since < at:
            await self._senses.show(SeenFrame(self._place.room, who, b"", 0.0, since, "frozen"))


def _token(livekit: LiveKitServer, room: str) -> str:
    """Hears and sees, is seen by nobody and counted by nobody, and sends nothing."""
    grants = api.VideoGrants(
        room_join=True, room=room, hidden=True, agent=True,
        can_publish=False, can_publish_data=False, can_subscribe=True,
    )  # fmt: skip
    token = api.AccessToken(livekit.key, livekit.secret).with_identity(f"speech-{uuid.uuid4()}")
    return token.with_kind("agent").with_grants(grants).to_jwt()
