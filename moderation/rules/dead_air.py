"""Dead air: a live session in which nothing has been heard for long. Ops are told; it is no offence."""

from dataclasses import dataclass

from moderation.audio.measurement import Gap
from moderation.rule_names import Rule
from moderation.rules.parsing import bounded
from moderation.rules.rule import AudioRule, Verdict
from moderation.rules.steps import Step
from moderation.words import Words, number


@dataclass(frozen=True, slots=True)
class DeadAir:
    enabled: bool = True
    seconds: float = bounded(120.0, 10.0, 3600.0)
    count_muted: bool = False
    """Whether a microphone that the host has switched off counts too."""


def dead_air(quiet_since: float, gap: Gap | None, now: float, p: DeadAir) -> Verdict | None:
    """`quiet_since`: when anybody was last heard, or the host went live; `gap`: why the host's microphone sends nothing
    now, if so.

    A microphone that stops sending because there is nothing to say (DTX) is as silent as one that sends
    silence, and so is one that is open and whose frames do not come. One that is switched off or not
    published counts only where the policy says so.
    """
    off = gap in (Gap.MUTED, Gap.UNPUBLISHED)
    quiet = now - quiet_since
    if not p.enabled or quiet < p.seconds or (off and not p.count_muted):
        return None
    measured = {
        "quiet_seconds": round(quiet, 3),
        "threshold_seconds": p.seconds,
        "microphone_off": float(off),
    }
    return Verdict(Rule.DEAD_AIR, now, quiet_since, 0.0, Step.TELL_OPS, measured, words(quiet))


def words(seconds: float) -> Words:
    """To ops. `seconds`: since anybody was heard."""
    long = number(seconds, 0)
    return Words(
        f"Nobody has been heard for {long.en} s.", f"Yayında {long.tr} saniyedir hiçbir ses duyulmuyor."
    )


RULE = AudioRule(name="dead_air", shown=Words("dead air", "sessiz yayın"), section=DeadAir)
