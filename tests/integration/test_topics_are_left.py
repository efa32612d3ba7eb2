"""Realtime topics of somebody who may not listen any more: the policy is asked again with each new token."""

import json
import uuid

import asyncpg
import pytest
from realtime import RealtimeSubscribeStates

from local.stack import Stack
from tests.integration.clients import user_id
from tests.integration.test_gateway_realtime import in_realtime, listen

SUBSCRIBED = RealtimeSubscribeStates.SUBSCRIBED


async def session_of_somebody(database: asyncpg.Connection) -> str:
    creator = uuid.uuid4()
    await database.execute("insert into auth.users (id) values ($1)", creator)
    await database.execute("update profiles set is_creator = true where id = $1", creator)
    made = await database.fetchval(
        "insert into live_sessions (creator_id, type, title, status, access_type, price_coins)"
        " values ($1, 'audio_room', 'Evening', 'live', 'pay_per_view', 5) returning id", creator,
    )  # fmt: skip
    return str(made)


@pytest.mark.parametrize("topic", ["levels", "session"])
async def test_with_the_next_token_a_topic_is_left(
    stack: Stack, database: asyncpg.Connection, topic: str
) -> None:
    session = await session_of_somebody(database)
    name, role = f"live:{topic}:{session}", "moderator" if topic == "levels" else "listener"
    async with in_realtime(stack) as person:
        me = await user_id(person)
        await database.execute(
            "insert into live_participants (session_id, user_id, role) values ($1, $2, $3)", session, me, role
        )
        await database.execute(
            "insert into live_tickets (session_id, user_id, coins, idempotency_key)"
            " values ($1, $2, 5, gen_random_uuid())",
            session, me,
        )  # fmt: skip
        listener = await listen(person, name, private=True)
        assert await listener.state() == SUBSCRIBED
        tell = "select realtime.send($1, 'told', $2, true)"
        await database.execute(tell, json.dumps({"n": 1}), name)
        assert (await listener.next())["payload"]["n"] == 1

        if topic == "levels":
            await database.execute("insert into live_bans (user_id, scope) values ($1, 'platform')", me)
        else:
            await database.execute("update live_tickets set refunded_at = now() where user_id = $1", me)
        fresh = (await person.auth.refresh_session()).session
        assert fresh is not None
        await person.realtime.set_auth(fresh.access_token)
        # On one socket, in order: whatever is joined after the token was read is answered after it.
        again = await listen(person, f"lobby:{uuid.uuid4()}")
        assert await again.state() == SUBSCRIBED
        await database.execute(tell, json.dumps({"n": 2}), name)
        assert await listener.silent()
        refused = await listen(person, name, private=True)
        assert await refused.state() == RealtimeSubscribeStates.CHANNEL_ERROR
