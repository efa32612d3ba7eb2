"""Whether wake-ups announce what is new, judged by rows that were found without one.

Hosted Realtime drops messages in silence once a project's budget is spent; then the beat alone makes acts prompt.
"""

import math
from collections.abc import Callable, Iterable

from agent.core.clock import DatabaseClock
from agent.core.metrics import RoomMetrics

ANNOUNCED_SECONDS = 0.2
"""By then a wake-up has announced a row, if one does. Much less than a beat, as the one who asks again when the row
before is through is in step with it."""
MEANT_TO_WAKE_SECONDS = 0.05
"""A row that a beat finds at this age was probably not announced: a reason to look more often, and none to distrust."""
DOUBTFUL_FOR_SECONDS = 60.0
DEAF_AFTER = 3
"""So many beats that found what no wake-up announced, and no wake-up meanwhile: the channel delivers nothing, whatever
its state says. Beats, not rows: a crowd of rows may all be a little early."""


class Announced:
    def __init__(self, clock: DatabaseClock, metrics: RoomMetrics, deaf: Callable[[], None]) -> None:
        """`deaf` is called when rows come that wake-ups should have announced."""
        self._clock, self._metrics, self._deaf = clock, metrics, deaf
        self._doubtful_until = -math.inf
        self.unannounced = 0
        """Looks since the last wake-up that found rows which none had announced."""

    def woken(self) -> None:
        """A wake-up came: the channel delivers."""
        self.unannounced = 0

    def doubt(self) -> None:
        """Wake-ups may be missing for a minute."""
        self._doubtful_until = self._clock.monotonic() + DOUBTFUL_FOR_SECONDS

    @property
    def doubtful(self) -> bool:
        """Whether wake-ups may be missing now."""
        return self._clock.monotonic() < self._doubtful_until

    def found(self, created: Iterable[float]) -> None:
        """When the rows were asked (seconds since the epoch) that a look found of itself."""
        now = self._clock.now()
        ages = [now - at for at in created]
        if any(age > MEANT_TO_WAKE_SECONDS for age in ages):
            self.doubt()
        late = [age for age in ages if age > ANNOUNCED_SECONDS]
        self._metrics.poll_fallbacks.inc(len(late))
        self.unannounced += bool(late)
        if late and self.unannounced >= DEAF_AFTER:
            self._deaf()
