"""`TrackMeter`: the measuring state of one track. Constant memory; no audio is kept.

Time is the caller's: `at` is when a block ends. Best is the position in the stream; the time of arrival
will do, as it may waver by 150 ms. A block that comes later than that was preceded by a gap, one that comes
earlier is late, doubled or out of order and is left out.

Two channels that are the same, as of every voice that is sent in one, are measured once: half the work.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.audio.activity import FRAME_SECONDS, Activity, NoiseFloor
from moderation.audio.audible import Audible
from moderation.audio.decibels import FULL_SCALE, amplitude_db, lufs, power_db
from moderation.audio.hum import Hum
from moderation.audio.kweighting import BLOCK_SAMPLES, CHANNELS, SAMPLE_RATE, KWeighting, Samples
from moderation.audio.loudness import (
    SLICES_PER_STEP,
    STEP_SECONDS,
    GatedLoudness,
    SlidingLoudness,
    Windows,
)
from moderation.audio.measurement import Gap, Measurement
from moderation.audio.overdrive import Overdrive
from moderation.audio.spectrum import Spectrum

BLOCK_SECONDS: Final = BLOCK_SAMPLES / SAMPLE_RATE
JITTER_SECONDS: Final = 0.15

_STEPS: Final = round(BLOCK_SECONDS / STEP_SECONDS)
_SLICE_SAMPLES: Final = BLOCK_SAMPLES // (_STEPS * SLICES_PER_STEP)
_FRAME_SAMPLES: Final = round(FRAME_SECONDS * SAMPLE_RATE)
_FRAMES: Final = BLOCK_SAMPLES // _FRAME_SAMPLES
_HALF, _UPPER = np.int32(16), np.int32(-(2**16))
_SCALE: Final = np.float32(1.0 / FULL_SCALE / 2**16)
_ONES: Final = np.ones(_FRAME_SAMPLES, np.float32)
_PER_SAMPLE: Final = np.float32(1.0 / _FRAME_SAMPLES)
_SHAPES: Final = frozenset({(BLOCK_SAMPLES,), (BLOCK_SAMPLES, 1), (BLOCK_SAMPLES, CHANNELS)})
_UNHEARD: Final = 1e-10
"""A mean square of -100 dBFS: what lies below it correlates with nothing."""


_Pairs = NDArray[np.int32]
_APART: Final = np.empty((CHANNELS, BLOCK_SAMPLES), np.int32)
_CHANNELS: Final = np.empty((CHANNELS, BLOCK_SAMPLES), np.float32)
"""Where a block is worked on. For one thread only. Taken anew for each, they would go back to the system each time."""


class _Loudness(NamedTuple):
    """Loudness at the end of a block, and the highest within it."""

    momentary: float
    short_term: float
    loudest_momentary: float
    loudest_short_term: float
    steps: list[float]
    """Mean square of each 100 ms."""


class _Frames(NamedTuple):
    """Both channels in frames of 20 ms. Mean squares and means, 1.0 = full scale."""

    loudest: int
    """The louder channel."""
    power: float
    """Its mean square."""
    levels_dbfs: list[float]
    """Of each frame, the louder channel's without its mean."""
    correlation: float


