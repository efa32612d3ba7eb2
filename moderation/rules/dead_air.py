"""Dead air: a live session in which nothing has been heard for long. Ops are told; it is no offence."""

from moderation.audio.measurement import Gap
from moderation.rules import words
from moderation.rules.judge import Verdict
from moderation.rules.policy import Policy, Rule, Step


def dead_air(quiet_since: float, gap: Gap | None, now: float, policy: Policy) -> Verdict | None:
    """`quiet_since`: when anybody was last heard, or the host went live; `gap`: why the host's microphone sends nothing
    now, if so.

    A microphone that stops sending because there is nothing to say (DTX) is as silent as one that sends
    silence, and so is one that is open and whose frames do not come. One that is switched off or not
    published counts only where the policy says so.
    """
    p = policy.dead_air
    off = gap in (Gap.MUTED, Gap.UNPUBLISHED)
    quiet = now - quiet_since
    if not p.enabled or quiet < p.seconds or (off and not p.count_muted):
        return None
    measured = {
        "quiet_seconds": round(quiet, 3),
        "threshold_seconds": p.seconds,
        "microphone_off": float(off),
    }
    return Verdict(Rule.DEAD_AIR, now, quiet_since, 0.0, Step.TELL_OPS, measured, words.dead_air(quiet))
