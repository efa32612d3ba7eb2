"""What the receiver of a track counts, and what that says of its sound: sent, not sent, or made up.

A decoder is never at a loss: for what was not sent it makes comfort noise, and for what was lost a likeness of what was
before. Neither is anybody's doing, so neither is measured.
"""

import asyncio
import time
from enum import Enum, auto
from typing import NamedTuple

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

SENDING_PACKETS = 10.0
"""A second. Opus sends 50, or about 5 in a pause (DTX)."""
SENDING_BYTES = 750.0
"""A second: 6 kbit/s, the least with which Opus carries a voice. A pause's packets come to 100 to 350. Few packets
alone are no pause: they may be long ones."""
LOST_SECONDS = 3.0
"""No packet at all for so long is loss. For less it may be a pause's few that come late to a busy machine."""
MADE_UP_RATIO = 0.25
"""With so much of a second made up, the rest does not speak for it."""
COMFORT_PEAK = 1300
"""-28 dBFS as a sample of 16 bits. Opus takes nothing louder for a pause, and it is too soft for any rule but noise."""
ONSET_RATIO = 2
"""6 dB: comfort noise is steady, so what is so much louder than the block before is somebody who speaks again."""
STATS_SECONDS = 1.0


class Sending(Enum):
    """What a track's packets say of a second of its sound."""

    SENT = auto()
    PAUSED = auto()
    """The sender has stopped because there is nothing to say; what is heard is comfort noise."""
    LOST = auto()
    MADE_UP = auto()
    """Some is heard, and much of it the decoder has filled in."""


class Reception(NamedTuple):
    """What has come of one track since it was subscribed to."""

    at: float
    """Monotonic."""
    packets: int
    bytes: int
    samples: int
    concealed: int
    """Of the samples: those made up for what was lost."""


def sending(before: Reception, now: Reception) -> Sending | None:
    """What came between the two; None: too early to tell."""
    seconds, packets = now.at - before.at, now.packets - before.packets
    if seconds <= 0.0 or packets < 0:
        return None
    if packets == 0:
        return Sending.LOST if seconds >= LOST_SECONDS else None
    if now.concealed - before.concealed >= MADE_UP_RATIO * (now.samples - before.samples):
        return Sending.MADE_UP
    few, little = packets / seconds < SENDING_PACKETS, (now.bytes - before.bytes) / seconds < SENDING_BYTES
    return Sending.PAUSED if few and little else Sending.SENT


def peak_of(samples: NDArray[np.int16]) -> int:
    """The greatest magnitude among 16-bit samples, 0 to 32768. At least one sample."""
    return max(int(samples.max()), -int(samples.min()))


def is_comfort(peak: int, before: int) -> bool:
    """Whether a block of a pause is comfort noise, by the peak of the one before: or somebody speaks again."""
    return peak < COMFORT_PEAK and peak < ONSET_RATIO * before


async def reception_of(track: rtc.Track | None) -> Reception | None:
    """None: it cannot be told now."""
    if track is None:
        return None
    try:
        async with asyncio.timeout(STATS_SECONDS):
            statistics = await track.get_stats()
    except Exception:  # noqa: BLE001  (LiveKit's client raises nothing narrower)
        return None
    found = next((s.inbound_rtp for s in statistics if s.HasField("inbound_rtp")), None)
    if found is None:
        return None
    inbound = found.inbound
    return Reception(
        time.monotonic(),
        found.received.packets_received,
        inbound.bytes_received,
        inbound.total_samples_received,
        inbound.concealed_samples,
    )
