"""Instruments by synthesis: held notes, melodies, chords, what a studio makes of them, and devices that sound so."""

from collections.abc import Callable, Sequence

import numpy as np

from local.people.sound import RATE
from local.sounds import Signal

Voice = Callable[[Signal], Signal]
"""A wave as a function of its phase in radians."""


def time(seconds: float) -> Signal:
    """Seconds of each sample, from 0."""
    return np.arange(round(seconds * RATE)) / RATE


def phase(hz: float | Signal, seconds: float, cents: float = 0.0, beat: float = 5.5) -> Signal:
    """Of a pitch that wavers by so many cents, so many times a second."""
    wavering = hz * 2.0 ** (cents / 1200.0 * np.sin(2.0 * np.pi * beat * time(seconds)))
    return 2.0 * np.pi * np.cumsum(wavering) / RATE


def partials(*amplitudes: float) -> Voice:
    """A voice of a fundamental and its harmonics, with these amplitudes."""
    return lambda p: np.asarray(sum(a * np.sin(n * p + n) for n, a in enumerate(amplitudes, 1)))


FLUTE = partials(1.0, 0.15, 0.05)
NEY = partials(1.0, 0.3, 0.2, 0.05)
VIOLIN = partials(1.0, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1)
ORGAN = partials(1.0, 0.5, 0.33, 0.25, 0.1, 0.1, 0.0, 0.1)
CLARINET = partials(1.0, 0.02, 0.7, 0.03, 0.45, 0.02, 0.25)
SINGER = partials(0.6, 0.8, 1.0, 0.7, 0.3, 0.1)
SINE = partials(1.0)


def held(voice: Voice, hz: float, seconds: float, cents: float = 0.0, attack: float = 0.08) -> Signal:
    """One note that fades in over `attack` seconds and wavers by `cents`."""
    return voice(phase(hz, seconds, cents)) * np.clip(time(seconds) / attack, 0.0, 1.0)


def swelling(voice: Voice, hz: float, seconds: float, cents: float) -> Signal:
    """From nearly nothing to full in 3 s, evenly in decibels, again and again."""
    return voice(phase(hz, seconds, cents)) * 10.0 ** (np.clip(time(seconds) % 5.0 - 3.0, -3.0, 0.0) / 2.0)


def melody(voice: Voice, root: float, seconds: float, note: float, rng: np.random.Generator) -> Signal:
    """Notes of a major scale with soft edges."""
    scale = 2.0 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12.0)
    notes = []
    for _ in range(round(seconds / note)):
        t = time(note)
        edges = np.clip(t / 0.02, 0.0, 1.0) * np.clip((note - t) / 0.03, 0.0, 1.0)
        notes.append(voice(2.0 * np.pi * root * rng.choice(scale) * t) * edges)
    return np.concatenate(notes)


def chords(voice: Voice, seconds: float) -> Signal:
    """Legato: a new chord every 2 s that begins before the last one has ended."""
    t, total = time(seconds), np.zeros(round(seconds * RATE))
    for bar, root in enumerate(np.resize([220.0, 196.0, 174.6, 207.7, 246.9, 233.1], int(seconds / 2) + 1)):
        since = t - 2.0 * bar
        envelope = np.clip(since / 0.25, 0.0, 1.0) * np.clip((2.3 - since) / 0.3, 0.0, 1.0)
        total += envelope * sum(voice(2.0 * np.pi * root * ratio * t) for ratio in (1.0, 1.25, 1.5, 2.0))
    return total


def plucked(root: float, seconds: float, every: float, decay: float, rng: np.random.Generator) -> Signal:
    """Strings that ring on: piano, guitar, saz, according to the decay."""
    total = np.zeros(round((seconds + 2) * RATE))
    for start in np.arange(0.0, seconds, every):
        hz, t = root * 2.0 ** (rng.choice([0, 3, 5, 7, 10, 12]) / 12.0), time(2.0)
        at = round(start * RATE)
        total[at : at + len(t)] += sum(
            np.sin(2.0 * np.pi * hz * n * t) * np.exp(-decay * n**0.5 * t) / n for n in range(1, 9)
        )
    return total[: round(seconds * RATE)]


def drums(seconds: float, rng: np.random.Generator) -> Signal:
    """A kick and an off-beat hat of noise, every 0.468 s."""
    beat = time(seconds) % 0.468
    kick = np.sin(2.0 * np.pi * (50.0 + 80.0 * np.exp(-30.0 * beat)) * beat) * np.exp(-8.0 * beat)
    off = (time(seconds) + 0.234) % 0.468
    return kick + 0.2 * rng.standard_normal(len(beat)) * np.exp(-25.0 * off)


def techno(seconds: float, rng: np.random.Generator) -> Signal:
    """`drums` and a buzzing chord under it."""
    pad = sum(np.sign(np.sin(2.0 * np.pi * hz * time(seconds) + hz)) for hz in (110, 165, 220, 331))
    return drums(seconds, rng) + 0.15 * pad


def limited(signal: Signal, drive_db: float) -> Signal:
    """As mastering does: so much louder, and turned down again where it would be above full scale, 5 ms ahead."""
    driven = signal * 10.0 ** (drive_db / 20.0) / np.abs(signal).max()
    hop = 48
    peaks = np.abs(driven[: len(driven) // hop * hop]).reshape(-1, hop).max(axis=1)
    ahead = np.lib.stride_tricks.sliding_window_view(np.pad(peaks, 5, mode="edge"), 11).max(axis=1)
    wanted, gain, now = np.minimum(1.0, 0.97 / np.maximum(ahead, 1e-9)), np.empty(len(ahead)), 1.0
    for i, most in enumerate(wanted):
        now = min(most, 1.0 - (1.0 - now) * 0.9876)  # 80 ms to let go
        gain[i] = now
    smooth = np.convolve(np.pad(gain, 2, mode="edge"), np.ones(5) / 5, "valid")
    samples = np.arange(len(peaks) * hop)
    return np.asarray(driven[: len(samples)] * np.interp(samples, np.arange(len(gain)) * hop, smooth))


def on_off(signal: Signal, on: float, off: float) -> Signal:
    """As telephones ring, with edges of 5 ms."""
    t = time(len(signal) / RATE) % (on + off)
    return signal * np.clip(t / 0.005, 0.0, 1.0) * np.clip((on - t) / 0.005, 0.0, 1.0)


def two_tones(first: float, second: float, seconds: float) -> Signal:
    """Two sines of the same level; `first` and `second` are Hz."""
    t = time(seconds)
    return np.sin(2.0 * np.pi * first * t) + np.sin(2.0 * np.pi * second * t)


def struck(ratios: Sequence[float], hz: float, seconds: float, decay: float, every: float) -> Signal:
    """Bells and bowls: partials that are no harmonics, struck again and again."""
    since = time(seconds) % every
    return np.asarray(
        sum(np.sin(2.0 * np.pi * hz * r * since) * np.exp(-decay * since * r**0.5) / r for r in ratios)
    )
