"""Public functions say what they take and answer."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from local.paths import REPOSITORY

HELD = ("agent", "bench", "demo", "handlers", "local", "moderation", "orchestrator", "speech")
METRICS = {"Counter", "Gauge", "Histogram"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def silent(folder: str) -> Iterator[str]:
    for path in sorted((REPOSITORY / folder).rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            hidden = isinstance(node, ast.ClassDef) and node.name.startswith("_")
            found = node.body if isinstance(node, ast.ClassDef) and not hidden else [node]
            for function in found:
                if isinstance(function, Function) and not is_described(
                    function, of_a_port=node is not function
                ):
                    yield f"{path.relative_to(REPOSITORY)}: {function.name}"


def is_described(function: Function, *, of_a_port: bool) -> bool:
    """By itself, or where it has its one description: a port's method at the port, a metric in METRICS.md."""
    return (
        function.name.startswith("_")
        or ast.get_docstring(function) is not None
        or (of_a_port and function.name in methods_of_ports())
        or (isinstance(function.returns, ast.Name) and function.returns.id in METRICS)
        or any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in function.decorator_list)
    )


@cache
def methods_of_ports() -> frozenset[str]:
    """Those that are described in a protocol of `agent.core`."""
    return frozenset(
        function.name
        for path in sorted((REPOSITORY / "agent" / "core").rglob("*ports.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)
        for function in node.body
        if isinstance(function, Function) and ast.get_docstring(function)
    )


def raised(function: Function) -> set[str]:
    """The errors that it raises by itself. An AssertionError is a fault of ours, and no answer of a function."""
    found, left = set[str](), list[ast.AST](function.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            either = (error.body, error.orelse) if isinstance(error, ast.IfExp) else (error,)
            found |= {ast.unparse(one).rpartition(".")[2] for one in either}
        left.extend(ast.iter_child_nodes(node))
    return {name for name in found if name[0].isupper()} - {"AssertionError"}


def unsaid(folder: str) -> Iterator[str]:
    for path in sorted((REPOSITORY / folder).rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            hidden = isinstance(node, ast.ClassDef) and node.name.startswith("_")
            for function in node.body if isinstance(node, ast.ClassDef) and not hidden else [node]:
                if not isinstance(function, Function) or function.name.startswith("_"):
                    continue
                said = ast.get_docstring(function)
                if said is None and function.name in methods_of_ports():
                    continue  # said at the port
                for error in sorted(raised(function)):
                    if error not in (said or ""):
                        yield f"{path.relative_to(REPOSITORY)}: {function.name} raises {error}"


@pytest.mark.parametrize("folder", HELD)
def test_public_functions_say_what_they_raise(folder: str) -> None:
    assert list(unsaid(folder)) == []


@pytest.mark.parametrize("folder", HELD)
def test_public_functions_are_described(folder: str) -> None:
    assert list(silent(folder)) == []
