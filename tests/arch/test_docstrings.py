"""Public functions of the decisions, the assistants' server, the speech process, the benchmarks and the demo say what
they take and answer."""

import ast
from collections.abc import Iterator

import pytest

from local.paths import REPOSITORY

HELD = ("bench", "demo", "handlers", "moderation", "orchestrator", "speech")


def silent(folder: str) -> Iterator[str]:
    for path in sorted((REPOSITORY / folder).rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            hidden = isinstance(node, ast.ClassDef) and node.name.startswith("_")
            found = node.body if isinstance(node, ast.ClassDef) and not hidden else [node]
            for function in found:
                public = isinstance(
                    function, ast.FunctionDef | ast.AsyncFunctionDef
                ) and not function.name.startswith("_")
                if public and not ast.get_docstring(function):  # type: ignore[arg-type]
                    yield f"{path.relative_to(REPOSITORY)}: {function.name}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("folder", HELD)
def test_public_functions_are_described(folder: str) -> None:
    assert list(silent(folder)) == []
