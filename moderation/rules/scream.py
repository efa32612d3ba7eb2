"""A scream: momentary loudness far above the threshold and above the last 3 s, for longer than a slammed door."""

from dataclasses import dataclass

from moderation.audio.measurement import Measurement
from moderation.rules.parsing import bounded
from moderation.rules.rule import Breach, HeardRule, Sign, Subject, present
from moderation.rules.steps import Step
from moderation.words import Words, number


@dataclass(frozen=True, slots=True)
class Scream:
    enabled: bool = True
    threshold_lufs: float = bounded(-5.0, -40.0, 0.0)
    jump_lu: float = bounded(3.0, 0.0, 6.0)
    """Momentary above short-term, which the scream itself raises: 3 LU after a second mean that it was about
    8 LU softer before."""
    grace_seconds: float = bounded(1.0, 0.0, 60.0)
    weight: float = bounded(1.0, 0.0, 5.0)
    ceiling: Step = Step.CALL_HUMAN


def sign(m: Measurement, _: Subject, p: Scream) -> Sign:
    """400 ms that are all there, above the threshold and far above the last 3 s."""
    jump = m.momentary_lufs - m.short_term_lufs
    return present(m.coverage == 1.0 and m.momentary_lufs > p.threshold_lufs and jump >= p.jump_lu)


def breach(m: Measurement, held: float, p: Scream) -> Breach:
    """With the momentary loudness in LUFS and the jump in LU. `held`: seconds."""
    jump = m.momentary_lufs - m.short_term_lufs
    numbers = {
        "momentary_lufs": m.momentary_lufs,
        "threshold_lufs": p.threshold_lufs,
        "jump_lu": jump,
        "held_seconds": held,
    }
    return Breach(held, numbers, words(m.momentary_lufs, jump), p.ceiling, p.weight)


def words(loudness: float, jump: float) -> Words:
    """`loudness`: LUFS; `jump`: LU above the moment before."""
    level, rise = number(loudness), number(jump, 0)
    return Words(
        f"That was suddenly very loud: {level.en} LUFS, {rise.en} dB above the moment before. "
        "Please mind the listeners' ears.",
        f"Sesiniz birden çok yükseldi: {level.tr} LUFS, az öncesinden {rise.tr} dB fazla. "
        "Lütfen dinleyicileri düşününüz.",
    )


RULE = HeardRule(
    name="scream",
    shown=Words("scream", "bağırma"),
    section=Scream,
    sign=sign,
    breach=breach,
    grace=lambda p: p.grace_seconds,
    summed=True,
)
