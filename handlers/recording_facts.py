"""A recording as the database has it, what LiveKit shows of it, and what can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from handlers.facts import Identity


class EgressStage(Enum):
    """How an Egress stands, as LiveKit's list has it."""

    STARTING = "starting"
    ACTIVE = "active"
    ENDING = "ending"
    COMPLETE = "complete"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Nothing more comes of it."""
        return self in (EgressStage.COMPLETE, EgressStage.FAILED)


@dataclass(frozen=True, slots=True)
class SeenEgress:
    """One Egress as LiveKit lists it. Times are seconds since the epoch."""

    id: str
    prefix: str
    """The folder of its files."""
    stage: EgressStage
    started_at: float | None = None
    ended_at: float | None = None
    size: int = 0
    """Bytes."""
    seconds: float = 0.0
    error: str = ""


class Sight(NamedTuple):
    """What LiveKit shows of a room. None: it did not say."""

    egresses: Sequence[SeenEgress] | None
    recorders: frozenset[str] | None
    """Those in the room who are neither people nor agents; an Egress is there under its own id."""
    publishers: frozenset[Identity] | None
    """People who may publish now."""


@dataclass(frozen=True, slots=True)
class Part:
    number: int
    egress_id: str | None
    prefix: str
    store: str
    """Where its files lie."""
    asked_at: float
    started_at: float | None = None
    ended_at: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as the database has it."""

    id: str
    room: str
    mode: str
    wanted: bool
    state: str
    begins_at: float
    max_until: float
    prefix: str
    consented: frozenset[Identity]
    parts: tuple[Part, ...] = ()
    host: Identity | None = None
    mp4: bool = False
    """Whether each part is stored as one file as well."""
    errand: int | None = None
    """Set where nobody holds the room: it may be ended, and not begun."""

    @property
    def open_part(self) -> Part | None:
        """The one that has not ended."""
        last = self.parts[-1] if self.parts else None
        return last if last is not None and last.ended_at is None else None

    @property
    def has_begun(self) -> bool:
        """Whether anything was ever recorded."""
        return any(part.started_at is not None for part in self.parts)


@dataclass(frozen=True, slots=True)
class Memory:
    """What was noticed at earlier looks. Times are the database's clock."""

    first_at: float
    """Since when we have looked after it."""
    seen_at: float | None = None
    """When its recorder was last seen in the room."""
    missing_since: float | None = None
    stop_first_at: float | None = None
    stop_last_at: float | None = None
    failures: int = 0
    retry_at: float = 0.0
    failed_part: int = 0
    """The last one whose failure is counted here."""
    fault: tuple[str, str] | None = None
    """Code and words of the last failure to begin."""


# ------------------------------------------------------------ what is to be done


@dataclass(frozen=True, slots=True)
class PartFact:
    """What is known of a part; None changes nothing."""

    number: int
    egress_id: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    size: int | None = None
    seconds: float | None = None
    error: str | None = None
    store: str | None = None


class RecordingGap(NamedTuple):
    from_at: float
    to_at: float
    why: str


@dataclass(frozen=True, slots=True)
class TellRecording:
    """Write what has become true."""

    state: str | None = None
    part: PartFact | None = None
    gap: RecordingGap | None = None
    code: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class BeginPart:
    """Write that this part is begun, and only then ask Egress for it."""

    number: int


@dataclass(frozen=True, slots=True)
class StopEgress:
    egress_id: str


@dataclass(frozen=True, slots=True)
class RemoveRecorder:
    """Put it out of the room: it does not stop when it is asked to."""

    egress_id: str


@dataclass(frozen=True, slots=True)
class SumUp:
    """Its parts are over: look at the files and say whether they can be played. What Egress itself said of them:"""

    size: int
    seconds: float


RecordingStep = TellRecording | BeginPart | StopEgress | RemoveRecorder | SumUp
