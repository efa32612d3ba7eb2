"""Strikes, decay, the ladder, and the rules of fairness that no table can change."""

from dataclasses import replace
from itertools import pairwise

import pytest

from moderation.escalation import Decision, Record, Severity, escalate, forgive, recall, strikes_at
from moderation.rule_names import Rule
from moderation.rules.policy import Mode, Policy, Rung
from moderation.rules.rule import Verdict
from moderation.rules.steps import CLIMB, Step
from moderation.words import Words

POLICY = Policy(mode=Mode.ENFORCE)


def offence(
    at: float, rule: Rule = Rule.TOO_LOUD, weight: float = 1.0, ceiling: Step = Step.CALL_HUMAN
) -> Verdict:
    return Verdict(rule, at, at - 2.0, weight, ceiling, {"short_term_lufs": -9.0}, Words("Loud.", "Yüksek."))


def escalated(
    verdicts: list[Verdict], role: str = "speaker", policy: Policy = POLICY, record: Record | None = None
) -> tuple[Record, list[Decision]]:
    record, decisions = record or Record(), []
    for verdict in verdicts:
        record, decision = escalate(record, verdict, role, policy)
        if decision is not None:
            decisions.append(decision)
    return record, decisions


def every_second(seconds: int, **kind: object) -> list[Verdict]:
    return [offence(float(at), **kind) for at in range(seconds)]  # type: ignore[arg-type]


def test_an_offence_that_goes_on_climbs_the_table() -> None:
    _, decisions = escalated(every_second(430))
    assert [(d.at, d.step) for d in decisions] == [
        (0.0, Step.NOTICE),
        (5.0, Step.WARNING),
        (10.0, Step.MUTE),
        (70.0, Step.DEMOTE),
        (130.0, Step.CALL_HUMAN),
    ]
    assert [d.seconds for d in decisions] == [0.0, 0.0, 60.0, 0.0, 0.0]
    assert decisions[2].severity is Severity.WARNING
    assert decisions[4].severity is Severity.CRITICAL


def test_a_decision_says_why_and_what_follows_in_both_languages() -> None:
    _, decisions = escalated(every_second(11))
    mute = decisions[-1]
    assert mute.words == (
        "Loud. Your sound is off for 60 s.",
        "Yüksek. Sesiniz 60 saniyeliğine kapatıldı.",
    )
    assert mute.measured == {"short_term_lufs": -9.0}
    assert (mute.at, mute.since, mute.dry_run) == (10.0, 8.0, False)


@pytest.mark.parametrize(
    ("role", "highest"), [("host", Step.NOTICE), ("co_host", Step.WARNING), ("moderator", Step.WARNING)]
)
def test_anyone_who_leads_the_session_is_told_and_not_acted_on(role: str, highest: Step) -> None:
    record, decisions = escalated(every_second(3600), role)
    assert max(CLIMB.index(d.step) for d in decisions) == CLIMB.index(highest)
    times = [d.at for d in decisions if d.step is highest]
    assert min(b - a for a, b in pairwise(times)) >= POLICY.told_every_seconds
    assert record.strikes <= 1.5


def test_nobody_is_muted_without_a_warning_however_grave_the_offence() -> None:
    _, decisions = escalated(every_second(11, weight=5.0))
    assert [d.step for d in decisions] == [Step.NOTICE, Step.WARNING, Step.MUTE]


def test_a_rule_with_a_ceiling_stays_below_it_and_brings_nobody_nearer_to_more() -> None:
    record, decisions = escalated(every_second(600, rule=Rule.NOISE, weight=0.8, ceiling=Step.WARNING))
    assert {d.step for d in decisions} == {Step.NOTICE, Step.WARNING}
    assert record.strikes <= 1.5
    _, after = escalated([offence(601.0)], record=record)
    assert after[0].step is Step.WARNING


def test_a_warning_for_noise_does_not_shield_from_the_next_rule() -> None:
    noise = [offence(0.0, Rule.NOISE, 1.0, Step.NOTICE)]
    _, decisions = escalated([*noise, offence(4.9), offence(5.0)])
    assert [(d.at, d.rule) for d in decisions] == [(0.0, Rule.NOISE), (5.0, Rule.TOO_LOUD)]


def test_strikes_halve_with_every_half_life_until_the_record_is_clean() -> None:
    record, _ = escalated(every_second(11))
    assert strikes_at(record, 10.0 + 600.0, POLICY) == pytest.approx(record.strikes / 2.0)
    clean = 10.0 + 4 * 600.0
    assert strikes_at(record, clean, POLICY) == 0.0
    _, decisions = escalated([offence(clean)], record=record)
    assert [(d.step, d.strikes) for d in decisions] == [(Step.NOTICE, 1.0)]


def test_an_offence_long_after_a_mute_is_warned_of_first() -> None:
    record, _ = escalated(every_second(11))
    _, decisions = escalated([offence(910.0)], record=record)
    assert [d.step for d in decisions] == [Step.WARNING]


def test_forgiving_begins_anew() -> None:
    _, decisions = escalated([offence(11.0)], record=forgive())
    assert [(d.step, d.strikes) for d in decisions] == [(Step.NOTICE, 1.0)]


def test_observing_tells_the_same_story_and_touches_nothing() -> None:
    enforced = escalated(every_second(200))[1]
    observed = escalated(every_second(200), policy=replace(POLICY, mode=Mode.OBSERVE))[1]
    assert all(d.dry_run for d in observed)
    assert [replace(d, dry_run=False) for d in observed] == enforced


def test_off_is_off() -> None:
    record, decisions = escalated(every_second(100), policy=replace(POLICY, mode=Mode.OFF))
    assert record == Record()
    assert not decisions


def test_what_only_ops_are_told_costs_nothing_and_is_told_once_a_minute() -> None:
    record, decisions = escalated(
        every_second(125, rule=Rule.DEAD_AIR, weight=0.0, ceiling=Step.TELL_OPS), "host"
    )
    assert [(d.at, d.step) for d in decisions] == [(t, Step.TELL_OPS) for t in (0.0, 60.0, 120.0)]
    assert record.strikes == 0.0


def test_a_weight_below_the_first_step_only_adds_up() -> None:
    _, decisions = escalated(every_second(6, weight=0.5))
    assert [(d.at, d.step) for d in decisions] == [(5.0, Step.NOTICE)]


def test_a_shorter_ladder_ends_where_it_ends() -> None:
    policy = replace(POLICY, ladder=(Rung(Step.WARNING, 0.5, 5.0), Rung(Step.MUTE, 1.5, 30.0, seconds=30.0)))
    _, decisions = escalated(every_second(40), policy=policy)
    assert [(d.at, d.step) for d in decisions] == [(0.0, Step.WARNING), (5.0, Step.MUTE), (35.0, Step.MUTE)]
    assert not escalated(every_second(40), "host", policy)[1]


def test_a_successor_goes_on_from_the_step_that_was_taken_and_waits_as_long() -> None:
    muted = recall(2.6, "mute", 100.0, POLICY)
    assert (muted.strikes, muted.at, muted.rung, muted.quiet_until) == (2.6, 100.0, 2, 160.0)
    told = recall(0.8, "tell_ops", 100.0, POLICY)
    assert (told.rung, told.quiet_until) == (-1, 100.0), "no step of the ladder"
