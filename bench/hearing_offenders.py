"""Sounds that break a rule, and within how many seconds the rule must say so.

They must be caught within the rule's grace and a second of when their sound breaks it; feedback within 4 s of when it
rings louder than all else. Overdriven voices are of three groups: those that the thresholds were found with, others,
which score, and the latter turned down after they were cut.
"""

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from bench.hearing_sounds import voices
from bench.hearing_sounds.offences import Loop, overdriven
from bench.hearing_sounds.opus import through_opus
from bench.hearing_sounds.speakers import HELD_OUT, TUNED_ON, Speaker
from bench.hearing_sounds.surroundings import coloured, mains
from bench.story import Frame, frames, hear
from local import sounds
from local.people.sound import RATE
from local.sounds import Signal
from moderation.audio.meter import BLOCK_SECONDS
from moderation.rule_names import Rule
from moderation.rules.clipping import Clipping
from moderation.rules.not_allowed import NotAllowed
from moderation.rules.policy import Mode, Policy
from moderation.rules.rule import Subject
from moderation.rules.scream import Scream
from moderation.rules.too_loud import TooLoud

POLICY = Policy(mode=Mode.ENFORCE)
SPEAKER = Subject("speaker")
SECONDS = 20.0
HOWL_SECONDS = 4.0
LOOP_CLOSES = 2.0
"""Seconds, when the loudspeaker is turned up."""


