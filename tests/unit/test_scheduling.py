"""A process that has settled: which cores its threads keep to, and how they share them."""

import os
import subprocess
import sys

import pytest

from agent.process.scheduling import TIMER_SLACK_NS, parse_cpus, usable_cpus

SETTLED = """
import os, sys
from pathlib import Path
from agent.process.scheduling import settle

settle(frozenset({int(sys.argv[1])}))
from livekit.rtc._ffi_client import FfiClient

FfiClient.instance
for thread in Path("/proc/self/task").iterdir():
    tid = int(thread.name)
    slack = Path(f"/proc/{tid}/timerslack_ns").read_text().strip()
    print(sorted(os.sched_getaffinity(tid)), os.sched_getscheduler(tid), slack)
"""


@pytest.mark.parametrize(
    ("text", "cores"), [("", set()), ("0", {0}), ("0,2-4", {0, 2, 3, 4}), ("1-1,1", {1}), ("3-1", set())]
)
def test_cores_are_named_as_linux_does(text: str, cores: set[int]) -> None:
    assert parse_cpus(text) == cores


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's defaults stay")
def test_all_threads_of_livekits_library_do_as_the_process_settled() -> None:
    usable = usable_cpus()
    assert usable
    core = max(usable)
    told = subprocess.run(
        [sys.executable, "-c", SETTLED, str(core)], capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    assert len(told) > 1
    assert set(told) == {f"[{core}] {os.SCHED_BATCH} {TIMER_SLACK_NS}"}
