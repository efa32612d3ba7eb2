"""Realtime through the gateway, with the unmodified supabase-py client."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from realtime import AsyncRealtimeChannel, RealtimeSubscribeStates
from supabase import AsyncClient

from local.stack import Stack
from tests.integration.clients import client, signed_up, user_id

SOON = 5.0
QUIET = 0.4  # longer than the tenth of a second in which changes are told

pytestmark = pytest.mark.usefixtures("notes")


class Listener:
    """A subscription and what it heard."""

    def __init__(self, channel: AsyncRealtimeChannel) -> None:
        self.channel = channel
        self.states: asyncio.Queue[RealtimeSubscribeStates] = asyncio.Queue()
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.flowing = asyncio.Event()

    async def state(self) -> RealtimeSubscribeStates:
        return await asyncio.wait_for(self.states.get(), SOON)

    async def until(self, wanted: RealtimeSubscribeStates) -> None:
        while await self.state() != wanted:
            pass

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.heard.get(), SOON)

    async def silent(self) -> bool:
        await asyncio.sleep(QUIET)
        return self.heard.empty()


async def listen(person: AsyncClient, topic: str, *, private: bool = False, event: str = "*") -> Listener:
    """Joins a topic for broadcasts."""
    config: Any = {"config": {"broadcast": {"ack": False, "self": False}, "private": private}}
    listener = Listener(person.channel(topic, config))
    listener.channel.on_broadcast(event, lambda message: listener.heard.put_nowait(dict(message)))
    await listener.channel.subscribe(lambda state, _: listener.states.put_nowait(state))
    return listener


async def watch_notes(person: AsyncClient, topic: str, filter_: str | None = None) -> Listener:
    """Joins a topic for changes of `notes`, and returns when they flow."""
    listener = Listener(person.channel(topic))
    listener.channel.on_postgres_changes(
        "*", lambda change: listener.heard.put_nowait(dict(change["data"])), "notes", "public", filter_
    )
    listener.channel.on_system(lambda _: listener.flowing.set())
    await listener.channel.subscribe(lambda state, _: listener.states.put_nowait(state))
    await asyncio.wait_for(listener.flowing.wait(), SOON)
    return listener


@asynccontextmanager
async def in_realtime(stack: Stack) -> AsyncIterator[AsyncClient]:
    """A new person whose websocket carries their own token."""
    async with signed_up(stack) as person:
        session = await person.auth.get_session()
        assert session
        await person.realtime.set_auth(session.access_token)
        yield person


@asynccontextmanager
async def mended(stack: Stack) -> AsyncIterator[None]:
    """Puts back whatever is broken inside, for the tests that share the stack."""
    try:
        yield
    finally:
        await stack.realtime.restore()


async def test_a_public_broadcast_reaches_everyone_but_its_sender(stack: Stack) -> None:
    async with client(stack) as one, client(stack) as other:
        speaker, listener = await listen(one, "lobby"), await listen(other, "lobby")
        await speaker.channel.send_broadcast("hello", {"n": 1})
        assert (await listener.next())["payload"] == {"n": 1}
        assert await speaker.silent()


async def test_a_broadcast_by_http_is_accepted_and_delivered(stack: Stack) -> None:
    async with client(stack) as person, httpx.AsyncClient() as http:
        listener = await listen(person, "news")
        answer = await http.post(
            f"{stack.url}/realtime/v1/api/broadcast",
            headers={"apikey": stack.keys.publishable},
            json={"messages": [{"topic": "news", "event": "flash", "payload": {"n": 2}}]},
        )
        assert answer.status_code == 202
        assert (await listener.next())["event"] == "flash"


async def test_the_database_broadcasts_to_a_private_topic(stack: Stack, database: asyncpg.Connection) -> None:
    async with client(stack, stack.keys.secret) as service:
        listener = await listen(service, "live:wake", private=True)
        assert await listener.state() == RealtimeSubscribeStates.SUBSCRIBED
        await database.execute("select realtime.send($1, 'wake', 'live:wake')", json.dumps({"room": "r"}))
        while (await listener.next())["payload"]["room"] != "r":
            pass  # of a room that another test has left behind


async def test_public_and_private_topics_of_a_name_are_two(
    stack: Stack, database: asyncpg.Connection
) -> None:
    async with client(stack) as person:
        listener = await listen(person, "shared")
        await database.execute("select realtime.send('{}', 'e', 'shared', true)")
        assert await listener.silent()
        await database.execute("select realtime.send('{}', 'e', 'shared', false)")
        assert (await listener.next())["event"] == "e"


async def test_a_private_topic_is_refused_without_a_policy_for_it(stack: Stack) -> None:
    async with client(stack) as nobody, in_realtime(stack) as person:
        for stranger, topic in ((nobody, "live:wake"), (person, "live:wake"), (person, "room:someone-else")):
            refused = await listen(stranger, topic, private=True)
            assert await refused.state() == RealtimeSubscribeStates.CHANNEL_ERROR


async def test_a_policy_opens_a_private_topic_to_the_right_person(stack: Stack) -> None:
    async with in_realtime(stack) as person, client(stack, stack.keys.secret) as service:
        topic = f"room:{await user_id(person)}"
        mine = await listen(person, topic, private=True)
        assert await mine.state() == RealtimeSubscribeStates.SUBSCRIBED
        theirs = await listen(service, topic, private=True)
        await mine.channel.send_broadcast("hi", {"from": "me"})
        assert (await theirs.next())["payload"] == {"from": "me"}


async def test_a_failed_send_does_not_fail_its_transaction(database: asyncpg.Connection) -> None:
    async with database.transaction():
        await database.execute("set local role anon")
        await database.execute("select realtime.send('{}', 'e', 'not mine', true)")
        assert await database.fetchval("select 1") == 1


async def test_changes_are_told_to_those_who_may_see_the_row(
    stack: Stack, database: asyncpg.Connection
) -> None:
    async with in_realtime(stack) as owner, in_realtime(stack) as outsider:
        me = await user_id(owner)
        mine, theirs = await watch_notes(owner, "notes:1"), await watch_notes(outsider, "notes:1")
        await database.execute(
            "insert into notes (owner, body, data, secret) values ($1, 'hi', '{\"a\": [1]}', 's')", me
        )
        change = await mine.next()
        assert change["type"] == "INSERT"
        assert change["errors"] is None
        record = change["record"]
        assert (record["owner"], record["body"], record["data"]) == (me, "hi", {"a": [1]})
        assert "secret" not in record, "a column without a grant"
        await database.execute("update notes set body = 'ho' where owner = $1", me)
        change = await mine.next()
        assert (change["record"]["body"], change["old_record"]) == ("ho", {"id": record["id"]})
        assert await theirs.silent()
        await database.execute("delete from notes where owner = $1", me)
        for listener in (mine, theirs):
            assert (await listener.next())["old_record"] == {"id": record["id"]}, "no policy hides a DELETE"


async def test_a_filter_narrows_changes(stack: Stack, database: asyncpg.Connection) -> None:
    async with client(stack, stack.keys.secret) as service:
        listener = await watch_notes(service, "notes:filtered", "body=eq.wanted")
        await database.execute("insert into notes (body) values ('unwanted'), ('wanted')")
        assert (await listener.next())["record"]["body"] == "wanted"
        assert await listener.silent()


async def test_a_thousand_rows_reach_two_people_in_time(stack: Stack, database: asyncpg.Connection) -> None:
    async with in_realtime(stack) as owner, in_realtime(stack) as outsider:
        mine, theirs = await watch_notes(owner, "bulk"), await watch_notes(outsider, "bulk")
        await database.execute(
            "insert into notes (owner, body) select $1, n::text from generate_series(1, 1000) n",
            await user_id(owner),
        )
        bodies = [(await mine.next())["record"]["body"] for _ in range(1000)]
        assert bodies == [str(n) for n in range(1, 1001)]
        assert await theirs.silent()


async def test_an_expired_token_is_refused_and_one_that_expires_closes_the_channel(stack: Stack) -> None:
    claims = {"role": "authenticated", "sub": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}
    async with client(stack) as late, client(stack) as brief:
        await late.realtime.set_auth(stack.keys.mint(claims, -1))
        assert await (await listen(late, "t")).state() == RealtimeSubscribeStates.CHANNEL_ERROR
        await brief.realtime.set_auth(stack.keys.mint(claims, 2))
        listener = await listen(brief, "t")
        assert await listener.state() == RealtimeSubscribeStates.SUBSCRIBED
        await listener.until(RealtimeSubscribeStates.CLOSED)


async def test_a_forged_token_is_refused(stack: Stack) -> None:
    forged = stack.keys.mint({"role": "service_role"}, 60)[:-4] + "AAAA"
    async with client(stack) as person:
        await person.realtime.set_auth(forged)
        listener = await listen(person, "live:wake", private=True)
        assert await listener.state() == RealtimeSubscribeStates.CHANNEL_ERROR


@pytest.mark.parametrize("how", ["abort", "close"])
async def test_after_a_drop_clients_come_back_and_what_was_said_meanwhile_is_lost(
    stack: Stack, database: asyncpg.Connection, how: Any
) -> None:
    async with client(stack, stack.keys.secret) as service:
        listener = await listen(service, f"drop:{how}", private=True)
        async with mended(stack):
            await stack.realtime.refuse()
            await stack.realtime.drop(how)
            await listener.until(RealtimeSubscribeStates.CHANNEL_ERROR)
            await database.execute("select realtime.send('{}', 'lost', $1)", f"drop:{how}")
        await listener.until(RealtimeSubscribeStates.SUBSCRIBED)
        await database.execute("select realtime.send('{}', 'heard', $1)", f"drop:{how}")
        assert (await listener.next())["event"] == "heard"


async def test_a_stalled_connection_stays_open_and_silent(stack: Stack, database: asyncpg.Connection) -> None:
    async with client(stack, stack.keys.secret) as service:
        listener = await listen(service, "stall", private=True)
        assert await listener.state() == RealtimeSubscribeStates.SUBSCRIBED
        async with mended(stack):
            await stack.realtime.stall()
            await database.execute("select realtime.send('{}', 'lost', 'stall')")
            assert await listener.silent()
            assert listener.states.empty(), "the client was told nothing"
        await database.execute("select realtime.send('{}', 'heard', 'stall')")
        assert (await listener.next())["event"] == "heard"
