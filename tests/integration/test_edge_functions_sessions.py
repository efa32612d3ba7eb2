"""A session's life through the edge functions: who may open, enter and end one, and what the tokens allow."""

import json
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from livekit import api

from local.paths import REPOSITORY
from local.stack import Stack
from tests.integration.edge import Json, Person, World, world

HANDBOOK = REPOSITORY / "livekit-system" / "EDGE-FUNCTIONS.md"
JOIN_FIELDS = {"url", "token", "expires_at", "identity", "now", "last_seq", "relay_keys"}
HOST_SOURCES = {
    "video_live": ["camera", "microphone", "screen_share", "screen_share_audio"],
    "audio_room": ["microphone"],
}


def documented(function: str, field: str) -> Json:
    """The example in the handbook's reply of a function."""
    page = HANDBOOK.read_text()
    section = page[page.index(f"\n## {function}\n") :]
    reply: Json = json.loads(re.findall(r"```json\n(.*?)```", section, re.DOTALL)[1])
    found: Json = reply[field]
    return found


@asynccontextmanager
async def livekit(stack: Stack) -> AsyncIterator[api.LiveKitAPI]:
    url, secret = stack.livekit_url.replace("ws", "http", 1), stack.env["LIVEKIT_API_SECRET"]
    async with api.LiveKitAPI(url, stack.env["LIVEKIT_API_KEY"], secret) as client:
        yield client


async def room_exists(client: api.LiveKitAPI, name: str) -> bool:
    return bool((await client.room.list_rooms(api.ListRoomsRequest(names=[name]))).rooms)


@pytest.mark.parametrize("kind", ["video_live", "audio_room"])
async def test_a_creator_goes_live_with_the_rights_of_a_host(stack: Stack, kind: str) -> None:
    async with world(stack) as here:
        host = await here.person(creator=True)
        reply = await host.call("session-create", type=kind, access_type="public", title="  Evening  ")
        assert reply.status == 200
        session, join = reply.body["session"], reply.body["join"]
        assert (session["status"], session["title"], session["creator_id"]) == ("live", "Evening", host.id)
        assert set(session) == set(documented("session-create", "session"))
        assert set(join) == JOIN_FIELDS
        assert (join["url"], join["identity"]) == (stack.livekit_url, host.id)
        claims = here.claims(join)
        assert claims["sub"] == host.id
        assert claims["exp"] - claims["nbf"] == 300
        assert claims["video"] == {
            "roomJoin": True,
            "room": session["livekit_room"],
            "canSubscribe": True,
            "canPublish": True,
            "canPublishSources": HOST_SOURCES[kind],
            "canPublishData": False,
            "canUpdateOwnMetadata": False,
        }


async def test_a_viewer_enters_without_publish_rights(stack: Stack) -> None:
    async with world(stack) as here:
        session = await here.session(await here.person(creator=True))
        viewer = await here.person()
        reply = await viewer.call("session-token", session_id=session["id"])
        assert (reply.status, set(reply.body), reply.body["role"]) == (200, {"join", "role"}, "viewer")
        claims = here.claims(reply.body["join"])
        assert (claims["sub"], claims["video"]["room"]) == (viewer.id, session["livekit_room"])
        assert claims["video"]["canPublish"] is False
        assert claims["video"]["canPublishData"] is False
        assert "canPublishSources" not in claims["video"]


async def test_a_promoted_person_gets_no_right_by_token(stack: Stack) -> None:
    async with world(stack) as here:
        session = await here.session(await here.person(creator=True), type="audio_room")
        speaker = await here.person()
        await here.database.execute(
            "insert into live_participants (session_id, user_id, role) values ($1, $2, 'speaker')",
            session["id"],
            speaker.id,
        )
        reply = await speaker.call("session-token", session_id=session["id"])
        assert reply.body["role"] == "speaker"
        assert here.claims(reply.body["join"])["video"]["canPublish"] is False


