"""One pytest process that has collected the tests and runs none: each fault gets a fork of it, with only the tests that
reach the faulty function, the shortest first, until one fails.

Which test reaches what is learned once, test by test, in a fork too, and kept as long as no file of ours changes.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest

from tests.mutants.faults import PACKAGES, REPOSITORY, Fault, forget_answers, put_in

SELECTION = ("tests/unit", "tests/property/test_room_world.py")
LEFT_OUT = (
    # Of other parts, of time, and of files that are written from the code.
    *(
        "assistant_",
        "bench_",
        "gateway_",
        "go_",
        "native",
        "people_",
        "relay_",
        "stopwatch",
        "witness",
        "agents_library",
    ),
)
NEEDS_A_FORMATTER = (
    "tests/unit/test_agent_settings_and_log.py::test_the_assistants_server_knows_the_names_that_others_read"
)
"""It seeks one beside the interpreter; the one that runs here has none."""
OPTIONS = (
    *("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:terminal"),
    # Those that the terminal's plugin knows are left out.
    *("-o", "addopts=--strict-markers --strict-config --import-mode=importlib"),
)
ANEW_SECONDS, ANEW_TESTS_SECONDS = 240.0, 40.0
"""A process that imports everything with the fault in it, and what its tests may take without one."""
SLOWER = 10.0
"""A test that takes so many times its time, and `GRACE_SECONDS`, hangs because of the fault."""
GRACE_SECONDS = 20.0


class Reached(NamedTuple):
    """What one test told when it ran without any fault."""

    seconds: float
    passed: bool
    functions: frozenset[tuple[str, str]]
    """By file and qualified name."""


class Warm:
    """A plugin: pytest's loop calls `work`, which finds everything collected."""

    def __init__(self, kept: Path, work: "Callable[[Warm], None]") -> None:
        self._kept, self._work = kept, work
        self._items: dict[str, pytest.Item] = {}
        self._failed = False
        self.reached: dict[str, Reached] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = {item.nodeid: item for item in session.items}
        self._learn()
        self._work(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed |= report.failed

    def notices(self, fault: Fault) -> str | None:
        """The test that fails with this fault in place; None: none does."""
        found = self._first_that_fails(fault, self._those_that_reach({(fault.file, fault.function)}))
        return found or self._one_that_fails_anew(fault)

    def _those_that_reach(self, places: AbstractSet[tuple[str, str]]) -> list[str]:
        names = [name for name, known in self.reached.items() if known.passed and places & known.functions]
        return sorted(names, key=lambda name: self.reached[name].seconds)

    def _one_that_fails_anew(self, fault: Fault) -> str | None:
        """In a process that imports the module with the fault in it."""
        every = {place for known in self.reached.values() for place in known.functions}
        names, seconds = list[str](), 0.0
        for name in self._those_that_reach({place for place in every if place[0] == fault.file}):
            seconds += self.reached[name].seconds
            if seconds < ANEW_TESTS_SECONDS:
                names.append(name)
        if not names:
            return None
        with tempfile.NamedTemporaryFile("w", suffix=".py") as copy:
            copy.write(fault.source)
            copy.flush()
            command = [sys.executable, "-m", "tests.mutants.anew", fault.file, copy.name, *names]
            try:
                done = subprocess.run(
                    command, cwd=REPOSITORY, capture_output=True, timeout=ANEW_SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                return "(it hangs)"
        # What cannot be imported ends a process at its tests, or already at a `conftest.py`.
        noticed = done.returncode in (
            pytest.ExitCode.TESTS_FAILED,
            pytest.ExitCode.INTERRUPTED,
            pytest.ExitCode.USAGE_ERROR,
        )
        return f"anew: one of {len(names)} tests of its file" if noticed else None

    def _first_that_fails(self, fault: Fault, names: list[str]) -> str | None:
        told, tell = os.pipe()

        def run() -> None:
            put_in(fault)
            for name in names:
                os.write(tell, f"{name}\n".encode())
                if not self._run(name):
                    os._exit(1)

        patience = GRACE_SECONDS + SLOWER * sum(self.reached[name].seconds for name in names)
        noticed = _in_a_fork(run, patience) != 0
        os.close(tell)
        with os.fdopen(told) as pipe:
            last = pipe.read().splitlines()[-1:]
        return (last or ["(the fault could not be put in)"])[0] if noticed else None

    def _run(self, name: str) -> bool:
        self._failed = False
        item = self._items[name]
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self._failed

    # -- which test reaches what -------------------------------------------------

    def _learn(self) -> None:
        """A test that ends its process is left for the next fork, so one that crashes costs itself alone."""
        self._read()
        while missing := [name for name in self._items if name not in self.reached]:
            before = len(self.reached)
            _in_a_fork(lambda names=missing: self._tell_all(names), 3600.0)
            self._read()
            if len(self.reached) == before:
                sys.stdout.write(f"{missing[0]} ends its process\n")
                self.reached[missing[0]] = Reached(0.0, False, frozenset())

    def _read(self) -> None:
        if self._kept.exists():
            for line in self._kept.read_text().splitlines():
                name, seconds, passed, functions = json.loads(line)
                self.reached[name] = Reached(seconds, passed, frozenset(map(tuple, functions)))

    def _tell_all(self, names: Iterable[str]) -> None:
        with self._kept.open("a") as kept:
            for name in names:
                forget_answers()
                seen = set[tuple[str, str]]()
                begun = time.monotonic()
                passed = _watched(lambda name=name: self._run(name), seen)
                kept.write(json.dumps([name, time.monotonic() - begun, passed, sorted(seen)]) + "\n")
                kept.flush()


def _watched(run: Callable[[], bool], seen: set[tuple[str, str]]) -> bool:
    """Run it, and note every function of ours that is called meanwhile."""
    folders = tuple(f"{REPOSITORY / package}{os.sep}" for package in PACKAGES)
    known = dict[Any, bool]()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and known.setdefault(code, code.co_filename.startswith(folders)):
            seen.add(
                (str(Path(code.co_filename).relative_to(REPOSITORY)), code.co_qualname.split(".<locals>")[0])
            )
            known[code] = False

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        return run()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _in_a_fork(work: Callable[[], None], patience: float) -> int:
    """Do the work quietly in a copy of this process: how that ended. Past `patience` (seconds) it is killed."""
    sys.stdout.flush()
    over, alive = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(over)
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            work()
        except BaseException:  # noqa: BLE001  (whatever it is: the parent's work shall not go on twice)
            os._exit(2)
        os._exit(0)
    os.close(alive)
    ended = False
    try:
        # Its end closes the pipe's other side.
        ended = bool(select.select([over], [], [], patience)[0])
    finally:
        os.close(over)
        if not ended:  # also where this process is told to end: its copy would go on, beside the next run
            os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def pytest_arguments() -> list[str]:
    ignored = [f"--ignore-glob=*/test_{name}*" for name in LEFT_OUT]
    return [
        *SELECTION,
        *ignored,
        "--ignore-glob=*/*_lists.py",
        "--deselect=tests/unit/test_handlers_audio.py::test_a_measurement_costs_little_in_a_full_room",
        f"--deselect={NEEDS_A_FORMATTER}",
        *OPTIONS,
    ]
