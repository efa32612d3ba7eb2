"""Which part may use which: decisions know the standard library and each other; they neither wait, log nor call."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
OURS = {"agent", "handlers", "moderation"}
NATIVE = REPOSITORY / "agent" / "livekit" / "native.py"
MAY_USE_NUMPY = REPOSITORY / "moderation" / "audio"


def sources(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((REPOSITORY / package).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    """The top-level packages that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its direction"
            yield (node.module or "").split(".")[0]


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sources(
            "agent", "handlers", "moderation", "orchestrator", "speech", "local", "demo", "bench"
        )
        if path != NATIVE
    ],
    ids=name,
)
def test_only_one_module_knows_private_names_of_livekits_client(path: Path) -> None:
    text = path.read_text()
    assert not re.findall(r"livekit\.rtc\._\w+|FfiClient|\._ffi\w*|\b_from_owned_info\b|_room\._events", text)


@pytest.mark.parametrize("path", sources("handlers", "moderation"), ids=name)
def test_decisions_use_the_standard_library_and_each_other(path: Path) -> None:
    allowed = {"handlers", "moderation"} if path.is_relative_to(REPOSITORY / "handlers") else {"moderation"}
    extra = {"numpy"} if path.is_relative_to(MAY_USE_NUMPY) else set()
    foreign = {package for package in imported(path) if package not in sys.stdlib_module_names}
    assert foreign <= allowed | extra


@pytest.mark.parametrize("path", sources("handlers", "moderation"), ids=name)
def test_decisions_wait_for_nothing_log_nothing_and_read_no_clock(path: Path) -> None:
    banned = {"asyncio", "logging", "threading", "socket", "subprocess", "time", "random", "os"}
    assert not banned & set(imported(path))
    waits = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, waits)]


@pytest.mark.parametrize("path", sources(*sorted(OURS), "speech"), ids=name)
def test_production_knows_neither_the_local_stack_nor_the_tests(path: Path) -> None:
    assert not {"local", "demo", "tests", "bench"} & set(imported(path))


def test_no_two_classes_are_called_alike() -> None:
    names = [
        node.name
        for path in sources(*sorted(OURS), "orchestrator", "speech", "local", "demo", "bench")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    ]
    assert sorted({made for made in names if names.count(made) > 1}) == []


MOST_ARGUMENTS = 5
"""Of a constructor, itself not counted. What needs more takes a dataclass of its own."""


@pytest.mark.parametrize("path", sources(*sorted(OURS), "orchestrator", "speech"), ids=name)
def test_a_constructor_takes_few_arguments(path: Path) -> None:
    takes = {
        node.name: len(made.args.args) + len(made.args.kwonlyargs) - 1
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        for made in node.body
        if isinstance(made, ast.FunctionDef) and made.name == "__init__"
    }
    assert {made: count for made, count in takes.items() if count > MOST_ARGUMENTS} == {}


def test_the_configured_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout
