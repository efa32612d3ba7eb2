"""`TrackMeter`: the measuring state of one microphone track. Constant memory; no audio is kept.

Time is the caller's: `at` is when a block ends. Best is the position in the stream; the time of arrival
will do, as it may waver by 150 ms. A block that comes later than that was preceded by a gap, one that comes
earlier is late, doubled or out of order and is left out.
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.audio.activity import FRAME_SECONDS, Activity, NoiseFloor
from moderation.audio.decibels import FULL_SCALE, SILENCE, amplitude_db, lufs, power_db
from moderation.audio.kweighting import BLOCK_SAMPLES, SAMPLE_RATE, KWeighting, Samples
from moderation.audio.loudness import STEP_SECONDS, GatedLoudness, SlidingLoudness
from moderation.audio.measurement import Gap, Measurement, TrackLoudness
from moderation.audio.spectrum import Spectrum

BLOCK_SECONDS: Final = BLOCK_SAMPLES / SAMPLE_RATE
JITTER_SECONDS: Final = 0.15

_STEPS_PER_BLOCK: Final = 2
_STEP_SAMPLES: Final = BLOCK_SAMPLES // _STEPS_PER_BLOCK
_FRAME_SAMPLES: Final = int(FRAME_SECONDS * SAMPLE_RATE)
_ONES: Final = np.ones(_FRAME_SAMPLES, np.float32)
_BLOCKS_IN_3S: Final = 15
_RAIL: Final = 32_760
"""Full scale, give or take what a resampler rounds. A sine that just fits stays above it for under two
samples."""
_RUN: Final = 3


class TrackMeter:
    """Measures one mono 16 kHz track, block by block."""

    def __init__(self) -> None:
        self._clock: float | None = None
        """End of the last block."""
        self._why: Gap = Gap.LOST
        self._power: float | None = None
        """Mean square of the last block; None: nothing came just before."""
        self._filter = KWeighting()
        self._sliding = SlidingLoudness()
        self._gated = GatedLoudness()
        self._floor = NoiseFloor()
        self._activity = Activity()
        self._spectrum = Spectrum()
        self._clipped: deque[int] = deque([0] * _BLOCKS_IN_3S, maxlen=_BLOCKS_IN_3S)
        self._loudest_momentary = SILENCE
        self._loudest_short_term = SILENCE

    def pause(self, why: Gap) -> None:
        """Nothing is to be expected until the next block, and why. The gap's length is told by that block."""
        self._why = why

    @property
    def loudness(self) -> TrackLoudness:
        """Of everything received since the beginning."""
        return TrackLoudness(
            self._gated.integrated_lufs,
            self._gated.range_lu,
            self._loudest_momentary,
            self._loudest_short_term,
        )

    def push(self, block: NDArray[np.int16], at: float) -> Measurement | None:
        """Measure one block of shape (3200,), int16; `None` if its time has been measured already.

        Raises ValueError for any other shape or type.
        """
        if block.shape != (BLOCK_SAMPLES,) or block.dtype != np.int16:
            raise ValueError(f"expected int16 of shape ({BLOCK_SAMPLES},), got {block.dtype} {block.shape}")
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
        self._sliding.miss(round(gap_seconds / STEP_SECONDS))
        lost_blocks = min(_BLOCKS_IN_3S, round(gap_seconds / BLOCK_SECONDS))
        self._clipped.extend([0] * lost_blocks)
        self._power = None
        self._filter.reset()
        self._activity.reset()
        self._spectrum.reset()
        return lufs(self._sliding.short_term_energy)

    def _measure(
        self, block: NDArray[np.int16], at: float, gap: Gap | None, gap_seconds: float, lowest: float | None
    ) -> Measurement:
        # Single precision halves what goes through the caches; its rounding is far below 0.001 dB.
        samples: Samples = np.multiply(block, 1.0 / FULL_SCALE, dtype=np.float32)
        frames = samples.reshape(-1, _FRAME_SAMPLES)
        powers = [p / _FRAME_SAMPLES for p in np.vecdot(frames, frames).tolist()]
        means = [s / _FRAME_SAMPLES for s in (frames @ _ONES).tolist()]
        power = sum(powers) / len(powers)
        rms_dbfs = power_db(power)
        before, self._power = power if self._power is None else self._power, power
        peak = max(int(np.maximum.reduce(block)), -int(np.minimum.reduce(block)))
        peak_dbfs = amplitude_db(peak / FULL_SCALE)
        clipped = _in_runs(block) if peak >= _RAIL else 0
        self._clipped.append(clipped)

        momentary, short_term = self._loudness(self._filter.apply(samples))
        self._loudest_momentary = max(self._loudest_momentary, momentary)
        self._loudest_short_term = max(self._loudest_short_term, short_term)

        frames_dbfs = [power_db(p - mean * mean) for p, mean in zip(powers, means, strict=True)]
        floor = self._floor.update(frames_dbfs)
        spoken = self._activity.update(frames_dbfs, floor)
        shape = self._spectrum.update(samples, BLOCK_SECONDS, speech=spoken > 0)
        return Measurement(
            at=at,
            seconds=BLOCK_SECONDS,
            gap=gap,
            gap_seconds=gap_seconds,
            rms_dbfs=rms_dbfs,
            momentary_dbfs=power_db((before + power) / 2.0),
            peak_dbfs=peak_dbfs,
            crest_db=peak_dbfs - rms_dbfs,
            dc_offset=sum(means) / len(means),
            clipped_ratio=clipped / BLOCK_SAMPLES,
            clipped_ratio_3s=sum(self._clipped) / (_BLOCKS_IN_3S * BLOCK_SAMPLES),
            momentary_lufs=momentary,
            short_term_lufs=short_term,
            short_term_low_lufs=short_term if lowest is None else min(lowest, short_term),
            coverage=self._sliding.coverage,
            noise_floor_dbfs=floor,
            active=self._activity.active,
            talk_seconds=spoken * FRAME_SECONDS,
            tone_hz=shape.tone_hz,
            tone_share=shape.tone_share,
            tone_seconds=shape.tone_seconds,
            flatness=shape.flatness,
            steady_seconds=shape.steady_seconds,
        )

    def _loudness(self, weighted: Samples) -> tuple[float, float]:
        """Take a filtered block in; the momentary and the short-term loudness at its end."""
        steps, sliding = weighted.reshape(_STEPS_PER_BLOCK, -1), self._sliding
        momentary = SILENCE
        for energy in np.vecdot(steps, steps).tolist():
            sliding.add(energy / _STEP_SAMPLES)
            momentary = lufs(sliding.momentary_energy)
            if sliding.momentary_whole:
                self._gated.add_momentary(sliding.momentary_energy, momentary)
        short_term = lufs(sliding.short_term_energy)
        if sliding.coverage == 1.0:
            self._gated.add_short_term(short_term)
        return momentary, short_term


def _in_runs(block: NDArray[np.int16]) -> int:
    """How many samples lie in runs of at least `_RUN` at full scale, either side. A run that crosses into
    the next block counts in each by itself."""
    full = (block >= _RAIL) | (block <= -_RAIL)
    starts = full[:-2] & full[1:-1] & full[2:]
    inside = np.zeros_like(full)
    for shift in range(_RUN):
        inside[shift : len(full) - _RUN + 1 + shift] |= starts
    return int(np.count_nonzero(inside))
