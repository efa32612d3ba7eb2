"""Makes LiveKit's Egress agree with the recordings that are wanted: of the rooms that this worker holds, and of those
that nobody holds, which a sweep says are due.

What is to be done is decided in `handlers/recording.py`; here it is asked and done. A room without a recording costs
nothing: it is not looked at.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.core.lease import Lease, RoomName
from agent.core.ports import Listing, PortError
from agent.core.recording_ports import RecordingOutside
from agent.core.recording_steps import RecordingSteps
from handlers.facts import Identity
from handlers.recording import decide, look_in
from handlers.recording_facts import Memory, Recording, SeenEgress, Sight
from moderation.identity import person_of

log = logging.getLogger(__name__)

AT_ONCE = 8
ERRAND_SECONDS = 1.0
RETRY_SECONDS = 1.0


@dataclass(slots=True)
class RecordedRoom:
    """A room that is recorded, or is to be."""

    due_at: float
    """Monotonic."""
    busy: bool = False
    memories: dict[str, Memory] = field(default_factory=dict)


class Recorder:
    """Tell it of rooms that are ours or are not any more, and `run` it."""

    def __init__(self, outside: RecordingOutside) -> None:
        self._rows, self._egresses, self._calls = outside.rows, outside.egresses, outside.calls
        self._clock, self._metrics = outside.clock, outside.metrics
        self._steps = RecordingSteps(outside)
        self._held: dict[RoomName, tuple[Lease, Identity]] = {}
        self._rooms: dict[RoomName, RecordedRoom] = {}
        self._errands: dict[RoomName, RecordedRoom] = {}
        self._past_wish: dict[str, float] = {}
        self._errands_due = asyncio.Event()
        self._woken = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)

    # ------------------------------------------------------------ what others tell

    def hold(self, lease: Lease, bot: Identity, *, recorded: bool) -> None:
        """A room is ours, and we are in it as `bot`. `recorded`: it is recorded, or is to be."""
        self._held[lease.room] = lease, bot
        if recorded:
            self.recorded(lease)

    def let_go(self, lease: Lease) -> None:
        """It is not ours any more. What it leaves open becomes somebody's errand."""
        if self._held.get(lease.room, (None,))[0] == lease:
            del self._held[lease.room]
            if self._rooms.pop(lease.room, None) is not None:
                self.errands_due()

    def recorded(self, lease: Lease) -> None:
        """There is news of a room of ours that is recorded, or is to be."""
        if self._held.get(lease.room, (None,))[0] == lease:
            self._rooms.setdefault(lease.room, RecordedRoom(0.0)).due_at = 0.0
            self._woken.set()

    def woken(self, room: RoomName) -> None:
        """Something was written about this room: a webhook of Egress, perhaps."""
        if (recorded := self._rooms.get(room)) is not None:
            recorded.due_at = 0.0
            self._woken.set()

    def errands_due(self) -> None:
        """There are recordings whose room nobody holds."""
        self._errands_due.set()

    # ------------------------------------------------------------ looking

    async def run(self) -> None:
        """Look after them for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_errands(), name="recording errands")
            while True:
                self._woken.clear()
                now = self._clock.monotonic()
                for room, recorded in self._rooms.items():
                    if not recorded.busy and recorded.due_at <= now:
                        recorded.busy = True
                        tasks.create_task(self._look_safely(room, recorded), name=f"record {room}")
                await self._sleep(recorded.due_at for recorded in self._rooms.values() if not recorded.busy)

    async def _sleep(self, moments: Iterable[float]) -> None:
        until = min(moments, default=None)
        left = None if until is None else max(0.0, until - self._clock.monotonic())
        try:
            async with asyncio.timeout(left):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _look_safely(self, room: RoomName, recorded: RecordedRoom) -> None:
        recorded.due_at = self._clock.monotonic() + RETRY_SECONDS
        try:
            async with self._slots:
                await self._look(room, recorded)
        except PortError as error:
            log.warning("recordings not looked after", extra={"room": room, "error": str(error)})
        except Exception:
            log.exception("recordings of a room failed", extra={"room": room})
        finally:
            recorded.busy = False
            self._woken.set()

    async def _look(self, room: RoomName, recorded: RecordedRoom) -> None:
        held = self._held.get(room)
        if held is None:
            return
        lease, bot = held
        sent_for = recorded.due_at
        recordings = (await self._rows.recordings([lease])).get(room)
        if not recordings:
            self._rooms.pop(room, None)
            self._tell_counts()
            return
        pause = await self._settle(room, recordings, recorded, lease, bot)
        if recorded.due_at == sent_for:  # nothing woke us meanwhile
            recorded.due_at = self._clock.monotonic() + pause

    async def _settle(
        self,
        room: RoomName,
        recordings: Sequence[Recording],
        recorded: RecordedRoom,
        lease: Lease | None,
        bot: Identity | None,
    ) -> float:
        """Do what is to be done now; seconds until the next look."""
        now, pause = self._clock.now(), float("inf")
        recorded.memories = {
            one.id: recorded.memories.get(one.id) or Memory(first_at=now) for one in recordings
        }
        waiting = all(one.wanted and now < one.begins_at for one in recordings)
        sight = Sight(None, None, None) if waiting else await self._see(room, bot)
        for recording in recordings:
            now = self._clock.now()
            memory, steps = decide(recording, sight, recorded.memories[recording.id], now)
            memory = await self._steps.take(recording, steps, memory, lease)
            recorded.memories[recording.id] = memory
            pause = min(pause, look_in(recording, memory, now))
            self._note_past_wish(recording, sight, now)
        self._tell_counts()
        return pause

    async def _see(self, room: RoomName, bot: Identity | None) -> Sight:
        listed, people = await asyncio.gather(self._listed(room), self._people(room))
        if people is None or (bot is not None and bot not in people.others):
            return Sight(listed, None, None)  # a list without us is of another room, or forgotten
        publishers = frozenset(
            person_of(who)
            for who, connection in people.people
            if connection.permission is None or connection.permission.sources
        )
        return Sight(listed, frozenset(map(str, people.others)), publishers)

    async def _listed(self, room: RoomName) -> Sequence[SeenEgress] | None:
        try:
            return await self._egresses.of(room)
        except PortError as error:
            log.warning("Egress not listed", extra={"room": room, "error": str(error)})
            return None

    async def _people(self, room: RoomName) -> Listing | None:
        try:
            return await self._calls.people(room)
        except PortError:
            return None

    # ------------------------------------------------------------ errands

    async def _run_errands(self) -> None:
        while True:
            await self._errands_due.wait()
            try:
                rows = await self._rows.recording_errands()
                await self._settle_errands(rows)
            except PortError as error:
                log.warning("recording errands not run", extra={"error": str(error)})
            except Exception:
                log.exception("recording errands failed")
            else:
                if not rows:
                    self._errands_due.clear()
                    continue
            await asyncio.sleep(ERRAND_SECONDS)

    async def _settle_errands(self, rows: Sequence[Recording]) -> None:
        by_room: dict[RoomName, list[Recording]] = {}
        for row in rows:
            by_room.setdefault(RoomName(row.room), []).append(row)
        self._errands = {room: self._errands.get(room) or RecordedRoom(0.0) for room in by_room}
        for room, recordings in by_room.items():
            await self._settle(room, recordings, self._errands[room], None, None)

    # ------------------------------------------------------------ what is counted

    def _note_past_wish(self, recording: Recording, sight: Sight, now: float) -> None:
        part = recording.open_part
        records = part is not None and part.egress_id in (sight.recorders or ())
        if (recording.wanted and now < recording.max_until) or not records:
            self._past_wish.pop(recording.id, None)
        else:
            self._past_wish.setdefault(recording.id, now)
        since = min(self._past_wish.values(), default=now)
        self._metrics.recording_past_wish.set(max(0.0, now - since))

    def _tell_counts(self) -> None:
        self._metrics.recordings.set(
            sum(len(room.memories) for room in (*self._rooms.values(), *self._errands.values()))
        )
