"""The database's clock, as this process sees it.

Desired state ends "to the second" by the database's clock, and machines disagree about the time, so `now` is the
monotonic clock plus an offset learned from the database's own answers.
"""

import time
from collections.abc import Callable

TRUST_SECONDS = 60.0
"""For this long a sample taken over a faster round trip is better than a newer, slower one."""


class DatabaseClock:
    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.monotonic = monotonic
        self._offset = time.time() - monotonic()
        self._round_trip = float("inf")
        self._taken_at = float("-inf")

    def learn(self, database_now: float, sent_at: float, answered_at: float) -> None:
        """Take the time that an answer carried; `sent_at` and `answered_at` are monotonic (Cristian's algorithm)."""
        round_trip = answered_at - sent_at
        if round_trip > self._round_trip and answered_at - self._taken_at < TRUST_SECONDS:
            return
        self._offset = database_now - (sent_at + answered_at) / 2
        self._round_trip, self._taken_at = round_trip, answered_at

    def now(self) -> float:
        """The database's time now, in seconds since the epoch."""
        return self.at(self.monotonic())

    def at(self, monotonic: float) -> float:
        """The database's time at this moment of the process's own clock."""
        return monotonic + self._offset
