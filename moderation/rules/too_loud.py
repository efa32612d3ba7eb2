"""Too loud: short-term loudness above the threshold for the whole grace."""

from dataclasses import dataclass

from moderation.audio.measurement import Measurement
from moderation.rules.parsing import bounded
from moderation.rules.rule import Breach, HeardRule, Sign, Subject, present
from moderation.rules.steps import Step
from moderation.words import Words, number


@dataclass(frozen=True, slots=True)
class TooLoud:
    enabled: bool = True
    threshold_lufs: float = bounded(-9.0, -40.0, 0.0)
    grace_seconds: float = bounded(2.0, 0.0, 60.0)
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.CALL_HUMAN


def sign(m: Measurement, _: Subject, p: TooLoud) -> Sign:
    """The lowest short-term loudness of the block is above the threshold."""
    return present(m.short_term_low_lufs > p.threshold_lufs)


def breach(m: Measurement, held: float, p: TooLoud) -> Breach:
    """With the short-term loudness in LUFS and the peak in dBFS. `held`: seconds."""
    numbers = {
        "short_term_lufs": m.short_term_lufs,
        "threshold_lufs": p.threshold_lufs,
        "held_seconds": held,
        "peak_dbfs": m.peak_dbfs,
    }
    return Breach(held, numbers, words(m.short_term_lufs, p.threshold_lufs, held), p.ceiling, p.weight)


def words(loudness: float, limit: float, seconds: float) -> Words:
    """`loudness` and `limit`: LUFS; `seconds`: how long."""
    level, top, long = number(loudness), number(limit), number(seconds, 0)
    return Words(
        f"Your sound has been too loud for {long.en} s: {level.en} LUFS; the limit here is {top.en}. "
        "Please turn it down, speak more softly or move away from the microphone.",
        f"Sesiniz {long.tr} saniyedir çok yüksek: {level.tr} LUFS, buradaki sınır {top.tr}. "
        "Lütfen sesi kısınız, daha alçak sesle konuşunuz veya mikrofondan uzaklaşınız.",
    )


RULE = HeardRule(
    name="too_loud",
    shown=Words("too loud", "çok yüksek ses"),
    section=TooLoud,
    sign=sign,
    breach=breach,
    grace=lambda p: p.grace_seconds,
    # Over a gap the lowest loudness within it counts, with nothing heard as silence: the sound really was too loud.
    through_gaps=True,
    summed=True,
)
