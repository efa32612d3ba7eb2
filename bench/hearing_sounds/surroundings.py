"""What is heard around people: appliances, the mains, weather, streets, animals, hands and feet."""

import numpy as np

from bench.hearing_sounds.instruments import phase, time
from local.people.sound import RATE
from local.sounds import Signal


def coloured(
    seconds: float, slope_db: float, rng: np.random.Generator, low: float = 20.0, high: float = 20e3
) -> Signal:
    """Noise whose density falls by so many dB an octave."""
    count = round(seconds * RATE)
    hz = np.fft.rfftfreq(count, 1.0 / RATE)
    gain = np.where((hz >= low) & (hz <= high), np.maximum(hz, 1.0) ** (-slope_db / 6.02), 0.0)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) * gain, count)
    return np.asarray(noise / np.sqrt(np.mean(np.square(noise))))


def mains(seconds: float, hz: float, drift: float, *amplitudes: float) -> Signal:
    """Hum whose frequency drifts by such a part of it, over 20 s."""
    now = phase(hz * (1.0 + drift * np.sin(2.0 * np.pi * 0.05 * time(seconds))), seconds)
    return np.asarray(sum(a * np.sin(n * now + n) for n, a in enumerate(amplitudes, 1)))


def fan(seconds: float, blades_hz: float, rng: np.random.Generator) -> Signal:
    """Noise with a tone of the blades and its octave. `blades_hz`: blades a second."""
    return (
        coloured(seconds, 4.0, rng)
        + 0.25 * np.sin(phase(blades_hz, seconds))
        + 0.1 * np.sin(2 * phase(blades_hz, seconds))
    )


def vacuum(seconds: float, rng: np.random.Generator) -> Signal:
    """Spins up within 2 s."""
    speed = 1.0 - np.exp(-1.5 * time(seconds))
    return (coloured(seconds, 2.0, rng) + 0.6 * np.sin(phase(320.0 * speed, seconds))) * speed


def kettle(seconds: float, rng: np.random.Generator) -> Signal:
    """Boils, then whistles higher and higher."""
    rising = np.clip(time(seconds) / (0.6 * seconds), 0.0, 1.0)
    wander = np.cumsum(rng.standard_normal(round(seconds * RATE))) * 0.02
    return (
        0.3 * coloured(seconds, 3.0, rng)
        + np.sin(phase(2200.0 + 800.0 * rising + wander, seconds)) * rising**2
    )


def rain(seconds: float, rng: np.random.Generator) -> Signal:
    """Noise with single drops, 24 a second at random."""
    drops = np.where(
        rng.random(round(seconds * RATE)) < 0.0005, rng.standard_normal(round(seconds * RATE)), 0.0
    )
    return coloured(seconds, 2.0, rng) + 8.0 * np.convolve(drops, np.exp(-np.arange(400) / 60.0), "same")


def waves(seconds: float, rng: np.random.Generator) -> Signal:
    """Noise that swells every 7 s, never to silence."""
    return coloured(seconds, 3.0, rng) * (0.15 + np.sin(np.pi * time(seconds) / 7.0) ** 4)


def applause(seconds: float, people: int, rng: np.random.Generator) -> Signal:
    """So many people with four claps a second each, all independent."""
    total = np.zeros(round(seconds * RATE))
    clap = coloured(0.03, 0.0, rng, 600.0, 6000.0) * np.exp(-np.arange(round(0.03 * RATE)) / 300.0)
    for _ in range(round(people * 4 * seconds)):
        at = rng.integers(0, len(total) - len(clap))
        total[at : at + len(clap)] += clap * rng.uniform(0.3, 1.0)
    return total


def crying(seconds: float, rng: np.random.Generator) -> Signal:
    """A child: a second of a harsh voice that rises and falls around 450 Hz, a gasp between."""
    t = time(seconds)
    pitch = phase(
        450.0 + 90.0 * np.sin(np.pi * (t % 1.4)) + 6.0 * coloured(seconds, 6.0, rng, 5.0, 60.0), seconds
    )
    voice = sum(np.sin(n * pitch) * a for n, a in enumerate((0.6, 1.0, 0.8, 0.9, 0.4, 0.3, 0.2), 1))
    return voice * np.clip((1.0 - t % 1.4) * 4.0, 0.0, 1.0) * np.clip((t % 1.4) * 8.0, 0.0, 1.0)


def laughing(seconds: float, hz: float, rng: np.random.Generator) -> Signal:
    """A voice of about `hz` that breaks 4.8 times a second and falls, every 1.6 s."""
    t = time(seconds)
    voice = sum(np.sin(n * phase(hz * (1.2 - 0.2 * (t % 1.6)), seconds)) / n for n in range(1, 12))
    burst = np.clip(np.sin(2.0 * np.pi * 4.8 * t), 0.0, 1.0) * np.clip(1.2 - t % 1.6, 0.0, 1.0)
    return np.asarray((voice + 0.3 * coloured(seconds, 2.0, rng)) * burst)


def typing(seconds: float, rng: np.random.Generator) -> Signal:
    """Six keys a second at random."""
    total = np.zeros(round(seconds * RATE))
    for _ in range(round(6 * seconds)):
        at = rng.integers(0, len(total) - 2000)
        total[at : at + 2000] += rng.standard_normal(2000) * np.exp(-np.arange(2000) / rng.uniform(80, 300))
    return total


def traffic(seconds: float, rng: np.random.Generator) -> Signal:
    """A low rumble, louder when a car passes, at 3, 8, 14 and 19 s."""
    passing = 0.3 + sum(np.exp(-(((time(seconds) - at) / 1.5) ** 2)) for at in (3.0, 8.0, 14.0, 19.0))
    return coloured(seconds, 6.0, rng, 30.0) * passing


def siren(seconds: float) -> Signal:
    """A tone that wails between 400 and 1,000 Hz, coming nearer over the whole time."""
    t = time(seconds)
    return np.sin(phase(700.0 + 300.0 * np.sin(2.0 * np.pi * 0.3 * t), seconds)) * (
        0.2 + np.clip(t / seconds, 0.0, 1.0)
    )


def barking(seconds: float, rng: np.random.Generator) -> Signal:
    """A falling tone and noise, every 0.9 s."""
    t = time(seconds) % 0.9
    return (np.sin(phase(500.0 - 300.0 * t, seconds)) + coloured(seconds, 3.0, rng)) * np.exp(-12.0 * t)


def birds(seconds: float) -> Signal:
    """A trill of half a second around 3,500 Hz, every 1.3 s."""
    t = time(seconds) % 1.3
    song = np.sin(phase(3500.0 + 900.0 * np.sin(2.0 * np.pi * 11.0 * t), seconds))
    return np.where(t < 0.5, song * np.sin(np.pi * t / 0.5), 0.0)


def footsteps(seconds: float, rng: np.random.Generator) -> Signal:
    """A low knock every 0.55 s."""
    t = time(seconds) % 0.55
    return coloured(seconds, 6.0, rng, 40.0, 2000.0) * np.exp(-25.0 * t)


def engine(seconds: float, rng: np.random.Generator) -> Signal:
    """A car that idles at 27 firings a second, not quite evenly."""
    firing = phase(27.0 + 0.4 * coloured(seconds, 6.0, rng, 0.5, 8.0), seconds)
    return np.asarray(sum(np.sin(n * firing) / n for n in range(1, 14))) + 0.2 * coloured(seconds, 4.0, rng)
