"""Ends a process that can no longer do its work: a stuck event loop, or memory past its limit.

A worker that hangs keeps its connections open and its rooms unmoderated, for LiveKit sees nothing wrong with it; its
leases lapse, and another worker takes the rooms as soon as this process is gone.
"""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable

import psutil

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
MEMORY_CHECK_SECONDS = 5.0
STUCK_EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h."""


class LoopWatchdog:
    """A thread that ends the process when its event loop has not turned for `seconds`.

    It counts its own ticks, so that a process that was stopped and continued is not taken for a stuck one.
    """

    def __init__(
        self, seconds: float, lag: Callable[[float], None], die: Callable[[], None] | None = None
    ) -> None:
        """`lag` is told at each turn how many seconds late it came."""
        self._allowed, self._lag = max(1, round(seconds / TICK_SECONDS)), lag
        self._missed = 0
        self._die = die or _dump_and_exit

    async def run(self) -> None:
        """Show signs of life until cancelled."""
        stop = threading.Event()
        threading.Thread(target=self._watch, args=(stop,), name="watchdog", daemon=True).start()
        try:
            while True:
                self._missed, asleep_at = 0, time.monotonic()
                await asyncio.sleep(TICK_SECONDS / 2)
                self._lag(max(0.0, time.monotonic() - asleep_at - TICK_SECONDS / 2))
        finally:
            stop.set()

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(TICK_SECONDS):
            self._missed += 1
            if self._missed > self._allowed:
                self._die()
                return


def _dump_and_exit() -> None:
    sys.stderr.write("the event loop is stuck; this is where:\n")
    faulthandler.dump_traceback(all_threads=True)
    os._exit(STUCK_EXIT_CODE)


async def past_memory_limit(limit_mb: float, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Returns when this process holds more than `limit_mb` (resident set size, MiB)."""
    process, started = psutil.Process(), monotonic()
    while (held := process.memory_info().rss / 2**20) <= limit_mb:  # noqa: ASYNC110  (the kernel tells nobody)
        await asyncio.sleep(MEMORY_CHECK_SECONDS)
    log.warning(
        "memory limit passed", extra={"rss_mb": round(held), "uptime_s": round(monotonic() - started)}
    )
