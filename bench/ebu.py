"""The cases of EBU Tech 3341 and 3342 that tones make in two channels, and how far our meter is from each.

Left out: 3341-6 (five channels), 3341-7, -8, 3342-5 and -6 (recordings), 3341-15 to -23 (true peak). The second channel
is the first one inverted: loudness adds powers up, and a meter that mixed the two would hear nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from local import sounds
from local.sounds import Signal
from moderation.audio.kweighting import SAMPLE_RATE
from moderation.audio.loudness import GatedLoudness
from moderation.audio.measurement import Measurement
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter

LOUDNESS_LU, RANGE_LU = 0.1, 1.0
"""What the two documents allow."""


@dataclass(frozen=True)
class EbuReading:
    """All that our meter said of one sound."""

    whole: GatedLoudness
    measurements: list[Measurement]

    def highest(self, of: Callable[[Measurement], float], until: float) -> float:
        """Of the blocks that end by then or hold that moment."""
        return max(of(m) for m in self.measurements if m.at < until + BLOCK_SECONDS)


@dataclass(frozen=True)
class EbuCase:
    """One sound of the standard, and how to read our meter's error from what it said."""

    name: str
    left: Callable[[], Signal]
    """Makes the first channel, at 48 kHz."""
    off: Callable[[EbuReading], list[float]]
    """LU off, for each figure that the case asks for."""
    tolerance: float = LOUDNESS_LU

    @property
    def sound(self) -> Signal:
        """(samples, 2) at 48 kHz. Made anew each time: together they are minutes long."""
        left = self.left()
        return np.stack([left, -left], axis=1)


def steps(*levels_and_seconds: tuple[float, float]) -> Signal:
    """One channel: 1 kHz at each peak level (dBFS) for so many seconds."""
    tones = (sounds.tone(1000.0, level, seconds, SAMPLE_RATE) for level, seconds in levels_and_seconds)
    return np.concatenate(list(tones))


def cases() -> Iterator[EbuCase]:
    """All of them, in the order of their numbers."""
    for number, levels in enumerate(_INTEGRATED, start=1):
        off = _integrated(-33.0 if number == 2 else -23.0)
        yield EbuCase(f"3341-{number}", partial(steps, *levels), off)
    yield EbuCase("3341-9", partial(steps, *[(-20, 1.34), (-30, 1.66)] * 5), _constant(_short_term, 3.0))
    yield from _bursts("3341-10", 0.15, 3.0, _highest(_max_short_term))
    yield EbuCase("3341-11", partial(_rising_bursts, 0.15, 3.0), _rising(_max_short_term, 6.0))
    yield EbuCase("3341-12", partial(steps, *[(-20, 0.18), (-30, 0.22)] * 25), _constant(_momentary, 1.0))
    yield from _bursts("3341-13", 0.02, 0.4, _highest(_max_momentary))
    yield EbuCase("3341-14", partial(_rising_bursts, 0.02, 0.4), _rising(_max_momentary, 0.8))
    for number, (plateaus, expected) in enumerate(_RANGES, start=1):
        left = partial(steps, *[(level, 20.0) for level in plateaus])
        yield EbuCase(f"3342-{number}", left, _range(expected), RANGE_LU)


def heard(sound: Signal) -> EbuReading:
    """What a meter says of this sound and a second of silence after it."""
    whole = np.concatenate([sound, np.zeros((SAMPLE_RATE, *sound.shape[1:]))])
    gated = GatedLoudness()
    meter = TrackMeter(gated)
    found = [meter.push(b, (i + 1) * BLOCK_SECONDS) for i, b in enumerate(sounds.as_blocks(whole))]
    return EbuReading(gated, [m for m in found if m is not None])


_INTEGRATED = (
    [(-23.0, 20.0)],
    [(-33.0, 20.0)],
    [(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)],
    [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)],
    [(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
)
_RANGES = (((-20, -30), 10.0), ((-20, -15), 5.0), ((-40, -20), 20.0), ((-50, -35, -20, -35, -50), 15.0))


def _bursts(
    name: str, every: float, seconds: float, off: Callable[[EbuReading], list[float]]
) -> Iterator[EbuCase]:
    """Twenty sounds: one burst each, later by so much than in the sound before."""
    for i in range(20):
        yield EbuCase(f"{name}.{i + 1}", partial(_burst, i * every, seconds), off)


def _burst(after: float, seconds: float) -> Signal:
    return np.concatenate([_silence(after), steps((-23.0, seconds)), _silence(1.0)])


def _rising_bursts(every: float, seconds: float) -> Signal:
    """Twenty bursts in a row, each 1 dB louder than the one before and later by so much within its turn."""
    turns = [
        part
        for i in range(20)
        for part in (_silence(i * every), steps((i - 38.0, seconds)), _silence(seconds - i * every))
    ]
    return np.concatenate(turns)


def _silence(seconds: float) -> Signal:
    return np.zeros(round(seconds * SAMPLE_RATE))


def _momentary(m: Measurement) -> float:
    return m.momentary_lufs


def _short_term(m: Measurement) -> float:
    return m.short_term_lufs


def _max_momentary(m: Measurement) -> float:
    return m.loudest_momentary_lufs


def _max_short_term(m: Measurement) -> float:
    return m.loudest_short_term_lufs


def _integrated(expected: float) -> Callable[[EbuReading], list[float]]:
    def off(heard: EbuReading) -> list[float]:
        found = heard.whole.integrated_lufs
        assert found is not None
        return [found - expected]

    return off


def _constant(of: Callable[[Measurement], float], since: float) -> Callable[[EbuReading], list[float]]:
    """-23 from then on, for as long as the sound lasts."""

    def off(heard: EbuReading) -> list[float]:
        ends = heard.measurements[-1].at - 1.0
        return [of(m) + 23.0 for m in heard.measurements if since - 1e-6 <= m.at <= ends + 1e-6]

    return off


def _highest(of: Callable[[Measurement], float]) -> Callable[[EbuReading], list[float]]:
    """-23 at most."""

    def off(heard: EbuReading) -> list[float]:
        return [heard.highest(of, heard.measurements[-1].at) + 23.0]

    return off


def _rising(of: Callable[[Measurement], float], every: float) -> Callable[[EbuReading], list[float]]:
    """-38 at most until the first segment is over, then 1 LU more with each."""

    def off(heard: EbuReading) -> list[float]:
        return [heard.highest(of, (i + 1) * every) - (i - 38) for i in range(20)]

    return off


def _range(expected: float) -> Callable[[EbuReading], list[float]]:
    def off(heard: EbuReading) -> list[float]:
        found = heard.whole.range_lu
        assert found is not None
        return [found - expected]

    return off
