"""A bar is held to what was measured: with fewer rooms than it speaks of, there is no figure."""

import pytest

from bench import rooms_beside
from bench.cost import Bill, Cost
from bench.process_cost import ProcessUsage
from bench.rooms import ROOMS, judged

BASE = ProcessUsage(cpu_seconds=0.0, uss_mb=90.0, pss_mb=90.0, at=0.0, pids=frozenset())


def bill(*rooms: int) -> Bill:
    return Bill(BASE, tuple(Cost(n, 1.0 * n, 1.0 * n, 1.0 * n, n - 1, 0.1, 0.5) for n in rooms))


def test_a_machine_that_was_full_holds_no_bar() -> None:
    assert judged([1.0, 1.0, 1.0], bill(1, ROOMS), bill(1, ROOMS))
    with pytest.raises(LookupError, match="the machine was full"):
        judged([1.0, 1.0, 1.0], bill(1), bill(1))
    with pytest.raises(LookupError):
        judged([1.0, 1.0, 1.0], bill(1, ROOMS), bill(1))


def test_one_room_of_each_compares_nothing() -> None:
    """What more rooms cost is then not known, and a ratio of two accidents would be called held."""
    assert rooms_beside.judged(bill(1, 20), bill(1, 20), bill(1, 20))
    for lean, naive in ((bill(1), bill(1, 20)), (bill(1, 20), bill(1))):
        with pytest.raises(LookupError, match="nothing to compare"):
            rooms_beside.judged(bill(1, 20), lean, naive)
