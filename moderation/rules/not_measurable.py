"""Not measurable: people may hear a sound that its publisher keeps the agent from.

The proof is LiveKit's own word, never silence: see decision 0010. Evaded seconds add up per person, whatever the
track, and halve like strikes, so that neither publishing anew nor letting the agent in now and then evades the rule.
"""

from dataclasses import dataclass
from enum import StrEnum

from moderation.rules import words
from moderation.rules.judge import Verdict
from moderation.rules.policy import Policy, Rule


class Shut(StrEnum):
    """How the agent is kept from a sound."""

    DENIED = "denied"
    """The publisher's subscription permissions exclude it."""
    ENCRYPTED = "encrypted"
    """The publication declares end-to-end encryption."""


@dataclass(frozen=True, slots=True)
class Evaded:
    """Sound of one person that others could hear and we were kept from, as of `at`."""

    seconds: float = 0.0
    at: float = 0.0


def add(past: Evaded, seconds: float, now: float, policy: Policy) -> Evaded:
    age = max(0.0, now - past.at)
    left = past.seconds * float(0.5 ** (age / policy.strikes.half_life_seconds))
    return Evaded(left + seconds, now)


def not_measurable(told: Evaded, seconds: float, shut: Shut, policy: Policy) -> Verdict | None:
    """`told`: all of a person's unmeasured seconds, `seconds`: those that have just come."""
    p = policy.not_measurable
    if not p.enabled or told.seconds < p.grace_seconds:
        return None
    measured = {
        "unmeasured_seconds": round(told.seconds, 3),
        "threshold_seconds": p.grace_seconds,
        "denied": float(shut is Shut.DENIED),
        "encrypted": float(shut is Shut.ENCRYPTED),
    }
    why = words.not_measurable(encrypted=shut is Shut.ENCRYPTED)
    since = told.at - seconds
    return Verdict(
        Rule.NOT_MEASURABLE, told.at, since, p.weight, p.ceiling, measured, why, mute_seconds=p.mute_seconds
    )
