"""Clipping: the share of samples that were cut off within 3 s, as far as that can be told after the codec."""

from dataclasses import dataclass

from moderation.audio.measurement import Measurement
from moderation.rules.parsing import bounded
from moderation.rules.rule import Breach, HeardRule, Sign, Subject, lasting, present
from moderation.rules.steps import Step
from moderation.words import Words, number


@dataclass(frozen=True, slots=True)
class Clipping:
    enabled: bool = True
    ratio: float = bounded(0.01, 0.0001, 1.0)
    grace_seconds: float = bounded(3.0, 0.0, 60.0)
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.WARNING


def sign(m: Measurement, _: Subject, p: Clipping) -> Sign:
    """Enough of 3 s is cut off, and has been for the grace."""
    return present(lasting(m.clipped_seconds, p.grace_seconds) and m.clipped_ratio_3s >= p.ratio)


def onset(m: Measurement, p: Clipping) -> bool:
    """Enough of what was heard lately looks cut off."""
    return m.clipped_ratio_3s >= p.ratio


def breach(m: Measurement, _: float, p: Clipping) -> Breach:
    """With the share that is cut off, 0 to 1. How long is measured with it, seconds."""
    held = m.clipped_seconds
    numbers = {"clipped_ratio_3s": m.clipped_ratio_3s, "threshold_ratio": p.ratio, "held_seconds": held}
    return Breach(held, numbers, words(m.clipped_ratio_3s), p.ceiling, p.weight)


def words(ratio: float) -> Words:
    """`ratio`: the share that is cut off, 0 to 1."""
    percent = number(ratio * 100.0)
    return Words(
        f"Your sound is overdriven: {percent.en}% of your sound is cut off. Please lower the input level.",
        f"Sesiniz aşırı yükleniyor: %{percent.tr} kadarı kırpılıyor. Lütfen giriş seviyesini düşürünüz.",
    )


RULE = HeardRule(
    name="clipping",
    shown=Words("clipping", "kırpılma"),
    section=Clipping,
    sign=sign,
    breach=breach,
    onset=onset,
)
