"""How this process shares the machine's cores. Linux only: elsewhere the system's defaults stay.

LiveKit's client hands each packet of sound from thread to thread, and each hand-over costs a wake-up: a good part of
what a metered room costs is spent there, more than in measuring. Threads that keep to one core wake each other without
an interrupt, threads that do not preempt each other take several packets at a time, and timers that may be a little
late ring together. `python -m bench.rooms` measures a room with and without a core of its own; decision 0009 has why.
"""

import logging
import os
import sys
from pathlib import Path

log = logging.getLogger(__name__)

TIMER_SLACK_NS = 5_000_000
"""How late a timer may ring: half of the 10 ms by which LiveKit's client plays sound. The system's default is 50 us."""


def parse_cpus(text: str) -> frozenset[int]:
    """`0,2-3` as {0, 2, 3}, as Linux writes it. Raises ValueError."""
    ranges = [part.partition("-")[::2] for part in text.split(",") if part]
    return frozenset(core for first, last in ranges for core in range(int(first), int(last or first) + 1))


def usable_cpus() -> frozenset[int] | None:
    """The cores that this process may use; None where the system does not tell."""
    return frozenset(os.sched_getaffinity(0)) if sys.platform == "linux" else None


def settle(cpus: frozenset[int]) -> None:
    """Keep to these cores, if any are named, and put throughput above being first. Threads that start later inherit
    it, so it comes before LiveKit's library is loaded. If the system refuses, the log says so and nothing else changes.
    """
    if sys.platform != "linux":
        return
    try:
        if cpus:
            os.sched_setaffinity(0, cpus)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        Path("/proc/self/timerslack_ns").write_text(str(TIMER_SLACK_NS))
    except OSError as error:
        log.warning("a room will cost more: scheduling stays as it was", extra={"error": str(error)})
