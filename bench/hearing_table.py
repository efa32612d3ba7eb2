"""Sounds against rules: what the worker would do to each, through Opus, with the policy as it comes, enforced.

The innocent (`bench.hearing_entries`) are heard at three levels each, for 20 s; nothing may follow but a tip of the
right name, and nothing that can be heard may be taken for dead air. The offenders must be caught within the rule's
grace and a second of when their sound breaks it; feedback within 4 s of when it rings louder than all else.
"""

import math
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.hearing_entries import Entry, entries
from bench.hearing_sounds import voices
from bench.hearing_sounds.offences import Loop, overdriven
from bench.hearing_sounds.opus import through_opus
from bench.hearing_sounds.surroundings import coloured, mains
from bench.story import Frame, frames, hear
from local import sounds
from local.people.sound import RATE
from local.results import Figure, at_most, say
from local.sounds import Signal
from moderation.audio.meter import BLOCK_SECONDS
from moderation.rule_names import Rule
from moderation.rules.clipping import Clipping
from moderation.rules.not_allowed import NotAllowed
from moderation.rules.policy import Mode, Policy
from moderation.rules.rule import Subject
from moderation.rules.scream import Scream
from moderation.rules.steps import CLIMB, Step
from moderation.rules.too_loud import TooLoud

POLICY = Policy(mode=Mode.ENFORCE)
SPEAKER = Subject("speaker")
SECONDS = 20.0
PEAK_DBFS = -0.5
HOWL_SECONDS = 4.0
LOOP_CLOSES = 2.0
"""Seconds, when the loudspeaker is turned up."""
SILENT_SECONDS = 10.0
"""The shortest dead air that a policy may ask for."""
HARSH = frozenset({Step.MUTE, Step.DEMOTE, Step.CALL_HUMAN})


def chance(name: str) -> np.random.Generator:
    """The same for the same name, in every process."""
    return np.random.default_rng(zlib.crc32(name.encode()))


@dataclass(frozen=True, slots=True)
class Judged:
    """What followed from an innocent sound at one level."""

    name: str
    level: float
    mutes: int
    notices: tuple[str, ...]
    tips: tuple[str, ...]


def judge_innocent(entry: Entry, level: float, sound: Signal) -> Judged:
    at_level = sounds.at_rms(sound, level)
    if (peak := np.abs(at_level).max()) > 10.0 ** (PEAK_DBFS / 20.0):
        at_level = at_level * 10.0 ** (PEAK_DBFS / 20.0) / peak
    story = hear(blocks(through_opus(at_level)), POLICY, SPEAKER)
    mutes = sum(d.step in HARSH for d in story.decisions)
    notices = [d.rule.value for d in story.decisions if d.step in CLIMB and d.step not in HARSH]
    notices += [d.rule.value for d in story.decisions if d.step is Step.TIP and d.rule not in entry.tips]
    if not entry.tips and longest_silence([m.audible_seconds for m in story.measurements]) >= SILENT_SECONDS:
        notices.append(Rule.DEAD_AIR.value)
    tips = tuple(d.rule.value for d in story.decisions if d.step is Step.TIP and d.rule in entry.tips)
    return Judged(entry.name, level, mutes, tuple(notices), tips)


def longest_silence(audible: list[float]) -> float:
    longest = now = 0.0
    for seconds in audible:
        now = 0.0 if seconds else now + BLOCK_SECONDS
        longest = max(longest, now)
    return longest


def blocks(pcm: NDArray[np.int16]) -> list[Frame]:
    size = round(BLOCK_SECONDS * RATE)
    return frames(pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size))


def judge_all_levels(entry: Entry) -> list[Judged]:
    sound = entry.make(SECONDS, chance(entry.name))
    return [judge_innocent(entry, level, sound) for level in entry.levels]


Begun = Callable[[np.random.Generator], tuple[Signal, float, float]]
"""Answers a sound, 1.0 = full scale; when its cause is there, before which a verdict is a false one; and when it begins
to break the rule."""
FALSE = -math.inf


@dataclass(frozen=True, slots=True)
class Offender:
    """A sound that breaks a rule, and within how many seconds the rule must say so."""

    name: str
    rule: Rule
    within: float
    make: Begun
    policy: Policy = POLICY
    subject: Subject = SPEAKER
    blurred: bool = False
    """What the codec leaves of it is told from an innocent sound at times only; counted by itself."""


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


