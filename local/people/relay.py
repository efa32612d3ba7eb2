"""The client's half of the relay for simulated people: a LiveKit room and the data API as one ordered stream.

What `livekit-system/clients/typescript` does for the app, by the same rules and vectors. This module owns the
listeners, the reading of what is missing; judging is `relay_packet`, order `relay_sequence`, the keys `relay_keys`.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local.people.relay_keys import RelayKeys
from local.people.relay_packet import (
    EVENTS,
    NOTICE,
    TOPICS,
    Body,
    Json,
    Packet,
    PacketContext,
    PacketEvent,
    PacketSubject,
    Refusal,
    judge,
    parse_row,
)
from local.people.relay_sequence import EventSequence, EventSource, RecentIds, RelayEvent
from local.people.relay_source import (
    MAX_TRIES,
    QUERY_TIMEOUT_SECONDS,
    RelaySource,
    SourceUnavailableError,
    retries,
)

PAGE_SIZE = 200
GAP_SPREAD_SECONDS = 0.2
QUIET_SECONDS = 1.2
QUIET_SPREAD_SECONDS = 0.6
SUSPECT_SECONDS = 10.0
IDLE_SECONDS = 60.0


class RelayRoom(Protocol):
    """What is needed of `livekit.rtc.Room`."""

    @property
    def name(self) -> str:
        """The room's name."""

    @property
    def local_participant(self) -> Any:
        """As `rtc.Room.local_participant`."""

    def on(self, event: Any, callback: Callable[..., Any]) -> Any:
        """As `rtc.Room.on`."""

    def off(self, event: Any, callback: Callable[..., Any]) -> Any:
        """As `rtc.Room.off`."""


@dataclass(frozen=True, slots=True)
class Join:
    """The part of an edge function's `join` that primes the relay."""

    last_seq: int
    relay_keys: Sequence[Json]


def _ignore(_: PacketEvent) -> None:
    return None


