"""Figures per person: a row for each minute (`live_audio_stats`) and the session's loudness summary from
those rows."""

import copy
import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from moderation.audio.decibels import SILENCE, weighted_mean_square
from moderation.audio.loudness import IntegratedLoudness
from moderation.audio.measurement import Measurement

Who = TypeVar("Who", bound=str)
Key = TypeVar("Key")

_MOMENTARY_SECONDS: Final = 0.4
LOWEST_LUFS: Final = -40
"""The lowest limit that a policy may set: below it the histogram has nothing to say."""
_BINS: Final = -LOWEST_LUFS + 6
"""Up to 6 LUFS; what is louder is in the last."""


@dataclass(frozen=True, slots=True)
class AudioMinute:
    """What one person sounded like in one minute. Loudness is `None` when nothing passed the gates."""

    heard_seconds: float
    """Received sound, silence included; a muted or absent track adds nothing."""
    talk_seconds: float
    loudness_lufs: float | None
    """Gated as integrated loudness is, over this minute."""
    max_short_term_lufs: float
    peak_dbfs: float
    clipped_ratio: float
    noise_floor_dbfs: float
    """As last measured."""
    histogram: Mapping[int, float] = field(default_factory=dict)
    """Seconds by the lowest short-term loudness of each block, which the rule of loudness goes by: -12 for -12 LUFS
    up to -11. Empty bins are left out."""


class MinuteStats:
    """Gathers one person's measurements until `close`, which answers the row and begins anew."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._heard = self._talk = self._clipped = self._contiguous = 0.0
        self._short_term = self._peak = self._floor = SILENCE
        self._gated = IntegratedLoudness()
        self._bins = array("f", bytes(4 * _BINS))

    def add(self, m: Measurement) -> None:
        """Take one measurement of this sound in. A gap before it begins a new stretch."""
        self._heard += m.seconds
        self._talk += m.talk_seconds
        self._clipped += m.clipped_ratio * m.seconds
        self._short_term = max(self._short_term, m.loudest_short_term_lufs)
        self._peak = max(self._peak, m.peak_dbfs)
        self._floor = m.noise_floor_dbfs
        if m.short_term_low_lufs >= LOWEST_LUFS:
            self._bins[min(math.floor(m.short_term_low_lufs) - LOWEST_LUFS, _BINS - 1)] += m.seconds
        self._contiguous = m.seconds if m.gap_seconds else self._contiguous + m.seconds
        if self._contiguous >= _MOMENTARY_SECONDS - 1e-6:
            self._gated.add_momentary(weighted_mean_square(m.momentary_lufs))

    def close(self) -> AudioMinute | None:
        """As `so_far`; what comes next begins anew."""
        row = self.so_far()
        self._begin()
        return row

    def so_far(self) -> AudioMinute | None:
        """The row of what was gathered, or `None` when nothing was heard."""
        heard = self._heard
        row = AudioMinute(
            heard_seconds=round(heard, 3),
            talk_seconds=round(min(self._talk, 60.0), 3),
            loudness_lufs=self._gated.integrated_lufs,
            max_short_term_lufs=self._short_term,
            peak_dbfs=self._peak,
            clipped_ratio=self._clipped / heard if heard else 0.0,
            noise_floor_dbfs=self._floor,
            histogram={n + LOWEST_LUFS: round(s, 1) for n, s in enumerate(self._bins) if s > 0.0},
        )
        return row if heard else None


class PersonStats(Generic[Key]):
    """Gathers one minute of one person: of each track, and of what people hear from them together."""

    def __init__(self) -> None:
        self._tracks: dict[Key, MinuteStats] = {}
        self._sum: MinuteStats | None = None
        """Only once there are several."""

    def add(self, track: Key, m: Measurement, summed: Measurement | None) -> None:
        """`summed`: what is heard of all tracks at this moment, if it is time for it."""
        stats = self._tracks.get(track)
        if stats is None:
            if self._tracks and self._sum is None:
                (only,) = self._tracks.values()
                self._sum = copy.deepcopy(only)
            stats = self._tracks[track] = MinuteStats()
        stats.add(m)
        if self._sum is not None and summed is not None:
            self._sum.add(summed)

    def so_far(self) -> AudioMinute | None:
        """The row of the person, or `None` when nothing was heard."""
        if self._sum is not None:
            return self._sum.so_far()
        return next((stats.so_far() for stats in self._tracks.values()), None)

    def tracks(self) -> dict[Key, AudioMinute]:
        """The row of each track."""
        rows = ((track, stats.so_far()) for track, stats in self._tracks.items())
        return {track: row for track, row in rows if row is not None}