OVERDRIVEN = {
    0.0: (14.0, 17.0, 20.0, 26.0, 40.0),
    1.0: (14.0, 17.0, 20.0, 26.0, 40.0),
    6.0: (14.0, 17.0, 20.0, 26.0, 40.0),
}
"""By how much each was overdriven, for each level to which it was turned down afterwards."""
BLURRED_BELOW = {0.0: 14.0, 1.0: 17.0, 6.0: 26.0}
"""With head room, Opus rounds the tops of what was cut by less to what limited voices and tunes have (decision 19)."""


def _overdriven() -> Iterator[Offender]:
    within = POLICY[Clipping].grace_seconds + 1.0
    patient = POLICY.having(TooLoud(enabled=False), Scream(enabled=False))
    kinds = ("tr", "tr+f2", "tr+m7", "tr+croak", "en-us", "en-us+f4", "en-us+m3", "de")
    for turned_down, gains in OVERDRIVEN.items():
        for gain, voice in ((g, v) for g in gains for v in kinds):
            at = f", then turned down by {turned_down:g} dB" if turned_down else ""
            yield Offender(
                f"{voice} overdriven by {gain:g} dB{at}",
                Rule.CLIPPING,
                within,
                _cut(voice, gain, turned_down),
                patient,
                blurred=gain < BLURRED_BELOW[turned_down],
            )


def _cut(voice: str, gain: float, turned_down: float) -> Begun:
    """Begins with the first 200 ms of which a twentieth is cut off."""

    def make(_: np.random.Generator) -> tuple[Signal, float, float]:
        signal = overdriven(voices.spoken(voice, 10.0), gain)
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


def figures() -> list[Figure]:
    """Runs the whole table, two sounds at a time."""
    with ProcessPoolExecutor(2) as pool:
        judged = [one for level in pool.map(_judge_named, [e.name for e in entries()]) for one in level]
        accused = list(offenders())
        late = list(pool.map(_catch_named, [o.name for o in accused]))
    _show(judged)
    _show_offenders(accused, late)
    hours = len(judged) * SECONDS / 3600.0
    mutes, notices = sum(j.mutes for j in judged), sum(len(j.notices) for j in judged)
    in_time = {
        kind: [_in_time(o, at) for o, at in zip(accused, late, strict=True) if o.blurred is kind]
        for kind in (False, True)
    }
    share, of_blurred = (100.0 * sum(kind) / max(1, len(kind)) for kind in in_time.values())
    return [
        at_most("hearing.innocent.mutes", mutes, 0.0, "", len(judged)),
        at_most("hearing.innocent.notices", notices / hours, 1.0, "/h", len(judged)),
        Figure("hearing.offenders.caught", round(share, 1), "%", len(in_time[False]), 98.0, share >= 98.0),
        Figure("hearing.offenders.blurred.caught", round(of_blurred, 1), "%", len(in_time[True])),
    ]


def _judge_named(name: str) -> list[Judged]:
    return judge_all_levels(next(e for e in entries() if e.name == name))


def _catch_named(name: str) -> float | None:
    return caught_after(next(o for o in offenders() if o.name == name))


def _show(judged: list[Judged]) -> None:
    say(f"{'innocent sound':36}{'dBFS':>6}  mutes  notices and tips")
    for j in judged:
        words = ", ".join([*(f"FALSE {n}" for n in j.notices), *(f"tip: {t}" for t in j.tips)])
        say(f"{j.name:36}{j.level:6.0f}{j.mutes:7}  {words or 'nothing'}")


def _show_offenders(accused: list[Offender], late: list[float | None]) -> None:
    say(f"{'offender':60}{'rule':14}{'after':>7}{'within':>8}")
    for o, at in zip(accused, late, strict=True):
        after = "NEVER" if at is None else f"{at:.1f} s"
        missed = "" if _in_time(o, at) else "  FALSE" if at == FALSE else "  MISSED"
        say(f"{o.name:60}{o.rule.value:14}{after:>7}{o.within:6.1f} s{missed}")


def _in_time(offender: Offender, after: float | None) -> bool:
    return after is not None and after != FALSE and after <= offender.within + 1e-6
