"""Not measurable: people may hear a sound that its publisher keeps the agent from.

The proof is LiveKit's own word, never silence: see decision 0010. Evaded seconds add up per person, whatever the
track, and halve like strikes, so that neither publishing anew nor letting the agent in now and then evades the rule.
"""

from dataclasses import dataclass
from enum import StrEnum

from moderation.rule_names import Rule
from moderation.rules.parsing import bounded
from moderation.rules.rule import AudioRule, Verdict
from moderation.rules.steps import Step
from moderation.words import Words


@dataclass(frozen=True, slots=True)
class NotMeasurable:
    """A sound that people may hear and that the agent is kept from, in seconds of one person over all tracks."""

    enabled: bool = True
    grace_seconds: float = bounded(2.0, 0.5, 60.0)
    mute_seconds: float = bounded(3.0, 1.0, 3600.0)
    """Instead of the ladder's: the mute ends the track, and anyone who lets the agent hear the next one may speak on.
    Nothing further is held against them for as long."""
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.CALL_HUMAN


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


def add(past: Evaded, seconds: float, now: float, half_life_seconds: float) -> Evaded:
    """What there is with `seconds` more; what was there before halves in each half-life, as strikes do."""
    age = max(0.0, now - past.at)
    left = past.seconds * float(0.5 ** (age / half_life_seconds))
    return Evaded(left + seconds, now)


def not_measurable(told: Evaded, seconds: float, shut: Shut, p: NotMeasurable) -> Verdict | None:
    """`told`: all of a person's unmeasured seconds, `seconds`: those that have just come."""
    if not p.enabled or told.seconds < p.grace_seconds:
        return None
    measured = {
        "unmeasured_seconds": round(told.seconds, 3),
        "threshold_seconds": p.grace_seconds,
        "denied": float(shut is Shut.DENIED),
        "encrypted": float(shut is Shut.ENCRYPTED),
    }
    why = words(encrypted=shut is Shut.ENCRYPTED)
    since = told.at - seconds
    return Verdict(
        Rule.NOT_MEASURABLE, told.at, since, p.weight, p.ceiling, measured, why, mute_seconds=p.mute_seconds
    )


def words(*, encrypted: bool) -> Words:
    """`encrypted`: end to end; otherwise the publisher's subscription permissions keep the agent out."""
    if encrypted:
        return Words(
            "Your sound is encrypted, so moderation cannot measure it; in this room only measured sound is heard. "
            "Please switch end-to-end encryption off.",
            "Sesiniz uçtan uca şifreli olduğu için denetlenemiyor; bu odada yalnızca denetlenebilen ses duyulur. "
            "Lütfen uçtan uca şifrelemeyi kapatınız.",
        )
    return Words(
        "Your app keeps moderation from your sound; in this room only measured sound is heard. "
        "Please let every participant subscribe to your tracks.",
        "Uygulamanız sesinizin denetlenmesini engelliyor; bu odada yalnızca denetlenebilen ses duyulur. "
        "Lütfen yayınınızı tüm katılımcılara açınız.",
    )


RULE = AudioRule(
    name="not_measurable",
    shown=Words("kept from being measured", "denetlenemeyen ses"),
    section=NotMeasurable,
)
