"""The two reads of the data API that the relay needs, and how often they are tried."""

from collections.abc import Sequence
from typing import Protocol

from agent.core.backoff import Backoff
from local.people.relay_packet import Json

QUERY_TIMEOUT_SECONDS = 8.0
MAX_TRIES = 5


class SourceUnavailableError(Exception):
    """The data API did not answer, or not now; asking again may help."""


class RelaySource(Protocol):
    """The two reads of the data API, as who is signed in. Any error but `SourceUnavailableError` is a bug."""

    async def events_since(self, session_id: str, after_seq: int, limit: int) -> Sequence[Json]:
        """Rows of `live_events_since`. Raises `SourceUnavailableError`."""

    async def relay_keys(self) -> Sequence[Json]:
        """Rows of `relay_keys`, those that are good for longest first. Raises `SourceUnavailableError`."""


def retries() -> Backoff:
    """The pauses between tries. The app's grow to 30 s: simulated people are few."""
    return Backoff(0.5, 2.0)