async def test_a_scheduled_session_opens_when_its_creator_starts_it(stack: Stack) -> None:
    async with world(stack) as here:
        host, viewer = await here.person(creator=True), await here.person()
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        session = await here.session(host, scheduled_at=tomorrow.isoformat())
        assert session["status"] == "scheduled"
        asked = await viewer.call("session-token", session_id=session["id"])
        assert asked.refusal == (409, "session_not_live")
        started = await host.call("session-start", session_id=session["id"])
        assert (started.status, started.body["session"]["status"]) == (200, "live")
        assert here.claims(started.body["join"])["video"]["canPublish"] is True
        assert set(started.body["session"]) == set(documented("session-start", "session"))
        again = await host.call("session-start", session_id=session["id"])
        assert (again.status, again.body["session"]["status"]) == (200, "live")
        assert (await viewer.call("session-token", session_id=session["id"])).status == 200


async def test_a_host_asks_for_obs_and_a_livekit_without_ingress_says_so(stack: Stack) -> None:
    """The local LiveKit has no Redis, which its ingress needs: what it is asked is in the functions' own tests."""
    async with world(stack) as here:
        host, viewer = await here.person(creator=True), await here.person()
        session = await here.session(host)
        asked = await viewer.call("session-ingress", session_id=session["id"])
        assert asked.refusal == (403, "not_the_host")
        asked = await host.call("session-ingress", session_id=session["id"])
        assert asked.refusal == (503, "unavailable")


async def test_what_a_moderator_took_from_a_host_is_in_no_token_of_any_door(stack: Stack) -> None:
    """No worker runs here: the tokens alone keep a muted host silent and a banned one out."""
    async with world(stack) as here:
        host = await here.person(creator=True)
        session = await here.session(host)
        act = (
            "insert into moderation_actions (session_id, target_user_id, action, requested_via)"
            " values ($1, $2, $3, 'ops')"
        )
        await here.database.execute('set request.jwt.claims to \'{"role": "service_role"}\'')
        await here.database.execute(act, session["id"], host.id, "mute")
        for door in ("session-start", "session-token"):
            join = (await host.call(door, session_id=session["id"])).body["join"]
            assert set(here.claims(join)["video"]["canPublishSources"]) == {"camera", "screen_share"}
        await here.database.execute(act, session["id"], host.id, "camera_off")
        for door in ("session-start", "session-token"):
            join = (await host.call(door, session_id=session["id"])).body["join"]
            assert here.claims(join)["video"]["canPublish"] is False
        await here.database.execute(act, session["id"], host.id, "ban")
        for door in ("session-start", "session-token"):
            assert (await host.call(door, session_id=session["id"])).refusal == (403, "banned")


async def test_who_may_not_create_a_session(stack: Stack) -> None:
    async with world(stack) as here:
        body = {"type": "video_live", "access_type": "public", "title": "Evening"}
        assert (await (await here.person()).call("session-create", **body)).refusal == (403, "not_a_creator")
        assert (await (await here.guest()).call("session-create", **body)).refusal == (
            403,
            "account_required",
        )
        host = await here.person(creator=True)
        assert (await host.call("session-create", **body)).status == 200
        assert (await host.call("session-create", **body)).refusal == (409, "already_live")


async def test_values_that_do_not_go_together_are_refused_in_words(stack: Stack) -> None:
    async with world(stack) as here:
        host = await here.person(creator=True)
        body = {"type": "video_live", "title": "Evening"}
        for wrong in (
            {"access_type": "pay_per_view"},
            {"access_type": "public", "price_coins": 5},
            {"access_type": "public", "scheduled_at": "2001-01-01T00:00:00Z"},
            {"access_type": "public", "scheduled_at": "2999-01-01T00:00:00Z"},
        ):
            reply = await host.call("session-create", **body, **wrong)
            assert reply.refusal == (400, "invalid_session"), wrong
            assert reply.body["error"]["message"]


