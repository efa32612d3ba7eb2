"""Judges one track. Each rule looks at one measurement (which itself sums up the last seconds) and says whether its
sign is there; `judge` counts how long it has been and, after the rule's grace, gives a verdict with the
numbers and a reason.

A gap ends every count, so that lost, late and doubled frames never add up to an offence. Only a rule that says so
(`through_gaps`) goes on through one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from moderation.audio.measurement import Measurement
from moderation.rule_names import Rule
from moderation.rules.policy import Policy
from moderation.rules.rule import GRAIN, HeardRule, Sign, Subject, Verdict
from moderation.rules.table import RULES

HEARD: Final[tuple[tuple[Rule, HeardRule[Any]], ...]] = tuple(
    (Rule(rule.name), rule) for rule in RULES if isinstance(rule, HeardRule)
)
"""The rules that are judged by what a track sends."""
GRAVE: Final = frozenset(
    name for name, rule in HEARD if name is Rule.NOT_ALLOWED or "ceiling" in rule.section.__dataclass_fields__
)
"""The rules that lead to more than a tip or a word to ops."""
LOUDNESS: Final = frozenset(name for name, rule in HEARD if rule.summed)
"""The rules that can be broken by several sounds together, none of which breaks them alone."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How long each sign has been there on one track, in seconds of received sound."""

    held: Mapping[Rule, float] = field(default_factory=dict)
    grave: bool = False
    """Whether there is a sign now, or the onset of one, that may lead to a step against the person."""


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
    grave = False
    for name, rule in HEARD:
        section = policy.sections[rule.section]
        if name not in rules or not section.enabled:
            continue
        sign = rule.sign(measurement, subject, section)
        seconds = _held(sign, watch.held.get(name, 0.0), measurement, through_gaps=rule.through_gaps)
        held[name] = seconds
        if name in GRAVE and not grave:
            grave = seconds > 0.0 or (rule.onset is not None and rule.onset(measurement, section))
        if seconds > 0.0 and seconds >= rule.grace(section) - GRAIN:
            verdicts.append(_verdict(name, rule, measurement, seconds, section))
    return Watch(held, grave), tuple(verdicts)


def _held(sign: Sign, before: float, m: Measurement, *, through_gaps: bool) -> float:
    if m.gap_seconds and not through_gaps:
        before = 0.0
    match sign:
        case Sign.ABSENT:
            return 0.0
        case Sign.HIDDEN:
            return before
        case Sign.PRESENT:
            through = m.gap_seconds if before > 0.0 else 0.0
            return before + through + m.seconds


def _verdict(name: Rule, rule: HeardRule[Any], m: Measurement, seconds: float, section: Any) -> Verdict:
    found = rule.breach(m, seconds, section)
    rounded = {number: round(value, 3) for number, value in found.measured.items()}
    return Verdict(name, m.at, m.at - found.held, found.weight, found.ceiling, rounded, found.why)
