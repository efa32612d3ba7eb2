"""One sound that a person publishes: what is known of it here, and what its receiver says."""

import asyncio
import time
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

from agent.native import Tap
from handlers.events import Identity, Sid, Track
from moderation.audio.measurement import Gap
from moderation.audio.meter import TrackMeter

SILENT_PEAK = 33
"""-60 dBFS as a sample of 16 bits."""
QUIET_DBFS = -60.0
QUIET_BLOCKS = 5
"""After so many blocks below that, the packets are counted: silence is sent, a pause is not."""
SENDING_PACKETS = 10.0
"""A second. Opus sends 50, or about 5 in a pause."""
LOST_SECONDS = 3.0
"""No packet at all for so long is loss. For less it may be a pause's few that come late to a busy machine."""
STATS_SECONDS = 1.0


class Unwanted(Enum):
    """Why a sound is not subscribed to."""

    ENCRYPTED = auto()
    """What would arrive is noise to us: there is no saying how loud it is."""
    TOO_MANY = auto()
    """One person publishes more than are measured of one."""


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
    quiet_blocks: int = 0
    paused: Gap | None = None
    """Why nothing of it is measured now."""
    packets: tuple[float, int] | None = None
    """When they were counted last, and how many there were. Only while it is quiet."""

    @property
    def quiet(self) -> bool:
        return self.quiet_blocks >= QUIET_BLOCKS

    @property
    def silenced(self) -> bool:
        """Nobody hears it."""
        return self.paused in {Gap.MUTED, Gap.UNPUBLISHED}

    def counted(self, now: float, count: int | None) -> Gap | None:
        """Take in how many packets have come so far; why it is quiet, if that can be told."""
        before, self.packets = self.packets, None if count is None else (now, count)
        if before is None or count is None or not self.quiet or now <= before[0]:
            return None
        since, came = now - before[0], count - before[1]
        if came == 0:
            self.packets = before
        return why_quiet(came, since)


def why_quiet(packets: int, seconds: float) -> Gap | None:
    """Why a quiet track is quiet, by the packets in so many seconds; None: silence is sent, or too early to tell."""
    if packets == 0:
        return Gap.LOST if seconds >= LOST_SECONDS else None
    return Gap.DTX if packets / seconds < SENDING_PACKETS else None


def is_silent(samples: NDArray[np.int16]) -> bool:
    return max(int(samples.max()), -int(samples.min())) < SILENT_PEAK


async def packets_of(track: rtc.Track | None) -> tuple[float, int | None]:
    """When it was asked (monotonic), and how many packets of this track have come so far; None when that cannot be told
    now."""
    count = None
    if track is not None:
        try:
            async with asyncio.timeout(STATS_SECONDS):
                statistics = await track.get_stats()
            count = sum(
                s.inbound_rtp.received.packets_received for s in statistics if s.HasField("inbound_rtp")
            )
        except Exception:  # noqa: BLE001  (LiveKit's client raises nothing narrower)
            count = None
    return time.monotonic(), count
