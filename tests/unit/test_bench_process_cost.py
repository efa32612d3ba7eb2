"""What a tree of processes costs is told of trees that stay, and of no others."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from bench.process_cost import EndedError, cores_of_all, usage


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_tree_includes_its_children(child: subprocess.Popen[bytes]) -> None:
    before = usage(os.getpid())
    assert {os.getpid(), child.pid} <= before.pids
    assert cores_of_all(before, usage(os.getpid())) >= 0.0


def test_a_process_that_ended_makes_no_cheap_tree(child: subprocess.Popen[bytes]) -> None:
    before = usage(os.getpid())
    child.kill()
    child.wait()
    with pytest.raises(EndedError, match="1 of "):
        cores_of_all(before, usage(os.getpid()))
