"""A room of this worker, as its puller and its performer know it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.core.lease import Lease
from handlers.events import Event
from handlers.facts import ActionId


@dataclass(slots=True)
class HeldRoom:
    """A room of this worker: its lease as the database last confirmed it, and where its news goes."""

    lease: Lease
    cursor: str
    valid_until: float
    """Monotonic. Counted from before the request was sent, so it never outlasts the database's own idea of it."""
    deliver: Callable[[Event], None]
    fail: Callable[[Exception], None]
    held_since: float
    """By the database's clock."""
    pulling: bool = field(default=False)
    more_events: bool = field(default=False)
    in_hand: set[ActionId] = field(default_factory=set)
    """Rows that were delivered and have no written outcome yet."""
