"""The steps of `make app-test`: whatever becomes of one, the others have their turn, and the end says which held."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.app.__main__ import PARTS, Outcome, Part, figures, summary, take
from tests.conformance.steps import Failed, Skipped


async def held(_: Path) -> str:
    return "all of it"


async def hangs(_: Path) -> str:
    await asyncio.Event().wait()
    return "never"


def raising(error: Exception) -> Callable[[Path], Awaitable[str]]:
    async def run(_: Path) -> str:
        raise error

    return run


@pytest.mark.parametrize(
    ("run", "outcome", "said"),
    [
        (held, Outcome.HELD, "all of it"),
        (hangs, Outcome.FAILED, "not within"),
        (raising(Skipped("no Chromium")), Outcome.SKIPPED, "no Chromium"),
        (raising(Failed("the last lines")), Outcome.FAILED, "the last lines"),
        (raising(KeyError("a fault of the step's own")), Outcome.FAILED, "test_app_steps.py"),
        (raising(TimeoutError("of the step's own")), Outcome.FAILED, "of the step's own"),
    ],
)
async def test_each_end_of_a_step_is_told_with_its_reason(
    run: Callable[[Path], Awaitable[str]], outcome: Outcome, said: str
) -> None:
    ran = await take(Part("one", "something", 0.05 if run is hangs else 10.0, run))
    assert ran.outcome is outcome
    assert said in ran.said


async def test_the_summary_has_a_line_for_each_and_what_was_skipped_held_nothing() -> None:
    runs = [
        await take(Part(name, f"what {name} shows", 10.0, run))
        for name, run in (
            ("first", held),
            ("second", raising(Failed("no"))),
            ("third", raising(Skipped("not here"))),
        )
    ]
    lines = summary(runs).splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["held", "FAILED", "skipped"]
    assert lines[3].startswith("1 held, 1 skipped, 1 failed")
    assert [(figure.name, figure.held) for figure in figures(runs)] == [
        ("app_test.first.seconds", True),
        ("app_test.second.seconds", False),
    ]


def test_every_step_says_what_it_shows_and_how_long_it_may_take() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS)
    assert all(part.shows and part.seconds >= 60 for part in PARTS)
