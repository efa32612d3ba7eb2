"""What a tree of processes costs: CPU seconds and memory that is its own."""

import time
from dataclasses import dataclass

import psutil

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Usage:
    cpu_seconds: float
    """User and system, of every process that is alive."""
    uss_mb: float
    """Unique set size: what would be freed if the tree ended."""
    pss_mb: float
    at: float


def usage(pid: int) -> Usage:
    """Of a process and its descendants."""
    cpu = uss = pss = 0.0
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        try:
            times, memory = process.cpu_times(), process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        cpu += times.user + times.system
        uss += memory.uss / MIB
        pss += memory.pss / MIB
    return Usage(cpu, uss, pss, time.monotonic())


def cores(before: Usage, after: Usage) -> float:
    """Mean number of cores that the tree kept busy."""
    return (after.cpu_seconds - before.cpu_seconds) / (after.at - before.at)
