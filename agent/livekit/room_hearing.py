"""Hears every sound of one room's people: subscribes to it, measures it when it is its turn, and tells the room's loop.

LiveKit's client goes on delivering zeros for a track that is muted, comfort noise for one whose sender has stopped
sending (DTX), and a likeness for what was lost. None of it is anybody's doing, so it is left out: a pause is known from
what is said of the track and from what its receiver counts, never from the samples.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping

from livekit import rtc

from agent.livekit.audio_tracks import AudioTrack, Unwanted
from agent.livekit.doubts import Door, Doubts
from agent.livekit.hearing import Hearing
from agent.livekit.keeping import Done, Keeping
from agent.livekit.reception import reception_of
from agent.livekit.room_tracks import RoomTracks
from agent.livekit.translation import carries_sound, identity_of, is_person
from handlers.events import Event, Measured, TrackPaused
from handlers.facts import Identity
from moderation.audio.kept import Cause, LastSeconds
from moderation.audio.measurement import Gap
from moderation.audio.meter import BLOCK_SECONDS
from moderation.identity import person_of

log = logging.getLogger(__name__)

DEAF_SECONDS = 3.0
"""A sound that should be heard and of which nothing has come for so long is subscribed to again."""
BETWEEN_SUBSCRIPTIONS_SECONDS = 0.1
"""Anyone who leaves a track and asks for it again at once has changed nothing for LiveKit, half the time."""
MEASURED_AGAIN = 3
"""So often, in all, a sound is measured again with a fresh meter after measuring it failed."""


class RoomHearing:
    """The sounds of one room's people. Deaf until told to listen."""

    def __init__(
        self,
        room: rtc.Room,
        hearing: Hearing,
        report: Callable[[Event], None],
        door: Door | None = None,
    ) -> None:
        """`door`: where a witness enters; without one nobody can be proven to keep us out."""
        self._room, self._hearing, self._report = room, hearing, report
        self._tracks = RoomTracks()
        self._on = False
        self._keeping = Keeping()
        self.doubts = Doubts(self._tracks.by_sid, hearing, report, door)
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
        """Its name at LiveKit."""
        return self._room.name

    @property
    def kept(self) -> Mapping[Identity, LastSeconds]:
        """Whose last sound is in memory now."""
        return self._keeping.kept

    def keep(self, of: Mapping[Identity, Cause], seconds: float) -> None:
        """Keep the last `seconds` of these people's sound, each for a cause, and of nobody else."""
        self._keeping.keep(of, seconds)

    def clip(self, identity: Identity, after_seconds: float, done: Done) -> None:
        """Make a clip of what is kept of them and of what follows."""
        self._keeping.clip(identity, after_seconds, done)

    def hear(self, *, on: bool) -> None:
        """Hear every sound from now on, or none."""
        if on is self._on:
            return
        self._on = on
        if on:
            self._hearing.rooms.add(self)
            self._find()
        else:
            self._hearing.rooms.discard(self)
            self._keeping.close()
            self.doubts.close()
            for track in tuple(self._tracks.by_sid.values()):
                self._drop(track.publication.sid)
                track.publication.set_subscribed(False)

    def close(self) -> None:
        """The connection ends."""
        self._on = False
        self._keeping.close()
        self._hearing.rooms.discard(self)
        self.doubts.close()
        for sid in tuple(self._tracks.by_sid):
            self._drop(sid)

    # -- tracks ------------------------------------------------------------------------

    def _find(self) -> None:
        for person in self._room.remote_participants.values():
            for publication in person.track_publications.values():
                self._on_published(publication, person)

    def _on_published(self, publication: rtc.RemoteTrackPublication, person: rtc.RemoteParticipant) -> None:
        """By what it carries: a picture may be called a microphone, and sound a camera."""
        if not self._on or not carries_sound(publication) or not is_person(person.kind):
            return
        known = self._tracks.by_sid.get(publication.sid)
        if known is not None and known.publication is publication:
            return
        self._drop(publication.sid)
        track = self._tracks.add(publication, person)
        if publication.muted:
            self._pause(track, Gap.MUTED)
        self._subscribe(track)
        self.doubts.begun(track)

    def _subscribe(self, track: AudioTrack) -> None:
        if track.unwanted is None:
            track.waiting_since = time.monotonic()
            track.publication.set_subscribed(True)
            if track.publication.track is not None:
                self._open(track, track.publication.track)

    def _on_subscribed(
        self, media: rtc.Track, publication: rtc.RemoteTrackPublication, _: rtc.RemoteParticipant
    ) -> None:
        if (track := self._tracks.by_sid.get(publication.sid)) is not None and track.unwanted is None:
            self._open(track, media)

    def _open(self, track: AudioTrack, media: rtc.Track) -> None:
        self._close(track.publication.sid)
        track.tap = self._hearing.frames.open(media)
        track.waiting_since = time.monotonic()
        self._tracks.settle(track)

    def _on_left(self, person: rtc.RemoteParticipant) -> None:
        who = person_of(identity_of(person))
        gone = [track for track in self._tracks.of(who) if track.sid == person.sid]
        # Those without a place first, so that none takes one now.
        for track in sorted(gone, key=lambda track: track.unwanted is None):
            self._drop(track.publication.sid)
        if not self._tracks.of(who):
            self._keeping.forget(who)
            self._tracks.forget(who)

    def _on_muted(self, sid: str) -> None:
        if (track := self._tracks.by_sid.get(sid)) is not None:
            self._pause(track, Gap.MUTED)

    def _on_unmuted(self, sid: str) -> None:
        if (track := self._tracks.by_sid.get(sid)) is not None:
            track.resume()
            track.waiting_since = time.monotonic()

    def _drop(self, sid: str) -> None:
        """This publication is over. Another of the same person may have waited for its place."""
        self._close(sid)
        if (track := self._tracks.by_sid.pop(sid, None)) is None:
            return
        self.doubts.ended(track)
        self._pause(track, Gap.UNPUBLISHED)
        if self._on and track.unwanted is None:
            self._let_in(track.person)

    def _let_in(self, person: Identity) -> None:
        """One of their places is free."""
        unheard = (t for t in self._tracks.of(person) if t.unwanted is Unwanted.TOO_MANY)
        waiting = next(filter(self._tracks.has_place, unheard), None)
        if waiting is not None:
            waiting.unwanted = None
            self._subscribe(waiting)

    def _close(self, sid: str) -> None:
        """Its media are; others may come."""
        track = self._tracks.by_sid.get(sid)
        if track is not None and track.tap is not None:
            self._hearing.frames.shut(track.tap)
            track.tap, track.waiting_since = None, time.monotonic()

    # -- measuring ---------------------------------------------------------------------

    def turns(self) -> Iterable[AudioTrack]:
        """Whose turn it is, one track of each person."""
        return self._tracks.turns()

    def measure_safely(self, track: AudioTrack) -> None:
        """As `measure`; whatever is wrong with one track must not deafen the others."""
        try:
            self.measure(track)
        except Exception:
            track.failures += 1
            log.exception("sound not measured", extra={"track": track.publication.sid})
            self._hearing.metrics.audio_failures.inc()
            self._tracks.renew_meter(track)
            if track.failures > MEASURED_AGAIN:
                self._give_up(track)

    def measure(self, track: AudioTrack) -> None:
        """Take in what has arrived of it."""
        tap = track.tap
        if tap is not None:
            self._hearing.metrics.audio_dropped.inc(tap.newly_dropped())
        while tap is not None and (block := tap.take()) is not None:
            arrived_at, samples = block
            track.waiting_since = arrived_at
            if not track.is_judged(samples):
                if track.hides_in_loss:
                    self._hearing.metrics.audio_made_up.inc(BLOCK_SECONDS)
                continue
            measurement = track.meter.push(samples, self._hearing.clock.at(arrived_at))
            if measurement is None:
                continue
            self._hearing.metrics.audio_measured.inc()
            track.measured(measurement)
            self._keeping.add(person_of(track.identity), samples, measurement.at)
            self._report(Measured(track.identity, track.sid, measurement, track.track))

    def _give_up(self, track: AudioTrack) -> None:
        """It stays known, so that what people hear from it counts as unheard."""
        self._close(track.publication.sid)
        track.unwanted = Unwanted.GIVEN_UP
        track.publication.set_subscribed(False)
        self._pause(track, Gap.LOST)
        self._let_in(track.identity)

    def _pause(self, track: AudioTrack, why: Gap) -> None:
        if track.paused is why:
            return
        if why is Gap.MUTED:
            self.doubts.muted(track)
        track.paused = why
        track.meter.pause(why)
        self._report(TrackPaused(track.identity, why, track.track))

    # -- looking after them ------------------------------------------------------------

    def look_who_keeps_us_out(self) -> None:
        """Several times a second: whom to doubt, and what a witness has proven."""
        self.doubts.look()

    async def look_after(self) -> None:
        """Once a second: is everyone heard who should be, and is silence being sent or just not filled?"""
        now = time.monotonic()
        deaf, due = list[AudioTrack](), list[AudioTrack]()
        for track in tuple(self._tracks.by_sid.values()):
            if track.unwanted is not None or self.doubts.is_denied(track):
                continue
            if now - track.waiting_since > DEAF_SECONDS:
                deaf.append(track)
            elif track.idle:
                track.counted = None
            elif track.is_due():
                due.append(track)
        # All at once, so that a connection that answers nothing costs one wait, however many its tracks are.
        receptions = await asyncio.gather(*(reception_of(track.publication.track) for track in due))
        for track, reception in zip(due, receptions, strict=True):
            if (why := track.take_in(reception)) is not None:
                self._pause(track, why)
        if deaf:
            await self._subscribe_again(deaf)

    async def _subscribe_again(self, tracks: list[AudioTrack]) -> None:
        """Publications stay without a track for ever, sometimes, when many come at once. And what was unsubscribed from
        comes back at the second attempt only: the first one's track never reaches LiveKit's client (1.1.21)."""
        for track in tracks:
            log.info("sound not heard, subscribing again", extra={"track": track.publication.sid})
            self._hearing.metrics.audio_resubscribed.inc()
            self._close(track.publication.sid)
            track.waiting_since = time.monotonic()
        for subscribed in (True, False, True):
            for track in tracks:
                if self._tracks.by_sid.get(track.publication.sid) is track and track.unwanted is None:
                    track.publication.set_subscribed(subscribed)
            await asyncio.sleep(BETWEEN_SUBSCRIPTIONS_SECONDS)
