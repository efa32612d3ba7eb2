"""How a simulated person's relay behaves: joining late, losing packets, meeting a new key, and leaving."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from local.people import relay as relay_module
from local.people import relay_keys
from local.people.relay import Join, RelayReader
from local.people.relay_packet import Json, PacketEvent, PacketSubject, Refusal
from local.people.relay_sequence import EventSource, RelayEvent
from local.people.relay_source import SourceUnavailableError

SESSION, ROOM, ME = "session-1", "room-1", "me"
DEADLINE_SECONDS = 10.0


def signing_key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_row(kid: str, number: int) -> Json:
    now = datetime.now(UTC)
    validity = {"not_before": now - timedelta(hours=1), "not_after": now + timedelta(hours=1)}
    public = b64(signing_key(number).public_key().public_bytes_raw())
    return {"kid": kid, "public_key": public} | {name: time.isoformat() for name, time in validity.items()}


@dataclass
class FakeRoom:
    name: str = ROOM
    identity: str = ME
    listeners: dict[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def local_participant(self) -> "FakeRoom":
        return self

    def on(self, event: str, callback: Callable[..., Any]) -> None:
        self.listeners[event] = callback

    def off(self, event: str, callback: Callable[..., Any]) -> None:
        assert self.listeners.pop(event) == callback


@dataclass
class FakeSource:
    rows: list[Json] = field(default_factory=list)
    keys: list[Json] = field(default_factory=lambda: [key_row("k1", 1)])
    outages: int = 0
    reads: int = 0
    during_key_fetch: Callable[[], None] = lambda: None

    def commit(self, count: int = 1) -> None:
        for seq in range(len(self.rows) + 1, len(self.rows) + count + 1):
            at = datetime.now(UTC).isoformat()
            self.rows.append({"seq": seq, "id": f"e{seq}", "type": "gift", "payload": {}, "created_at": at})

    async def events_since(self, session_id: str, after_seq: int, limit: int) -> Sequence[Json]:
        assert session_id == SESSION
        self.reads += 1
        if self.outages > 0:
            self.outages -= 1
            raise SourceUnavailableError
        return [row for row in self.rows if row["seq"] > after_seq][:limit]

    async def relay_keys(self) -> Sequence[Json]:
        keys = list(self.keys)
        self.during_key_fetch()
        return keys


@dataclass(frozen=True)
class DataPacket:
    data: bytes
    topic: str
    participant: object = None


class World:
    def __init__(self) -> None:
        self.room = FakeRoom()
        self.source = FakeSource()
        self.events: list[RelayEvent] = []
        self.notices: list[PacketEvent] = []
        self.relay: RelayReader

    @asynccontextmanager
    async def relaying(self, **options: Any) -> AsyncIterator[RelayReader]:
        self.relay = RelayReader(
            self.room,
            self.source,
            PacketSubject("session", SESSION),
            Join(last_seq=0, relay_keys=[key_row("k1", 1)]),
            on_event=self.events.append,
            on_notice=self.notices.append,
            **options,
        )
        running = asyncio.create_task(self.relay.run())
        await self.until(lambda: self.source.reads > 0)
        try:
            yield self.relay
        finally:
            running.cancel()
            await asyncio.wait([running])

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():  # noqa: ASYNC110 - the condition spans several plain objects
                await asyncio.sleep(0.01)

    def send(self, *seqs: int, key: int = 1, topic: str = "live.events", **more: Any) -> None:
        rows = (self.source.rows[seq - 1] for seq in seqs)
        events = [
            {"at": row["created_at"], **{k: row[k] for k in ("seq", "id", "type", "payload")}} for row in rows
        ]
        self.send_body({"events": events, "topic": topic, **more}, key)

    def send_body(self, body: Json, key: int = 1) -> None:
        sent_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        whole = {"v": 1, "room": ROOM, "session_id": SESSION, "sent_at": sent_at, **body}
        text = json.dumps(whole)
        envelope = {"body": text, "kid": f"k{key}", "sig": b64(signing_key(key).sign(text.encode()))}
        self.room.listeners["data_received"](DataPacket(json.dumps(envelope).encode(), whole["topic"]))

    @property
    def seen(self) -> list[tuple[int, EventSource]]:
        return [(event.seq, event.source) for event in self.events]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    for pace in ("QUIET_SECONDS", "QUIET_SPREAD_SECONDS", "GAP_SPREAD_SECONDS"):
        monkeypatch.setattr(relay_module, pace, 0.05)
    monkeypatch.setattr(relay_keys, "KEY_FETCH_PAUSE_SECONDS", 0.05)
    return World()


LIVE, CAUGHT_UP = EventSource.LIVE, EventSource.CAUGHT_UP


async def test_a_live_event_comes_once(world: World) -> None:
    async with world.relaying() as relay:
        world.source.commit()
        world.send(1)
        world.send(1)
        assert world.seen == [(1, LIVE)]
        assert relay.refused == {Refusal.REPEAT: 1}


async def test_a_late_joiner_reads_the_whole_session(world: World) -> None:
    world.source.commit(450)
    async with world.relaying(start_after=0) as relay:
        await world.until(lambda: relay.position == 450)
        assert world.seen == [(seq, CAUGHT_UP) for seq in range(1, 451)]


async def test_a_gap_is_filled_in_order_through_an_outage(world: World) -> None:
    async with world.relaying() as relay:
        world.source.commit(3)
        world.source.outages = 1
        world.send(1)
        world.send(3)
        await world.until(lambda: relay.position == 3)
        assert world.seen == [(1, LIVE), (2, CAUGHT_UP), (3, LIVE)]


async def test_a_lost_last_packet_is_found_once_it_is_quiet(world: World) -> None:
    async with world.relaying(lose=iter([False, True]).__next__) as relay:
        world.source.commit(2)
        world.send(1)
        world.send(2)
        await world.until(lambda: relay.position == 2)
        assert world.seen == [(1, LIVE), (2, CAUGHT_UP)]


async def test_a_successors_packets_wait_for_its_key(world: World) -> None:
    async with world.relaying() as relay:
        world.source.commit(2)
        world.source.keys.append(key_row("k2", 2))
        world.send(1, key=2)
        world.send(2, key=2)
        assert relay.position == 0
        await world.until(lambda: relay.position == 2)
        assert not relay.refused


async def test_a_kid_that_stays_unknown_is_refused(world: World) -> None:
    async with world.relaying() as relay:
        world.source.commit()
        world.send(1, key=9)
        await world.until(lambda: relay.refused[Refusal.UNKNOWN_KEY] == 1)
        assert world.events == []


async def test_strange_kids_are_refused_though_more_come_during_every_fetch(world: World) -> None:
    async with world.relaying() as relay:
        world.source.commit()
        world.source.during_key_fetch = lambda: world.send(1, key=9)
        world.send(1, key=9)
        await world.until(lambda: relay.refused[Refusal.UNKNOWN_KEY] == 1)


async def test_a_notice_is_for_me_and_once(world: World) -> None:
    notice = {"id": "n1", "type": "warning", "at": "2026-11-23T12:00:00Z", "payload": {}}
    async with world.relaying() as relay:
        for to in (ME, ME, "someone"):
            world.send_body({"topic": "live.notice", "to": to, "events": [notice]})
        assert [received.id for received in world.notices] == ["n1"]
        assert relay.refused == {Refusal.REPEAT: 1, Refusal.WRONG_RECIPIENT: 1}


async def test_a_reconnect_reads_at_once(world: World) -> None:
    async with world.relaying() as relay:
        world.source.commit(5)
        world.room.listeners["reconnected"]()
        await world.until(lambda: relay.position == 5)


async def test_cancelled_it_leaves_no_listener(world: World) -> None:
    async with world.relaying():
        assert world.room.listeners
    assert not world.room.listeners
