"""Finds rooms that nobody moderates, and takes them; and keeps the sweep going, which needs the same list.

LiveKit dispatches an agent once, when a room opens; a crash, a drain or a room opened while no worker was up leaves it
alone for good. So every worker compares LiveKit's rooms with the leases and serves what is left over. It joins with a
token of its own instead of asking for a dispatch, which without a registered worker would be lost silently; the lease
decides between two watchers. Where a lease was not renewed in time somebody joins already before it has run out.

A room with a name of ours whose session or call the database does not know is closed, by the database's leave.

That LiveKit does not list a room is no proof that it is gone: a server that has lost its memory lists none while people
talk. Where the database was told that somebody is there, a worker joins and looks for itself.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from agent.core.ports import Overview, PortError, RoomName, Swept, Unavailable, Unclaimed
from agent.core.shared import Shared

log = logging.getLogger(__name__)

EARLY_SECONDS = 1.0
"""A lease with less than this left has missed its renewals; joining takes a good part of that."""
AFTER_EXPIRY_SECONDS = 0.02
SHORTEST_PAUSE_SECONDS = 0.1
BLIND_LOOKS = 2
"""So many failed listings in a row are no hiccup: others may see LiveKit where we do not."""
FAILED_RETRY_SECONDS = 0.5


class RoomHost(Protocol):
    """What takes the rooms that are found; `agent.core.host` is it."""

    @property
    def rooms(self) -> Collection[RoomName]:
        """Those that it has. Their leases are its own affair: the watcher need not look when they would run out."""

    def serve(self, room: RoomName, succeed_at: float | None = None) -> None:
        """See to it that this room is moderated; see `Host.serve`."""

    async def offer_all(self) -> None:
        """Let other workers take its rooms, for when LiveKit cannot be reached from here."""


class Watcher:
    def __init__(
        self,
        shared: Shared,
        host: RoomHost,
        *,
        every_seconds: float,
        grace_seconds: float,
        swept: Callable[[Swept], None] = lambda _: None,
    ) -> None:
        """`grace_seconds`: for so long after the database last did not answer nothing is taken, since leases may have
        run out only because nobody could renew them. `swept`: told what each sweep of ours found."""
        self._store, self._actions, self._monotonic = shared.store, shared.actions, shared.clock.monotonic
        self._host, self._blind_looks = host, 0
        self._every, self._grace = every_seconds, grace_seconds
        self._tell_swept = swept
        self._there: frozenset[RoomName] = frozenset()
        self._missed: frozenset[RoomName] = frozenset()
        """Rooms that somebody was in at the last list, which missed them."""
        self._doubtful: frozenset[RoomName] = frozenset()
        """Those that two lists in a row have missed."""
        self._listed_anew = False
        self._list_at = float("-inf")
        self._hint = asyncio.Event()
        self._alone: dict[RoomName, float] = {}
        self._unclaimed: Sequence[Unclaimed] = ()
        self.looked_at = 0.0
        """When it last saw all rooms (Unix time)."""
        self.orphans = 0
        """Rooms with a name of ours that the database did not know at the last sweep; 0 when another worker sweeps."""
        self.orphans_closed = 0
        self.swept = Swept()
        """What the last sweep told; nothing when another worker sweeps."""

    @property
    def unmoderated(self) -> Mapping[RoomName, float]:
        """Rooms of running sessions and calls that nobody moderates, and for how many seconds that is known."""
        now = self._monotonic()
        return {room: now - since for room, since in self._alone.items()}

    @property
    def unlisted(self) -> int:
        """Rooms with people or workers in them that LiveKit does not list."""
        return max(len(self._doubtful), self.swept.unlisted)

    @property
    def unclaimed(self) -> Unclaimed:
        """What nobody had claimed at the last look, in LiveKit's rooms: elsewhere there is nobody to claim it."""
        return Unclaimed(
            sum(waiting.actions for waiting in self._unclaimed),
            max((waiting.oldest_seconds for waiting in self._unclaimed), default=0.0),
        )

    def hint(self) -> None:
        """Something is on offer: look now."""
        self._list_at = float("-inf")
        self._hint.set()

    async def run(self) -> None:
        """Look for ever: at every interval, at a hint, and before a lease runs out."""
        while True:
            pause = self._every
            try:
                pause = await self._look()
            except Unavailable as error:
                log.warning("could not look for unmoderated rooms", extra={"error": str(error)})
                pause = FAILED_RETRY_SECONDS
            except PortError as error:
                log.warning("could not look for unmoderated rooms", extra={"error": str(error)})
            self._hint.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._hint.wait()

    async def _look(self) -> float:
        """Serve what nobody serves. Returns for how long nothing more can be expected."""
        unknown: frozenset[RoomName] = frozenset()
        if self._monotonic() >= self._list_at:
            unknown, self._listed_anew = await self._list(), True
        overview = await self._store.overview()
        self._compare(overview)
        self._note(overview)
        leases = overview.leases
        now = self._monotonic()
        grace_left = self._store.failed_at + self._grace - now
        if grace_left > 0:
            return grace_left
        for room in unknown - leases.keys():
            self._host.serve(room, None)  # of no running session: it is deleted if its session is over
        for room in (self._there | self._doubtful) & leases.keys():
            left = leases[room]
            if left is None or left < EARLY_SECONDS:
                self._host.serve(room, now if left is None else now + left + AFTER_EXPIRY_SECONDS)
        others = self._there & leases.keys() - self._host.rooms
        sound = [left for room in others if (left := leases[room]) and left >= EARLY_SECONDS]
        return max(
            SHORTEST_PAUSE_SECONDS, min([self._list_at - now, *(left - EARLY_SECONDS for left in sound)])
        )

    async def _list(self) -> frozenset[RoomName]:
        """Take in LiveKit's rooms, and let the sweep have them. Returns those that are new."""
        try:
            there = await self._actions.rooms()
        except Unavailable:
            await self._blind()
            raise
        self._blind_looks = 0
        self.swept = await self._store.sweep(there)
        if self.swept.open_circuits:
            log.warning("rules only observe", extra={"circuits": self.swept.open_circuits})
        if self.swept.unlisted:
            log.warning(
                "LiveKit does not list rooms that workers are in", extra={"rooms": self.swept.unlisted}
            )
        self._tell_swept(self.swept)
        await self._close_orphans(self.swept)
        new, self._there = there - self._there, there
        self._list_at = self._monotonic() + self._every
        return new

    async def _close_orphans(self, swept: Swept) -> None:
        """Close what belongs to nobody any more. The database says which, and how many at a time."""
        self.orphans = swept.orphans
        if swept.orphans:
            log.warning(
                "rooms without a session", extra={"rooms": swept.orphans, "closing": len(swept.close)}
            )
        for room in swept.close:
            try:
                await self._actions.close(room)
            except PortError as error:
                log.warning("orphan room not closed", extra={"room": room, "error": str(error)})
            else:
                self.orphans_closed += 1
                log.warning("orphan room closed", extra={"room": room})

    def _compare(self, overview: Overview) -> None:
        """What is occupied and not listed. A room that has just been opened, or is just being closed, is so once."""
        missed = overview.occupied - self._there
        if self._listed_anew:
            self._listed_anew = False
            self._doubtful, self._missed = missed & self._missed, missed
        self._doubtful &= missed
        if self._doubtful:
            log.warning(
                "LiveKit does not list rooms with people in them", extra={"rooms": len(self._doubtful)}
            )

    async def _blind(self) -> None:
        """LiveKit does not answer. Our rooms keep us as long as nobody else has a better view."""
        self._blind_looks += 1
        if self._blind_looks >= BLIND_LOOKS:
            await self._host.offer_all()

    def _note(self, overview: Overview) -> None:
        now, self.looked_at = self._monotonic(), time.time()
        there = (self._there | self._doubtful) & overview.leases.keys()
        alone = {room for room in there if overview.leases[room] is None}
        self._alone = {room: self._alone.get(room, now) for room in alone}
        self._unclaimed = [overview.unclaimed[room] for room in self._there & overview.unclaimed.keys()]