async def subscribe(here: World, fan: Person, creator: Person) -> None:
    await here.database.execute(
        "insert into creator_subscriptions (user_id, creator_id) values ($1, $2)", fan.id, creator.id
    )


async def give_ticket(here: World, fan: Person, session: Json) -> None:
    """Bought as the fan, with coins of theirs: the books of the shared stack have to balance."""
    key, claims = str(uuid.uuid4()), json.dumps({"sub": str(fan.id), "role": "authenticated"})
    await here.database.execute("select public.credit_coins($1, 5, $2)", fan.id, key)
    async with here.database.transaction():
        await here.database.execute("select set_config('request.jwt.claims', $1, true)", claims)
        await here.database.execute("set local role authenticated")
        await here.database.execute("select public.buy_ticket($1, $2)", session["id"], key)


async def test_access_types_let_in_whom_they_should(stack: Stack) -> None:
    async with world(stack) as here:
        fan, stranger, guest = await here.person(), await here.person(), await here.guest()
        hosts = [await here.person(creator=True) for _ in range(3)]
        public = await here.session(hosts[0])
        subscribers = await here.session(hosts[1], access_type="subscribers")
        paid = await here.session(hosts[2], access_type="pay_per_view", price_coins=5)
        await subscribe(here, fan, hosts[1])
        await give_ticket(here, fan, paid)

        expected: list[tuple[Person, Json, tuple[int, str | None]]] = [
            (fan, public, (200, None)),
            (stranger, public, (200, None)),
            (guest, public, (200, None)),
            (fan, subscribers, (200, None)),
            (stranger, subscribers, (403, "subscription_required")),
            (guest, subscribers, (403, "sign_in_required")),
            (fan, paid, (200, None)),
            (stranger, paid, (402, "ticket_required")),
            (guest, paid, (403, "sign_in_required")),
        ]
        for person, session, outcome in expected:
            reply = await person.call("session-token", session_id=session["id"])
            assert reply.refusal == outcome, (session["access_type"], outcome)
            assert ("join" in reply.body) == (outcome[0] == 200)


async def test_the_banned_get_no_token(stack: Stack) -> None:
    async with world(stack) as here:
        host, guest = await here.person(creator=True), await here.person()
        session = await here.session(host)
        assert (await guest.call("session-token", session_id=session["id"])).status == 200
        await here.database.execute(
            "insert into live_bans (user_id, scope, session_id) values ($1, 'session', $2)",
            guest.id,
            session["id"],
        )
        reply = await guest.call("session-token", session_id=session["id"])
        assert reply.refusal == (403, "banned")
        assert "join" not in reply.body


async def test_ending_a_session_closes_its_room_and_its_door(stack: Stack) -> None:
    async with world(stack) as here, livekit(stack) as client:
        host, viewer = await here.person(creator=True), await here.person()
        session = await here.session(host)
        await client.room.create_room(api.CreateRoomRequest(name=session["livekit_room"]))
        assert await room_exists(client, session["livekit_room"])

        ended = await host.call("session-end", session_id=session["id"])

        assert (ended.status, ended.body["session"]["status"]) == (200, "ended")
        assert ended.body["session"]["end_reason"] == "host"
        assert set(ended.body["session"]) == set(documented("session-end", "session"))
        assert not await room_exists(client, session["livekit_room"])
        for person in (host, viewer):
            asked = await person.call("session-token", session_id=session["id"])
            assert asked.refusal == (409, "session_ended")
        assert (await host.call("session-start", session_id=session["id"])).code == "session_ended"
        again = await host.call("session-end", session_id=session["id"])
        assert again.body["session"]["ended_at"] == ended.body["session"]["ended_at"]


async def test_ops_end_any_session(stack: Stack) -> None:
    async with world(stack) as here:
        session, ops = await here.session(await here.person(creator=True)), await here.person()
        await here.database.execute("insert into live_ops (user_id) values ($1)", ops.id)
        reply = await ops.call("session-end", session_id=session["id"])
        assert (reply.status, reply.body["session"]["end_reason"]) == (200, "ops")
