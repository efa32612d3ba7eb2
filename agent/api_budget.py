"""A token bucket with two classes over LiveKit's server API, whose Cloud limits calls per minute.

Kick, ban and mute go first: a call that is not urgent waits while an urgent one does.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable

ENOUGH = 1 - 1e-9
"""A whole token, but for the rounding of the clock."""


class ApiBudget:
    """`rate` calls a second, at most `burst` at once. Time is monotonic seconds."""

    def __init__(self, rate: float, burst: int, monotonic: Callable[[], float]) -> None:
        self._rate, self._burst, self._monotonic = rate, burst, monotonic
        self._tokens, self._filled_at = float(burst), monotonic()
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    async def take(self, *, urgent: bool) -> None:
        """Returns when the call may be made."""
        self._fill()
        if not self._waiting and self._tokens >= 1:
            self._tokens -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not urgent, next(self._order), turn))
        self._schedule()
        await turn

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._waiting)

    def _fill(self) -> None:
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now

    def _schedule(self) -> None:
        if self._timer is None:
            delay = max(0.0, (1 - self._tokens) / self._rate)
            self._timer = asyncio.get_running_loop().call_later(delay, self._serve)

    def _serve(self) -> None:
        self._timer = None
        self._fill()
        while self._waiting and self._tokens >= ENOUGH:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                self._tokens -= 1
                turn.set_result(None)
        if self._waiting:
            self._schedule()
