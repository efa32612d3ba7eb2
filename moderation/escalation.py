"""What follows from a verdict: strikes that decay, and a ladder that is climbed one step at a time.

The table is `Policy.ladder`: a strike count, the step it leads to, and how long nothing further is held
against the person after it. Three rules of fairness are in the code rather than in the table: nobody skips
a step (no mute without a warning before it), anyone who is above the rank that may be acted on is only told,
and a record below `strikes.clean_below` is no record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from moderation.roles import Role
from moderation.rule_names import Rule
from moderation.rules.consequences import consequence
from moderation.rules.policy import Mode, Policy, Rung
from moderation.rules.rule import Verdict
from moderation.rules.steps import CLIMB, Step
from moderation.words import Words

_TOP_BY_ROLE: Final[Mapping[str, Step]] = {
    Role.HOST: Step.NOTICE,
    Role.CO_HOST: Step.WARNING,
    Role.MODERATOR: Step.WARNING,
}
"""Everyone else may be led to the top."""


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


_SEVERITY: Final[Mapping[Step, Severity]] = {
    Step.NOTICE: Severity.INFO,
    Step.TELL_OPS: Severity.INFO,
    Step.TIP: Severity.INFO,
    Step.WARNING: Severity.WARNING,
    Step.MUTE: Severity.WARNING,
    Step.DEMOTE: Severity.CRITICAL,
    Step.CALL_HUMAN: Severity.CRITICAL,
    Step.REASSERT: Severity.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Record:
    """What is held against one person in one session. A new one is clean; so is `forgive()`."""

    strikes: float = 0.0
    """As of `at`; use `strikes_at` for any other time."""
    at: float = 0.0
    rung: int = -1
    """The highest step reached, as an index into the ladder; -1 before the first."""
    quiet_until: float = 0.0
    """Until then nothing further is held against the person."""
    told_until: Mapping[Rule, float] = field(default_factory=dict)
    """Until then the rule's highest step is not repeated."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A step to take, with everything an incident row and a notice to the person need."""

    step: Step
    rule: Rule
    severity: Severity
    dry_run: bool
    """Record it, do nothing (mode `observe`)."""
    at: float
    since: float
    """When the offence began."""
    seconds: float
    """Length of the mute; 0 for other steps."""
    strikes: float
    """After this one."""
    measured: Mapping[str, float]
    words: Words
    """To the person: why, and what follows. For `TELL_OPS` to ops."""


def strikes_at(record: Record, at: float, policy: Policy) -> float:
    """What is left of the strikes; halves every half-life, and 0.0 once the record counts as clean."""
    age = max(0.0, at - record.at)
    left = record.strikes * float(0.5 ** (age / policy.strikes.half_life_seconds))
    return left if left >= policy.strikes.clean_below else 0.0


def forgive() -> Record:
    """A moderator lifted the step: nothing is held against the person any more."""
    return Record()


def recall(strikes: float, step: str, at: float, policy: Policy) -> Record:
    """The record that led to this step at this time: of a successor, who was not there."""
    rung = next((n for n, rung in enumerate(policy.ladder) if rung.step == step), -1)
    cooldown = policy.ladder[rung].cooldown_seconds if rung >= 0 else 0.0
    return Record(strikes, at, rung, quiet_until=at + cooldown)


def escalate(record: Record, verdict: Verdict, role: str, policy: Policy) -> tuple[Record, Decision | None]:
    """Hold a verdict against the person's record. `None`: too soon after the last step, or mode `off`."""
    if policy.mode is Mode.OFF:
        return record, None
    if verdict.at < record.told_until.get(verdict.rule, verdict.at):
        return record, None
    if verdict.ceiling not in CLIMB:
        return _tell(record, verdict, policy)
    if verdict.at < record.quiet_until:
        return record, None
    return _strike(record, verdict, _top(verdict, role, policy), policy)


def _strike(record: Record, verdict: Verdict, top: int, policy: Policy) -> tuple[Record, Decision | None]:
    before = strikes_at(record, verdict.at, policy)
    strikes = _added(before, verdict.weight, top, policy)
    climbed = record.rung if before > 0.0 else -1
    index = min(sum(rung.strikes <= strikes for rung in policy.ladder) - 1, climbed + 1, top)
    rung = _own_mute(policy.ladder[max(index, 0)], verdict)
    after = replace(
        record,
        strikes=strikes,
        at=verdict.at,
        rung=max(climbed, index),
        quiet_until=verdict.at + rung.cooldown_seconds,
    )
    if index < 0:
        return after, None
    if index == top and top < len(policy.ladder) - 1:
        after = _told(after, verdict, policy)
    return after, _decision(verdict, rung, strikes, policy)


def _own_mute(rung: Rung, verdict: Verdict) -> Rung:
    if rung.step is not Step.MUTE or verdict.mute_seconds is None:
        return rung
    return replace(rung, seconds=verdict.mute_seconds, cooldown_seconds=verdict.mute_seconds)


def _added(before: float, weight: float, top: int, policy: Policy) -> float:
    """A rule that may lead no further than a warning never adds up to more than a warning takes, either."""
    if top < 0:
        return before
    if top == len(policy.ladder) - 1:
        return before + weight
    return max(before, min(before + weight, policy.ladder[top].strikes))


def _tell(record: Record, verdict: Verdict, policy: Policy) -> tuple[Record, Decision | None]:
    strikes = strikes_at(record, verdict.at, policy)
    return _told(record, verdict, policy), _decision(verdict, Rung(verdict.ceiling), strikes, policy)


def _told(record: Record, verdict: Verdict, policy: Policy) -> Record:
    every = policy.tips_every_seconds if verdict.ceiling is Step.TIP else policy.told_every_seconds
    until = verdict.at + every
    return replace(record, told_until={**record.told_until, verdict.rule: until})


def _top(verdict: Verdict, role: str, policy: Policy) -> int:
    """The highest line of the ladder that the rule and the person's role allow; -1 for none. Of those who cannot be
    measured only the host is spared: else a co-host is heard unmeasured for as long as they like."""
    spared = verdict.rule is not Rule.NOT_MEASURABLE or role == Role.HOST
    by_role = _TOP_BY_ROLE.get(role, Step.CALL_HUMAN) if spared else Step.CALL_HUMAN
    highest = min(CLIMB.index(verdict.ceiling), CLIMB.index(by_role))
    return sum(CLIMB.index(rung.step) <= highest for rung in policy.ladder) - 1


def _decision(verdict: Verdict, rung: Rung, strikes: float, policy: Policy) -> Decision:
    return Decision(
        step=rung.step,
        rule=verdict.rule,
        severity=_SEVERITY[rung.step],
        dry_run=policy.mode is Mode.OBSERVE,
        at=verdict.at,
        since=verdict.since,
        seconds=rung.seconds,
        strikes=round(strikes, 3),
        measured=verdict.measured,
        words=verdict.why.then(consequence(rung)),
    )
