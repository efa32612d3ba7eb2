"""How much is done at once: in all, for each person, and how many people may be thinking about a yes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from orchestrator.errors import RefusedError

AT_ONCE = 16
EACH = 4
"""So many of one person's calls: the others wait, and nobody else behind them."""
QUEUED_EACH = 32
"""Waiting and working; more are refused."""
THINKING = 64


class Turns:
    def __init__(self) -> None:
        self._all = asyncio.Semaphore(AT_ONCE)
        self._each: WeakValueDictionary[str, Turn] = WeakValueDictionary()
        self._thinking = 0

    @asynccontextmanager
    async def of(self, caller: str) -> AsyncIterator[None]:
        """A turn of this person's. Raises RefusedError when they have too many calls under way."""
        turn = self._each.get(caller)
        if turn is None:
            turn = self._each[caller] = Turn()
        if turn.queued >= QUEUED_EACH:
            raise RefusedError("rate_limited", f"{QUEUED_EACH} calls of yours are under way: wait for them")
        turn.queued += 1
        try:
            async with turn.slots, self._all:
                yield
        finally:
            turn.queued -= 1

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """While a person thinks. Raises RefusedError when too many do."""
        if self._thinking >= THINKING:
            raise RefusedError("rate_limited", "too many questions are open: answer those first")
        self._thinking += 1
        try:
            yield
        finally:
            self._thinking -= 1


class Turn:
    """One person's calls."""

    def __init__(self) -> None:
        self.slots = asyncio.Semaphore(EACH)
        self.queued = 0
