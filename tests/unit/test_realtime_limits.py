"""The stand-in's limits of Realtime: what hosted Supabase counts, and what it does past a plan."""

from local.gateway.realtime.limits import PLANS, Limits, Plan, Rate

SMALL = Plan(
    messages_per_second=10, joins_per_second=2, connections=3, channels_per_connection=4, payload_bytes=100
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_the_average_is_over_a_minute_at_most() -> None:
    clock = Clock()
    rate = Rate(clock)
    rate.add(600)
    assert rate.average == 600
    clock.now += 9
    assert rate.average == 60
    clock.now += 50
    assert rate.average == 10
    clock.now += 1
    assert rate.average == 0


def test_a_rate_that_was_long_silent_is_zero() -> None:
    clock = Clock()
    rate = Rate(clock)
    rate.add(600)
    clock.now += 100_000
    assert rate.average == 0


def test_past_the_limit_everything_is_dropped_until_the_average_has_fallen() -> None:
    clock = Clock()
    limits = Limits(SMALL, clock)
    assert limits.may_send(1)
    limits.count(1 + 1_000)
    assert not limits.may_send(1)
    clock.now += 59
    assert not limits.may_send(1)
    assert limits.dropped == 2
    clock.now += 60
    assert limits.may_send(1)


def test_a_message_of_the_whole_budget_is_the_last() -> None:
    limits = Limits(SMALL, Clock())
    limits.count(9)
    assert limits.may_send(1)
    limits.count(1)
    assert not limits.may_send(1)


def test_a_payload_over_the_plans_size_is_dropped() -> None:
    limits = Limits(SMALL, Clock())
    assert limits.may_send(100)
    assert not limits.may_send(101)


def test_joins_are_bounded_by_the_second_and_by_connections() -> None:
    clock = Clock()
    limits = Limits(SMALL, clock)
    assert limits.join_fault(1) is None
    assert limits.join_fault(2) is None
    assert "Too many joins" in str(limits.join_fault(3))
    assert "Too many connected users" in str(limits.join_fault(4))


def test_the_free_plan_is_the_smallest() -> None:
    free, pro, team = (PLANS[name] for name in ("free", "pro", "team"))
    assert free.messages_per_second < pro.messages_per_second < team.messages_per_second
    assert free.connections < pro.connections < team.connections
