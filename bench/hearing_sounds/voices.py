"""Voices: eSpeak NG's in Turkish and English, and what is made of them: whisper, laughter, a crowd, singing."""

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from local.people.sound import RATE
from local.sounds import Signal, at_rms, to_rate

TURKISH = (
    "Merhaba arkadaşlar, bugün sizinle biraz sohbet edeceğiz. Nasılsınız? Umarım her şey yolundadır, "
    "çünkü size anlatacak çok şeyim var."
)
ENGLISH = (
    "Good evening everybody, and welcome back to the show. Tonight we are going to talk about music, "
    "about travel, and about what happened last week."
)
_ESPEAK = Path(__file__).with_name("espeak.py")
_SECONDS = 30.0


def _said(text: str, voice: str, speed: int, pitch: int) -> tuple[int, NDArray[np.int16]]:
    """The sample rate, and the samples; by a process of its own, so that the same comes out every time. Raises OSError
    where eSpeak NG or the voice is not there."""
    command = [sys.executable, str(_ESPEAK), voice, str(speed), str(pitch)]
    ran = subprocess.run(command, input=text.encode(), capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    if ran.returncode:
        raise OSError(ran.stderr.decode(errors="replace").strip())
    return int.from_bytes(ran.stdout[:4], "little"), np.frombuffer(ran.stdout, "<i2", offset=4)


@cache
def can_speak() -> bool:
    """Whether there are voices; says so when there are none."""
    try:
        _said("a", "tr", 150, 50)
    except OSError as error:
        sys.stderr.write(f"NO VOICES: {error}; what they say is left out of the table\n")
        return False
    return True


def variants() -> list[str]:
    """The names of eSpeak NG's variants, as `f3` in `tr+f3`; none where it is not there."""
    if (found := find_spec("espeakng_loader")) is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "espeak-ng-data" / "voices" / "!v"
    return sorted(path.name for path in folder.glob("*"))


@cache
def sentence(voice: str, speed: int = 150, pitch: int = 50, text: str = "") -> Signal:
    """One sentence at 48 kHz, peak 1.0; without a text the one in the voice's language. Voices: eSpeak NG's names, as
    `tr` or `en-us+f4`."""
    rate, samples = _said(text or (TURKISH if voice.startswith("tr") else ENGLISH), voice, speed, pitch)
    signal = to_rate(samples.astype(np.float64) / 32768.0, rate, RATE)
    return np.asarray(signal / np.abs(signal).max())


def spoken(voice: str, seconds: float, speed: int = 150, pitch: int = 50, text: str = "") -> Signal:
    """The sentence again and again, with the pause of a breath between."""
    said = np.concatenate([sentence(voice, speed, pitch, text), np.zeros(RATE * 6 // 10)])
    return np.resize(said, round(seconds * RATE))


def whispered(voice: str, seconds: float, rng: np.random.Generator) -> Signal:
    """Noise with a voice's moving spectrum: no pitch is left."""
    said, size = spoken(voice, seconds, 120), 512
    window, result = np.hanning(size), np.zeros(round(seconds * RATE) + size)
    noise = rng.standard_normal(len(result))
    for at in range(0, len(said) - size, size // 2):
        shape = np.abs(np.fft.rfft(said[at : at + size] * window))
        smooth = np.convolve(shape, np.ones(7) / 7, "same")
        grain = np.fft.rfft(noise[at : at + size] * window)
        result[at : at + size] += np.fft.irfft(grain * smooth, size) * window
    return result[: len(said)]


def crowd(seconds: float, voices: int) -> Signal:
    """Many people talking at once."""
    kinds = ("tr", "en-us", "tr+f2", "en-us+m3", "tr+m7", "en-us+f4")
    total = np.zeros(round(seconds * RATE))
    for i in range(voices):
        one = spoken(kinds[i % len(kinds)], seconds, 130 + 7 * i, 30 + 5 * (i % 9))
        total += np.roll(at_rms(one, -20.0), i * RATE * 7 // 10)
    return total
