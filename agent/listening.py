"""Hears the microphones of rooms: subscribes to them, measures them beside the stream, and tells the room's loop.

One `Hearing` per process measures for all rooms: what has come since it looked last, all of it together, which costs
less than to wake up for each block. It does so at most a quarter of the time: with more to measure than that, each
track loses its oldest blocks, and nothing ever lags. LiveKit's client goes on delivering zeros for a track that is
muted or whose sender has stopped sending (DTX), so a pause is known from what is said of the track and from how many
packets come, never from the samples.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

from agent.audio_frames import AudioFrames, Tap
from agent.clock import DatabaseClock
from agent.livekit_types import is_person
from agent.metrics import Metrics
from handlers.events import Event, Identity, Measured, MicrophonePaused, Sid
from moderation.audio.measurement import Gap
from moderation.audio.meter import TrackMeter

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.1
"""From one look to the next: half a block, so that no track has to drop any."""
WORK_SECONDS = 0.002
REST_RATIO = 3.0
"""After so much measuring in one go, so many times as long is left to everything else."""
WATCH_SECONDS = 1.0
DEAF_SECONDS = 3.0
"""A microphone that should be heard and of which nothing has come for so long is subscribed to again."""
BETWEEN_SUBSCRIPTIONS_SECONDS = 0.1
"""Whoever leaves a track and asks for it again at once has changed nothing for LiveKit, half the time."""
QUIET_DBFS = -60.0
SILENT_PEAK = 33
"""The same as a sample of 16 bits."""
QUIET_BLOCKS = 5
"""After so many blocks below that, the packets are counted: silence is sent, a pause is not."""
SENDING_PACKETS = 10.0
"""A second. Opus sends 50, or about 5 in a pause."""
LOST_SECONDS = 3.0
"""No packet at all for so long is loss. For less it may be a pause's few that come late to a busy machine."""
STATS_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class Microphone:
    """One microphone publication of one person."""

    publication: rtc.RemoteTrackPublication
    identity: Identity
    sid: Sid
    number: int
    meter: TrackMeter
    waiting_since: float
    """When it was subscribed to, or was last heard. Monotonic."""
    tap: Tap | None = None
    quiet_blocks: int = 0
    paused: Gap | None = None
    """Why nothing of it is measured now."""
    packets: tuple[float, int] | None = None
    """When they were counted last, and how many there were. Only while it is quiet."""

    @property
    def quiet(self) -> bool:
        return self.quiet_blocks >= QUIET_BLOCKS


class Hearing:
    """Measures for all rooms of the process. `run` it."""

    def __init__(self, clock: DatabaseClock, metrics: Metrics) -> None:
        self.clock, self.metrics = clock, metrics
        self.frames = AudioFrames()
        self.rooms: set[RoomEars] = set()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._measure(), name="measure")
                tasks.create_task(self._watch(), name="watch microphones")
        finally:
            self.frames.close()

    async def _measure(self) -> None:
        """Everybody has a turn in each round; who waits too long for it has only the newest blocks left."""
        while True:
            await asyncio.sleep(GATHER_SECONDS)
            spent = 0.0
            for ears, microphone in [(room, waiting) for room in self.rooms for waiting in room.waiting()]:
                begun = time.monotonic()
                ears.measure_safely(microphone)
                spent += time.monotonic() - begun
                if spent >= WORK_SECONDS:
                    await asyncio.sleep(spent * REST_RATIO)
                    spent = 0.0

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            # Many rooms at once are what goes wrong, so none waits for another.
            async with asyncio.TaskGroup() as looks:
                for ears in self.rooms:
                    looks.create_task(ears.look_after())


