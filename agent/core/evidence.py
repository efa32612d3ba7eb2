"""Clips on their way to storage: encoded beside the loop, stored a few at a time, tried again for a while.

Bounded: what is waiting is at most `MOST_WAITING` clips of some 1.3 MB. What is not stored within `WITHIN_SECONDS` is
given up and said so; the incident stands without its sound then.
"""

import asyncio
import contextlib
import hashlib
import logging
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agent.core.backoff import Backoff
from agent.core.errand import Errand
from agent.core.lease import Clip
from agent.core.metrics import Counter, Labelled
from agent.core.ports import Refused, Unavailable
from moderation.audio.kept import joined
from moderation.timestamps import text_of

log = logging.getLogger(__name__)

MOST_WAITING = 30
AT_ONCE = 3
WITHIN_SECONDS = 600.0
REFUSED_SECONDS = 60.0
"""The incident of a clip may still be on its way to the database, which has no cause for it until then."""
FIRST_RETRY_SECONDS, RETRY_CAP_SECONDS = 0.5, 20.0
GOODBYE_SECONDS = 5.0
CLIPS = uuid.UUID("0d5e9d0e-37a5-4cf8-8f5d-6f5f1f0c7a42")
"""Namespace of the ids of clips of incidents: one that is stored again is the same."""

Encode = Callable[[bytes], Awaitable[bytes]]
"""One channel, 16 bits a sample at 16 kHz, as a file; beside the loop."""


@dataclass(frozen=True, slots=True)
class StoredClip:
    """A clip as it is stored. Times are ISO 8601."""

    row: Mapping[str, Any]
    """What `agent_evidence` takes."""
    content: bytes
    sha256: str


class Shelf(Protocol):
    """Where clips are stored."""

    async def put(self, clip: StoredClip) -> None:
        """Store it under its id; the same again changes nothing. Raises `Unavailable`, or `Refused` where there is no
        cause for it."""

    async def delete_due(self) -> int:
        """Delete what is past its time; how many. Raises `PortError`."""


class Evidence:
    """`add` clips; `run` it."""

    def __init__(
        self, shelf: Shelf, encode: Encode, incident_id: Callable[[Clip], str], clips: Labelled[Counter]
    ) -> None:
        """`clips` counts; label: stored or lost."""
        self._shelf, self._encode, self._incident_id, self._clips = shelf, encode, incident_id, clips
        self._waiting: deque[Clip] = deque()
        self._filled = asyncio.Event()
        self._deleting = Errand(self._delete_due, "clips not deleted")

    @property
    def waiting(self) -> int:
        """Clips that nobody has taken up yet."""
        return len(self._waiting)

    def add(self, clip: Clip) -> None:
        """Take a clip to be encoded and stored. Never blocks: past `MOST_WAITING` the oldest is given up, and counted.
        Take a clip to be encoded and stored. Never blocks: past `MOST_WAITING` the oldest is given up, and counted."""
        if len(self._waiting) >= MOST_WAITING:
            self._lost(self._waiting.popleft(), "too many clips wait")
        self._waiting.append(clip)
        self._filled.set()

    def due(self) -> None:
        """Something is past its time."""
        self._deleting.due()

    async def run(self) -> None:
        """Store and delete for ever; when cancelled, what waits is still stored, if that is soon done."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._deleting.run(), name="evidence sweep")
                for number in range(AT_ONCE):
                    tasks.create_task(self._store_for_ever(), name=f"evidence {number}")
        finally:
            last = asyncio.create_task(self._store_waiting(), name="last evidence")
            await asyncio.wait({last}, timeout=GOODBYE_SECONDS)
            last.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await last

    async def _store_for_ever(self) -> None:
        while True:
            while not self._waiting:
                self._filled.clear()
                await self._filled.wait()
            await self._store_next()

    async def _store_waiting(self) -> None:
        while self._waiting:
            await self._store_next()

    async def _store_next(self) -> None:
        clip = self._waiting.popleft()
        try:
            await self._store(clip)
        except asyncio.CancelledError:
            self._waiting.appendleft(clip)
            raise
        except Exception as error:  # a clip must not take the others with it
            log.exception("clip failed", extra={"room": clip.lease.room})
            self._lost(clip, repr(error))

    async def _store(self, clip: Clip) -> None:
        loop = asyncio.get_running_loop()
        began, backoff = loop.time(), Backoff(FIRST_RETRY_SECONDS, RETRY_CAP_SECONDS)
        stored = await self._encoded(clip)
        while True:
            try:
                await self._shelf.put(stored)
            except (Unavailable, Refused) as error:
                within = REFUSED_SECONDS if isinstance(error, Refused) else WITHIN_SECONDS
                if loop.time() - began > within:
                    self._lost(clip, str(error))
                    return
                log.warning("clip not stored yet", extra={"room": clip.lease.room, "error": str(error)})
                await asyncio.sleep(backoff.pause())
            else:
                self._clips.labels("stored").inc()
                log.info("clip stored", extra={"room": clip.lease.room, "clip": stored.row["id"]})
                return

    async def _encoded(self, clip: Clip) -> StoredClip:
        samples, begins = joined(clip.blocks)
        content = await self._encode(samples.tobytes())
        incident = None if clip.effect.incident is None else self._incident_id(clip)
        row = {
            "room": clip.lease.room,
            "id": clip.effect.order or str(uuid.uuid5(CLIPS, str(incident))),
            "user_id": clip.effect.identity,
            "incident_id": incident,
            "from_at": text_of(begins),
            "to_at": text_of(clip.blocks[-1].at),
        }
        return StoredClip(row, content, hashlib.sha256(content).hexdigest())

    def _lost(self, clip: Clip, why: str) -> None:
        self._clips.labels("lost").inc()
        log.error("clip lost", extra={"room": clip.lease.room, "error": why})

    async def _delete_due(self) -> None:
        while deleted := await self._shelf.delete_due():
            log.info("clips deleted", extra={"clips": deleted})
