"""What simulated people say: a tone, pink noise, something like speech, each at a given level. Pure.

Levels are RMS in dBFS with full scale = 1.0, so that a full-scale sine is at -3.01 dBFS. Every sound is a loop
without a seam: played again and again it clicks nowhere.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
"""Samples a second; LiveKit's own rate, so that nobody resamples."""
FULL_SCALE = 32767
QUIET_DBFS = -120.0
"""What digital silence is said to be at."""

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpokenSound:
    """Mono 16-bit samples at `RATE`, to be looped."""

    name: str
    pcm: NDArray[np.int16]

    @property
    def level(self) -> float:
        """Its RMS in dBFS."""
        return level_of(self.pcm)


@cache
def tone(dbfs: float = -20.0, *, hertz: int = 440, seconds: float = 1.0) -> SpokenSound:
    """A sine; whole periods, hence an integer frequency and tenths of seconds."""
    phase = 2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE
    return sound(f"a {hertz} Hz tone", np.sin(phase), dbfs)


@cache
def pink_noise(dbfs: float = -20.0, *, seconds: float = 4.0, seed: int = 1) -> SpokenSound:
    """Noise with equal power in every octave, 20 Hz to 20 kHz."""
    count = round(seconds * RATE)
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    audible = (hertz >= 20) & (hertz <= 20_000)
    magnitude = np.where(audible, 1 / np.sqrt(np.maximum(hertz, 1)), 0)
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, hertz.size)
    return sound("pink noise", np.fft.irfft(magnitude * np.exp(1j * phases), count), dbfs)


@cache
def speech_like(dbfs: float = -23.0, *, seconds: float = 4.0, seed: int = 1) -> SpokenSound:
    """A voice's harmonics under moving formants, four syllables a second, with pauses between phrases.

    The level is that of the whole, pauses included.
    """
    draw = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    slow = time[:: RATE // 200]  # what a throat does changes slowly: worked out 200 times a second
    pitch = 120 * (1 + 0.12 * wander(draw, slow, seconds, waves=6))
    cycles = np.cumsum(np.interp(time, slow, pitch, period=seconds)) / RATE
    cycles *= np.ceil(cycles[-1]) / cycles[-1]  # whole periods, so that the end meets the start
    formants = [centre * (1 + 0.2 * wander(draw, slow, seconds, waves=16)) for centre in (500, 1500, 2500)]
    voice = np.zeros_like(time)
    for harmonic in range(1, 26):
        near = (np.exp(-(((harmonic * pitch - formant) / 250) ** 2)) for formant in formants)
        gain = sum(weight * peak for weight, peak in zip((1, 0.5, 0.3), near, strict=True)) + 0.05
        loudness = np.interp(time, slow, gain / harmonic, period=seconds)
        voice += loudness * np.sin(2 * np.pi * harmonic * cycles)
    syllables = np.clip(np.sin(2 * np.pi * round(4 * seconds) / seconds * time), 0, 1) ** 0.5
    phrases = 1 / (1 + np.exp(-12 * (wander(draw, time, seconds, waves=2) + 0.5)))
    return sound("speech", voice * syllables * phrases, dbfs)


def wander(draw: np.random.Generator, time: Samples, seconds: float, *, waves: int) -> Samples:
    """A smooth random curve between about -1 and 1, periodic over `seconds`."""
    curve = np.zeros_like(time)
    for wave in range(1, waves + 1):
        curve += draw.uniform(0.3, 1) * np.sin(2 * np.pi * wave * time / seconds + draw.uniform(0, 2 * np.pi))
    scaled: Samples = curve / np.abs(curve).max()
    return scaled


def sound(name: str, samples: Samples, dbfs: float) -> SpokenSound:
    """These samples at this level.

    Raises:
        ValueError: they would clip.
    """
    scaled = samples * 10 ** (dbfs / 20) / np.sqrt(np.mean(samples**2))
    if np.abs(scaled).max() > 1:
        raise ValueError(f"{name} at {dbfs:g} dBFS would clip by {np.abs(scaled).max():.2f}")
    return SpokenSound(name, np.round(scaled * FULL_SCALE).astype(np.int16))


def level_of(pcm: NDArray[np.int16]) -> float:
    """RMS in dBFS of 16-bit samples; `QUIET_DBFS` for silence."""
    power = float(np.mean((pcm.astype(np.float64) / FULL_SCALE) ** 2)) if pcm.size else 0.0
    return max(QUIET_DBFS, 10 * float(np.log10(power))) if power > 0 else QUIET_DBFS