class RoomEars:
    """The microphones of one room. Deaf until told to listen."""

    def __init__(self, room: rtc.Room, hearing: Hearing, report: Callable[[Event], None]) -> None:
        self._room, self._hearing, self._report = room, hearing, report
        self._microphones: dict[str, Microphone] = {}
        """By track SID."""
        self._meters: dict[Identity, dict[int, TrackMeter]] = {}
        """Of everybody here who ever spoke: who publishes anew goes on with what was measured before."""
        self._on = False
        room.on("track_published", self._on_published)
        room.on("track_unpublished", lambda publication, _: self._drop(publication.sid))
        room.on("track_subscribed", self._on_subscribed)
        room.on("track_unsubscribed", lambda _, publication, __: self._close(publication.sid))
        room.on("track_muted", lambda _, publication: self._on_muted(publication.sid))
        room.on("track_unmuted", lambda _, publication: self._on_unmuted(publication.sid))
        room.on("participant_disconnected", self._on_left)
        room.on("reconnected", self._find)

    @property
    def room(self) -> str:
        return self._room.name

    def listen(self, *, on: bool) -> None:
        """Hear every microphone from now on, or none."""
        if on is self._on:
            return
        self._on = on
        if on:
            self._hearing.rooms.add(self)
            self._find()
        else:
            self._hearing.rooms.discard(self)
            for microphone in tuple(self._microphones.values()):
                self._drop(microphone.publication.sid)
                microphone.publication.set_subscribed(False)

    def close(self) -> None:
        """The connection ends."""
        self._on = False
        self._hearing.rooms.discard(self)
        for sid in tuple(self._microphones):
            self._drop(sid)

    # -- tracks ------------------------------------------------------------------------

    def _find(self) -> None:
        for person in self._room.remote_participants.values():
            for publication in person.track_publications.values():
                self._on_published(publication, person)

    def _on_published(self, publication: rtc.RemoteTrackPublication, person: rtc.RemoteParticipant) -> None:
        is_microphone = publication.source == rtc.TrackSource.SOURCE_MICROPHONE
        if not self._on or not is_microphone or not is_person(person.kind):
            return
        known = self._microphones.get(publication.sid)
        if known is not None and known.publication is publication:
            return
        self._drop(publication.sid)
        self._microphones[publication.sid] = self._microphone(publication, person)
        publication.set_subscribed(True)
        if publication.track is not None:
            self._on_subscribed(publication.track, publication, person)
        if publication.muted:
            self._on_muted(publication.sid)

    def _microphone(
        self, publication: rtc.RemoteTrackPublication, person: rtc.RemoteParticipant
    ) -> Microphone:
        identity, sid = Identity(person.identity), Sid(person.sid)
        taken = {m.number for m in self._microphones.values() if m.identity == identity}
        number = next(n for n in range(len(taken) + 1) if n not in taken)
        meters = self._meters.setdefault(identity, {})
        meter = meters.setdefault(number, TrackMeter())
        return Microphone(publication, identity, sid, number, meter, time.monotonic())

    def _on_subscribed(
        self, track: rtc.Track, publication: rtc.RemoteTrackPublication, _: rtc.RemoteParticipant
    ) -> None:
        microphone = self._microphones.get(publication.sid)
        if microphone is None:
            return
        self._close(publication.sid)
        microphone.tap = self._hearing.frames.open(track)
        microphone.waiting_since = time.monotonic()

    def _on_left(self, person: rtc.RemoteParticipant) -> None:
        for sid in [sid for sid, m in self._microphones.items() if m.identity == person.identity]:
            self._drop(sid)
        self._meters.pop(Identity(person.identity), None)

    def _on_muted(self, track_sid: str) -> None:
        if (microphone := self._microphones.get(track_sid)) is not None:
            self._pause(microphone, Gap.MUTED)

    def _on_unmuted(self, track_sid: str) -> None:
        if (microphone := self._microphones.get(track_sid)) is not None:
            microphone.paused, microphone.quiet_blocks = None, 0

    def _drop(self, track_sid: str) -> None:
        """This publication is over."""
        self._close(track_sid)
        if (microphone := self._microphones.pop(track_sid, None)) is not None:
            self._pause(microphone, Gap.UNPUBLISHED)

    def _close(self, track_sid: str) -> None:
        """Its track is; another may come."""
        microphone = self._microphones.get(track_sid)
        if microphone is not None and microphone.tap is not None:
            self._hearing.frames.shut(microphone.tap)
            microphone.tap, microphone.waiting_since = None, time.monotonic()

    # -- measuring ---------------------------------------------------------------------

    def waiting(self) -> list[Microphone]:
        """Of which something has arrived."""
        return [m for m in self._microphones.values() if m.tap is not None and m.tap.waits()]

    def measure_safely(self, microphone: Microphone) -> None:
        """As `measure`; whatever is wrong with one microphone must not deafen the others."""
        try:
            self.measure(microphone)
        except Exception:
            log.exception("microphone given up", extra={"track": microphone.publication.sid})
            self._hearing.metrics.audio_failures.inc()
            self._drop(microphone.publication.sid)

    def measure(self, microphone: Microphone) -> None:
        """Take in what has arrived of it."""
        tap = microphone.tap
        if tap is not None:
            self._hearing.metrics.audio_dropped.inc(tap.newly_dropped())
        while tap is not None and (block := tap.take()) is not None:
            arrived_at, samples = block
            microphone.waiting_since = arrived_at
            if microphone.paused in {Gap.MUTED, Gap.UNPUBLISHED}:
                continue
            if microphone.paused is not None and is_silent(samples):
                continue
            microphone.paused = None
            measurement = microphone.meter.push(samples, self._hearing.clock.at(arrived_at))
            if measurement is None:
                continue
            self._hearing.metrics.audio_measured.inc()
            loud = measurement.rms_dbfs > QUIET_DBFS
            microphone.quiet_blocks = 0 if loud else microphone.quiet_blocks + 1
            self._report(Measured(microphone.identity, microphone.sid, measurement, microphone.number))

    def _pause(self, microphone: Microphone, why: Gap) -> None:
        if microphone.paused is why:
            return
        microphone.paused = why
        microphone.packets = None
        microphone.meter.pause(why)
        self._report(MicrophonePaused(microphone.identity, why, microphone.number))

    # -- looking after them ------------------------------------------------------------

    async def look_after(self) -> None:
        """Once a second: is everyone heard who should be, and is silence being sent or just not filled?"""
        now = time.monotonic()
        deaf: list[Microphone] = []
        for microphone in tuple(self._microphones.values()):
            if now - microphone.waiting_since > DEAF_SECONDS:
                deaf.append(microphone)
            elif not microphone.quiet:
                microphone.packets = None
            elif microphone.paused is None:
                await self._tell_silence_from_pause(microphone)
        if deaf:
            await self._subscribe_again(deaf)

    async def _subscribe_again(self, microphones: list[Microphone]) -> None:
        """Publications stay without a track for ever, sometimes, when many come at once. And what was unsubscribed from
        comes back at the second attempt only: the first one's track never reaches LiveKit's client (1.1.21)."""
        for microphone in microphones:
            log.info("microphone not heard, subscribing again", extra={"track": microphone.publication.sid})
            self._hearing.metrics.audio_resubscribed.inc()
            self._close(microphone.publication.sid)
            microphone.waiting_since = time.monotonic()
        for subscribed in (True, False, True):
            for microphone in microphones:
                if self._microphones.get(microphone.publication.sid) is microphone:
                    microphone.publication.set_subscribed(subscribed)
            await asyncio.sleep(BETWEEN_SUBSCRIPTIONS_SECONDS)

    async def _tell_silence_from_pause(self, microphone: Microphone) -> None:
        now, count = time.monotonic(), await packets_of(microphone.publication.track)
        before, microphone.packets = microphone.packets, None if count is None else (now, count)
        if before is None or count is None or not microphone.quiet or now <= before[0]:
            return
        since, came = now - before[0], count - before[1]
        if came == 0:
            microphone.packets = before
        if (why := why_quiet(came, since)) is not None:
            self._pause(microphone, why)


def why_quiet(packets: int, seconds: float) -> Gap | None:
    """Why a quiet track is quiet, by the packets in so many seconds; None: silence is sent, or too early to tell."""
    if packets == 0:
        return Gap.LOST if seconds >= LOST_SECONDS else None
    return Gap.DTX if packets / seconds < SENDING_PACKETS else None


def is_silent(samples: NDArray[np.int16]) -> bool:
    return max(int(samples.max()), -int(samples.min())) < SILENT_PEAK


async def packets_of(track: rtc.Track | None) -> int | None:
    """How many packets of this track have come so far; None when that cannot be told now."""
    if track is None:
        return None
    try:
        async with asyncio.timeout(STATS_SECONDS):
            statistics = await track.get_stats()
    except Exception:  # noqa: BLE001  (LiveKit's client raises nothing narrower)
        return None
    return sum(s.inbound_rtp.received.packets_received for s in statistics if s.HasField("inbound_rtp"))
