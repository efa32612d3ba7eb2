"""What was freed goes back to the system, whenever connections have ended."""

import asyncio
import ctypes
import platform

import psutil
import pytest

from agent.process import memory
from tests.fakes.virtual_time import virtual_time

BLOCK, BLOCKS = 4096, 20_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has malloc_trim")
def test_freed_memory_below_what_is_in_use_is_given_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    process = psutil.Process()
    blocks = [libc.malloc(BLOCK) for _ in range(BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK)
    for block in blocks[:-1]:  # the last one keeps all below it from being returned by itself
        libc.free(block)
    before = process.memory_info().rss
    memory.give_back()
    assert before - process.memory_info().rss > BLOCK * BLOCKS / 2
    libc.free(blocks[-1])


@virtual_time
async def test_it_is_done_only_when_connections_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, done = 0, list[int]()
    monkeypatch.setattr(memory, "give_back", lambda: done.append(ended))
    monkeypatch.setattr(asyncio, "to_thread", _here)
    running = asyncio.create_task(memory.give_back_often(lambda: ended))
    await asyncio.sleep(3 * memory.GIVE_BACK_SECONDS)
    assert done == []
    ended = 2
    await asyncio.sleep(3 * memory.GIVE_BACK_SECONDS)
    assert done == [2]
    running.cancel()


async def _here(work: object) -> None:
    assert callable(work)
    work()
