"""Offences: overdriven inputs, and feedback by a loop through a room."""

from dataclasses import dataclass

import numpy as np

from local.people.sound import RATE
from local.sounds import Signal


def overdriven(signal: Signal, gain_db: float) -> Signal:
    """Peaks that would be so far above full scale are cut."""
    return np.asarray(np.clip(signal / np.abs(signal).max() * 10.0 ** (gain_db / 20.0), -1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Loop:
    """A loudspeaker and a microphone in one room, with a network between."""

    delay: float
    """Seconds from the microphone to the loudspeaker."""
    margin_db: float
    """By how much the loop amplifies at the frequency that the room carries best."""
    echoes: float = 0.4
    """Seconds until they are 60 dB down."""
    gated: bool = False
    """Open only while somebody speaks, as echo cancellers and gates do it."""

    def room(self, rng: np.random.Generator) -> Signal:
        """Its impulse response with a small loudspeaker's: decaying noise from 250 to 6000 Hz with some resonances."""
        count = round(1.2 * self.echoes * RATE)
        decaying = rng.standard_normal(count) * 10.0 ** (-3.0 * np.arange(count) / RATE / self.echoes)
        decaying[0] += 4.0
        hz = np.fft.rfftfreq(count, 1.0 / RATE)
        response = (
            np.fft.rfft(decaying) / (1.0 + (250.0 / np.maximum(hz, 1.0)) ** 4) / (1.0 + (hz / 6000.0) ** 4)
        )
        for _ in range(6):
            at = rng.uniform(300.0, 5000.0)
            response *= 10.0 ** (rng.uniform(-5.0, 6.0) / 20.0 * np.exp(-(((hz - at) / (0.12 * at)) ** 2)))
        return np.fft.irfft(response, count)

    def heard(self, dry: Signal, begins: float, rng: np.random.Generator) -> tuple[Signal, float]:
        """What the microphone sends when the loudspeaker is turned up at `begins`; and when the ringing is louder than
        -35 dBFS and than everything else, for half a second."""
        hop = round(self.delay * RATE)
        response = self.room(rng)
        size = 1 << (len(response) + hop - 1).bit_length()
        transfer = np.fft.rfft(response, size)
        gain = 10.0 ** (self.margin_db / 20.0) / np.abs(np.fft.rfft(response, 1 << 18)).max()
        dry = dry[: len(dry) // hop * hop] + 10.0 ** (-62.0 / 20.0) * rng.standard_normal(
            len(dry) // hop * hop
        )
        tail, played, sent, added = np.zeros(size), np.zeros(hop), np.empty_like(dry), np.empty_like(dry)
        for at in range(0, len(dry), hop):
            tail += np.fft.irfft(np.fft.rfft(played, size) * transfer, size)
            speaking = np.sqrt(np.mean(np.square(dry[max(0, at - RATE // 2) : at + hop]))) > 0.006
            open_ = at >= begins * RATE and (speaking or not self.gated)
            added[at : at + hop] = tail[:hop] * gain * (1.0 if open_ else 0.2)
            sent[at : at + hop] = dry[at : at + hop] + added[at : at + hop]
            tail = np.concatenate([tail[hop:], np.zeros(hop)])
            played = np.clip(sent[at : at + hop], -0.7, 0.7)
        return np.clip(sent, -1.0, 1.0), _rings_from(dry, added, begins)


def _rings_from(dry: Signal, added: Signal, begins: float) -> float:
    """When the loop's part, in narrow lines, is above -35 dBFS and above what was there without it."""
    looks, size, run = RATE // 10, 4096, 0
    window = np.hanning(size)
    for at in range(round(begins * RATE), len(added) - size, looks):
        power = np.square(np.abs(np.fft.rfft(added[at : at + size] * window)))
        strongest = np.sort(power)[-12:].sum()
        rms = np.sqrt(np.mean(np.square(added[at : at + size])))
        rest = np.sqrt(np.mean(np.square(dry[at : at + size])))
        rings = strongest > 0.6 * power.sum() and rms > 10.0 ** (-35.0 / 20.0) and rms > rest
        run = run + 1 if rings else 0
        if run == 5:
            return (at - 4 * looks) / RATE
    return len(added) / RATE
