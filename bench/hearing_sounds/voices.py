"""Voices: eSpeak NG's in Turkish and English, and what is made of them: whisper, laughter, a crowd, singing."""

import ctypes
import sys
from functools import cache

import espeakng_loader  # type: ignore[import-untyped]
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
_SYNCHRONOUS, _UTF8, _SPEED, _PITCH = 2, 1, 1, 3
_Samples = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _Espeak:
    """The library, which is one for the whole process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)
        if self.rate <= 0:
            raise OSError("eSpeak NG does not start")
        self._spoken: list[NDArray[np.int16]] = []
        self._callback = _Samples(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: object) -> int:
        if count > 0:
            self._spoken.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def say(self, text: str, voice: str, speed: int, pitch: int) -> Signal:
        """Raises OSError for a voice that there is not."""
        self._spoken.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise OSError(f"eSpeak NG has no voice {voice}")
        self._library.espeak_SetParameter(_SPEED, speed, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, 0, 0, _UTF8, None, None)
        return np.concatenate(self._spoken).astype(np.float64) / 32768.0


@cache
def _espeak() -> _Espeak | None:
    try:
        return _Espeak()
    except OSError as error:
        sys.stderr.write(f"NO VOICES: {error}; what they say is left out of the table\n")
        return None


def can_speak() -> bool:
    return _espeak() is not None


@cache
def sentence(voice: str, speed: int = 150, pitch: int = 50, text: str = "") -> Signal:
    """One sentence at 48 kHz, peak 1.0; without a text the one in the voice's language. Voices: eSpeak NG's names, as
    `tr` or `en-us+f4`."""
    espeak = _espeak()
    assert espeak is not None
    said = text or (TURKISH if voice.startswith("tr") else ENGLISH)
    spoken = espeak.say(said, voice, speed, pitch)
    signal = to_rate(spoken, espeak.rate, RATE)
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
