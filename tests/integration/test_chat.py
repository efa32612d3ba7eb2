"""Chat as the app does it: rows in Supabase, a hint by Realtime, and nothing through LiveKit."""

import uuid

import pytest
from postgrest import ReturnMethod
from realtime import RealtimeSubscribeStates
from supabase import AsyncClient

from local.stack import Stack
from tests.integration.clients import signed_up, user_id
from tests.integration.edge import Json, Person, World, world
from tests.integration.test_edge_functions_sessions import subscribe
from tests.integration.test_edge_functions_webhook import event, new_sid, participant
from tests.integration.test_gateway_realtime import in_realtime, listen


async def join(here: World, session: Json, creator: Person, client: AsyncClient) -> None:
    """A subscriber comes in; LiveKit reports it."""
    person = Person(here, await user_id(client), "")
    await subscribe(here, person, creator)
    reply = await here.deliver(
        event("participant_joined", session["livekit_room"], participant(person, new_sid()))
    )
    assert reply.body == {"outcome": "recorded"}


@pytest.mark.usefixtures("worker")  # its beat sends what was held
async def test_a_message_reaches_who_is_in_the_session_and_nobody_else(stack: Stack) -> None:
    async with world(stack) as here, signed_up(stack) as writer, in_realtime(stack) as reader:
        creator = await here.person(creator=True)
        session = await here.session(creator, access_type="subscribers")
        topic = f"live:session:{session['id']}"
        for client in (writer, reader):
            await join(here, session, creator, client)
        heard = await listen(reader, topic, private=True, event="changed")
        await heard.until(RealtimeSubscribeStates.SUBSCRIBED)

        message = {"id": str(uuid.uuid4()), "session_id": session["id"], "body": "merhaba"}
        await writer.table("live_messages").insert(message, returning=ReturnMethod.minimal).execute()

        hint: Json = {}
        while "live_messages" not in hint:
            hint = (await heard.next())["payload"]["changed"]
        assert hint["live_messages"] == [message["id"]]
        read = reader.table("live_messages").select("body").in_("id", hint["live_messages"])
        assert (await read.execute()).data == [{"body": "merhaba"}]

        async with in_realtime(stack) as stranger:
            refused = await listen(stranger, topic, private=True, event="changed")
            assert await refused.state() == RealtimeSubscribeStates.CHANNEL_ERROR
            read = stranger.table("live_messages").select("body").in_("id", hint["live_messages"])
            assert (await read.execute()).data == []
