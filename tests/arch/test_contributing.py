"""The twelve questions of CONTRIBUTING.md are answered with places that exist."""

import re

import pytest

from local.paths import REPOSITORY

PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text()
ANSWERS = re.findall(
    r"^(\d+)\. \*\*(.+?)\*\*(.*?)(?=^\d+\. \*\*|^## |\Z)",
    PAGE.partition("## Where does this change go?")[2],
    flags=re.MULTILINE | re.DOTALL,
)


def test_there_are_twelve_questions() -> None:
    assert [int(number) for number, _, _ in ANSWERS] == list(range(1, 13))


@pytest.mark.parametrize(("question", "answer"), [(question, answer) for _, question, answer in ANSWERS])
def test_an_answer_names_places_that_exist(question: str, answer: str) -> None:
    places = re.findall(r"\]\(([^)]+)\)", answer)
    assert places, question
    assert [place for place in places if not (REPOSITORY / place).exists()] == []


def test_the_commands_and_tests_that_it_names_exist() -> None:
    tests = re.findall(r"(tests/[\w/]+\.py)", PAGE)
    assert tests
    assert [test for test in tests if not (REPOSITORY / test).exists()] == []
    made = set(re.findall(r"`make ([a-z-]+)`", PAGE))
    assert made <= set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE))
