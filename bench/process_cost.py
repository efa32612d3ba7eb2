"""What a tree of processes costs: CPU seconds and memory that is its own."""

import time
from dataclasses import dataclass

import psutil

MIB = 2**20


class EndedError(RuntimeError):
    """A process that was counted has ended, and what it used is lost with it."""


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """A reading of a process tree. Sizes are MiB; `at` is monotonic seconds, when it was taken."""

    cpu_seconds: float
    """User and system, of every process that is alive."""
    uss_mb: float
    """Unique set size: what would be freed if the tree ended."""
    pss_mb: float
    at: float
    pids: frozenset[int]


def usage(pid: int) -> ProcessUsage:
    """Of a process and its descendants."""
    cpu = uss = pss = 0.0
    pids = set[int]()
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        try:
            times, memory = process.cpu_times(), process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        cpu += times.user + times.system
        uss += memory.uss / MIB
        pss += memory.pss / MIB
        pids.add(process.pid)
    return ProcessUsage(cpu, uss, pss, time.monotonic(), frozenset(pids))


def cores(before: ProcessUsage, after: ProcessUsage) -> float:
    """Mean number of cores that the tree kept busy."""
    return (after.cpu_seconds - before.cpu_seconds) / (after.at - before.at)


def cores_of_all(before: ProcessUsage, after: ProcessUsage) -> float:
    """As `cores`, of a tree in which every process lived on. Raises EndedError."""
    if ended := before.pids - after.pids:
        raise EndedError(f"{len(ended)} of {len(before.pids)} processes ended meanwhile")
    return cores(before, after)
