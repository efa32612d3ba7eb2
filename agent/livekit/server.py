"""Which LiveKit server this is, and the key that lets us in."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LiveKitServer:
    url: str
    key: str
    secret: str = field(repr=False)
