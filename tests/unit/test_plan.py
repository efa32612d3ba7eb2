"""What a number of rooms needs follows from measured slopes, and from the committed page where nothing was measured."""

import pytest

from bench.plan import from_page, plan
from bench.report import PAGE

SLOPES = {
    "rooms.cpu.unmetered.at_40": 0.1,
    "rooms.cpu.metered.at_40": 0.7,
    "rooms.memory_uss.unmetered.at_40": 1.0,
    "rooms.memory_uss.metered.at_40": 1.5,
    "rooms.worker.base_uss": 100.0,
}


def test_the_committed_page_has_every_slope() -> None:
    assert SLOPES.keys() <= from_page(PAGE.read_text()).keys()


def test_what_is_planned_follows_from_the_slopes() -> None:
    found = dict(plan(SLOPES, rooms=1000, speakers=1, listeners=9, rows_a_minute=6))
    assert found["rooms on one worker (a core)"] == "100"
    assert found["workers, one more to spare"] == "11"
    assert found["Realtime messages a second, API lane"] == "200"
    assert found["people connected at once"] == "10,000"
    assert found["connection minutes an hour"] == "660,000"


@pytest.mark.parametrize("speakers", [0, 3])
def test_a_speaker_costs_and_silence_does_not(speakers: int) -> None:
    workers = int(dict(plan(SLOPES, 10_000, speakers, 5, 1))["workers, one more to spare"].replace(",", ""))
    assert (workers > 101) is (speakers > 0)
