"""What share of what it can carry this process uses: the greater of processor and memory."""

import time
from collections.abc import Callable

import psutil

from agent.process.scheduling import usable_cpus


class Load:
    def __init__(self, limit_mb: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`limit_mb`: resident MiB past which the process drains."""
        self._limit, self._monotonic, self._process = limit_mb * 2**20, monotonic, psutil.Process()
        self._cores = len(usable_cpus() or ()) or psutil.cpu_count() or 1
        self._at, self._cpu = monotonic(), time.process_time()

    def share(self) -> float:
        """Since the last time that it was asked; 1 is full."""
        now, cpu = self._monotonic(), time.process_time()
        busy = (cpu - self._cpu) / max(now - self._at, 0.001) / self._cores
        self._at, self._cpu = now, cpu
        return max(busy, self._process.memory_info().rss / self._limit)
