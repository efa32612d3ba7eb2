"""Asks the database what is new: at once for rooms that a wake-up names, for all rooms at every beat.

A wake-up is a hint. Writers send one for a burst, so each one is followed by a second look a moment later; and the
beat alone, which also renews every lease in the same call, finds everything a little slower. Where a message may be
dropped in silence, half a beat later there is a glance at the actions that wait: it costs little.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from agent.core.announced import Announced
from agent.core.clock import DatabaseClock
from agent.core.held_room import HeldRoom
from agent.core.lease import Known, Lease, RoomName, RoomPull
from agent.core.metrics import RoomMetrics
from agent.core.ports import LeaseLapsed, Refused, Store, Unavailable
from handlers.events import Event, HintsLost, LeaseLost
from handlers.facts import ActionId

log = logging.getLogger(__name__)

SECOND_LOOK_SECONDS = 0.06
LAST_LOOK_SECONDS = 0.25
"""After the last of a run of wake-ups: a row whose own was left out may take its time to commit."""
DOUBTFUL_BEAT_SECONDS = 0.3
CONCURRENT_PULLS = 4
RETRY_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the database is asked."""

    lease_seconds: float
    beat_seconds: float
    patience_seconds: float
    """The longest that an answer is waited for."""
    glances: bool = False
    """Whether to glance at what waits between two beats."""

    @property
    def brief_seconds(self) -> float:
        """How long an answer is waited for at first: a lost connection leaves time to renew over another one."""
        return (self.lease_seconds - self.beat_seconds) / 2


