"""A process that can do its work no more is ended, and one that merely stood still is not."""

import asyncio
import logging
import threading
from types import SimpleNamespace

import pytest

from agent.process import watchdog
from agent.process.watchdog import MEMORY_CHECK_SECONDS, LoopWatchdog, past_memory_limit
from local.people.waiting import until
from tests.fakes.virtual_time import clock, virtual_time

TICK_SECONDS = 0.02


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "TICK_SECONDS", TICK_SECONDS)


async def test_a_loop_that_turns_lives_and_says_how_late_it_was() -> None:
    died, lags = threading.Event(), list[float]()
    running = asyncio.create_task(LoopWatchdog(5 * TICK_SECONDS, lags.append, died.set).run())
    await until("it has turned for longer than allowed", lambda: len(lags) > 20)
    running.cancel()
    await asyncio.wait({running})
    assert not died.is_set()
    assert min(lags) >= 0


async def test_a_stuck_loop_ends_the_process() -> None:
    died = threading.Event()
    running = asyncio.create_task(LoopWatchdog(5 * TICK_SECONDS, lambda _: None, died.set).run())
    await asyncio.sleep(0)
    assert died.wait(20), "this wait holds the loop"
    running.cancel()
    await asyncio.wait({running})


async def test_nobody_watches_once_the_work_is_over() -> None:
    died = threading.Event()
    running = asyncio.create_task(LoopWatchdog(TICK_SECONDS, lambda _: None, died.set).run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})
    assert not died.wait(10 * TICK_SECONDS)
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}


@virtual_time
async def test_memory_past_its_limit_is_noticed_within_seconds_and_not_before(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    held, begun = 100.0, clock()
    monkeypatch.setattr(
        watchdog.psutil,
        "Process",
        lambda: SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=held * 2**20)),
    )
    passed = asyncio.create_task(past_memory_limit(100.0, clock))
    await asyncio.sleep(10 * MEMORY_CHECK_SECONDS)
    assert not passed.done(), "the limit itself is allowed"
    held = 101.0
    with caplog.at_level(logging.WARNING):
        await passed
    assert clock() - begun <= 11 * MEMORY_CHECK_SECONDS
    assert caplog.records[-1].__dict__["rss_mb"] == 101
