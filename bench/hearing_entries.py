"""The table of sounds that nobody may be punished for: what each is, at which levels, and of what a tip may speak."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.hearing_sounds import instruments as i
from bench.hearing_sounds import surroundings as s
from bench.hearing_sounds import voices as v
from local import sounds
from local.people.sound import RATE
from local.sounds import Signal
from moderation.rule_names import Rule

LEVELS_DBFS = (-40.0, -28.0, -18.0)
WHISPER_DBFS = (-62.0, -50.0, -38.0)
HUM, NOISE = frozenset({Rule.HUM}), frozenset({Rule.NOISE})
STEADY = HUM | NOISE
Make = Callable[[float, np.random.Generator], Signal]


@dataclass(frozen=True, slots=True)
class Entry:
    """An innocent sound. `make(seconds, random)` gives samples at 48 kHz; the level is set afterwards."""

    name: str
    make: Make
    tips: frozenset[Rule] = frozenset()
    """What a tip may speak of; any other word about this sound is a false one."""
    levels: tuple[float, ...] = LEVELS_DBFS


def entries() -> Iterator[Entry]:
    """Without a voice, those that need one are left out."""
    yield from _instruments()
    yield from _studio()
    yield from _devices()
    yield from _surroundings()
    if v.can_speak():
        yield from _voices()


def _held(voice: i.Voice, hz: float, cents: float) -> Make:
    return lambda seconds, _: i.held(voice, hz, seconds, cents)


def _swelling(voice: i.Voice, cents: float) -> Make:
    return lambda seconds, _: i.swelling(voice, 440.0, seconds, cents)


def _spoken(voice: str) -> Make:
    return lambda seconds, _: v.spoken(voice, seconds)


def _instruments() -> Iterator[Entry]:
    for name, voice, hz, cents in (
        ("flute, one long note", i.FLUTE, 587.0, 0.0),
        ("flute with a slight vibrato", i.FLUTE, 587.0, 5.0),
        ("ney, one long note", i.NEY, 440.0, 3.0),
        ("violin, an open string", i.VIOLIN, 440.0, 0.0),
        ("violin with vibrato", i.VIOLIN, 660.0, 20.0),
        ("clarinet, one long note", i.CLARINET, 233.0, 0.0),
        ("organ, one key", i.ORGAN, 220.0, 0.0),
        ("a singer holds a note", i.SINGER, 220.0, 30.0),
        ("a singer without vibrato", i.SINGER, 330.0, 4.0),
        ("whistling one note", i.SINE, 1200.0, 15.0),
    ):
        yield Entry(name, _held(voice, hz, cents))
    for name, voice, cents in (
        ("flute that swells", i.FLUTE, 4.0),
        ("ney that swells", i.NEY, 3.0),
        ("violin that swells", i.VIOLIN, 6.0),
        ("organ with the swell pedal", i.ORGAN, 0.0),
        ("a singer who swells", i.SINGER, 25.0),
    ):
        yield Entry(name, _swelling(voice, cents))
    yield Entry("flute melody", lambda n, r: i.melody(i.FLUTE, 440.0, n, 0.4, r))
    yield Entry("clarinet melody", lambda n, r: i.melody(i.CLARINET, 220.0, n, 0.3, r))
    yield Entry("violin melody", lambda n, r: i.melody(i.VIOLIN, 330.0, n, 0.5, r))
    yield Entry("piano", lambda n, r: i.plucked(220.0, n, 0.35, 1.2, r))
    yield Entry("saz", lambda n, r: i.plucked(147.0, n, 0.16, 5.0, r))
    yield Entry("organ chords", lambda n, _: i.chords(i.ORGAN, n))
    yield Entry("drums", i.drums)
    yield Entry(
        "drum roll",
        lambda n, r: r.standard_normal(round(n * RATE)) * np.exp(-4.0 * ((18.0 * i.time(n)) % 1.0)),
    )
    yield Entry("a singing bowl, struck", lambda n, _: i.struck((1.0, 2.71, 5.2), 310.0, n, 0.25, 10.0))
    yield Entry("church bells", lambda n, _: i.struck((1.0, 1.19, 1.5, 2.0, 2.5), 420.0, n, 0.8, 2.2))
    yield Entry(
        "tanpura",
        lambda n, _: np.asarray(
            sum(
                i.SINE(i.phase(f, n)) * (1.0 + 0.2 * np.sin(1.9 * i.time(n) + f))
                for f in (65.4, 98.0, 130.8, 261.6, 392.0)
            )
        ),
    )


def _studio() -> Iterator[Entry]:
    yield Entry("mastered music", lambda n, r: i.limited(sounds.music(-20.0, n, RATE, r), 8.0))
    yield Entry("mastered organ", lambda n, _: i.limited(i.chords(i.ORGAN, n), 6.0))
    yield Entry("mastered techno", lambda n, r: i.limited(i.techno(n, r), 8.0))
    yield Entry("techno pressed by 8 dB", lambda n, r: np.tanh(2.5 * i.techno(n, r)))
    yield Entry(
        "pad of sines that fades in",
        lambda n, _: i.held(i.SINE, 440.0, n, attack=2.0) + i.held(i.SINE, 554.4, n, attack=2.0),
    )
    yield Entry(
        "chiptune",
        lambda n, r: (
            i.melody(lambda p: np.sign(np.sin(p)), 330.0, n, 0.2, r)
            + i.melody(lambda p: np.sign(np.sin(p)), 165.0, n, 0.4, r)
            + 0.5 * i.drums(n, r)
        ),
    )


def _devices() -> Iterator[Entry]:
    yield Entry("test tone 1 kHz", lambda n, _: i.held(i.SINE, 1000.0, n))
    yield Entry("test tone 100 Hz", lambda n, _: i.held(i.SINE, 100.0, n), HUM)
    yield Entry("tuner's A", lambda n, _: i.held(i.SINE, 440.0, n, attack=0.5))
    yield Entry("sweep 100 Hz to 8 kHz", lambda n, _: np.sin(i.phase(100.0 * 80.0 ** (i.time(n) / n), n)))
    yield Entry("ring-back tone", lambda n, _: i.on_off(i.held(i.SINE, 425.0, n), 1.0, 4.0))
    yield Entry("busy tone", lambda n, _: i.on_off(i.held(i.SINE, 425.0, n), 0.5, 0.5))
    yield Entry("a telephone's key, held", lambda n, _: i.two_tones(770.0, 1336.0, n))
    yield Entry("ringtone", lambda n, r: i.on_off(i.melody(i.CLARINET, 660.0, n, 0.125, r), 2.0, 1.0))
    yield Entry("alarm clock", lambda n, _: i.on_off(np.sign(i.held(i.SINE, 2048.0, n)), 0.1, 0.15))


def _surroundings() -> Iterator[Entry]:
    yield Entry("mains hum 50 Hz", lambda n, _: s.mains(n, 50.0, 0.0, 1.0), HUM)
    yield Entry("mains hum 60 Hz", lambda n, _: s.mains(n, 60.0, 0.0, 1.0, 0.4), HUM)
    yield Entry("ground loop, drifting by 1 %", lambda n, _: s.mains(n, 50.0, 0.01, 1.0, 0.5, 0.4), HUM)
    yield Entry(
        "dimmer buzz", lambda n, _: s.mains(n, 50.0, 0.002, 0.3, 1.0, 0.2, 0.7, 0.2, 0.5, 0.2, 0.4), HUM
    )
    yield Entry(
        "refrigerator",
        lambda n, r: s.mains(n, 50.0, 0.003, 0.6, 1.0, 0.2, 0.3) + 0.3 * s.coloured(n, 5.0, r),
        STEADY,
    )
    yield Entry("rumble 30 Hz", lambda n, _: i.held(i.SINE, 30.0, n), STEADY)
    yield Entry("fan", lambda n, r: s.fan(n, 120.0, r), STEADY)
    yield Entry("computer fan", lambda n, r: s.fan(n, 480.0, r), STEADY)
    yield Entry("hair dryer", lambda n, r: s.coloured(n, 1.0, r) + 0.5 * np.sin(i.phase(240.0, n)), STEADY)
    yield Entry("vacuum cleaner", s.vacuum, STEADY)
    yield Entry("air conditioning", lambda n, r: s.coloured(n, 5.0, r), NOISE)
    yield Entry("hiss", lambda n, r: r.standard_normal(round(n * RATE)), NOISE)
    yield Entry("kettle", s.kettle, NOISE)
    yield Entry("rain for sleeping", s.rain, NOISE)
    yield Entry("waves", s.waves)
    yield Entry("applause", lambda n, r: s.applause(n, 60, r), NOISE)
    yield Entry("clapping alone", lambda n, r: s.applause(n, 1, r))
    yield Entry("typing", s.typing)
    yield Entry("traffic", s.traffic)
    yield Entry("siren", lambda n, _: s.siren(n))
    yield Entry("dog", s.barking)
    yield Entry("birds", lambda n, _: s.birds(n))
    yield Entry("footsteps", s.footsteps)
    yield Entry("a car that idles", s.engine, STEADY)
    yield Entry("crying child", s.crying)
    yield Entry("laughing man", lambda n, r: s.laughing(n, 160.0, r))
    yield Entry("laughing woman", lambda n, r: s.laughing(n, 280.0, r))


def _voices() -> Iterator[Entry]:
    for voice in ("tr", "tr+f2", "tr+m7", "tr+croak", "en-us", "en-us+f4", "en-us+m3"):
        yield Entry(f"speech, {voice}", _spoken(voice))
    yield Entry("fast speech", lambda n, _: v.spoken("tr", n, 240))
    yield Entry("radio voice, limited", lambda n, _: i.limited(v.spoken("en-us+m3", n), 12.0))
    yield Entry("whisper, Turkish", lambda n, r: v.whispered("tr", n, r), levels=WHISPER_DBFS)
    yield Entry("whisper, English", lambda n, r: v.whispered("en-us+f4", n, r), levels=WHISPER_DBFS)
    yield Entry("a crowd talks", lambda n, _: v.crowd(n, 12))
    yield Entry(
        "speech over music",
        lambda n, r: sounds.at_rms(v.spoken("tr", n), -20.0) + sounds.music(-26.0, n, RATE, r),
    )
    yield Entry(
        "speech over a ground loop",
        lambda n, _: (
            sounds.at_rms(v.spoken("en-us", n), -20.0)
            + sounds.at_rms(s.mains(n, 50.0, 0.005, 1.0, 0.6, 0.2), -30.0)
        ),
        HUM,
    )
    yield Entry(
        "speech over a fan",
        lambda n, r: sounds.at_rms(v.spoken("tr+f2", n), -20.0) + sounds.at_rms(s.fan(n, 120.0, r), -34.0),
        STEADY,
    )
    yield Entry(
        "speech in a loud room's applause",
        lambda n, r: sounds.at_rms(v.spoken("tr", n), -20.0) + sounds.at_rms(s.applause(n, 40, r), -26.0),
        NOISE,
    )