class TrackMeter:
    """Measures one track of one or two channels at 48 kHz, block by block."""

    def __init__(self, whole: GatedLoudness | None = None) -> None:
        """`whole`: takes in the windows of all that is received, every 100 ms. No room needs it: the minutes of its
        people gather their own."""
        self._clock: float | None = None
        """End of the last block."""
        self._why: Gap = Gap.LOST
        self._power: float | None = None
        """Mean square of the last block; None: nothing came just before."""
        self._filter = KWeighting()
        self._alike = True
        """Whether both channels have been the same since the filter last forgot."""
        self._sliding = SlidingLoudness()
        self._whole = whole
        self._floor = NoiseFloor()
        self._activity = Activity()
        self._spectrum = Spectrum()
        self._hum = Hum()
        self._overdrive = Overdrive()
        self._audible = Audible()

    def pause(self, why: Gap) -> None:
        """Nothing is to be expected until the next block, and why. The gap's length is told by that block."""
        self._why = why

    def push(self, block: NDArray[np.int16], at: float) -> Measurement | None:
        """Measure one block of int16 of shape (9600, 2), or (9600,) or (9600, 1) for one channel, which counts as two
        alike; `None` if its time has been measured already.

        Raises ValueError for any other shape or type.
        """
        if block.dtype != np.int16 or block.shape not in _SHAPES:
            raise ValueError(
                f"expected int16 of shape ({BLOCK_SAMPLES}, 1 or 2), got {block.dtype} {block.shape}"
            )
        lag = 0.0 if self._clock is None else at - (self._clock + BLOCK_SECONDS)
        if lag <= -JITTER_SECONDS:
            return None
        gap_seconds = lag if lag >= JITTER_SECONDS else 0.0
        lowest = self._bridge(gap_seconds) if gap_seconds else None
        self._clock = at if self._clock is None or gap_seconds else self._clock + BLOCK_SECONDS
        gap, self._why = (self._why if gap_seconds else None), Gap.LOST
        return self._measure(block, at, gap, gap_seconds, lowest)

    def _bridge(self, gap_seconds: float) -> float:
        """Let a gap pass through every window; the short-term loudness at its end, the lowest within it."""
        energy = self._sliding.miss(round(gap_seconds / STEP_SECONDS))
        self._overdrive.miss(gap_seconds)
        self._power = None
        self._filter.reset()
        self._alike = True
        self._activity.reset()
        self._spectrum.reset()
        self._hum.reset()
        return lufs(energy)

    def _measure(
        self, block: NDArray[np.int16], at: float, gap: Gap | None, gap_seconds: float, lowest: float | None
    ) -> Measurement:
        left, right = _apart(block)
        samples = self._channels(left, right)
        frames = _in_frames(samples)
        rms_dbfs = power_db(frames.power)
        before, self._power = frames.power if self._power is None else self._power, frames.power
        flat = block.ravel()
        peak = max(int(np.maximum.reduce(flat)), -int(np.minimum.reduce(flat))) / FULL_SCALE
        peak_dbfs = amplitude_db(peak)
        loudest = samples[frames.loudest]
        cut = self._overdrive.update(loudest, peak)

        loudness = self._loudness(self._filter.apply(samples))

        floor = self._floor.update(frames.levels_dbfs)
        spoken = self._activity.update(frames.levels_dbfs, floor)
        shape = self._spectrum.update(loudest, BLOCK_SECONDS, speech=spoken > 0)
        hum = self._hum.update(loudest, speech=spoken > 0)
        return Measurement(
            at=at,
            seconds=BLOCK_SECONDS,
            gap=gap,
            gap_seconds=gap_seconds,
            rms_dbfs=rms_dbfs,
            momentary_dbfs=power_db((before + frames.power) / 2.0),
            peak_dbfs=peak_dbfs,
            clipped_ratio=cut.ratio,
            clipped_ratio_3s=cut.ratio_3s,
            clipped_seconds=cut.seconds,
            correlation=frames.correlation,
            momentary_lufs=loudness.momentary,
            loudest_momentary_lufs=loudness.loudest_momentary,
            short_term_lufs=loudness.short_term,
            loudest_short_term_lufs=loudness.loudest_short_term,
            short_term_low_lufs=min(loudness.short_term, math.inf if lowest is None else lowest),
            coverage=self._sliding.coverage,
            noise_floor_dbfs=floor,
            active=self._activity.active,
            talk_seconds=spoken * FRAME_SECONDS,
            audible_seconds=self._audible.update(loudness.steps, hum=hum.seconds > 0.0),
            ring_hz=shape.ring_hz,
            ring_seconds=shape.ring_seconds,
            ring_growth_db=shape.ring_growth_db,
            hum_hz=hum.hz,
            hum_dbfs=hum.dbfs,
            hum_seconds=hum.seconds,
            noisiness=shape.noisiness,
            steady_seconds=shape.steady_seconds,
        )

    def _channels(self, left: _Pairs, right: _Pairs) -> Samples:
        """The channels that have to be measured, of shape (1 or 2, BLOCK_SAMPLES): one stands for two that are alike,
        now and in the block before, within which the filter forgets that they were not."""
        alike = left is right or all(
            _same(left[:part], right[:part]) for part in (_FRAME_SAMPLES, BLOCK_SAMPLES)
        )
        before, self._alike = self._alike, alike
        # Single precision halves what goes through the caches; its rounding is far below 0.001 dB.
        channels = _CHANNELS[: 1 if alike and before else CHANNELS]
        channels[0] = left
        channels[1:] = right
        channels *= _SCALE
        return channels

    def _loudness(self, weighted: Samples) -> _Loudness:
        """Take a filtered block in."""
        slices = weighted.reshape(len(weighted), -1, _SLICE_SAMPLES)
        each = np.vecdot(slices, slices)
        squares = each[0] if len(each) == 1 else each[0] + each[1]
        squares *= CHANNELS / len(weighted) / _SLICE_SAMPLES
        windows = self._sliding.add(squares)
        if self._whole is not None:
            _gather(windows, self._sliding, self._whole)
        return _Loudness(
            lufs(windows.momentary[-1]),
            lufs(windows.short_term[-1]),
            lufs(windows.loudest_momentary),
            lufs(windows.loudest_short_term),
            windows.steps,
        )


