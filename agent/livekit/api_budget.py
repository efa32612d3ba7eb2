"""A token bucket with two classes over LiveKit's server API, whose Cloud limits calls per minute.

Kick, ban and mute go first: a call that is not urgent waits while an urgent one does. When LiveKit has had
enough all the same (429), nothing is called until the time that it names.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable

from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse

TOO_MANY_REQUESTS = 429
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
"""Where LiveKit names no time, and at most: nobody may keep mutes waiting for long."""
ENOUGH = 1 - 1e-9
"""A whole token, but for the rounding of the clock."""


class ApiBudget:
    """`rate` calls a second, at most `burst` at once. Time is monotonic seconds."""

    def __init__(self, rate: float, burst: int, monotonic: Callable[[], float]) -> None:
        self._rate, self._burst, self._monotonic = rate, burst, monotonic
        self._tokens, self._filled_at = float(burst), monotonic()
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._paused_until = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    async def take(self, *, urgent: bool) -> None:
        """Returns when the call may be made."""
        self._fill()
        if not self._waiting and self._tokens >= 1 and self._paused <= 0:
            self._tokens -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not urgent, next(self._order), turn))
        self._schedule()
        await turn

    def pause(self, seconds: float) -> None:
        """Hand out nothing for so long. What waits goes on in its order afterwards."""
        self._fill()
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._waiting)

    def _fill(self) -> None:
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now

    @property
    def _paused(self) -> float:
        """Seconds that the pause goes on."""
        return self._paused_until - self._monotonic()

    def _schedule(self) -> None:
        if self._timer is None:
            delay = max(0.0, (1 - self._tokens) / self._rate, self._paused)
            self._timer = asyncio.get_running_loop().call_later(delay, self._serve)

    def _serve(self) -> None:
        self._timer = None
        self._fill()
        while self._waiting and self._tokens >= ENOUGH and self._paused <= 0:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                self._tokens -= 1
                turn.set_result(None)
        if self._waiting:
            self._schedule()


def heed_limit(budget: ApiBudget) -> ClientMiddlewareType:
    """For the HTTP session of LiveKit's API: a 429 pauses the budget for as long as `Retry-After` says."""

    async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        if response.status == TOO_MANY_REQUESTS:
            budget.pause(retry_after(response.headers.get("Retry-After")))
        return response

    return middleware


def retry_after(header: str | None) -> float:
    """Seconds to wait. A date, which HTTP allows as well, is no time that two clocks agree on."""
    try:
        seconds = float(header or PAUSE_SECONDS)
    except ValueError:
        return PAUSE_SECONDS
    return min(max(seconds, 0.0), LONGEST_PAUSE_SECONDS)
