"""Which folders of recordings in a store may be deleted because the database has no recording of theirs.

A backup of the database that was put back knows nothing of what was recorded after it, and a store may hold what is not
ours: so little is deleted, late, and nothing where much is unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

DAY_SECONDS = 86_400.0
MOST_AT_ONCE = 20
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NAME = r"index\.m3u8|segment_[0-9]+\.ts|recording\.mp4|image_[0-9]+\.jpe?g"
OURS = re.compile(f"{UUID}/{UUID}/[0-9]{{1,4}}/(?:{NAME})")
"""A file as Egress is asked to call it, below the folder of a session."""
FOLDER = re.compile(UUID)
"""The name of a session's folder, and of a recording's in it."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look at a store saw, and what the database says of it. Times in seconds since the epoch."""

    seen: int
    """How many recordings."""
    strays: Mapping[str, float]
    """Those that no row knows, by their prefix: when a look first saw each."""
    deleted: tuple[str, ...]
    """Those whose row says that they are deleted."""
    share: float
    """Which part of those that were seen may be unknown."""
    now: float


@dataclass(frozen=True, slots=True)
class Choice:
    prefixes: tuple[str, ...]
    """Whose files may go: at most `MOST_AT_ONCE` of either kind."""
    refused: bool
    """Too much is unknown: somebody must look."""


def chosen(looked: Looked) -> Choice:
    """What may be deleted after this look: what the rows say is deleted at once, what no row knows after a day."""
    ripe = sorted(prefix for prefix, noted in looked.strays.items() if noted <= looked.now - DAY_SECONDS)
    refused = bool(ripe) and len(looked.strays) > looked.share * looked.seen
    return Choice((*looked.deleted[:MOST_AT_ONCE], *(() if refused else ripe[:MOST_AT_ONCE])), refused)


def may_go(prefix: str, files: Mapping[str, float], looked: Looked) -> tuple[str, ...]:
    """The files of a recording that was chosen: those with names of ours, and of a stray none while one is young.

    `files`: their paths, and when each was written.
    """
    if prefix in looked.strays and any(at > looked.now - DAY_SECONDS for at in files.values()):
        return ()
    return tuple(sorted(path for path in files if path.startswith(f"{prefix}/") and OURS.fullmatch(path)))
