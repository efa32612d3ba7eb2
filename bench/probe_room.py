"""One room in which latencies are taken while others are full: comings and goings, a moderator's rows, gifts.

Each gives figures by hop under `latency.<what>[.<hop>].<where>`. Times are the wall clock of this one machine,
which is the database's and LiveKit's clock too.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from livekit import rtc

from bench.actions import enforce_ms, enter_as_speaker, one_by_one
from bench.gift_room import GiftListener, GiftRoom, gift_room
from bench.visit_rows import VisitRows
from local.people.api import Json
from local.people.device import Device
from local.people.person import Person
from local.people.relay_packet import EVENTS
from local.results import Figure, spread
from local.stack import Stack
from moderation.timestamps import seconds_of

VISITS, VISIT_SECONDS = 20, 0.3
ROWS = 40
GIFTS, GIFT_PAUSE_SECONDS = 60, 0.05
CLIENTS = 3
SENDERS_COINS = 1000


class Packets:
    """When each event was sent by the worker, by seq, as its packet says. Epoch seconds."""

    def __init__(self, listener: GiftListener) -> None:
        self.sent_at: dict[int, float] = {}
        listener.room.on("data_received", self._received)

    def _received(self, packet: rtc.DataPacket) -> None:
        if packet.topic != EVENTS:
            return
        body = json.loads(json.loads(packet.data)["body"])
        sent_at = seconds_of(body["sent_at"])
        for event in body["events"]:
            self.sent_at.setdefault(event["seq"], sent_at)


class ProbeRoom:
    """A gift room with a moderator and people who come and go; figures are taken one kind after another."""

    def __init__(
        self, room: GiftRoom, visits: VisitRows, ops: Person, guest: Person, device: Device, visitor: Person
    ) -> None:
        self._room, self._visits = room, visits
        self._ops, self._guest, self._device, self._visitor = ops, guest, device, visitor

    async def figures(self, where: str) -> list[Figure]:
        """`where`: how full the house is, as in `at_40`."""
        return [
            *await self._comings_and_goings(where),
            *await self._actions(where),
            *await self._gifts(where),
        ]

    async def _comings_and_goings(self, where: str) -> list[Figure]:
        joins, leaves = list[float](), list[float]()
        for _ in range(VISITS):
            join = await self._visitor.token(self._room.session.id)
            connection = rtc.Room()
            await connection.connect(join["url"], join["token"])
            sid = connection.local_participant.sid
            joins.append(1000 * await self._visits.join_took(sid))
            await asyncio.sleep(VISIT_SECONDS)
            left_at = time.time()
            await connection.disconnect()
            leaves.append(1000 * (await self._visits.left(sid) - left_at))
        return [
            *spread(f"latency.join_to_row.{where}", joins),
            *spread(f"latency.leave_to_row.{where}", leaves),
        ]

    async def _actions(self, where: str) -> list[Figure]:
        rows = await one_by_one(self._ops, self._room.session, self._guest, self._device, ROWS)
        claims = [_ms_between(row, "created_at", "claimed_at") for row in rows]
        whole = enforce_ms(rows)
        return [
            *spread(f"latency.action.{where}", whole),
            *spread(f"latency.action.inserted_to_claimed.{where}", claims),
            *spread(
                f"latency.action.claimed_to_confirmed.{where}",
                [all_of_it - claim for all_of_it, claim in zip(whole, claims, strict=True)],
            ),
        ]

    async def _gifts(self, where: str) -> list[Figure]:
        before, packets = self._room.committed, Packets(self._room.listeners[0])
        for _ in range(GIFTS):
            await self._room.give(self._room.senders[0])
            await asyncio.sleep(GIFT_PAUSE_SECONDS)
        await self._room.converged()
        first = self._room.listeners[0]
        gifts = [e for e in first.events if e.type == "gift" and e.seq in packets.sent_at and e.seq > before]
        return [
            *spread(
                f"latency.gift.{where}",
                [1000 * delay for listener in self._room.listeners for delay in listener.delays(before)],
            ),
            *spread(
                f"latency.gift.committed_to_sent.{where}",
                [1000 * (packets.sent_at[event.seq] - event.at.timestamp()) for event in gifts],
            ),
            *spread(
                f"latency.gift.sent_to_app.{where}",
                [1000 * (first.arrived[event.seq] - packets.sent_at[event.seq]) for event in gifts],
            ),
        ]


def _ms_between(row: Json, first: str, last: str) -> float:
    begun, ended = (datetime.fromisoformat(row[column]) for column in (first, last))
    return 1000 * (ended - begun).total_seconds()


@asynccontextmanager
async def probe_room(stack: Stack, database: asyncpg.Connection) -> AsyncIterator[ProbeRoom]:
    """It stays open until the block ends. `database`: a connection that it listens with for visits."""
    visits = VisitRows(database)
    await visits.open()
    async with gift_room(stack.env, senders=1, gifts_each=SENDERS_COINS) as room:
        ops = await room.people.arrive("Ops", ops=True)
        guest, visitor = await room.people.arrive("Guest"), await room.people.arrive("Visitor")
        device = await enter_as_speaker(ops, guest, room.session)
        for number in range(CLIENTS):
            await room.listener(f"Client{number}")
        yield ProbeRoom(room, visits, ops, guest, device, visitor)