def _gather(windows: Windows, sliding: SlidingLoudness, whole: GatedLoudness) -> None:
    """Those windows of a block that were received in full."""
    for step, (momentary, short_term) in enumerate(
        zip(windows.momentary, windows.short_term, strict=True), start=1
    ):
        if sliding.momentary_whole(_STEPS - step):
            whole.add_momentary(momentary)
        if sliding.short_term_whole(_STEPS - step):
            whole.add_short_term(short_term)


def _apart(block: NDArray[np.int16]) -> tuple[_Pairs, _Pairs]:
    """Left and right, each sample in the upper half of 32 bits: two samples lie side by side as one such number, and
    what is done to whole numbers in a row takes a third of the time. Twice the same of one channel."""
    if block.shape != (BLOCK_SAMPLES, CHANNELS):
        both = np.left_shift(block.ravel(), _HALF, dtype=np.int32)
        return both, both
    pairs = np.ascontiguousarray(block).view("<i4")[:, 0]
    left, right = _APART
    return np.left_shift(pairs, _HALF, out=left), np.bitwise_and(pairs, _UPPER, out=right)


def _same(left: _Pairs, right: _Pairs) -> bool:
    """Sounds that are not differ early in the block."""
    return bool(np.logical_and.reduce(left == right))


def _in_frames(samples: Samples) -> _Frames:
    frames = samples.reshape(len(samples), _FRAMES, _FRAME_SAMPLES)
    squares, means = np.vecdot(frames, frames), frames @ _ONES
    squares *= _PER_SAMPLE
    means *= _PER_SAMPLE
    power = [sum(channel) / _FRAMES for channel in squares.tolist()]
    mean = [sum(channel) / _FRAMES for channel in means.tolist()]
    means *= means
    squares -= means
    spread = squares[0] if len(squares) == 1 else np.maximum(squares[0], squares[1])
    loudest = power.index(max(power))
    levels = list(map(power_db, spread.tolist()))
    return _Frames(loudest, power[loudest], levels, _correlation(samples, power, mean))


def _correlation(samples: Samples, power: Sequence[float], mean: Sequence[float]) -> float:
    if len(samples) == 1:
        return 1.0
    left, right = (p - m * m for p, m in zip(power, mean, strict=True))
    if min(left, right) < _UNHEARD:
        return 0.0
    both = float(samples[0] @ samples[1]) / BLOCK_SAMPLES - mean[0] * mean[1]
    return max(-1.0, min(1.0, both / math.sqrt(left * right)))
