"""Who keeps the agent from a sound that people may hear, for how long, and by what proof. One per room.

A track of which nothing comes is doubted, and of a doubted person every track is asked about
(`agent.livekit.witness`). Only what is proven is reported. What is not is counted: it is DTX, a bad path or our own
fault, and never held against anybody.
"""

import time
from collections.abc import Callable, Collection, Iterable

from agent.livekit.audio_tracks import AudioTrack, Unwanted
from agent.livekit.metrics import SoundMetrics
from handlers.events import Event, KeptOut
from handlers.facts import Identity
from moderation.rules.not_measurable import Shut

LOOK_SECONDS = 0.25
LATE_SECONDS = 0.5
"""Two blocks and a half: a track that is heard is never so late."""
DOUBTED_SECONDS = 0.8
FORGOTTEN_RATIO = 0.25
"""So much of a second's doubt goes with a second that was heard: less than comes with one that was not, so that letting
the agent in now and then ends no doubt."""
MOST_DOUBT_SECONDS = 15.0
"""How much is remembered: a minute of being heard ends it."""
ASKED_AT_A_TIME = 200
UNHEARD_SECONDS = 2.0
"""What is later than this is worth counting."""


class ShutOut:
    def __init__(self, report: Callable[[Event], None], metrics: SoundMetrics) -> None:
        self._report, self._metrics = report, metrics
        self._counted_until: dict[str, float] = {}
        """Monotonic. What was before is reported, or was heard, or nobody could hear it."""
        self._denied: set[str] = set()
        self._doubts: dict[Identity, float] = {}
        """Seconds: how much of each person came late lately."""
        self._looked_at = time.monotonic()

    def told(self, sound: AudioTrack | None, track: str, denied: bool) -> None:  # noqa: FBT001  (the fact itself)
        """LiveKit's answer about a track. What was refused until now counts until now."""
        if not denied:
            if sound is not None:
                self._count(sound, time.monotonic())
            self._denied.discard(track)
        elif sound is not None:
            self._denied.add(track)

    def forget_answers(self) -> None:
        """Nobody tells any more when they change."""
        self._denied.clear()

    def is_denied(self, sound: AudioTrack) -> bool:
        """It is of no use to subscribe to it again."""
        return sound.publication.sid in self._denied

    def begun(self, sound: AudioTrack) -> None:
        """From now on the time counts in which nothing of this sound comes."""
        self._counted_until[sound.publication.sid] = time.monotonic()

    def muted(self, sound: AudioTrack) -> None:
        """Nobody will hear it from now on."""
        if sound.publication.sid in self._counted_until:
            self._count(sound, time.monotonic())

    def ended(self, sound: AudioTrack) -> None:
        """The last that there is to say of it. One of which nothing ever came makes its publisher doubted."""
        now, track = time.monotonic(), sound.publication.sid
        if track not in self._counted_until:
            return
        denied = self._count(sound, now) and track in self._denied
        counted_until = self._counted_until.pop(track)
        nothing_came = sound.waiting_since <= counted_until and sound.unwanted is None
        if denied or (nothing_came and not sound.silenced):
            self._doubt(sound.person, now - sound.waiting_since)
        self._denied.discard(track)

    def look(self, sounds: Collection[AudioTrack]) -> frozenset[str]:
        """Every `LOOK_SECONDS`: report what is proven. Returns the tracks that must be asked about."""
        now = time.monotonic()
        # After a stuck loop everybody is late at once, and nobody is to be doubted for it.
        elapsed, self._looked_at = min(now - self._looked_at, LOOK_SECONDS), now
        late = {sound.person: False for sound in sounds} | dict.fromkeys(self._doubts, False)
        for sound in sounds:
            late[sound.person] |= self._is_late(sound, now, elapsed)
        for person, is_late in late.items():
            self._doubt(person, elapsed if is_late else -elapsed * FORGOTTEN_RATIO)
        return self.doubted(sounds)

    def doubted(self, sounds: Iterable[AudioTrack]) -> frozenset[str]:
        """The tracks of those who are doubted. Of others nobody tells when an answer changes, so it is forgotten."""
        asked = [s.publication.sid for s in sounds if self._doubts.get(s.person, 0.0) >= DOUBTED_SECONDS]
        asked = asked[:ASKED_AT_A_TIME]
        self._denied.intersection_update(asked)
        return frozenset(asked)

    def _is_late(self, sound: AudioTrack, now: float, elapsed: float) -> bool:
        if sound.silenced:
            self._counted_until[sound.publication.sid] = now
            return False
        late = now - max(sound.waiting_since, self._counted_until[sound.publication.sid])
        if self._count(sound, now):
            return sound.publication.sid in self._denied
        if late > UNHEARD_SECONDS and sound.unwanted in {None, Unwanted.GIVEN_UP}:
            self._metrics.audio_unheard.inc(elapsed)
        return late > LATE_SECONDS and sound.unwanted is None

    def _doubt(self, person: Identity, seconds: float) -> None:
        doubt = min(self._doubts.get(person, 0.0) + seconds, MOST_DOUBT_SECONDS)
        if doubt > 0.0:
            self._doubts[person] = doubt
        else:
            self._doubts.pop(person, None)

    def _count(self, sound: AudioTrack, now: float) -> bool:
        """Report what was not heard from it until now, if that is proven; whether it is."""
        why = self._why(sound)
        if why is None or sound.silenced:
            return False
        counted_until = self._counted_until[sound.publication.sid]
        # What arrives of an encrypted track is noise: it is not heard although it comes.
        heard_until = sound.waiting_since if why is Shut.DENIED else counted_until
        seconds = now - max(counted_until, heard_until)
        self._counted_until[sound.publication.sid] = now
        if seconds > 0.0:
            self._metrics.audio_shut.labels(why.value).inc(seconds)
            self._report(KeptOut(sound.identity, sound.sid, why, seconds))
        return True

    def _why(self, sound: AudioTrack) -> Shut | None:
        if sound.unwanted is Unwanted.ENCRYPTED:
            return Shut.ENCRYPTED
        return Shut.DENIED if sound.publication.sid in self._denied else None
