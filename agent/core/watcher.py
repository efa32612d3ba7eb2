"""Finds rooms that nobody moderates, and has them taken. The same question keeps the sweep going, which needs the list.

LiveKit dispatches an agent once, when a room opens; a crash, a drain or a room opened while no worker was up leaves it
alone for good. So one worker, the fleet's leader, compares LiveKit's rooms with the leases and hands out what is left
over. The one who takes a room joins with a token of its own instead of asking for a dispatch, which without a
registered worker would be lost silently; the lease decides between two. Where a lease was not renewed in time somebody
joins already before it has run out.

A room with a name of ours whose session or call the database does not know is closed, by the database's leave.

That LiveKit does not list a room is no proof that it is gone: a server that has lost its memory lists none while people
talk. Where the database was told that somebody is there, a worker joins and looks for itself.

The others look at LiveKit now and then, each the more rarely the more they are, and when a room of theirs is not as it
should be: a worker that cannot see LiveKit must let others have its rooms.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.core.fleet import EARLY_SECONDS, SHORTEST_PAUSE_SECONDS, Fleet
from agent.core.fleet_facts import Findings, Swept, Unclaimed
from agent.core.lease import RoomName
from agent.core.ports import PortError, TargetGone, Unavailable
from agent.core.shared import Shared

log = logging.getLogger(__name__)

AFTER_EXPIRY_SECONDS = 0.02
HANDED_TIMES = 2
"""A room that was given to others so often and still has nobody the watching worker takes itself."""
BLIND_LOOKS = 2
"""So many failed listings in a row are no hiccup: others may see LiveKit where we do not."""
FAILED_RETRY_SECONDS = 0.5


class RoomHost(Protocol):
    """What takes the rooms that are found; `agent.core.host` is it."""

    @property
    def rooms(self) -> Collection[RoomName]:
        """Those that it has."""

    @property
    def seeking(self) -> bool:
        """Whether it has rooms that it is not in."""

    def serve(self, room: RoomName, succeed_at: float | None = None) -> None:
        """See to it that this room is moderated; see `Host.serve`."""

    async def offer_all(self) -> None:
        """Let other workers take its rooms, for when LiveKit cannot be reached from here."""


@dataclass(frozen=True, slots=True)
class Pace:
    every_seconds: float
    """Between two looks at LiveKit's rooms."""
    grace_seconds: float
    """For so long after the database last did not answer nothing is taken, since leases may have run out only because
    nobody could renew them."""


