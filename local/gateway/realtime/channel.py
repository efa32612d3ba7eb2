"""One client's membership of one topic."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from local.gateway.keys import Claims
from local.gateway.realtime.authorization import TopicPermission
from local.gateway.realtime.bindings import Binding
from local.gateway.realtime.frames import Frame

PREFIX = "realtime:"


@dataclass(eq=False)
class Channel:
    """What a join set up. `topic` is without Phoenix' prefix; private and public topics of a name are two."""

    outbox: Callable[[Frame], None]
    topic: str
    join_ref: str | None
    private: bool
    claims: Claims
    permission: TopicPermission
    bindings: tuple[Binding, ...] = ()
    echo: bool = False
    acknowledge: bool = False
    announced: bool = False
    """Whether the client was told that changes flow; none does before."""
    _expiry: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, bool]:
        """Its topic, and whether it is private: one topic may be joined as both."""
        return self.topic, self.private

    def send(self, event: str, payload: Mapping[str, Any]) -> None:
        """Put a frame of this topic into the socket's queue."""
        self.outbox(Frame(PREFIX + self.topic, event, dict(payload)))

    def system(self, extension: str, status: str, message: str) -> None:
        """Tell how an extension stands, as Realtime does."""
        self.send(
            "system", {"extension": extension, "status": status, "message": message, "channel": self.topic}
        )

    def expire_with_token(self, close: Callable[[Self, str], None]) -> None:
        """Closes the channel when its token's time is over, unless a newer token comes first."""
        self.stop_timer()
        left = float(self.claims["exp"]) - time.time()
        self._expiry = asyncio.get_running_loop().call_later(max(left, 0), close, self, "Token has expired")

    def stop_timer(self) -> None:
        """Its token's end closes it no more."""
        if self._expiry:
            self._expiry.cancel()
            self._expiry = None
