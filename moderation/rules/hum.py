"""Hum of the mains, whenever nobody speaks. A tip, no offence."""

from dataclasses import dataclass

from moderation.audio.measurement import Measurement
from moderation.rules.parsing import bounded
from moderation.rules.rule import Breach, HeardRule, Sign, Subject, lasting, present
from moderation.rules.steps import Step
from moderation.words import Words, number


@dataclass(frozen=True, slots=True)
class HumLimits:
    enabled: bool = True
    threshold_dbfs: float = bounded(-50.0, -90.0, 0.0)
    grace_seconds: float = bounded(15.0, 1.0, 300.0)


def sign(m: Measurement, _: Subject, p: HumLimits) -> Sign:
    """Hum of the mains has stood for the grace, at the threshold or above."""
    return present(lasting(m.hum_seconds, p.grace_seconds) and m.hum_dbfs >= p.threshold_dbfs)


def breach(m: Measurement, _: float, p: HumLimits) -> Breach:
    """With the hum's frequency in Hz and level in dBFS. How long is measured with it, seconds."""
    numbers = {
        "hum_hz": m.hum_hz,
        "hum_dbfs": m.hum_dbfs,
        "threshold_dbfs": p.threshold_dbfs,
        "held_seconds": m.hum_seconds,
    }
    return Breach(m.hum_seconds, numbers, words(m.hum_hz, m.hum_dbfs), Step.TIP)


def words(hz: float, level: float) -> Words:
    """`hz`: 50 or 60; `level`: dBFS."""
    mains, loud = number(hz, 0), number(level, 0)
    return Words(
        f"A tip: there is mains hum in your sound ({mains.en} Hz, {loud.en} dBFS). "
        "It often stops when you unplug the charger or use another cable or socket.",
        f"Bir öneri: sesinizde şebeke uğultusu var ({mains.tr} Hz, {loud.tr} dBFS). "
        "Şarj cihazını çıkarmanız ya da başka bir kablo veya priz kullanmanız çoğu zaman yeterlidir.",
    )


RULE = HeardRule(
    name="hum", shown=Words("mains hum", "şebeke uğultusu"), section=HumLimits, sign=sign, breach=breach
)
