"""The rules. Each looks at one measurement (which itself sums up the last seconds) and says whether its
sign is there; `judge` counts how long it has been and, after the rule's grace, gives a verdict with the
numbers and a reason.

A gap ends every count, so that lost, late and doubled frames never add up to an offence. Only "too loud"
lives through one, and only while the lowest short-term loudness within it, with nothing heard counted as
silence, was still above the threshold: then the sound really was too loud all along.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from moderation.audio.measurement import Measurement
from moderation.rules import words
from moderation.rules.policy import Policy, Rule, Step
from moderation.words import Words

LOUDNESS: Final = frozenset({Rule.TOO_LOUD, Rule.SCREAM})
"""The rules that can be broken by several sounds together, none of which breaks them alone."""
_NOISY: Final = 0.42
"""Three quarters of what the noisiness of noise is; a fan's blades are heard as a tone in it."""
_GRAIN: Final = 1e-6
"""Seconds; sums of 0.2 are not exact."""


class Sign(Enum):
    ABSENT = auto()
    PRESENT = auto()
    HIDDEN = auto()
    """Cannot be told now; neither for nor against."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the database says of the person whose track it is."""

    role: str
    may_be_heard: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule is being broken, at `at`, and has been since `since`."""

    rule: Rule
    at: float
    since: float
    weight: float
    ceiling: Step
    """The highest step that this rule leads to, or what follows instead of the ladder."""
    measured: Mapping[str, float]
    why: Words
    mute_seconds: float | None = None
    """How long a mute lasts, and its cooldown, where the rule does not take the ladder's."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How long each sign has been there on one track, in seconds of received sound."""

    held: Mapping[Rule, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Check:
    """A rule as a line of the table below."""

    rule: Rule
    enabled: Callable[[Policy], bool]
    grace: Callable[[Policy], float]
    sign: Callable[[Measurement, Subject, Policy], Sign]
    verdict: Callable[[Measurement, float, Policy], Verdict]
    lives_through_gaps: bool = False


def judge(
    watch: Watch,
    measurement: Measurement,
    subject: Subject,
    policy: Policy,
    rules: frozenset[Rule] = frozenset(Rule),
) -> tuple[Watch, tuple[Verdict, ...]]:
    """Take one measurement in. A verdict is repeated with every block for as long as the offence goes on.

    `rules`: only these; the others lose what they held."""
    held = {}
    verdicts = []
    for check in _CHECKS:
        if check.rule not in rules or not check.enabled(policy):
            continue
        seconds = _held(check, watch.held.get(check.rule, 0.0), measurement, subject, policy)
        held[check.rule] = seconds
        if seconds > 0.0 and seconds >= check.grace(policy) - _GRAIN:
            verdicts.append(check.verdict(measurement, seconds, policy))
    return Watch(held), tuple(verdicts)


def _held(check: _Check, before: float, m: Measurement, subject: Subject, policy: Policy) -> float:
    sign = check.sign(m, subject, policy)
    if m.gap_seconds and not check.lives_through_gaps:
        before = 0.0
    match sign:
        case Sign.ABSENT:
            return 0.0
        case Sign.HIDDEN:
            return before
        case Sign.PRESENT:
            through = m.gap_seconds if before > 0.0 else 0.0
            return before + through + m.seconds


def _too_loud(m: Measurement, _: Subject, policy: Policy) -> Sign:
    return _present(m.short_term_low_lufs > policy.too_loud.threshold_lufs)


def _too_loud_verdict(m: Measurement, held: float, policy: Policy) -> Verdict:
    p = policy.too_loud
    numbers = {
        "short_term_lufs": m.short_term_lufs,
        "threshold_lufs": p.threshold_lufs,
        "held_seconds": held,
        "peak_dbfs": m.peak_dbfs,
    }
    why = words.too_loud(m.short_term_lufs, p.threshold_lufs, held)
    return _verdict(Rule.TOO_LOUD, m, held, p.weight, p.ceiling, numbers, why)


def _scream(m: Measurement, _: Subject, policy: Policy) -> Sign:
    jump = m.momentary_lufs - m.short_term_lufs
    return _present(
        m.coverage == 1.0
        and m.momentary_lufs > policy.scream.threshold_lufs
        and jump >= policy.scream.jump_lu
    )


def _scream_verdict(m: Measurement, held: float, policy: Policy) -> Verdict:
    p = policy.scream
    jump = m.momentary_lufs - m.short_term_lufs
    numbers = {
        "momentary_lufs": m.momentary_lufs,
        "threshold_lufs": p.threshold_lufs,
        "jump_lu": jump,
        "held_seconds": held,
    }
    return _verdict(Rule.SCREAM, m, held, p.weight, p.ceiling, numbers, words.scream(m.momentary_lufs, jump))


def _clipping(m: Measurement, _: Subject, policy: Policy) -> Sign:
    p = policy.clipping
    lasting = m.clipped_seconds > 0.0 and m.clipped_seconds >= p.grace_seconds - _GRAIN
    return _present(lasting and m.clipped_ratio_3s >= p.ratio)


def _clipping_verdict(m: Measurement, _: float, policy: Policy) -> Verdict:
    p, held = policy.clipping, m.clipped_seconds
    numbers = {"clipped_ratio_3s": m.clipped_ratio_3s, "threshold_ratio": p.ratio, "held_seconds": held}
    why = words.clipping(m.clipped_ratio_3s)
    return _verdict(Rule.CLIPPING, m, held, p.weight, p.ceiling, numbers, why)


def _howl(m: Measurement, _: Subject, policy: Policy) -> Sign:
    p = policy.howl
    ringing = m.ring_seconds > 0.0 and m.ring_seconds >= p.grace_seconds - _GRAIN
    return _present(ringing and m.rms_dbfs > p.threshold_dbfs)


def _howl_verdict(m: Measurement, _: float, policy: Policy) -> Verdict:
    p = policy.howl
    numbers = {
        "tone_hz": m.ring_hz,
        "growth_db": m.ring_growth_db,
        "rms_dbfs": m.rms_dbfs,
        "held_seconds": m.ring_seconds,
    }
    why = words.howl(m.ring_hz, m.ring_seconds)
    return _verdict(Rule.HOWL, m, m.ring_seconds, p.weight, p.ceiling, numbers, why)


def _noise(m: Measurement, _: Subject, policy: Policy) -> Sign:
    if m.noise_floor_dbfs < policy.noise.threshold_dbfs or m.hum_seconds > 0.0:
        return Sign.ABSENT
    if m.talk_seconds > 0.0:
        return Sign.HIDDEN
    return _present(m.steady_seconds > 0.0 and m.noisiness >= _NOISY)


def _noise_verdict(m: Measurement, held: float, policy: Policy) -> Verdict:
    p = policy.noise
    numbers = {
        "noise_floor_dbfs": m.noise_floor_dbfs,
        "threshold_dbfs": p.threshold_dbfs,
        "noisiness": m.noisiness,
        "held_seconds": held,
    }
    why = words.noise(m.noise_floor_dbfs, held)
    return _verdict(Rule.NOISE, m, held, 0.0, Step.TIP, numbers, why)


def _hum(m: Measurement, _: Subject, policy: Policy) -> Sign:
    p = policy.hum
    heard = m.hum_seconds > 0.0 and m.hum_seconds >= p.grace_seconds - _GRAIN
    return _present(heard and m.hum_dbfs >= p.threshold_dbfs)


def _hum_verdict(m: Measurement, _: float, policy: Policy) -> Verdict:
    p = policy.hum
    numbers = {
        "hum_hz": m.hum_hz,
        "hum_dbfs": m.hum_dbfs,
        "threshold_dbfs": p.threshold_dbfs,
        "held_seconds": m.hum_seconds,
    }
    return _verdict(Rule.HUM, m, m.hum_seconds, 0.0, Step.TIP, numbers, words.hum(m.hum_hz, m.hum_dbfs))


def _not_allowed(m: Measurement, subject: Subject, policy: Policy) -> Sign:
    return _present(not subject.may_be_heard and m.momentary_lufs > policy.not_allowed.threshold_lufs)


def _not_allowed_verdict(m: Measurement, held: float, policy: Policy) -> Verdict:
    numbers = {
        "momentary_lufs": m.momentary_lufs,
        "threshold_lufs": policy.not_allowed.threshold_lufs,
        "held_seconds": held,
    }
    why = words.not_allowed(m.momentary_lufs)
    return _verdict(Rule.NOT_ALLOWED, m, held, 0.0, Step.REASSERT, numbers, why)


def _present(present: bool) -> Sign:  # noqa: FBT001  # the fact itself
    return Sign.PRESENT if present else Sign.ABSENT


def _verdict(
    rule: Rule,
    m: Measurement,
    held: float,
    weight: float,
    ceiling: Step,
    numbers: Mapping[str, float],
    why: Words,
) -> Verdict:
    rounded = {name: round(value, 3) for name, value in numbers.items()}
    return Verdict(rule, m.at, m.at - held, weight, ceiling, rounded, why)


_CHECKS: Final = (
    _Check(
        Rule.TOO_LOUD,
        lambda p: p.too_loud.enabled,
        lambda p: p.too_loud.grace_seconds,
        _too_loud,
        _too_loud_verdict,
        lives_through_gaps=True,
    ),
    _Check(
        Rule.SCREAM,
        lambda p: p.scream.enabled,
        lambda p: p.scream.grace_seconds,
        _scream,
        _scream_verdict,
    ),
    # How long these have been heard is measured with them.
    _Check(Rule.CLIPPING, lambda p: p.clipping.enabled, lambda _: 0.0, _clipping, _clipping_verdict),
    _Check(Rule.HOWL, lambda p: p.howl.enabled, lambda _: 0.0, _howl, _howl_verdict),
    _Check(Rule.NOISE, lambda p: p.noise.enabled, lambda p: p.noise.grace_seconds, _noise, _noise_verdict),
    _Check(Rule.HUM, lambda p: p.hum.enabled, lambda _: 0.0, _hum, _hum_verdict),
    _Check(
        Rule.NOT_ALLOWED,
        lambda p: p.not_allowed.enabled,
        lambda p: p.not_allowed.grace_seconds,
        _not_allowed,
        _not_allowed_verdict,
    ),
)
