"""Waiting for what must become true, by a deadline; never for a fixed time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

Answer = TypeVar("Answer")

POLL_SECONDS = 0.01
DEADLINE_SECONDS = 20.0


class NotInTimeError(AssertionError):
    """What was waited for did not come about. An assertion: to a test and to the demo it is a failed check."""


@overload
async def until(
    what: str, probe: Callable[[], Awaitable[Answer | None]], within: float = DEADLINE_SECONDS
) -> Answer: ...
@overload
async def until(
    what: str, probe: Callable[[], Answer | None], within: float = DEADLINE_SECONDS
) -> Answer: ...
async def until(what: str, probe: Callable[[], Any], within: float = DEADLINE_SECONDS) -> Any:
    """The first truthy answer of `probe`, which is asked again and again for `within` seconds.

    Raises:
        NotInTimeError: names what was awaited, and the last answer.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        answered = probe()
        answer = await answered if inspect.isawaitable(answered) else answered
        if answer:
            return answer
        if loop.time() > deadline:
            raise NotInTimeError(f"not within {within:g} s: {what} (last: {answer!r})")
        await asyncio.sleep(POLL_SECONDS)


async def within(seconds: float, what: str, waiting: Awaitable[Answer]) -> Answer:
    """The result of `waiting`, which stays untouched when it is late.

    Raises:
        NotInTimeError: it took longer.
    """
    future = asyncio.ensure_future(waiting)
    done, _ = await asyncio.wait({future}, timeout=seconds)
    if not done:
        raise NotInTimeError(f"not within {seconds:g} s: {what}")
    return future.result()
