"""The tests themselves: each can fail, none sleeps for a fixed time, and each says what it is about."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("test_*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(TESTS))


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_of_tests_asserts_something_and_says_what_it_is_about(path: Path) -> None:
    tree = ast.parse(path.read_text())
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    assert checks or any("raises" in call or ".check_" in call for call in calls(tree))
    assert ast.get_docstring(tree)


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=name)
def test_nobody_sleeps_on_the_thread(path: Path) -> None:
    assert "time.sleep" not in set(calls(ast.parse(path.read_text())))
