"""A tip is given, seldom, and changes nothing that is held against anybody."""

from moderation.escalation import Record, escalate
from moderation.rule_names import Rule
from moderation.rules import hum
from moderation.rules.policy import Mode, Policy
from moderation.rules.rule import Verdict
from moderation.rules.steps import Step

POLICY = Policy(mode=Mode.ENFORCE)


def test_a_tip_weighs_nothing_and_is_repeated_after_its_own_time() -> None:
    before = Record(strikes=2.0, at=0.0, rung=1)
    record, told = before, []
    for at in range(0, 1000, 10):
        verdict = Verdict(Rule.HUM, float(at), 0.0, 0.0, Step.TIP, {}, hum.words(50.0, -38.0))
        record, decision = escalate(record, verdict, "speaker", POLICY)
        if decision is not None:
            told.append((decision.at, decision.step, decision.words))
    assert told == [(0.0, Step.TIP, hum.words(50.0, -38.0)), (900.0, Step.TIP, hum.words(50.0, -38.0))]
    assert (record.strikes, record.at, record.rung, record.quiet_until) == (2.0, 0.0, 1, 0.0)
