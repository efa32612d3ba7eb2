"""How a worker is woken: a hint that names a room, or says that rooms were handed over or are on offer.

Two things wake: Realtime (`agent.supabase.wakeups`) and a worker's own lane to Postgres (`agent.postgres.listen`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agent.core.lease import RoomName
from agent.core.metrics import Counter, Gauge


class WakeUpMetrics(Protocol):
    @property
    def wakeups(self) -> Counter: ...
    @property
    def wakeups_connected(self) -> Gauge: ...
    @property
    def last_wakeup(self) -> Gauge:
        """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told what came. None of these may raise."""

    wake: Callable[[RoomName], None]
    """This room has news."""
    offered: Callable[[], None]
    """A leaving worker offers its rooms; told to the one that watches over what nobody has."""
    handed: Callable[[], None]
    """Rooms were handed to this worker."""
    missed: Callable[[], None]
    """Hints may have been missed until now."""


class Hints(Protocol):
    joined: bool
    """Whether hints come in at this moment."""

    def distrust(self) -> None:
        """The database had news that no hint announced: start over with a new connection."""

    def lead(self, *, on: bool) -> None:
        """From now on this worker watches over what nobody has, or does no more."""

    async def run(self, listener: Listener) -> None:
        """Listen for ever."""
