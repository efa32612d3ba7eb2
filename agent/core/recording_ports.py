"""What recording needs of the world: LiveKit's Egress, the rows of recordings, and the files that come of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.core.clock import DatabaseClock
from agent.core.lease import Lease, RoomName
from agent.core.metrics import Counter, Gauge, Histogram, Labelled
from agent.core.ports import PortError, RoomCalls
from handlers.facts import Identity
from handlers.recording_facts import Recording, SeenEgress, TellRecording


class NotBegun(PortError):
    """Egress, or LiveKit for it, said that nothing is begun. `code`: limit, unanswered, refused, gone or storage;
    `seconds`: before which it is not to be asked again."""

    def __init__(self, code: str, words: str, seconds: float = 0.0) -> None:
        super().__init__(words)
        self.code, self.seconds = code, seconds


@dataclass(frozen=True, slots=True)
class PartOrder:
    """What Egress is asked for."""

    room: RoomName
    mode: str
    """audio, host or composite."""
    host: Identity | None
    prefix: str
    """The folder of its files in the bucket."""
    mp4: bool
    """Whether it is stored as one file as well."""
    until: float
    """For how long at most what it is given must be good, seconds since the epoch."""


class Egresses(Protocol):
    """LiveKit's Egress. One attempt per call."""

    async def begin(self, order: PartOrder) -> str:
        """The id of what has been begun. Raises `NotBegun`, and `Unavailable` when it may have been begun after all."""

    async def stop(self, egress_id: str) -> None:
        """Ask for its end. What has ended already is stopped. Raises `Unavailable`."""

    async def of(self, room: RoomName) -> Sequence[SeenEgress]:
        """Every Egress of a room, those that are over as well. Raises `Unavailable`."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What has become true of a recording, with the right to say so: a lease, or an errand's number."""

    recording: str
    told: TellRecording
    lease: Lease | None
    errand: int | None = None
    size: int | None = None
    """Bytes of all its files, and how long it plays."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    ok: bool
    error: str | None = None


class RecordingRows(Protocol):
    """The database. All raise `Unavailable` or `Refused`."""

    async def recordings(self, leases: Sequence[Lease]) -> Mapping[RoomName, tuple[Recording, ...] | None]:
        """What is not over in these rooms; None: the room is not ours any more."""

    async def recording_errands(self) -> tuple[Recording, ...]:
        """What is not over and whose room nobody holds; ours for 30 s, and longer when asked again."""

    async def report_recordings(self, rows: Sequence[ReportRow]) -> Sequence[Reported]:
        """Write what has become true. One answer for each row, in their order."""


class RecordingFiles(Protocol):
    """The files of one store, no matter who runs it. A path has no slash in front.

    All raise `Unavailable` (no answer) and `Refused` (it will be refused again).
    """

    async def files(self, folder: str) -> Mapping[str, int]:
        """The files in a folder by their names in it, with their bytes; none where there is no such folder."""

    async def read(self, path: str) -> bytes:
        """What a file holds. `Refused`: it is not there."""

    async def remove(self, paths: Sequence[str]) -> None:
        """Delete files; those that are not there are no error."""

    async def recordings(self, after: str, sessions: int) -> "StoredFolders":
        """The folders of recordings, of so many sessions whose names come after `after`, in the order of bytes. All of
        them or an error: what is not in the answer is not there."""

    async def written(self, prefix: str) -> Mapping[str, float]:
        """All files below a recording's folder by their whole paths: when each was written, seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class StoredFolders:
    prefixes: tuple[str, ...]
    """`<session>/<recording>`, both UUIDs."""
    upto: str
    """The last session of them; empty: the store has no more."""


class RecordedFiles(Protocol):
    """What has been stored, in every store that this worker knows."""

    @property
    def store(self) -> str:
        """Where what is recorded from now on is stored."""

    async def measure(self, store: str, prefix: str) -> tuple[int, float]:
        """Bytes, and seconds that can be played, of one part; none where nothing was stored. Raises `PortError`."""


class RecordingMetrics(Protocol):
    @property
    def recordings(self) -> Gauge: ...
    @property
    def recording_parts(self) -> Labelled[Counter]:
        """Label: begun, lost, or why not begun."""

    @property
    def recording_begin_seconds(self) -> Histogram: ...
    @property
    def recording_past_wish(self) -> Gauge:
        """Seconds."""


@dataclass(frozen=True, slots=True)
class RecordingOutside:
    """All of it."""

    rows: RecordingRows
    egresses: Egresses
    calls: RoomCalls
    files: RecordedFiles
    clock: DatabaseClock
    metrics: RecordingMetrics
