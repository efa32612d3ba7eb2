"""Sounds that simulated people make: speech-like, music-like, laughter, a slammed door, a shout, feedback,
a fan.

Everything is synthetic and repeatable: float64, mono, 1.0 = full scale, drawn from the generator that is
given. Speech and music carry nothing above 7.5 kHz, so that they are the same sound at any rate from 16 kHz on.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]
Blocks = list[NDArray[np.int16]]
Maker = Callable[[float, float, int, np.random.Generator], Signal]
"""Of dBFS RMS, seconds, rate and chance."""

TOP_HZ = 7_500.0
BLOCK_SAMPLES = 9_600
_SPEECH_BANDS = ((0.0, -60.0), (80.0, -12.0), (150.0, 0.0), (600.0, 0.0), (2500.0, -12.0), (7500.0, -28.0))
"""Hz and dB: the long-term spectrum of speech, roughly (Byrne et al., JASA 96(4), 1994)."""


def tone(hz: float, peak_dbfs: float, seconds: float, rate: int) -> Signal:
    """A sine. `peak_dbfs`: its amplitude; `rate`: samples a second. Full scale is 1.0."""
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(_amplitude(peak_dbfs) * np.sin(2.0 * np.pi * hz * time))


def white_noise(rms_dbfs: float, seconds: float, rate: int, rng: np.random.Generator) -> Signal:
    """Noise with an RMS in dBFS; `rate`: samples a second."""
    return at_rms(rng.standard_normal(round(seconds * rate)), rms_dbfs)


def speech(
    rms_dbfs: float, seconds: float, rate: int, rng: np.random.Generator, *, pauses: float = 0.25
) -> Signal:
    """Syllables of a voice with a moving pitch, hisses among them, and pauses for so much of the time."""
    count = round(seconds * rate)
    syllables = max(2, round(seconds * 4.5))
    loudness = 10.0 ** (rng.normal(0.0, 3.5, syllables) / 20.0)
    loudness[rng.random(syllables) < pauses] = 10.0 ** (-50.0 / 20.0)
    envelope = _steps(loudness, count) * (
        0.25 + 0.75 * np.sin(np.pi * (np.linspace(0, syllables, count) % 1.0))
    )
    pitch = _steps(rng.uniform(95.0, 180.0, syllables), count)
    voice = 2.0 * (np.cumsum(pitch / rate) % 1.0) - 1.0
    hiss = 0.4 * rng.standard_normal(count) * _steps((rng.random(syllables) < 0.3).astype(float), count)
    return at_rms(_shaped((voice + hiss) * envelope, rate), rms_dbfs)


def music(rms_dbfs: float, seconds: float, rate: int, rng: np.random.Generator) -> Signal:
    """Plucked chords, two a second, with a beat of filtered noise."""
    count = round(seconds * rate)
    signal = np.zeros(count)
    for start in range(0, count, rate // 2):
        time = np.arange(min(rate, count - start)) / rate
        for semitone in rng.choice(24, 3, replace=False):
            hz = 130.8 * 2.0 ** (semitone / 12.0)
            for harmonic in range(1, 9):
                note = np.sin(2.0 * np.pi * hz * harmonic * time) * np.exp(-3.0 * harmonic**0.5 * time)
                signal[start : start + len(time)] += note / harmonic
        signal[start : start + len(time)] += rng.standard_normal(len(time)) * np.exp(-40.0 * time)
    return at_rms(band_limited(signal, rate), rms_dbfs)


def laughter(peak_dbfs: float, seconds: float, rate: int, rng: np.random.Generator) -> Signal:
    """Bursts of 120 ms, five a second, each a little softer than the one before, new breath every second."""
    time = np.arange(round(seconds * rate)) / rate
    bursts = np.where(time % 0.2 < 0.12, np.sin(np.pi * (time % 0.2) / 0.12) ** 2, 0.0)
    breath = np.where(time % 1.4 < 1.0, 1.0 - 0.5 * (time % 1.4), 0.0)
    voice = 2.0 * ((time * 260.0) % 1.0) - 1.0 + 0.3 * rng.standard_normal(len(time))
    return at_peak(_shaped(voice, rate) * bursts * breath, peak_dbfs)


def door_slam(peak_dbfs: float, rate: int, rng: np.random.Generator) -> Signal:
    """One second: a thump and its echo in the room."""
    time = np.arange(rate) / rate
    thump = np.sin(2.0 * np.pi * 70.0 * time) * np.exp(-18.0 * time)
    rattle = rng.standard_normal(rate) * np.exp(-35.0 * time)
    return at_peak(band_limited(thump + rattle, rate), peak_dbfs)


def shout(rms_dbfs: float, seconds: float, rate: int, rng: np.random.Generator) -> Signal:
    """Speech without a pause and with its peaks pressed down, as a voice at its limit is; not flat."""
    pressed = np.tanh(2.0 * speech(-12.0, seconds, rate, rng, pauses=0.0))
    return at_rms(band_limited(pressed, rate), rms_dbfs)


def feedback(hz: float, db_per_second: float, seconds: float, rate: int, rng: np.random.Generator) -> Signal:
    """A tone that grows after a second from -60 dBFS as a loop makes it grow, out of a little noise, and then stands at
    -10 dBFS."""
    time = np.arange(round(seconds * rate)) / rate
    level = np.minimum(-10.0, -60.0 + db_per_second * np.maximum(0.0, time - 1.0))
    rings = 10.0 ** (level / 20.0) * np.sin(2.0 * np.pi * hz * time)
    return np.asarray(rings + white_noise(-62.0, seconds, rate, rng))


def at_rms(signal: Signal, rms_dbfs: float) -> Signal:
    """The signal brought to an RMS in dBFS."""
    return np.asarray(signal * (_amplitude(rms_dbfs) / np.sqrt(np.mean(np.square(signal)))))


def at_peak(signal: Signal, peak_dbfs: float) -> Signal:
    """The signal brought to a peak in dBFS."""
    return np.asarray(signal * (_amplitude(peak_dbfs) / np.abs(signal).max()))


def band_limited(signal: Signal, rate: int, top_hz: float = TOP_HZ) -> Signal:
    """The signal without what lies above `top_hz`."""
    spectrum = np.fft.rfft(signal)
    spectrum[np.fft.rfftfreq(len(signal), 1.0 / rate) > top_hz] = 0.0
    return np.fft.irfft(spectrum, len(signal))


def to_rate(signal: Signal, rate: int, new_rate: int) -> Signal:
    """The same sound at another rate, through its spectrum; what does not fit below half the new rate is
    dropped."""
    count = len(signal) * new_rate // rate
    return np.fft.irfft(np.fft.rfft(signal)[: count // 2 + 1], count) * (count / len(signal))


def as_int16(signal: Signal) -> NDArray[np.int16]:
    """Quantised, and clipped at full scale as any converter does."""
    return np.clip(np.round(signal * 32768.0), -32768, 32767).astype(np.int16)


def as_blocks(signal: Signal, samples: int = BLOCK_SAMPLES) -> Blocks:
    """Whole blocks of int16; what does not fill the last one is dropped."""
    quantised = as_int16(signal)
    return [quantised[i : i + samples] for i in range(0, len(quantised) - samples + 1, samples)]


def _amplitude(dbfs: float) -> float:
    return float(10.0 ** (dbfs / 20.0))


def _steps(values: Signal, count: int) -> Signal:
    """Each value held for its share of `count` samples."""
    return values[np.minimum(np.arange(count) * len(values) // count, len(values) - 1)]


def _shaped(signal: Signal, rate: int) -> Signal:
    spectrum = np.fft.rfft(signal)
    hz = np.fft.rfftfreq(len(signal), 1.0 / rate)
    edges, gains = zip(*_SPEECH_BANDS, strict=True)
    spectrum *= 10.0 ** (np.interp(hz, edges, gains) / 20.0)
    spectrum[hz > TOP_HZ] = 0.0
    return np.fft.irfft(spectrum, len(signal))
