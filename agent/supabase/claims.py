"""Claims of leases, many in one call: what is asked while calls are under way goes with the next one.

Rooms come by the dozen, and a call costs more than a claim: twenty rooms at once, each with a call of its own, took a
quarter of what joining them took. A call that fails for several rooms is made again for each alone, so that one room's
fault is not another's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.core.lease import RoomName
from agent.core.ports import PortError
from handlers.facts import Identity

CALLS_AT_ONCE = 2
"""So that a call that hangs does not hold up all others."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A room that somebody wants, and the identity with which they join it."""

    room: RoomName
    bot: Identity
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """None: ask for it alone."""


class Claims:
    def __init__(self, ask: Callable[[Sequence[Asked]], Awaitable[Sequence[Any]]]) -> None:
        """`ask` makes one call: an answer for each room, in the same order. Raises PortError."""
        self._ask = ask
        self._waiting: list[Asked] = []
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE)

    async def claim(self, room: RoomName, bot: Identity) -> Any:
        """The database's answer for this room. Raises PortError."""
        mine = Asked(room, bot)
        self._waiting.append(mine)
        try:
            async with self._calls:
                if mine in self._waiting:
                    await self._ask_for_all()
            answer = await mine.answer
        finally:
            if mine in self._waiting:
                self._waiting.remove(mine)
        return (await self._ask([mine]))[0] if answer is None else answer

    async def _ask_for_all(self) -> None:
        batch, self._waiting = self._waiting, []
        answers: Sequence[Any] = [None] * len(batch)
        try:
            answers = await self._ask(batch)
        except PortError:
            if len(batch) == 1:
                raise
        finally:
            for asked, answer in zip(batch, answers, strict=True):
                if not asked.answer.done():  # its asker may have been cancelled
                    asked.answer.set_result(answer)
