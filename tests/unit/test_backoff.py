"""Pauses between attempts: longer each time, never past their cap, never the same for all."""

import pytest

from agent.core.backoff import Backoff


def test_each_pause_is_between_half_of_its_longest_and_all_of_it() -> None:
    backoff = Backoff(0.2, 1.0)
    for longest in (0.2, 0.4, 0.8, 1.0, 1.0, 1.0):
        assert longest / 2 <= backoff.pause() <= longest


def test_what_went_well_begins_anew() -> None:
    backoff = Backoff(0.2, 1.0)
    for _ in range(5):
        backoff.pause()
    backoff.reset()
    assert backoff.pause() <= 0.2


def test_one_failure_may_have_a_longer_cap() -> None:
    backoff = Backoff(0.2, 1.0)
    assert [backoff.pause(30.0) for _ in range(9)][-1] >= 15.0
    assert backoff.pause() <= 1.0


def test_workers_that_fail_together_do_not_come_back_together() -> None:
    assert len({Backoff(1.0, 1.0).pause() for _ in range(20)}) == 20


def test_an_hour_of_failures_overflows_nothing() -> None:
    backoff = Backoff(0.1, 1.0)
    assert max(backoff.pause() for _ in range(5000)) == pytest.approx(1.0, abs=0.1)