class RelayReader:
    """Runs while `run()` does. `on_event` gets each event of the session once, in order.

    `lose` is asked for every packet and drops it when true: the bad network of a test.
    """

    def __init__(
        self,
        room: RelayRoom,
        source: RelaySource,
        subject: PacketSubject,
        join: Join,
        *,
        on_event: Callable[[RelayEvent], None],
        on_notice: Callable[[PacketEvent], None] = _ignore,
        on_levels: Callable[[PacketEvent], None] = _ignore,
        start_after: int | None = None,
        lose: Callable[[], bool] = lambda: False,
    ) -> None:
        self.refused: Counter[Refusal] = Counter()
        self.emitted: Counter[EventSource] = Counter()
        self.reads = 0
        """How often the stream was read to its end."""
        self._room = room
        self._source = source
        self._subject = subject
        self._on_event = on_event
        self._on_notice = on_notice
        self._on_levels = on_levels
        self._lose = lose
        self._keys = RelayKeys(source, join.relay_keys)
        self._seen_messages = RecentIds(512)
        self._sequence = EventSequence(join.last_seq if start_after is None else start_after)
        self._sequence.note_latest(join.last_seq)
        self._newest_sent_at = 0.0
        self._due = 0.0
        self._due_changed = asyncio.Event()

    @property
    def position(self) -> int:
        """The highest seq such that it and all before it have been emitted."""
        return self._sequence.position

    async def run(self) -> None:
        """Listens until cancelled, and leaves no listener behind."""
        listeners: dict[str, Callable[..., None]] = {
            "data_received": self._on_data,
            "connected": self.catch_up,
            "reconnected": self.catch_up,
        }
        for event, listener in listeners.items():
            self._room.on(event, listener)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keys.run(self._judge_held))
                if self._subject.kind == "session":
                    tasks.create_task(self._read_when_due())
        finally:
            for event, listener in listeners.items():
                self._room.off(event, listener)

    def catch_up(self, *_: object) -> None:
        """Reads what may be missing, now."""
        self._keys.wanted.set()
        self._look_at(_monotonic())

    def _on_data(self, data: Any) -> None:
        if data.topic in TOPICS and not self._lose():
            self._receive(Packet(bytes(data.data), data.topic, data.participant is not None))

    def _receive(self, packet: Packet) -> None:
        verdict = judge(packet, self._context())
        if isinstance(verdict, Body):
            self._accept(verdict)
        elif isinstance(verdict, Refusal):
            self._refuse(verdict, packet)
        elif not self._keys.hold(packet):
            self._refuse(Refusal.QUEUE_FULL, packet)

    def _context(self) -> PacketContext:
        return PacketContext(
            self._room.name,
            self._subject,
            self._room.local_participant.identity,
            time.time(),
            self._keys.known,
        )

    def _refuse(self, reason: Refusal, packet: Packet) -> None:
        self.refused[reason] += 1
        if packet.topic == EVENTS and reason is not Refusal.VISIBLE_SENDER:
            self._look_within(SUSPECT_SECONDS)

    def _accept(self, body: Body) -> None:
        if body.topic == EVENTS:
            self._accept_events(body)
            return
        for event in body.events:
            if event.id in self._seen_messages:
                self.refused[Refusal.REPEAT] += 1
                continue
            self._seen_messages.add(event.id)
            (self._on_notice if body.topic == NOTICE else self._on_levels)(event)

    def _accept_events(self, body: Body) -> None:
        offers = [self._sequence.offer(event) for event in body.events]
        self.refused.update(offer for offer in offers if offer is not None)
        if body.last_seq is not None:
            self._sequence.note_latest(body.last_seq)
        self._emit()
        self._watch_tail(body, brought=None in offers)

    def _watch_tail(self, body: Body, *, brought: bool) -> None:
        if self._sequence.behind:
            self._look_within(random.uniform(0, GAP_SPREAD_SECONDS))  # noqa: S311 - spreads load only
        elif brought:
            self._look_when_quiet()
        elif body.last_seq is None or body.sent_at < self._newest_sent_at:
            self._look_within(SUSPECT_SECONDS)
        else:
            self._look_at(_monotonic() + IDLE_SECONDS)
        self._newest_sent_at = max(self._newest_sent_at, body.sent_at)

    def _emit(self) -> None:
        for event in self._sequence.take():
            self.emitted[event.source] += 1
            self._on_event(event)

    def _look_at(self, when: float) -> None:
        self._due = when
        self._due_changed.set()

    def _look_within(self, seconds: float) -> None:
        self._look_at(min(self._due, _monotonic() + seconds))

    def _look_when_quiet(self) -> None:
        self._look_at(_monotonic() + QUIET_SECONDS + random.uniform(0, QUIET_SPREAD_SECONDS))  # noqa: S311

    async def _read_when_due(self) -> None:
        while True:
            try:
                async with asyncio.timeout_at(self._due):
                    await self._due_changed.wait()
                self._due_changed.clear()
            except TimeoutError:
                await self._read()

    async def _read(self) -> None:
        """Reads page by page, again after a failure; what is asked for meanwhile is done afterwards."""
        self._due = float("inf")
        found = failures = 0
        backoff = retries()
        while True:
            try:
                rows = await self._page()
            except (SourceUnavailableError, TimeoutError):
                rows = None
            announced = not rows and self._sequence.behind and failures + 1 < MAX_TRIES
            if rows is None or announced:
                failures += 1
                await asyncio.sleep(backoff.pause())
                continue
            found += len(rows)
            self._sequence.fill(rows)
            self._emit()
            if not rows or (len(rows) < PAGE_SIZE and not self._sequence.behind):
                break
        self.reads += 1
        if self._due == float("inf"):
            self._look_when_quiet() if found else self._look_at(_monotonic() + IDLE_SECONDS)

    async def _page(self) -> list[PacketEvent]:
        async with asyncio.timeout(QUERY_TIMEOUT_SECONDS):
            rows = await self._source.events_since(self._subject.id, self.position, PAGE_SIZE)
        return [event for event in map(parse_row, rows) if (event.seq or 0) > self.position]

    def _judge_held(self) -> None:
        for packet, fetches_before in self._keys.take_held():
            verdict = judge(packet, self._context())
            if isinstance(verdict, Body):
                self._accept(verdict)
            elif isinstance(verdict, Refusal):
                self._refuse(verdict, packet)
            elif not self._keys.hold_again(packet, fetches_before):
                self._refuse(Refusal.UNKNOWN_KEY, packet)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
