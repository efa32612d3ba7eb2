"""What a plan of hosted Supabase allows of Realtime, counted for the whole project.

A message counts once as it is sent and once for each client that it is delivered to. Past the average of a minute the
database's broadcasts are dropped in silence, as upstream; so are those that clients send.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Plan:
    """The quotas of Supabase's documentation ("Realtime limits")."""

    messages_per_second: int
    joins_per_second: int
    connections: int
    channels_per_connection: int
    payload_bytes: int


PLANS = {
    "free": Plan(100, 100, 200, 100, 256 * 1024),
    "pro": Plan(500, 500, 500, 100, 3_000 * 1024),
    "team": Plan(2_500, 2_500, 10_000, 100, 3_000 * 1024),
}


class Rate:
    """Events a second, averaged over the last minute, or over the time since the first if that is less.

    `idle_seconds`: for how long nothing was counted before.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, idle_seconds: int = 0) -> None:
        self._clock = clock
        self._counts: deque[int] = deque([0] * (idle_seconds + 1), maxlen=WINDOW_SECONDS)
        self._second = int(clock())

    def add(self, count: int) -> None:
        """So many now."""
        self._turn()
        self._counts[-1] += count

    @property
    def average(self) -> float:
        """Per second, over the window."""
        self._turn()
        return sum(self._counts) / len(self._counts)

    def _turn(self) -> None:
        now = int(self._clock())
        for _ in range(min(now - self._second, WINDOW_SECONDS)):
            self._counts.append(0)
        self._second = now


class Limits:
    """A project's plan and what it has used of it."""

    def __init__(
        self, plan: Plan, clock: Callable[[], float] = time.monotonic, idle_seconds: int = 0
    ) -> None:
        self.plan = plan
        self.dropped = 0
        """Messages that were sent past the limit, each counted once."""
        self.counted = 0
        self._messages, self._joins = Rate(clock, idle_seconds), Rate(clock)

    @property
    def messages_per_second(self) -> float:
        """As Realtime counts them: a mean over its window."""
        return self._messages.average

    def may_send(self, payload_bytes: int) -> bool:
        """Whether one more message goes out; one that does not is counted as dropped."""
        fits = payload_bytes <= self.plan.payload_bytes
        if fits and self._messages.average + 1 <= self.plan.messages_per_second:
            return True
        self.dropped += 1
        return False

    def count(self, messages: int) -> None:
        """So many messages were sent or delivered."""
        self.counted += messages
        self._messages.add(messages)

    def join_fault(self, connections: int) -> str | None:
        """Why a join is refused while so many clients are connected; else it is counted."""
        if connections > self.plan.connections:
            return "ConnectionRateLimitReached: Too many connected users"
        if self._joins.average >= self.plan.joins_per_second:
            return "ClientJoinRateLimitReached: Too many joins per second"
        self._joins.add(1)
        return None