class Puller:
    def __init__(
        self,
        store: Store,
        clock: DatabaseClock,
        metrics: RoomMetrics,
        rhythm: Rhythm,
        deaf: Callable[[], None],
    ) -> None:
        """`deaf` is called when rows come that wake-ups should have announced."""
        self._store, self._clock, self._metrics = store, clock, metrics
        self.announced = Announced(clock, metrics, deaf)
        self._rhythm, self._patience = rhythm, rhythm.brief_seconds
        self.on_recorded: Callable[[Lease], None] = lambda _: None
        """Called for news of a room that is recorded, or is to be."""
        self._held: dict[RoomName, HeldRoom] = {}
        self._woken: set[RoomName] = set()
        self._later_looks: dict[RoomName, tuple[asyncio.TimerHandle, ...]] = {}
        """Of the latest wake-up: each one looks at once, so those of the one before are not needed any more."""
        self._woke = asyncio.Event()
        self._slots = asyncio.Semaphore(CONCURRENT_PULLS)
        self.reachable = True
        """The last pull was answered. False: the database is away, for us at least."""
        self._hurry = asyncio.Event()
        """Cuts the pause between two beats short."""

    def hold(
        self,
        lease: Lease,
        cursor: str,
        claimed_at: float,
        deliver: Callable[[Event], None],
        fail: Callable[[Exception], None],
    ) -> HeldRoom:
        """Ask for this room's news from now on. `claimed_at` (monotonic): when the claim was sent. `deliver` gets the
        news; `fail` what makes them unreadable."""
        valid_until = claimed_at + self._rhythm.lease_seconds
        held = HeldRoom(lease, cursor, valid_until, deliver, fail, self._clock.now())
        self._held[lease.room] = held
        self._metrics.rooms.set(len(self._held))
        return held

    def let_go(self, lease: Lease) -> None:
        """Ask no more. Harmless when the room has another lease by now."""
        held = self._held.get(lease.room)
        if held is not None and held.lease == lease:
            del self._held[lease.room]
            self._forget_later_looks(lease.room)
            self._metrics.rooms.set(len(self._held))

    @property
    def leases(self) -> tuple[Lease, ...]:
        """Those that are renewed with each pull."""
        return tuple(held.lease for held in self._held.values())

    @property
    def rooms(self) -> frozenset[RoomName]:
        """The rooms of these leases."""
        return frozenset(self._held)

    @property
    def lease_left(self) -> float | None:
        """Seconds until the first lease lapses, unless it is renewed; None without rooms."""
        if not self._held:
            return None
        return min(held.valid_until for held in self._held.values()) - self._clock.monotonic()

    def may_act(self, held: HeldRoom) -> bool:
        """True while the lease is certainly ours."""
        return self._clock.monotonic() < held.valid_until

    def need_lease(self, held: HeldRoom, *, harmless_twice: bool = False) -> None:
        """Raises `LeaseLapsed` when nothing may be begun now. `harmless_twice`: it may, while nobody can be asked."""
        if not self.may_act(held) and (self.reachable or not harmless_twice):
            msg = "the lease has lapsed; nothing is begun until it is renewed"
            raise LeaseLapsed(msg)

    def wake(self, room: RoomName) -> None:
        """A wake-up named this room: look now, and again when what it may have hidden is committed."""
        self.announced.woken()
        if room not in self._held:
            return
        self.look(room)
        self._forget_later_looks(room)
        loop = asyncio.get_running_loop()
        self._later_looks[room] = (
            loop.call_later(SECOND_LOOK_SECONDS, self.look, room),
            loop.call_later(LAST_LOOK_SECONDS, self._last_look, room),
        )

    def hints_lost(self) -> None:
        """Realtime says that it drops messages: look now, and more often; and let each room know."""
        if not self.announced.doubtful:
            self._hurry.set()
        self.announced.doubt()
        for held in self._held.values():
            held.deliver(HintsLost())

    def _last_look(self, room: RoomName) -> None:
        self._forget_later_looks(room)
        self.look(room)

    def _forget_later_looks(self, room: RoomName) -> None:
        for pending in self._later_looks.pop(room, ()):
            pending.cancel()

    def finished(self, lease: Lease, action: ActionId, *, written: bool) -> None:
        """A row has ended here, so the next for the same person may be due.

        One whose outcome could not be written stays in hand: brought again at once, it would go round without an end.
        """
        held = self._held.get(lease.room)
        if written and held is not None and held.lease == lease:
            held.in_hand.discard(action)
        self.look(lease.room)

    def relayed(self, room: RoomName) -> None:
        """The cursor moved: bring the next page, if there is one."""
        held = self._held.get(room)
        if held is not None and held.more_events:
            self.look(room)

    def wake_all(self) -> None:
        """Wake-ups may have been missed, and come again: look everywhere."""
        self.announced.woken()
        for room in self._held:
            self.look(room)

    def look(self, room: RoomName) -> None:
        """Pull this room as soon as no pull of it is under way."""
        self._woken.add(room)
        self._woke.set()

    async def run(self) -> None:
        """Pull for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat(tasks), name="beat")
            while True:
                await self._woke.wait()
                await self._slots.acquire()
                self._woke.clear()
                free = [held for room in self._woken if (held := self._held.get(room)) and not held.pulling]
                self._woken.intersection_update({room for room, held in self._held.items() if held.pulling})
                if free:
                    self._start(tasks, free, release=True)
                else:
                    self._slots.release()

    async def _beat(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            free = [held for held in self._held.values() if not held.pulling]
            if free:
                self._start(tasks, free, release=False)
            # After an outage anyone who renews first keeps the room: do not wait for a whole beat.
            pause = self._pause
            if self._rhythm.glances and pause == self._rhythm.beat_seconds:
                pause /= 2
                if not await self._hurried(pause):
                    tasks.create_task(self._glance(tasks), name="glance")
            await self._hurried(pause)
            self._hurry.clear()

    async def _hurried(self, pause: float) -> bool:
        """Whether the pause was cut short."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._hurry.wait()
        return self._hurry.is_set()

    async def _glance(self, tasks: asyncio.TaskGroup) -> None:
        """Pull the rooms in which something waits that no wake-up has brought yet. What fails, the beat does."""
        if not self._held:
            return
        with contextlib.suppress(Unavailable, Refused, TimeoutError):
            async with asyncio.timeout(self._rhythm.beat_seconds):
                waiting = await self._store.waiting()
            free = [held for room, held in self._held.items() if room in waiting and not held.pulling]
            if free:
                self._start(tasks, free, release=False)

    @property
    def _pause(self) -> float:
        if not self.reachable:
            return RETRY_SECONDS
        return min(self._rhythm.beat_seconds, DOUBTFUL_BEAT_SECONDS if self.announced.doubtful else math.inf)

    def _start(self, tasks: asyncio.TaskGroup, free: list[HeldRoom], *, release: bool) -> None:
        for held in free:
            held.pulling = True
        tasks.create_task(self._pull(free, release=release), name="pull")

    async def _pull(self, rooms: list[HeldRoom], *, release: bool) -> None:
        sent_at = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._patience):
                news = await self._store.pull(
                    {held.lease: Known(held.cursor, frozenset(held.in_hand)) for held in rooms}
                )
            if self._clock.monotonic() - sent_at < self._rhythm.brief_seconds:
                self._patience = self._rhythm.brief_seconds
            self._take(rooms, news, sent_at)
            if not release:
                self._found(news)
        except TimeoutError:
            # A lost connection is given up in time to renew over another one; a slow database is waited for.
            self._patience = min(2 * self._patience, self._rhythm.patience_seconds)
            self._answered(reachable=False)
            log.warning("pull timed out", extra={"rooms": len(rooms), "patience_s": self._patience})
        except (Unavailable, Refused) as error:
            # A refusal is about the call, not about a room: a key that was changed, a function not there yet.
            self._answered(reachable=False)
            log.warning("pull failed", extra={"rooms": len(rooms), "error": str(error)})
        finally:
            for held in rooms:
                held.pulling = False
            if release:
                self._slots.release()
            if self._woken:
                self._woke.set()

    def _take(self, rooms: list[HeldRoom], news: tuple[RoomPull, ...], sent_at: float) -> None:
        self._answered(reachable=True)
        by_room = {item.room: item for item in news}
        for held in rooms:
            if self._held.get(held.lease.room) is not held:
                continue  # let go meanwhile
            item = by_room.get(held.lease.room)
            if item is not None and item.fault is not None:
                held.fail(item.fault)
                continue
            if item is not None and item.pulled is None:
                self.let_go(held.lease)
                held.valid_until = 0.0
                self._metrics.leases_lost.inc()
                held.deliver(LeaseLost())
                continue
            held.valid_until = sent_at + self._rhythm.lease_seconds
            if item is not None and item.pulled is not None:
                held.cursor, held.more_events = item.cursor or held.cursor, item.more_events
                held.in_hand.update(action.id for action in item.pulled.actions)
                held.deliver(item.pulled)
                if item.recorded:
                    self.on_recorded(held.lease)

    def _found(self, news: tuple[RoomPull, ...]) -> None:
        """What a look found of itself although it was there long enough to be told about."""
        self.announced.found(
            action.created_at_ms / 1000
            for item in news
            if item.pulled is not None and (held := self._held.get(item.room)) is not None
            for action in item.pulled.actions
            if held.held_since < action.created_at_ms / 1000
        )

    def _answered(self, *, reachable: bool) -> None:
        if reachable != self.reachable:
            log.info("database answers again" if reachable else "database does not answer")
        self.reachable = reachable
