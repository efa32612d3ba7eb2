"""What the parts of the speech process hand to each other, and what it needs of the outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Flagged:
    """A speaker in a room whose words may be transcribed, as the database said last."""

    room: str
    identity: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What a flagged speaker said met these rules; nothing else of it is kept. Times: Unix seconds."""

    of: Flagged
    patterns: Sequence[str]
    begins: float
    ends: float


PictureState = Literal["shown", "black", "frozen"]


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """A frame of a camera that was scored: a JPEG, its score (0 to 1), and when it was taken (Unix seconds).

    Frozen, there is none: no JPEG, and `at` is since when.
    """

    room: str
    identity: str
    jpeg: bytes
    score: float
    at: float
    state: PictureState = "shown"


@dataclass(frozen=True, slots=True)
class SpeechRoom:
    """A room in which this process listens or looks."""

    room: str
    flagged: frozenset[str] = frozenset()
    """Whose words may be transcribed."""
    pictures: bool = False
    """Whether cameras may be looked at."""
    shown: bool = False
    """Whether somebody of ops has the room on the wall: they are shown what is looked at."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What the database wants now."""

    places: Mapping[str, SpeechRoom] = field(default_factory=dict)
    at_once: int = 2
    every_seconds: float = 10.0
    score: float = 0.85
    lists: Sequence[Mapping[str, Any]] | None = None
    """New lists; None: as before."""


@dataclass(slots=True)
class Told:
    """What the database said last, as all parts of the process see it."""

    orders: Orders = field(default_factory=Orders)

    def is_flagged(self, of: Flagged) -> bool:
        """Whether their words may be transcribed now."""
        place = self.orders.places.get(of.room)
        return place is not None and of.identity in place.flagged


class SpeechDesk(Protocol):
    """The database. All raise `agent.core.ports.PortError`."""

    async def pull(self) -> Orders:
        """Where to listen and look for the next ten seconds."""

    async def words(self, heard: Heard) -> None:
        """Open the person's case."""

    async def picture(self, seen: SeenFrame) -> None:
        """Open the person's case, and store the frame if it is wanted."""

    async def show(self, seen: SeenFrame) -> None:
        """Put the frame on the wall; the next one replaces it."""
