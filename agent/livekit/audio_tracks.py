"""One sound that a person publishes: what is known of it here, and what its receiver says."""

import math
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

from agent.livekit.native import Tap
from agent.livekit.reception import COMFORT_PEAK, Reception, Sending, is_comfort, peak_of, sending
from handlers.facts import Identity, Sid, Track
from moderation.audio.decibels import FULL_SCALE, SILENCE, amplitude
from moderation.audio.measurement import Gap, Measurement
from moderation.audio.meter import TrackMeter
from moderation.identity import person_of

SILENT_PEAK = 33
"""-60 dBFS as a sample of 16 bits."""
SETTLING_BLOCKS = 2
"""400 ms: until a decoder that has just begun has settled."""
SOFT_BLOCKS = 5
LOUD_LUFS = -16.0
"""A raised voice. Below that and above comfort noise there is time."""
CALM_LOOKS = 8
"""To ask a receiver takes a millisecond, a fifth of what it takes to hear its track for a second."""
BETWEEN_SETTLINGS_SECONDS = 3.0
"""Not oftener, or who publishes anew twice a second is never measured."""


class Unwanted(Enum):
    """Why a sound is not subscribed to."""

    ENCRYPTED = auto()
    """What would arrive is noise to us: there is no saying how loud it is."""
    DISGUISED = auto()
    """Sound that was announced as a picture: the disguise is ended, and hearing it would end the process."""
    TOO_MANY = auto()
    """One person publishes more than are measured of one."""
    GIVEN_UP = auto()
    """Measuring it failed too often: our own fault."""


@dataclass(slots=True, eq=False)
class AudioTrack:
    """One audio publication of one person."""

    publication: rtc.RemoteTrackPublication
    identity: Identity
    sid: Sid
    track: Track
    meter: TrackMeter
    waiting_since: float
    """When something of it came last, or it was subscribed to. Monotonic, as all times here."""
    unwanted: Unwanted | None = None
    """Why it is not even subscribed to."""
    tap: Tap | None = None
    settling: int = 0
    """Blocks that are still left out."""
    paused: Gap | None = None
    """Why nothing of it is measured now."""
    made_up: bool = False
    """It is paused as lost, and something is heard all the same."""
    peak: int = 0
    """Of the last block."""
    soft_blocks: int = 0
    """In a row, as soft as comfort noise."""
    short_term_lufs: float = SILENCE
    looks: int = 0
    counted: Reception | None = None
    failures: int = 0
    """How often measuring it failed."""

    @property
    def person(self) -> Identity:
        """Whose it is, whatever carries it."""
        return person_of(self.identity)

    @property
    def waits_since(self) -> float:
        """When the oldest of what is to be measured arrived; infinite: there is nothing."""
        return math.inf if self.tap is None else self.tap.waits_since()

    @property
    def silenced(self) -> bool:
        """Nobody hears it."""
        return self.paused in {Gap.MUTED, Gap.UNPUBLISHED}

    @property
    def idle(self) -> bool:
        """Nothing can have changed unless something is heard from it."""
        return self.silenced or (self.paused is not None and not self.made_up and self.peak < SILENT_PEAK)

    @property
    def hides_in_loss(self) -> bool:
        """People may hear its last block, and no rule judges it since so much around it is made up."""
        return self.made_up and not self.silenced and self.peak >= SILENT_PEAK

    def measured(self, m: Measurement) -> None:
        """A block of it has been."""
        self.peak, self.short_term_lufs = round(amplitude(m.peak_dbfs) * FULL_SCALE), m.short_term_lufs
        self.soft_blocks = self.soft_blocks + 1 if self.peak < COMFORT_PEAK else 0

    def is_due(self) -> bool:
        """Whether its receiver is to be asked at this look: at each one where a pause or a verdict may be near."""
        self.looks += 1
        near = self.soft_blocks >= SOFT_BLOCKS or self.short_term_lufs > LOUD_LUFS or self.paused is not None
        return near or self.looks % CALM_LOOKS == 0

    def is_judged(self, samples: NDArray[np.int16]) -> bool:
        """Whether this block, the next that has come, is somebody's doing. Ends a pause that is over."""
        if self.silenced:
            return False
        if self.settling:
            self.settling -= 1
            return False
        if self.paused is None:
            return True
        before, self.peak = self.peak, peak_of(samples)
        if self.made_up or self.peak < SILENT_PEAK or self._is_comfort(before):
            return False
        self.resume()
        return True

    def _is_comfort(self, before: int) -> bool:
        return self.paused is Gap.DTX and is_comfort(self.peak, max(before, SILENT_PEAK))

    def take_in(self, reception: Reception | None) -> Gap | None:
        """What its receiver has counted. A gap that begins with it; one that is over is ended."""
        before, self.counted = self.counted, reception
        if before is None or reception is None or self.silenced:
            return None
        what = sending(before, reception)
        if what is None:
            self.counted = before
            return None
        self.made_up = what is Sending.MADE_UP
        if what is Sending.SENT:
            if self.paused is not None:
                self.resume()
            return None
        return Gap.DTX if what is Sending.PAUSED else Gap.LOST

    def resume(self) -> None:
        """It is heard again."""
        self.paused, self.made_up, self.counted = None, False, None
