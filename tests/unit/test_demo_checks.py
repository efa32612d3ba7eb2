"""How the demo keeps its score: nothing counts as held that was not seen to hold."""

import json
from pathlib import Path

import pytest

from demo.checks import CHECKS, Scoreboard
from demo.timeline import reading, tally
from local import results


def held_all() -> Scoreboard:
    scoreboard = Scoreboard()
    for check in CHECKS:
        if check.bar is None:
            scoreboard.holds(check.name, held=True)
        else:
            scoreboard.took(check.name, 0.001)
    return scoreboard


def test_the_evening_is_good_when_every_check_held() -> None:
    assert held_all().all_held
    assert tally(held_all()) == f"all {len(CHECKS)} checks held"


def test_a_check_that_never_came_up_is_missed() -> None:
    scoreboard = Scoreboard()
    scoreboard.holds("agent.present", held=True)
    assert not scoreboard.all_held
    assert [figure.held for figure in scoreboard.figures()].count(True) == 1


def test_what_cannot_be_tried_is_said_and_is_no_miss() -> None:
    scoreboard = Scoreboard()
    scoreboard.leave_out("recording.plays", "NO CHROMIUM")
    for check in CHECKS:
        if check.name == "recording.plays":
            continue
        if check.bar is None:
            scoreboard.holds(check.name, held=True)
        else:
            scoreboard.took(check.name, 0.001)
    assert scoreboard.all_held
    assert tally(scoreboard) == f"all {len(CHECKS) - 1} checks held, 1 NOT TRIED"
    assert "recording.plays" not in {figure.name for figure in scoreboard.figures()}


def test_what_was_seen_is_not_left_out() -> None:
    scoreboard = held_all()
    scoreboard.holds("recording.plays", held=False)
    scoreboard.leave_out("recording.", "NO CHROMIUM")
    assert not scoreboard.all_held
    assert scoreboard.why_left_out("recording.plays") is None


def test_what_was_once_false_stays_missed() -> None:
    scoreboard = held_all()
    scoreboard.holds("agent.hidden", held=False)
    scoreboard.holds("agent.hidden", held=True)
    assert not scoreboard.all_held
    assert tally(scoreboard) == f"1 of {len(CHECKS)} checks missed"


def test_of_several_times_the_longest_counts() -> None:
    scoreboard = Scoreboard()
    for seconds in (0.1, 3.0, 0.2):
        scoreboard.took("ops.kick.ms", seconds)
    figure = next(figure for check, figure in scoreboard if check.name == "ops.kick.ms")
    assert figure is not None
    assert (figure.value, figure.n, figure.held) == (3000, 3, False)
    assert reading(figure) == "   3000 ms of 2000"


def test_an_unknown_check_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Scoreboard().holds("agent.cheerful", held=True)


def test_figures_are_one_object_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "STATE", tmp_path)
    results.write(
        "demo", [results.at_most("a.b.p50", 12.34567, 30, n=50), results.Figure("a.b.max", 40, "ms")]
    )
    lines = (tmp_path / "results" / "demo.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"name": "a.b.p50", "value": 12.346, "unit": "ms", "n": 50, "bar": 30, "held": True},
        {"name": "a.b.max", "value": 40, "unit": "ms", "n": 1},
    ]
