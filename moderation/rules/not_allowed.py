"""Not allowed: someone is heard who should not be. The grace covers a change that is still under way."""

from dataclasses import dataclass

from moderation.audio.measurement import Measurement
from moderation.rules.parsing import bounded
from moderation.rules.rule import Breach, HeardRule, Sign, Subject, present
from moderation.rules.steps import Step
from moderation.words import Words, number


@dataclass(frozen=True, slots=True)
class NotAllowed:
    enabled: bool = True
    threshold_lufs: float = bounded(-47.0, -70.0, 0.0)
    grace_seconds: float = bounded(2.0, 0.2, 60.0)


def sign(m: Measurement, subject: Subject, p: NotAllowed) -> Sign:
    """Above the threshold, from somebody who may not be heard."""
    return present(not subject.may_be_heard and m.momentary_lufs > p.threshold_lufs)


def breach(m: Measurement, held: float, p: NotAllowed) -> Breach:
    """With the momentary loudness in LUFS. `held`: seconds."""
    numbers = {
        "momentary_lufs": m.momentary_lufs,
        "threshold_lufs": p.threshold_lufs,
        "held_seconds": held,
    }
    return Breach(held, numbers, words(m.momentary_lufs), Step.REASSERT)


def words(loudness: float) -> Words:
    """`loudness`: LUFS."""
    level = number(loudness, 0)
    return Words(
        f"You are heard ({level.en} LUFS) without leave to speak; your sound is being switched off.",
        f"İzniniz olmadığı hâlde sesiniz duyuluyor ({level.tr} LUFS); sesiniz kapatılıyor.",
    )


RULE = HeardRule(
    name="not_allowed",
    shown=Words("heard without a right", "izinsiz ses"),
    section=NotAllowed,
    sign=sign,
    breach=breach,
    grace=lambda p: p.grace_seconds,
)