class Watcher:
    def __init__(
        self,
        shared: Shared,
        host: RoomHost,
        fleet: Fleet,
        pace: Pace,
        swept: Callable[[Swept], None] = lambda _: None,
    ) -> None:
        """`swept`: told what each sweep of ours found."""
        self._store, self._calls, self._monotonic = shared.store, shared.calls, shared.clock.monotonic
        self._host, self._fleet, self._blind_looks = host, fleet, 0
        self._every, self._grace = pace.every_seconds, pace.grace_seconds
        self._tell_swept = swept
        self._there: frozenset[RoomName] = frozenset()
        self._missed: frozenset[RoomName] = frozenset()
        """Rooms that somebody was in at the last list, which missed them."""
        self._doubtful: frozenset[RoomName] = frozenset()
        """Those that two lists in a row have missed."""
        self._list_at = float("-inf")
        self._hint = asyncio.Event()
        self._given: dict[RoomName, int] = {}
        """How often a room that has nobody was handed out."""
        self._alone: dict[RoomName, float] = {}
        self._unclaimed: Sequence[Unclaimed] = ()
        self.looked_at = 0.0
        """When it last saw all rooms (Unix time)."""
        self.orphans_closed = 0
        self.swept = Swept()
        """What the last sweep told; nothing when another worker sweeps."""

    @property
    def orphans(self) -> int:
        """Rooms with a name of ours that the database did not know at the last sweep; 0 when another worker sweeps."""
        return self.swept.orphans

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

    @property
    def blind(self) -> bool:
        """Whether LiveKit cannot be seen from here."""
        return self._blind_looks >= BLIND_LOOKS

    def hint(self) -> None:
        """Something is on offer, or this worker has just begun to watch: look now."""
        self._list_at = float("-inf")
        self._hint.set()

    def woken(self) -> None:
        """A room that nobody has was woken for: look, with the rooms that are known."""
        self._hint.set()

    async def run(self) -> None:
        """Look for ever: at every interval, at a hint, and before a lease runs out."""
        while True:
            pause = self._every
            self._hint.clear()
            try:
                pause = await (self._look() if self._fleet.watches else self._glance())
            except Unavailable as error:
                log.warning("could not look for unmoderated rooms", extra={"error": str(error)})
                pause = FAILED_RETRY_SECONDS
            except PortError as error:
                log.warning("could not look for unmoderated rooms", extra={"error": str(error)})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._hint.wait()

    async def _glance(self) -> float:
        """Another watches: see only whether LiveKit is still there for our own rooms. Returns when to do so again."""
        self._forget()
        now = self._monotonic()
        if not self._host.rooms:
            self._blind_looks = 0
            return self._every
        if self._host.seeking or self.blind or now >= self._list_at:
            await self._seen()
            self._list_at = now + self._every * max(1, self._fleet.workers - 1)
        return self._every

    def _forget(self) -> None:
        """What was known as the one who watches."""
        self._there = self._missed = self._doubtful = frozenset()
        self._alone, self._given, self._unclaimed = {}, {}, ()
        self.swept = Swept()

    async def _look(self) -> float:
        """Have taken what nobody has. Returns for how long nothing more can be expected."""
        there = await self._seen() if self._monotonic() >= self._list_at else None
        watch = await self._store.watch(EARLY_SECONDS, there, self._fleet.state())
        answered_at = self._monotonic()
        if watch.checked_in is not None:
            self._fleet.checked_in(watch.checked_in)
        new = frozenset[RoomName]() if there is None else self._take_in(there, watch)
        self._note(watch)
        grace_left = self._store.failed_at + self._grace - answered_at
        if grace_left <= 0:
            for room in new & watch.strangers:
                self._host.serve(room, None)  # of no running session: it is deleted if its session is over
            await self._have_taken(
                {
                    room: 0.0 if left is None else left + AFTER_EXPIRY_SECONDS
                    for room, left in watch.lapsing.items()
                    if room in self._there | self._doubtful
                }
            )
        if watch.swept is not None:  # last: it waits for LiveKit
            await self._close_orphans(watch.swept)
            await self._end_listens(watch.swept)
        if grace_left > 0:
            return grace_left
        moments = [self._list_at]
        if watch.next_seconds is not None:
            moments.append(answered_at + watch.next_seconds - EARLY_SECONDS)
        return max(SHORTEST_PAUSE_SECONDS, min(moments) - self._monotonic())

    async def _have_taken(self, due: Mapping[RoomName, float]) -> None:
        """Hand these rooms out, each with the seconds until its claim is granted."""
        self._given = {room: self._given.get(room, 0) for room in due}
        own = {room: seconds for room, seconds in due.items() if self._given[room] >= HANDED_TIMES}
        if self._fleet.workers < 2:
            own = dict(due)
        if others := {room: seconds for room, seconds in due.items() if room not in own}:
            own.update(await self._store.hand(others))
            for room in others:
                self._given[room] += 1
        self._fleet.take(own)

    async def _seen(self) -> frozenset[RoomName]:
        """LiveKit's rooms."""
        try:
            there = await self._calls.rooms()
        except Unavailable:
            await self._blind()
            raise
        self._blind_looks = 0
        return there

    def _take_in(self, there: frozenset[RoomName], watch: Findings) -> frozenset[RoomName]:
        """LiveKit's rooms, and what the database makes of them. Returns those that are new."""
        self._list_at = self._monotonic() + self._every
        new, self._there = there - self._there, there
        self._compare(watch)
        self.swept = watch.swept or Swept()
        if self.swept.open_circuits:
            log.warning("rules only observe", extra={"circuits": self.swept.open_circuits})
        if self.swept.unlisted:
            log.warning(
                "LiveKit does not list rooms that workers are in", extra={"rooms": self.swept.unlisted}
            )
        self._tell_swept(self.swept)
        return new

    async def _close_orphans(self, swept: Swept) -> None:
        """Close what belongs to nobody any more. The database says which, and how many at a time."""
        if swept.orphans:
            log.warning(
                "rooms without a session", extra={"rooms": swept.orphans, "closing": len(swept.close)}
            )
        for room in swept.close:
            try:
                await self._calls.close(room)
            except PortError as error:
                log.warning("orphan room not closed", extra={"room": room, "error": str(error)})
            else:
                self.orphans_closed += 1
                log.warning("orphan room closed", extra={"room": room})

    async def _end_listens(self, swept: Swept) -> None:
        """Remove the operators who have listened in for long enough."""
        for room, identity in swept.listens_over:
            try:
                await self._calls.remove(room, identity)
            except TargetGone:
                continue
            except PortError as error:
                log.warning("listener not removed", extra={"room": room, "error": str(error)})

    def _compare(self, watch: Findings) -> None:
        """What is occupied and not listed. A room that has just been opened, or is just being closed, is so once."""
        self._doubtful, self._missed = watch.missed & self._missed, watch.missed
        if self._doubtful:
            log.warning(
                "LiveKit does not list rooms with people in them", extra={"rooms": len(self._doubtful)}
            )

    async def _blind(self) -> None:
        """LiveKit does not answer. Our rooms keep us as long as nobody else has a better view."""
        self._blind_looks += 1
        if self.blind:
            await self._host.offer_all()

    def _note(self, watch: Findings) -> None:
        now, self.looked_at = self._monotonic(), time.time()
        there = self._there | self._doubtful
        alone = {room for room, left in watch.lapsing.items() if left is None and room in there}
        self._alone = {room: self._alone.get(room, now) for room in alone}
        self._unclaimed = [watch.unclaimed[room] for room in self._there & watch.unclaimed.keys()]
