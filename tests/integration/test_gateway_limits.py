"""The stand-in's Realtime past a plan's budget, as hosted Supabase: silence, and an error where one is answered."""

import json
from typing import Any

import asyncpg
import httpx
import pytest
from livekit import rtc
from realtime import RealtimeSubscribeStates

from agent.supabase.client import supabase_client
from agent.supabase.realtime_budget import RealtimeBudget
from local.people.person import People
from local.people.waiting import until
from local.stack import Stack
from tests.integration.clients import client
from tests.integration.test_gateway_realtime import listen

pytestmark = pytest.mark.usefixtures("notes")
SEND = "select realtime.send($1, 'wake', 'live:wake:limits')"


async def test_past_the_budget_the_databases_messages_are_dropped_in_silence(
    stack: Stack, database: asyncpg.Connection
) -> None:
    async with client(stack, stack.keys.secret) as service:
        listener = await listen(service, "live:wake:limits", private=True)
        await listener.until(RealtimeSubscribeStates.SUBSCRIBED)
        try:
            await stack.realtime.plan("free", spent=10_000)
            await database.execute(SEND, json.dumps({"n": 1}))
            assert await listener.silent()
            assert (await stack.realtime.used())["dropped"] >= 1
        finally:
            await stack.realtime.plan("free")
        await database.execute(SEND, json.dumps({"n": 2}))
        assert (await listener.next())["payload"]["n"] == 2


async def test_each_delivery_is_counted(stack: Stack, database: asyncpg.Connection) -> None:
    async with client(stack, stack.keys.secret) as service:
        listener = await listen(service, "live:wake:limits", private=True)
        await listener.until(RealtimeSubscribeStates.SUBSCRIBED)
        await stack.realtime.audience("live:wake:limits", 40)
        try:
            await stack.realtime.plan("free")
            await database.execute(SEND, json.dumps({"n": 1}))
            await listener.next()
            assert (await stack.realtime.used())["counted"] >= 1 + 1 + 40
        finally:
            await stack.realtime.audience("live:wake:limits", 0)
            await stack.realtime.plan("free")


async def test_a_worker_learns_that_the_budget_is_spent(stack: Stack) -> None:
    told: list[bool] = []
    async with supabase_client(stack.url, stack.keys.secret, 5.0) as supabase:
        budget = RealtimeBudget(supabase, lambda: told.append(True))
        try:
            await budget.ask()
            assert told == []
            await stack.realtime.plan("free", spent=10_000)
            await budget.ask()
            assert told == [True]
        finally:
            await stack.realtime.plan("free")


@pytest.mark.usefixtures("worker")
async def test_a_room_is_told_by_livekit_that_hints_are_dropped(stack: Stack, people: People) -> None:
    host = await people.arrive("Ada", creator=True)
    session = await host.open_session("audio_room")
    device = await host.enter(session.id, session.join)
    bodies: list[dict[str, Any]] = []

    def hear(packet: rtc.DataPacket) -> None:
        if packet.topic == "live.events":
            bodies.append(json.loads(json.loads(packet.data)["body"]))

    device.room.on("data_received", hear)
    await until("a beacon", lambda: bodies)
    assert all("hints" not in body for body in bodies)
    try:
        await stack.realtime.plan("free", spent=1_000_000)
        await until("it is told", lambda: any(body.get("hints") is False for body in bodies))
    finally:
        await stack.realtime.plan("free")


async def test_past_the_budget_a_broadcast_by_http_is_refused(stack: Stack) -> None:
    message = {"topic": "news", "event": "flash", "payload": {"n": 2}}
    try:
        await stack.realtime.plan("free", spent=10_000)
        async with httpx.AsyncClient() as http:
            answer = await http.post(
                f"{stack.url}/realtime/v1/api/broadcast",
                headers={"apikey": stack.keys.publishable},
                json={"messages": [message]},
            )
        assert answer.status_code == 429
    finally:
        await stack.realtime.plan("free")