def chance(name: str) -> np.random.Generator:
    """The same for the same name, in every process."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def longest_silence(audible: list[float]) -> float:
    """Seconds of the longest run without sound. `audible`: audible seconds in each block."""
    longest = now = 0.0
    for seconds in audible:
        now = 0.0 if seconds else now + BLOCK_SECONDS
        longest = max(longest, now)
    return longest


def blocks(pcm: NDArray[np.int16]) -> list[Frame]:
    """Whole blocks with their times; what is left over is dropped. `pcm`: at `RATE`, time on the first axis."""
    size = round(BLOCK_SECONDS * RATE)
    return frames(pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size))


Begun = Callable[[np.random.Generator], tuple[Signal, float, float]]
"""Answers a sound, 1.0 = full scale; when its cause is there, before which a verdict is a false one; and when it begins
to break the rule."""
FALSE = -math.inf


class Group(Enum):
    """Which figure an offender counts in."""

    SCORES = "caught"
    TUNED_ON = "tuned_on.caught"
    """Voices that the thresholds of the rule were found with: no proof."""
    TURNED_DOWN = "turned_down.caught"
    """After it was cut: with head room the codec rounds the tops to what limited voices and tunes have."""


@dataclass(frozen=True, slots=True)
class Offender:
    """A sound that breaks a rule, and within how many seconds the rule must say so."""

    name: str
    rule: Rule
    within: float
    make: Begun
    policy: Policy = POLICY
    subject: Subject = SPEAKER
    group: Group = Group.SCORES


def offenders() -> Iterator[Offender]:
    """Without a voice, only those that need none."""
    yield from _silent()
    yield from _loud()
    if voices.can_speak():
        yield from _overdriven()
        yield from _howling()


def _loud() -> Iterator[Offender]:
    grace = POLICY[TooLoud].grace_seconds + 1.0
    for level in (-8.0, -7.0):
        yield Offender(
            f"a shout at {level:g} dBFS",
            Rule.TOO_LOUD,
            grace,
            _shouting(level),
        )
    yield Offender(
        "a scream out of quiet talk",
        Rule.SCREAM,
        POLICY[Scream].grace_seconds + 1.0,
        lambda r: (
            np.concatenate([sounds.speech(-32.0, 5.0, RATE, r), sounds.tone(900.0, -2.0, 2.0, RATE)]),
            5.0,
            5.0,
        ),
    )
    yield Offender(
        "heard without a right",
        Rule.NOT_ALLOWED,
        POLICY[NotAllowed].grace_seconds + 1.0,
        lambda r: (sounds.speech(-25.0, 6.0, RATE, r, pauses=0.0), 0.0, 0.4),
        subject=Subject("listener", may_be_heard=False),
    )


def _silent() -> Iterator[Offender]:
    for level in (-75.0, -65.0, -55.0):
        yield Offender(
            f"a live microphone's noise at {level:g} dBFS",
            Rule.DEAD_AIR,
            0.0,
            _empty_room(level),
        )
    yield Offender(
        "a live microphone's hum at -48 dBFS",
        Rule.DEAD_AIR,
        0.0,
        lambda r: (
            sounds.at_rms(mains(SECONDS, 50.0, 0.003, 1.0, 0.5, 0.3), -48.0)
            + sounds.at_rms(coloured(SECONDS, 3.0, r), -75.0),
            0.0,
            0.0,
        ),
    )
    yield Offender(
        "digital silence", Rule.DEAD_AIR, 0.0, lambda _: (np.zeros(round(SECONDS * RATE)), 0.0, 0.0)
    )


GAINS = (14.0, 17.0, 20.0, 26.0, 40.0)
"""By how much each voice is overdriven."""
TURNED_DOWN = (1.0, 6.0)
"""And to which levels every ninth one is turned down afterwards."""
CUT_SECONDS = 8.0
"""Of which a verdict must come in the first six."""


def _overdriven() -> Iterator[Offender]:
    within = POLICY[Clipping].grace_seconds + 1.0
    patient = POLICY.having(TooLoud(enabled=False), Scream(enabled=False))
    wanted = [(speaker, 0.0, Group.TUNED_ON) for speaker in TUNED_ON]
    wanted += [(speaker, 0.0, Group.SCORES) for speaker in HELD_OUT]
    wanted += [(speaker, down, Group.TURNED_DOWN) for down in TURNED_DOWN for speaker in HELD_OUT[::9]]
    for speaker, down, group in wanted:
        at = f", then turned down by {down:g} dB" if down else ""
        for gain in GAINS:
            yield Offender(
                f"{speaker.voice} overdriven by {gain:g} dB{at}",
                Rule.CLIPPING,
                within,
                _cut(speaker, gain, down),
                patient,
                group=group,
            )


def _cut(speaker: Speaker, gain: float, turned_down: float) -> Begun:
    """Begins with the first 200 ms of which a twentieth is cut off."""

    def make(_: np.random.Generator) -> tuple[Signal, float, float]:
        signal = overdriven(speaker.speaks(CUT_SECONDS), gain)
        size = RATE // 5
        cut = (np.abs(signal[: len(signal) // size * size]) >= 0.999).reshape(-1, size).mean(axis=1)
        first, enough = (float(np.argmax(cut >= share)) / 5.0 for share in (1e-9, 0.05))
        return signal * 10.0 ** (-turned_down / 20.0), first, enough

    return make


def _ringing(loop: Loop, voice: str) -> Begun:
    def make(chance: np.random.Generator) -> tuple[Signal, float, float]:
        signal, rings = loop.heard(sounds.at_rms(voices.spoken(voice, 16.0), -26.0), LOOP_CLOSES, chance)
        return signal, LOOP_CLOSES, rings

    return make


def _shouting(level: float) -> Begun:
    return lambda chance: (sounds.shout(level, 10.0, RATE, chance), 0.0, 3.0)


def _empty_room(level: float) -> Begun:
    return lambda chance: (sounds.at_rms(coloured(SECONDS, 3.0, chance), level), 0.0, 0.0)


def _howling() -> Iterator[Offender]:
    loops = [
        Loop(d, m, e)
        for d, m, e in (
            (0.06, 2.0, 0.25),
            (0.06, 4.0, 0.4),
            (0.1, 2.0, 0.6),
            (0.1, 3.0, 0.4),
            (0.15, 3.0, 0.25),
            (0.15, 5.0, 0.6),
            (0.2, 3.0, 0.4),
            (0.2, 5.0, 0.25),
            (0.25, 4.0, 0.4),
            (0.3, 5.0, 0.6),
        )
    ]
    loops += [Loop(0.05, 3.0, 0.4, gated=True), Loop(0.08, 5.0, 0.25, gated=True)]
    kinds = ("tr", "en-us", "tr+f2", "en-us+m3")
    for n, loop in enumerate(loops):
        kind = ", only while somebody speaks" if loop.gated else ""
        name = f"feedback, {1000 * loop.delay:g} ms, {loop.margin_db:g} dB{kind}"
        yield Offender(
            name,
            Rule.HOWL,
            HOWL_SECONDS,
            _ringing(loop, kinds[n % 4]),
        )


def caught_after(offender: Offender) -> float | None:
    """Seconds from when the rule is broken until the rule says so; None if it never does, `FALSE` if it says so before
    there is a cause."""
    signal, cause, begins = offender.make(chance(offender.name))
    story = hear(blocks(through_opus(signal, 48)), offender.policy, offender.subject)
    if offender.rule is Rule.DEAD_AIR:
        return (
            0.0 if longest_silence([m.audible_seconds for m in story.measurements]) >= SECONDS / 2.0 else None
        )
    verdicts = [v.at for v in story.verdicts if v.rule is offender.rule]
    if not verdicts:
        return None
    return FALSE if verdicts[0] < cause else verdicts[0] - begins


def in_time(offender: Offender, after: float | None) -> bool:
    """`after`: as `caught_after` answers it. What was never caught, or without a cause, is not in time."""
    return after is not None and after != FALSE and after <= offender.within + 1e-6
