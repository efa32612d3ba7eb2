"""How far our loudness is from what others say of the same sound in two channels at 48 kHz: `python -m
bench.loudness_differences`.

Peers: pyebur128 (libebur128), pyloudnorm with the filter that has the standard's coefficients ("DeMan"),
and pyloudnorm as it comes, whose filter is an approximation 0.04 dB below them. Bar: 0.1 LU.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyebur128  # type: ignore[import-untyped]
import pyloudnorm  # type: ignore[import-untyped]

from local import sounds
from local.results import Figure, conclude, say
from local.sounds import Signal
from moderation.audio.loudness import GatedLoudness
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter

_RATE = 48_000
_BAR = 0.1


@dataclass(frozen=True)
class DifferenceCase:
    """One sound that all meters are given."""

    name: str
    sound: Signal
    """(n, 2) at 48 kHz."""


@dataclass(frozen=True)
class LoudnessPair:
    """What one meter said, LUFS."""

    integrated: float
    short_term: float
    """The last 3 s."""


def cases() -> Iterator[DifferenceCase]:
    """The same sounds each time, made as they are asked for."""
    for hz in (30, 60, 125, 250, 500, 997, 2000, 4000, 6000, 8000, 10_000, 12_000, 14_000, 18_000):
        yield _case(f"tone_{hz}_hz", sounds.tone(hz, -20.0, 8.0, _RATE), 1.0)
    for level in (-50.0, -35.0, -8.0):
        yield _case(f"tone_997_hz_{-level:.0f}_down", sounds.tone(997, level, 8.0, _RATE), 1.0)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        yield _case(f"speech_{seed}", sounds.speech(-24.0, 20.0, _RATE, rng), 0.7)
        yield _case(f"music_{seed}", sounds.music(-20.0, 20.0, _RATE, rng), 0.7)
    rng = np.random.default_rng(9)
    shout = sounds.shout(-12.0, 12.0, _RATE, rng)
    yield _case("shout", shout, 1.0)
    yield _case("shout_left_only", shout, 0.0)
    yield _case("shout_in_antiphase", shout, -1.0)
    yield _case("shout_in_uneven_antiphase", shout, -0.5)
    yield _case("laughter", sounds.laughter(-6.0, 12.0, _RATE, rng), 1.0)
    yield _case("noise", sounds.white_noise(-20.0, 12.0, _RATE, rng), 1.0)
    unrelated = [sounds.white_noise(-20.0, 12.0, _RATE, rng) for _ in range(2)]
    yield DifferenceCase("noise_in_both", np.stack(unrelated, axis=1))


def _case(name: str, left: Signal, right: float) -> DifferenceCase:
    """`right`: what the other channel has of the left one."""
    return DifferenceCase(name, np.stack([left, right * left], axis=1))


def ours(sound: Signal) -> LoudnessPair:
    """`sound`: (n, 2) at 48 kHz. Raises ValueError when it is too short or too soft for a figure."""
    whole = GatedLoudness()
    meter = TrackMeter(whole)
    measured = [meter.push(block, (i + 1) * BLOCK_SECONDS) for i, block in enumerate(sounds.as_blocks(sound))]
    last, integrated = measured[-1], whole.integrated_lufs
    if last is None or integrated is None:
        raise ValueError("the sound is too short or too soft to be measured")
    return LoudnessPair(integrated, last.short_term_lufs)


def libebur128(sound: Signal) -> LoudnessPair:
    """`sound`: (n, 2) at 48 kHz. Minus infinity for silence."""
    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(2, _RATE, mode.MODE_I | mode.MODE_S)
    state.add_frames(np.ascontiguousarray(sound).ravel(), len(sound))
    return LoudnessPair(
        pyebur128.get_loudness_global(state),
        pyebur128.get_loudness_shortterm(state),
    )


def pyloudnorm_with(filter_class: str, sound: Signal) -> LoudnessPair:
    """`filter_class`: a name that `pyloudnorm.Meter` knows. `sound`: (n, 2) at 48 kHz, of at least 3 s."""
    meter = pyloudnorm.Meter(_RATE, filter_class=filter_class)
    short = pyloudnorm.Meter(_RATE, filter_class=filter_class, block_size=3.0)
    return LoudnessPair(
        float(meter.integrated_loudness(sound)),
        float(short.integrated_loudness(sound[-3 * _RATE :])),
    )


_PEERS: dict[str, Callable[[Signal], LoudnessPair]] = {
    "libebur128": libebur128,
    "pyloudnorm_deman": partial(pyloudnorm_with, "DeMan"),
    "pyloudnorm": partial(pyloudnorm_with, "K-weighting"),
}
_KINDS = ("integrated", "short_term")


def figures(case: DifferenceCase) -> list[Figure]:
    """Ours minus each peer's."""
    mine = ours(case.sound)
    rows = []
    for kind in _KINDS:
        for name, peer in _PEERS.items():
            difference = getattr(mine, kind) - getattr(peer(case.sound), kind)
            held = abs(difference) <= _BAR
            rows.append(Figure(f"loudness.{case.name}.{kind}_{name}", difference, "LU", 1, _BAR, held))
    return rows


def main() -> int:
    """Prints the table and writes the figures. The exit code: 1 when a bar was missed."""
    found: list[Figure] = []
    say(f"{'ours minus theirs, LU':28}{'integrated':^54}{'short-term':^54}{'bar':>6}")
    say(f"{'':28}" + "".join(f"{name:>18}" for _ in _KINDS for name in _PEERS))
    for case in cases():
        rows = figures(case)
        found += rows
        verdict = "ok" if all(row.held for row in rows) else "MISSED"
        differences = "".join(f"{row.value:+18.3f}" for row in rows)
        say(f"{case.name:28}{differences}{_BAR:>6} {verdict}")
    return conclude("loudness_differences", found)


if __name__ == "__main__":
    sys.exit(main())
