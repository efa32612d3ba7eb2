"""An open app learns by its own topic that it is called: real Realtime, real policies, supabase-py."""

import asyncio
from typing import Any

from supabase import AsyncClient

from local.people.waiting import until, within
from local.stack import Stack
from tests.integration.clients import client, signed_up, user_id
from tests.integration.edge import Json, Person, world

TOLD = "select count(*) from realtime.messages where topic = $1 and event = 'call'"


async def listening(app: AsyncClient, person: str) -> tuple[asyncio.Queue[Json], str]:
    """What is told on a person's topic, and how joining it went."""
    told, states = asyncio.Queue[Json](), asyncio.Queue[str]()
    session = await app.auth.get_session()
    if session is not None:
        await app.realtime.set_auth(session.access_token)
    channel = app.channel(f"live:user:{person}", {"config": {"private": True}})  # type: ignore[typeddict-item]
    channel.on_broadcast("call", lambda message: told.put_nowait(message["payload"]))

    def state(status: Any, _error: Exception | None = None) -> None:
        states.put_nowait(str(getattr(status, "value", status)))

    await channel.subscribe(state)
    return told, await within(10, "an answer to the join", states.get())


async def test_a_call_rings_in_an_open_app_and_stops_when_another_device_answers(stack: Stack) -> None:
    async with world(stack) as here, signed_up(stack) as app:
        callee_id = await user_id(app)
        session = await app.auth.get_session()
        assert session is not None
        callee, caller = Person(here, callee_id, session.access_token), await here.person()
        told, joined = await listening(app, callee_id)
        assert joined == "SUBSCRIBED"
        call = (await caller.call("call-start", callee_id=callee_id, type="audio")).body["call"]["id"]
        ringing = await within(10, "the ringing", told.get())
        assert (ringing["happened"], ringing["call"]["id"]) == ("ringing", call)
        assert ringing["caller"]["id"] == caller.id
        assert (await callee.call("call-answer", call_id=call, accept=True)).status == 200
        assert (await within(10, "the answer", told.get()))["happened"] == "answered_elsewhere"
        await caller.call("call-end", call_id=call)
        assert (await within(10, "the end", told.get()))["happened"] == "ended"


async def test_nobody_joins_the_topic_of_somebody_else(stack: Stack) -> None:
    async with world(stack) as here, signed_up(stack) as stranger, client(stack) as anonymous:
        person = await here.person()
        for app in (stranger, anonymous):
            told, joined = await listening(app, person.id)
            assert joined == "CHANNEL_ERROR"
            await (await here.person()).call("call-start", callee_id=person.id, type="audio")
            await until("it was told", lambda: here.database.fetchval(TOLD, f"live:user:{person.id}"))
            assert told.empty()
