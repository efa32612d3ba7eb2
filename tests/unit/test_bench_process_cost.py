"""What a tree of processes costs is told about trees that stay, and no others."""

import subprocess
from collections.abc import Iterator

import psutil
import pytest

from bench.process_cost import EndedError, cores_of_all, usage


@pytest.fixture
def parent() -> Iterator[psutil.Process]:
    """A process that has one child, and outlives it."""
    script = "sleep 60 & echo; wait; read _"
    with psutil.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process
        for each in (*process.children(), process):
            each.kill()


def test_a_tree_includes_its_children(parent: psutil.Process) -> None:
    (child,) = parent.children()
    before = usage(parent.pid)
    assert before.pids == {parent.pid, child.pid}
    assert cores_of_all(before, usage(parent.pid)) >= 0.0


def test_a_process_that_ended_makes_no_cheap_tree(parent: psutil.Process) -> None:
    (child,) = parent.children()
    before = usage(parent.pid)
    child.kill()
    child.wait()
    with pytest.raises(EndedError, match="1 of 2"):
        cores_of_all(before, usage(parent.pid))
