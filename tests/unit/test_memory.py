"""What was freed goes back to the system, whenever connections have ended."""

import asyncio
import ctypes
import platform
import subprocess
import sys

import psutil
import pytest

from agent import memory
from local.paths import REPOSITORY
from tests.fakes.virtual_time import virtual_time

BLOCK, BLOCKS = 4096, 20_000
HEAPS = """
import ctypes, sys, threading
from agent.memory import keep_to_one_heap
if sys.argv[1] == "one":
    keep_to_one_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(4)
def work():
    together.wait()
    libc.malloc(100_000)
    together.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_info(0, ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w")))
libc.fflush(None)
"""


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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
@pytest.mark.parametrize(("kept", "few"), [("one", True), ("many", False)])
def test_all_threads_share_one_heap(kept: str, *, few: bool) -> None:
    asked = [sys.executable, "-c", HEAPS, kept]
    said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30, cwd=REPOSITORY)
    assert (said.stdout.count("<heap nr=") == 1) is few


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
