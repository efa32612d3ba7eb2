"""How often one address may sign in: the platform's own limits, as token buckets.

As Supabase Auth does it, an address is what the header says; a request without the header is not limited. So the
people of the tests, who all come from this machine, are not each other's limit; anyone who sends the header is held to
it."""

import time
from collections import OrderedDict
from collections.abc import Callable

from local.gateway.auth.errors import AuthError

HEADER = "X-Forwarded-For"
BURST = 30
TOKENS_PER_HOUR, ANONYMOUS_PER_HOUR = 1800.0, 30.0
"""`/token` (sign-in and refresh), and anonymous sign-ups, for each address."""
ADDRESSES = 10_000
"""Remembered at once; the one that was quiet longest is forgotten first."""


class Limit:
    """So many an hour for each address, `BURST` of them at once. `now`: seconds of a clock that never goes back."""

    def __init__(self, per_hour: float, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._now = per_hour / 3600, now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Raises AuthError (429) for one too many."""
        if not address:
            return
        now = self._now()
        left, at = self._left.pop(address, (float(BURST), now))
        left = min(float(BURST), left + (now - at) * self._per_second)
        self._left[address] = (left - 1 if left >= 1 else left, now)
        while len(self._left) > ADDRESSES:
            self._left.popitem(last=False)
        if left < 1:
            raise AuthError(429, "over_request_rate_limit", "Request rate limit reached")
