"""Rooms are joined a few at a time, and a join that fails leaves its place to the next."""

import asyncio

import pytest
from livekit import rtc

from agent.core.clock import DatabaseClock
from agent.core.inbox import Inbox
from agent.core.lease import RoomName
from agent.livekit.hearing import Hearing
from agent.livekit.native import RoomEvents
from agent.livekit.room import JOINS_AT_ONCE, ConnectionLost, LiveKitRoom, Native
from agent.livekit.server import LiveKitServer
from agent.process.metrics import Metrics
from handlers.facts import Identity

SERVER = LiveKitServer("ws://127.0.0.1:9", "key", "secret-of-thirty-two-characters-0")
ROOMS = 3 * JOINS_AT_ONCE


async def test_joins_are_bounded_and_each_gets_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    joining, most, begun = 0, 0, 0

    async def connect(*_: object) -> None:
        nonlocal joining, most, begun
        joining, begun = joining + 1, begun + 1
        most = max(most, joining)
        for _ in range(ROOMS):
            await asyncio.sleep(0)
        joining -= 1
        raise rtc.ConnectError("refused")

    monkeypatch.setattr(rtc.Room, "connect", connect)
    native = Native(Hearing(DatabaseClock(), Metrics()), RoomEvents())
    rooms = [
        LiveKitRoom(SERVER, RoomName(f"room-{n}"), Identity("agent"), Inbox(), native) for n in range(ROOMS)
    ]
    ends = await asyncio.gather(*(room.connect() for room in rooms), return_exceptions=True)
    assert all(isinstance(end, ConnectionLost) for end in ends)
    assert (most, begun) == (JOINS_AT_ONCE, ROOMS)
    native.close()
