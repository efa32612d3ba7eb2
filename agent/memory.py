"""Keeps what rooms take small: one heap for all threads, and what is freed is given back.

LiveKit's client has a dozen threads, and the C library a heap for each, so a room's memory lies scattered over all of
them: a third more of it. A closed room's is kept unless the library is asked for it, and a worker would grow with every
connection that it ever had (`python -m bench.churn`, `make soak`).
"""

import asyncio
import ctypes
from collections.abc import Callable

GIVE_BACK_SECONDS = 5.0
_M_ARENA_MAX = -8
"""glibc's name for it, see mallopt(3)."""


def keep_to_one_heap() -> None:
    """Where the C library has a way to. Before there are threads: a heap that exists stays."""
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(_M_ARENA_MAX, 1)


async def give_back_often(ended: Callable[[], int]) -> None:
    """For ever, whenever connections have ended since the last time; `ended` counts them."""
    before = ended()
    while True:
        await asyncio.sleep(GIVE_BACK_SECONDS)
        if (now := ended()) != before:
            before = now
            await asyncio.to_thread(give_back)


def give_back() -> None:
    """Return freed memory to the system, where the C library has a way to. Some 10 ms, without Python's lock."""
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
