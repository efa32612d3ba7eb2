"""What one device hears from one person: a level and a time for every 20 ms."""

import time
from collections import deque
from contextlib import suppress

import numpy as np
from livekit import rtc

from local.people.sound import QUIET_DBFS, level_of
from local.people.waiting import DEADLINE_SECONDS, until

RATE = 16_000
BLOCK_MS = 20
KEPT_BLOCKS = 60_000 // BLOCK_MS
AUDIBLE_DBFS = -55.0
"""Above what a codec makes of silence, below anything said."""
SILENCE_SECONDS = 0.3


class Ear:
    """Times are `time.monotonic()`. Between tracks there are no blocks, which is silence too."""

    def __init__(self) -> None:
        self.blocks: deque[tuple[float, float]] = deque(maxlen=KEPT_BLOCKS)
        self.last_heard: float | None = None
        """When the last audible block arrived."""

    async def listen(self, track: rtc.Track) -> None:
        """Hears this track until it ends."""
        stream = rtc.AudioStream.from_track(
            track=track, sample_rate=RATE, num_channels=1, frame_size_ms=BLOCK_MS, capacity=50
        )
        try:
            async for event in stream:
                self._hear(level_of(np.frombuffer(event.frame.data, dtype=np.int16)))
        finally:
            await stream.aclose()

    def _hear(self, level: float) -> None:
        now = time.monotonic()
        self.blocks.append((now, level))
        if level > AUDIBLE_DBFS:
            self.last_heard = now

    def level(self, seconds: float = 0.5) -> float:
        """RMS in dBFS of what arrived in the last so many seconds; `QUIET_DBFS` when nothing did."""
        since = time.monotonic() - seconds
        powers = [10 ** (level / 10) for at, level in self.blocks if at >= since]
        return 10 * float(np.log10(np.mean(powers))) if powers else QUIET_DBFS

    def audible_since(self, moment: float) -> bool:
        """Whether anything was heard after this moment, seconds of the monotonic clock."""
        return self.last_heard is not None and self.last_heard > moment

    async def until_heard(self, within: float = DEADLINE_SECONDS) -> float:
        """Returns the arrival of the first audible block from now on, or raises NotInTimeError."""
        begun = time.monotonic()
        await until("somebody is heard", lambda: self.audible_since(begun), within)
        return next(at for at, level in self.blocks if at > begun and level > AUDIBLE_DBFS)

    async def until_silent(self, within: float = DEADLINE_SECONDS) -> float:
        """Returns when the last sound arrived, once nothing was heard for `SILENCE_SECONDS` since."""
        begun = time.monotonic()

        def silent() -> bool:
            return time.monotonic() - max(self.last_heard or 0, begun - SILENCE_SECONDS) > SILENCE_SECONDS

        await until("nobody is heard", silent, within)
        return self.last_heard or begun

    async def stays_silent(self, seconds: float) -> bool:
        """Whether nothing at all is heard for so long. Returns at the first sound."""
        begun = time.monotonic()
        with suppress(AssertionError):
            await until("somebody is heard", lambda: self.audible_since(begun), seconds)
        return not self.audible_since(begun)
