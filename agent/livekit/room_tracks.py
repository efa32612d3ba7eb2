"""The sounds of one room's people that are known: their names, their places, and what was measured of each before."""

import math
import time
from collections.abc import Iterable

from livekit import rtc

from agent.livekit.audio_tracks import BETWEEN_SETTLINGS_SECONDS, SETTLING_BLOCKS, AudioTrack, Unwanted
from agent.livekit.translation import SOURCES, identity_of, is_as_announced
from handlers.facts import Identity, Sid, Track
from handlers.false_sources import TRACKS_OF_A_SOURCE
from moderation.audio.meter import TrackMeter
from moderation.identity import person_of

TRACKS_OF_ONE = 16
"""So many sounds of one person are measured at once: each costs a decoder. Nobody has use for more."""


class RoomTracks:
    def __init__(self) -> None:
        self.by_sid: dict[str, AudioTrack] = {}
        """By the publication's SID."""
        self._meters: dict[Identity, dict[Track, TrackMeter]] = {}
        """Of everybody here who ever made a sound: who publishes anew goes on with what was measured before."""
        self._settled: dict[Identity, dict[Track, float]] = {}
        """When each was last left to settle, by the monotonic clock."""

    def of(self, person: Identity) -> list[AudioTrack]:
        """All of theirs, over all of their connections."""
        return [track for track in self.by_sid.values() if track.person == person]

    def add(self, publication: rtc.RemoteTrackPublication, person: rtc.RemoteParticipant) -> AudioTrack:
        """A new one. It gets the lowest free number among those of its source, and no place where all are taken."""
        identity, source = identity_of(person), SOURCES.get(publication.source)
        mine = self.of(person_of(identity))
        taken = {t.track.number for t in mine if t.track.source is source}
        name = Track(source, next(n for n in range(len(taken) + 1) if n not in taken))
        meter = self._meters.setdefault(person_of(identity), {}).setdefault(name, TrackMeter())
        now = time.monotonic()
        track = AudioTrack(publication, identity, Sid(person.sid), name, meter, waiting_since=now)
        if publication.encryption_type != rtc.EncryptionType.NONE:
            track.unwanted = Unwanted.ENCRYPTED
        elif not is_as_announced(publication):
            track.unwanted = Unwanted.DISGUISED
        elif not self.has_place(track):
            track.unwanted = Unwanted.TOO_MANY
        self.by_sid[publication.sid] = track
        return track

    def has_place(self, track: AudioTrack) -> bool:
        """Whether it may be measured beside those of the same person that are. What is more than a role can use of one
        source waits: the right is about to go, and each subscription would delay everybody else's."""
        beside = [t for t in self.of(track.person) if t.unwanted is None and t is not track]
        alike = sum(t.sid == track.sid and t.track.source is track.track.source for t in beside)
        return len(beside) < TRACKS_OF_ONE and alike < TRACKS_OF_A_SOURCE

    def settle(self, track: AudioTrack) -> None:
        """Its first blocks are not judged, unless it settled only just before."""
        now, settled = time.monotonic(), self._settled.setdefault(track.person, {})
        if now - settled.get(track.track, -math.inf) > BETWEEN_SETTLINGS_SECONDS:
            settled[track.track], track.settling = now, SETTLING_BLOCKS

    def renew_meter(self, track: AudioTrack) -> None:
        """What a meter remembers may be what is wrong."""
        track.meter = self._meters.setdefault(track.person, {})[track.track] = TrackMeter()

    def forget(self, person: Identity) -> None:
        """They have left: nothing of what was measured is of use."""
        self._meters.pop(person, None)
        self._settled.pop(person, None)

    def turns(self) -> Iterable[AudioTrack]:
        """Of each person of whom something has arrived, the track that was heard longest ago."""
        chosen: dict[Identity, AudioTrack] = {}
        for track in self.by_sid.values():
            if track.waits_since < math.inf:
                other = chosen.setdefault(track.person, track)
                if track.waiting_since < other.waiting_since:
                    chosen[track.person] = track
        return chosen.values()
