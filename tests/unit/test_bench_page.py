"""What the page of benchmarks says follows from the figures, and from nothing else."""

import re

from bench import cost_page, projection, report, tables
from local.paths import REPOSITORY
from local.results import Figure, at_most, spread

MEASURED = {
    "rooms.cpu.metered.at_40": 0.7,
    "rooms.memory_uss.metered.at_40": 1.0,
    "rooms.worker.base_uss": 100.0,
    "growth.idle_calls.at_1": 2.5,
    "growth.idle_calls.at_40": 2.0,
    "capacity.fleet.of_2500.beats_due": 16.7,
    "capacity.fleet.of_2500.beats_done": 16.6,
    "capacity.fleet.of_10000.beats_due": 66.7,
    "capacity.fleet.of_10000.beats_done": 30.0,
}


def test_a_distribution_ends_in_its_most() -> None:
    assert [(f.name, f.value) for f in spread("a.b", [1.0, 2.0, 9.0])][::3] == [
        ("a.b.p50", 2.0),
        ("a.b.max", 9.0),
    ]


def test_a_single_measurement_is_its_own_distribution() -> None:
    assert {f.value for f in spread("a.b", [3.0])} == {3.0}


def test_a_core_is_planned_fuller_than_it_is_run_and_memory_is_a_limit_too() -> None:
    assert projection.machine(MEASURED, "metered", 2).rooms == 200
    assert projection.machine(MEASURED, "metered", 2).memory_mb == 400.0
    assert projection.workers_for(MEASURED, "metered") == 100
    heavy = {**MEASURED, "rooms.memory_uss.metered.at_40": 20.0}
    assert projection.machine(heavy, "metered", 1).rooms == 70


def test_the_first_limit_is_the_largest_fleet_that_was_served_in_time() -> None:
    assert projection.largest_fleet(MEASURED) == 2500
    assert projection.idle_calls(MEASURED) == 2.5


def test_a_row_is_sent_once_and_delivered_once() -> None:
    assert projection.realtime_messages(rows_a_minute=6, rooms=100) == 20
    assert projection.rows_within(20, rooms=100) == 6


def test_bars_stand_in_one_table_and_say_when_one_is_missed() -> None:
    shown = tables.bars([at_most("a.b.c", 5.0, 1.0), at_most("a.b.d", 0.5, 1.0), Figure("a.b.e", 1, "ms")])
    assert "**missed**" in shown.splitlines()[2]
    assert len(shown.splitlines()) == 4


def test_figures_with_one_bar_are_one_row_until_one_misses_it() -> None:
    held = [at_most(f"a.of_{n}.p50", n, 9.0) for n in range(4)]
    folded = tables.bars(held).splitlines()
    assert folded[2:] == ["| `a.….p50` (4 figures) | 3.00 | 9.00 | ms | 4 | held |"]
    missed = tables.bars([*held, at_most("a.of_10.p50", 10.0, 9.0)]).splitlines()
    assert missed[3:] == ["| `a.of_10.p50` | 10.0 | 9.00 | ms | 1 | **missed** |"]


def test_what_must_not_happen_at_all_is_one_row_of_a_subject_wherever_it_stands_and_whatever_is_counted() -> (
    None
):
    lost = [at_most(f"a.lost.{what}", 0, 0, what) for what in ("coins", "rows", "leases")]
    folded = tables.bars([lost[0], at_most("a.p50", 1.0, 9.0), *lost[1:]]).splitlines()
    assert [row.split(" | ")[0] for row in folded[2:]] == ["| `a.lost.…` (3 figures)", "| `a.p50`"]


def test_the_page_fits_on_two_screens() -> None:
    assert len((REPOSITORY / "BENCHMARKS.md").read_text().splitlines()) <= 130


def test_the_page_shows_the_variants_side_by_side_and_the_large_room() -> None:
    parts = [
        Figure("rooms.cpu.metered.at_40", 0.9, "%"),
        Figure("rooms.memory_uss.room_of_50.whole", 2.0, "MiB"),
        Figure("rooms.cpu.room_of_50.whole", 1.5, "%"),
    ]
    *_, side_by_side, large = cost_page.section(parts)
    assert "| ours, every microphone measured | 40 |  |  | 0.90 |  |  |" in side_by_side
    assert "2.00 MiB and 1.50 %" in large
    assert cost_page.section([]) == []


def test_every_benchmark_has_its_place_on_the_page() -> None:
    run = re.search(r"^BENCHMARKS := (.*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert run is not None
    assert sorted(run[1].split()) == sorted(report.COMMANDS)
