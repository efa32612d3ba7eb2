"""How far our loudness at 16 kHz is from what others say of the same sound at 48 kHz: `python -m
bench.loudness_differences`.

Peers: pyebur128 (libebur128), pyloudnorm with the filter that has the standard's coefficients ("DeMan"),
and pyloudnorm as it comes, whose filter is an approximation 0.04 dB below them. Bars: 0.1 LU for tones
below 4 kHz, 0.5 LU for speech and music without anything above 8 kHz. Full-band noise loses what 16 kHz
cannot carry; its difference is shown, not barred.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyebur128  # type: ignore[import-untyped]
import pyloudnorm  # type: ignore[import-untyped]

from local import sounds
from local.results import Figure, say, write
from local.sounds import Signal
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter

_PEERS_RATE, _OUR_RATE = 48_000, 16_000
_TONE_BAR, _PROGRAMME_BAR = 0.1, 0.5


@dataclass(frozen=True)
class Case:
    name: str
    sound: Signal
    """At 48 kHz."""
    bar: float | None


@dataclass(frozen=True)
class Loudness:
    integrated: float
    short_term: float
    """The last 3 s."""


def cases() -> Iterator[Case]:
    rate = _PEERS_RATE
    for hz in (30, 60, 125, 250, 500, 997, 1500, 2000, 2500, 3000, 3500, 3950):
        yield Case(f"tone_{hz}_hz", sounds.tone(hz, -20.0, 8.0, rate), _TONE_BAR)
    for level in (-50.0, -35.0, -8.0):
        yield Case(f"tone_997_hz_{-level:.0f}_down", sounds.tone(997, level, 8.0, rate), _TONE_BAR)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        yield Case(f"speech_{seed}", sounds.speech(-24.0, 20.0, rate, rng), _PROGRAMME_BAR)
        yield Case(f"music_{seed}", sounds.music(-20.0, 20.0, rate, rng), _PROGRAMME_BAR)
    rng = np.random.default_rng(9)
    yield Case("shout", sounds.shout(-12.0, 12.0, rate, rng), _PROGRAMME_BAR)
    yield Case("laughter", sounds.laughter(-6.0, 12.0, rate, rng), _PROGRAMME_BAR)
    noise = sounds.white_noise(-20.0, 12.0, rate, rng)
    yield Case("noise_to_7_5_khz", sounds.band_limited(noise, rate), _PROGRAMME_BAR)
    yield Case("noise_full_band", noise, None)


def ours(sound: Signal) -> Loudness:
    meter = TrackMeter()
    blocks = sounds.as_blocks(sounds.to_rate(sound, _PEERS_RATE, _OUR_RATE))
    measured = [meter.push(block, (i + 1) * BLOCK_SECONDS) for i, block in enumerate(blocks)]
    last, whole = measured[-1], meter.loudness
    if last is None or whole.integrated_lufs is None:
        raise ValueError("the sound is too short or too soft to be measured")
    return Loudness(whole.integrated_lufs, last.short_term_lufs)


def libebur128(sound: Signal) -> Loudness:
    mode = pyebur128.MeasurementMode
    state = pyebur128.R128State(1, _PEERS_RATE, mode.MODE_I | mode.MODE_S)
    state.add_frames(np.ascontiguousarray(sound), len(sound))
    return Loudness(
        pyebur128.get_loudness_global(state),
        pyebur128.get_loudness_shortterm(state),
    )


def pyloudnorm_with(filter_class: str, sound: Signal) -> Loudness:
    meter = pyloudnorm.Meter(_PEERS_RATE, filter_class=filter_class)
    short = pyloudnorm.Meter(_PEERS_RATE, filter_class=filter_class, block_size=3.0)
    return Loudness(
        float(meter.integrated_loudness(sound)),
        float(short.integrated_loudness(sound[-3 * _PEERS_RATE :])),
    )


_PEERS: dict[str, Callable[[Signal], Loudness]] = {
    "libebur128": libebur128,
    "pyloudnorm_deman": partial(pyloudnorm_with, "DeMan"),
    "pyloudnorm": partial(pyloudnorm_with, "K-weighting"),
}
_KINDS = ("integrated", "short_term")


def figures(case: Case) -> list[Figure]:
    """Ours minus each peer's."""
    mine = ours(case.sound)
    rows = []
    for kind in _KINDS:
        for name, peer in _PEERS.items():
            difference = getattr(mine, kind) - getattr(peer(case.sound), kind)
            held = None if case.bar is None else abs(difference) <= case.bar
            rows.append(Figure(f"loudness.{case.name}.{kind}_{name}", difference, "LU", 1, case.bar, held))
    return rows


def main() -> int:
    found: list[Figure] = []
    say(f"{'ours minus theirs, LU':28}{'integrated':^54}{'short-term':^54}{'bar':>6}")
    say(f"{'':28}" + "".join(f"{name:>18}" for _ in _KINDS for name in _PEERS))
    for case in cases():
        rows = figures(case)
        found += rows
        verdict = "" if case.bar is None else "ok" if all(row.held for row in rows) else "MISSED"
        differences = "".join(f"{row.value:+18.3f}" for row in rows)
        say(f"{case.name:28}{differences}{case.bar or '-':>6} {verdict}")
    write("loudness_differences", found)
    return 1 if any(row.held is False for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
