"""Noise: a noise floor that others hear, from a spectrum that does not change, while nobody speaks. A tip."""

from dataclasses import dataclass
from typing import Final

from moderation.audio.measurement import Measurement
from moderation.rules.parsing import bounded
from moderation.rules.rule import Breach, HeardRule, Sign, Subject, present
from moderation.rules.steps import Step
from moderation.words import Words, number

_NOISY: Final = 0.42
"""Three quarters of what the noisiness of noise is; a fan's blades are heard as a tone in it."""


@dataclass(frozen=True, slots=True)
class Noise:
    enabled: bool = True
    threshold_dbfs: float = bounded(-45.0, -90.0, 0.0)
    grace_seconds: float = bounded(15.0, 1.0, 300.0)


def sign(m: Measurement, _: Subject, p: Noise) -> Sign:
    """A steady noise floor at the threshold or above. While somebody speaks it cannot be told."""
    if m.noise_floor_dbfs < p.threshold_dbfs or m.hum_seconds > 0.0:
        return Sign.ABSENT
    if m.talk_seconds > 0.0:
        return Sign.HIDDEN
    return present(m.steady_seconds > 0.0 and m.noisiness >= _NOISY)


def breach(m: Measurement, held: float, p: Noise) -> Breach:
    """With the floor in dBFS and how noisy it is, 0 to 1. `held`: seconds."""
    numbers = {
        "noise_floor_dbfs": m.noise_floor_dbfs,
        "threshold_dbfs": p.threshold_dbfs,
        "noisiness": m.noisiness,
        "held_seconds": held,
    }
    return Breach(held, numbers, words(m.noise_floor_dbfs, held), Step.TIP)


def words(floor: float, seconds: float) -> Words:
    """`floor`: dBFS; `seconds`: how long."""
    level, long = number(floor, 0), number(seconds, 0)
    return Words(
        f"A tip: your sound has carried constant noise for {long.en} s ({level.en} dBFS). "
        "Please mute yourself while you listen.",
        f"Bir öneri: sizden {long.tr} saniyedir sürekli gürültü geliyor ({level.tr} dBFS). "
        "Lütfen dinlerken sesinizi kapatınız.",
    )


RULE = HeardRule(
    name="noise",
    shown=Words("noise", "gürültü"),
    section=Noise,
    sign=sign,
    breach=breach,
    grace=lambda p: p.grace_seconds,
)
