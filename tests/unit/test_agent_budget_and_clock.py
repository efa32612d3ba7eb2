"""The token bucket over LiveKit's API, and the database's clock as a process sees it."""

import asyncio

import pytest

from agent.core.clock import TRUST_SECONDS, DatabaseClock
from agent.livekit.api_budget import LONGEST_PAUSE_SECONDS, PAUSE_SECONDS, ApiBudget, retry_after
from tests.fakes.virtual_time import clock, virtual_time


@virtual_time
async def test_a_burst_goes_at_once_and_then_the_rate_holds() -> None:
    budget, times = ApiBudget(rate=10, burst=3, monotonic=clock), []
    for _ in range(6):
        await budget.take(urgent=False)
        times.append(clock() - 1000)
    assert times == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3])


@virtual_time
async def test_anyone_who_is_urgent_goes_first_and_each_class_in_order() -> None:
    budget, order = ApiBudget(rate=10, burst=1, monotonic=clock), []
    await budget.take(urgent=False)

    async def call(name: str, *, urgent: bool) -> None:
        await budget.take(urgent=urgent)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name in ("grant 1", "grant 2", "kick 1", "kick 2"):
            tasks.create_task(call(name, urgent=name.startswith("kick")))
    assert order == ["kick 1", "kick 2", "grant 1", "grant 2"]


@virtual_time
async def test_anyone_who_gives_up_waiting_costs_no_token() -> None:
    budget = ApiBudget(rate=10, burst=1, monotonic=clock)
    await budget.take(urgent=False)
    impatient = asyncio.create_task(budget.take(urgent=True))
    await asyncio.sleep(0.01)
    impatient.cancel()
    await budget.take(urgent=False)
    assert clock() - 1000 == pytest.approx(0.1)


@virtual_time
async def test_nothing_is_called_in_a_pause_and_what_waited_keeps_its_order() -> None:
    budget, order = ApiBudget(rate=10, burst=3, monotonic=clock), []

    async def call(name: str, *, urgent: bool) -> None:
        await budget.take(urgent=urgent)
        order.append((name, round(clock() - 1000, 3)))

    budget.pause(2.0)
    budget.pause(1.0)  # a shorter one ends no longer one
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(call("grant", urgent=False))
        tasks.create_task(call("kick", urgent=True))
    assert order == [("kick", 2.0), ("grant", 2.0)]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0.5", 0.5),
        ("86400", LONGEST_PAUSE_SECONDS),
        ("-3", 0.0),
        (None, PAUSE_SECONDS),
        ("Wed, 21 Oct 2026 07:28:00 GMT", PAUSE_SECONDS),
    ],
)
def test_how_long_livekit_asks_to_wait(header: str | None, seconds: float) -> None:
    assert retry_after(header) == seconds


@virtual_time
async def test_nobody_overtakes_by_coming_when_a_token_is_just_there() -> None:
    budget, order = ApiBudget(rate=10, burst=1, monotonic=clock), []
    await budget.take(urgent=False)

    async def call(name: str) -> None:
        await budget.take(urgent=False)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(call("first"))
        await asyncio.sleep(0.1)
        tasks.create_task(call("second"))
    assert order == ["first", "second"]


class Monotonic:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_the_databases_time_is_taken_from_the_middle_of_a_call() -> None:
    ours = Monotonic()
    seen = DatabaseClock(ours)
    seen.learn(2000.0, sent_at=50.0, answered_at=50.2)
    assert seen.now() == pytest.approx(1999.9)
    ours.now = 60.0
    assert seen.now() == pytest.approx(2009.9)


def test_a_slow_answer_does_not_worsen_what_a_quick_one_taught() -> None:
    seen = DatabaseClock(Monotonic())
    seen.learn(2000.0, 50.0, 50.01)
    seen.learn(2005.0, 50.0, 54.0)
    assert seen.now() == pytest.approx(2000.0, abs=0.01)


def test_even_a_slow_answer_is_better_than_an_old_one() -> None:
    seen, later = DatabaseClock(Monotonic()), 50.01 + TRUST_SECONDS
    seen.learn(2000.0, 50.0, 50.01)
    seen.learn(3000.0, later, later + 1)
    assert seen.now() == pytest.approx(3000.0 - (later + 0.5 - 50.0))
