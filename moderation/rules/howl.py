"""Howl, feedback: a tone that grew out of what was there before and stands. A tone that merely stands is none."""

from dataclasses import dataclass

from moderation.audio.measurement import Measurement
from moderation.rules.parsing import bounded
from moderation.rules.rule import Breach, HeardRule, Sign, Subject, lasting, present
from moderation.rules.steps import Step
from moderation.words import Words, number


@dataclass(frozen=True, slots=True)
class Howl:
    enabled: bool = True
    threshold_dbfs: float = bounded(-35.0, -90.0, 0.0)
    grace_seconds: float = bounded(1.0, 0.5, 60.0)
    """From when it was recognised, which takes it about a second of growth."""
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.CALL_HUMAN


def sign(m: Measurement, _: Subject, p: Howl) -> Sign:
    """A tone that grew stands for the grace, above the threshold."""
    return present(lasting(m.ring_seconds, p.grace_seconds) and m.rms_dbfs > p.threshold_dbfs)


def onset(m: Measurement, _: Howl) -> bool:
    """A tone was seen to grow, and stands or stood a moment ago."""
    return m.ring_growth_db > 0.0


def breach(m: Measurement, _: float, p: Howl) -> Breach:
    """With the tone's pitch in Hz and its growth in dB. How long is measured with it, seconds."""
    numbers = {
        "tone_hz": m.ring_hz,
        "growth_db": m.ring_growth_db,
        "rms_dbfs": m.rms_dbfs,
        "held_seconds": m.ring_seconds,
    }
    return Breach(m.ring_seconds, numbers, words(m.ring_hz, m.ring_seconds), p.ceiling, p.weight)


def words(hz: float, seconds: float) -> Words:
    """`hz`: the tone's pitch; `seconds`: how long it rings."""
    pitch, long = number(hz, 0), number(seconds, 0)
    return Words(
        f"There is feedback from your side: a tone at {pitch.en} Hz has been ringing for {long.en} s. "
        "Please use headphones or turn your speaker down.",
        f"Sizin tarafınızdan yankı çınlaması geliyor: {long.tr} saniyedir {pitch.tr} Hz'de bir ton çınlıyor. "
        "Lütfen kulaklık kullanınız veya hoparlörünüzü kısınız.",
    )


RULE = HeardRule(
    name="howl", shown=Words("howl", "çınlama"), section=Howl, sign=sign, breach=breach, onset=onset
)
