"""Gives back what is freed: a closed room's memory lies scattered, and the C library keeps it unless it is asked.

Without this a worker grows with every connection that it ever had (`python -m bench.churn`, `make soak`).
"""

import asyncio
import ctypes
from collections.abc import Callable

GIVE_BACK_SECONDS = 5.0


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
