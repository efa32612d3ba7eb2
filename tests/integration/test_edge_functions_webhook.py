"""LiveKit's webhooks: forgeries are refused, and what is reported twice or in the wrong order counts once."""

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import Sequence

import asyncpg
import pytest
from livekit import rtc

from local.stack import Stack
from tests.integration.edge import Json, Person, World, world

JOINED_MS = 1_800_000_000_250


def event(name: str, room: str, participant: Json | None = None, *, second: int = 0) -> Json:
    """A webhook in LiveKit's own JSON: camelCase, 64-bit numbers as text."""
    made: Json = {
        "event": name,
        "id": f"EV_{uuid.uuid4().hex[:12]}",
        "createdAt": str(JOINED_MS // 1000 + second),
        "room": {"sid": "RM_1", "name": room},
    }
    return made | ({"participant": participant} if participant else {})


def participant(person: Person, sid: str, **changes: object) -> Json:
    made: Json = {
        "sid": sid,
        "identity": person.id,
        "state": "ACTIVE",
        "joinedAt": str(JOINED_MS // 1000),
        "joinedAtMs": str(JOINED_MS),
        "permission": {"canSubscribe": True},
    }
    return made | changes


def new_sid() -> str:
    return f"PA_{uuid.uuid4().hex[:12]}"


async def visits(here: World, session: Json) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await here.database.fetch(
        "select participant_sid, user_id, joined_at, left_at, leave_reason from live_visits "
        "where session_id = $1 order by participant_sid",
        session["id"],
    )
    return rows


async def test_a_join_and_a_leave_become_a_visit(stack: Stack) -> None:
    async with world(stack) as here:
        session, viewer = await here.session(await here.person(creator=True)), await here.person()
        who = participant(viewer, new_sid())
        joined = await here.deliver(event("participant_joined", session["livekit_room"], who))
        assert (joined.status, joined.body) == (200, {"outcome": "recorded"})
        [visit] = await visits(here, session)
        assert (visit["participant_sid"], str(visit["user_id"])) == (who["sid"], viewer.id)
        assert visit["joined_at"].timestamp() == JOINED_MS / 1000
        assert visit["left_at"] is None

        left = participant(viewer, who["sid"], disconnectReason="CLIENT_INITIATED")
        await here.deliver(event("participant_left", session["livekit_room"], left, second=9))
        [visit] = await visits(here, session)
        assert visit["left_at"].timestamp() == JOINED_MS // 1000 + 9


async def test_forgeries_are_refused_and_leave_nothing(stack: Stack) -> None:
    async with world(stack) as here:
        session, viewer = await here.session(await here.person(creator=True)), await here.person()
        join = (await viewer.call("session-token", session_id=session["id"])).body["join"]
        forgery = event("participant_joined", session["livekit_room"], participant(viewer, new_sid()))
        body = json.dumps(forgery)
        another = json.dumps({**forgery, "id": "EV_another"})
        attempts = {
            "no signature": "",
            "another secret": here.webhook_token(body, secret="another secret that is long enough"),  # noqa: S106
            "a signature of another body": here.webhook_token(another),
            "a viewer's join token": join["token"],
            "a viewer's access token": viewer.token,
            "the service key": stack.keys.secret,
        }
        for name, authorization in attempts.items():
            reply = await here.deliver_signed(body, authorization)
            assert reply.refusal == (401, "invalid_signature"), name
        assert await visits(here, session) == []
        filed = "select count(*) from livekit_webhook_events where id = $1"
        assert await here.database.fetchval(filed, forgery["id"]) == 0


async def test_a_replayed_webhook_counts_once(stack: Stack) -> None:
    async with world(stack) as here:
        session, viewer = await here.session(await here.person(creator=True)), await here.person()
        body = json.dumps(
            event("participant_joined", session["livekit_room"], participant(viewer, new_sid()))
        )
        token = here.webhook_token(body)
        replies = [await here.deliver_signed(body, token) for _ in range(3)]
        assert [reply.body["outcome"] for reply in replies] == ["recorded", "duplicate", "duplicate"]
        assert len(await visits(here, session)) == 1


async def test_the_same_webhook_twice_at_once_counts_once(stack: Stack) -> None:
    async with world(stack) as here:
        session, viewer = await here.session(await here.person(creator=True)), await here.person()
        body = json.dumps(
            event("participant_joined", session["livekit_room"], participant(viewer, new_sid()))
        )
        token = here.webhook_token(body)
        replies = await asyncio.gather(*(here.deliver_signed(body, token) for _ in range(8)))
        assert sorted(reply.body["outcome"] for reply in replies) == ["duplicate"] * 7 + ["recorded"]
        assert len(await visits(here, session)) == 1


async def outcome(here: World, events: Sequence[Json], session: Json) -> list[tuple[object, ...]]:
    for one in events:
        assert (await here.deliver(one)).status == 200
    return [tuple(row)[2:] for row in await visits(here, session)]


async def test_every_order_of_arrival_ends_in_the_same_rows(stack: Stack) -> None:
    """Two visits of one person, the second begun before the first was reported as over."""
    async with world(stack) as here:
        results = []
        for order in itertools.permutations(range(4)):
            session, viewer = await here.session(await here.person(creator=True)), await here.person()
            room, first, second = session["livekit_room"], f"PA_1{new_sid()}", f"PA_2{new_sid()}"
            later = {"joinedAt": str(JOINED_MS // 1000 + 5), "joinedAtMs": str(JOINED_MS + 5000)}
            events = [
                event("participant_joined", room, participant(viewer, first)),
                event("participant_left", room, participant(viewer, first), second=6),
                event("participant_joined", room, participant(viewer, second, **later), second=5),
                event("participant_left", room, participant(viewer, second, **later), second=12),
            ]
            rows = await outcome(here, [events[i] for i in order], session)
            count = await here.database.fetchval(
                "select viewer_count from live_sessions where id = $1", session["id"]
            )
            results.append((rows, count))
        assert results.count(results[0]) == len(results)
        assert len(results[0][0]) == 2
        assert results[0][1] == 0


async def test_machines_and_strangers_leave_no_visit(stack: Stack) -> None:
    async with world(stack) as here:
        session, viewer = await here.session(await here.person(creator=True)), await here.person()
        room = session["livekit_room"]
        for who in (
            participant(viewer, new_sid(), kind="AGENT"),
            participant(viewer, new_sid(), kind="EGRESS"),
            participant(viewer, new_sid(), permission={"hidden": True}),
            participant(viewer, new_sid(), identity="agent-1"),
            participant(viewer, new_sid(), identity=str(uuid.uuid4())),
        ):
            reply = await here.deliver(event("participant_joined", room, who))
            assert (reply.status, reply.body) == (200, {"outcome": "ignored"}), who
        elsewhere = event("participant_joined", "no-room-of-ours", participant(viewer, new_sid()))
        assert (await here.deliver(elsewhere)).body == {"outcome": "ignored"}
        assert await visits(here, session) == []


async def test_a_real_join_is_recorded_by_its_webhook(stack: Stack) -> None:
    async with world(stack) as here:
        session, viewer = await here.session(await here.person(creator=True)), await here.person()
        join = (await viewer.call("session-token", session_id=session["id"])).body["join"]
        room = rtc.Room()
        await room.connect(join["url"], join["token"])
        try:
            visit = await eventually_one_visit(here, session)
            assert (visit["participant_sid"], str(visit["user_id"])) == (
                room.local_participant.sid,
                viewer.id,
            )
        finally:
            await room.disconnect()


async def test_livekit_repeats_what_came_while_the_database_was_away(stack: Stack) -> None:
    async with world(stack) as here:
        session, viewer = await here.session(await here.person(creator=True)), await here.person()
        join = (await viewer.call("session-token", session_id=session["id"])).body["join"]
        room = rtc.Room()
        await stack.postgrest.kill()
        try:
            await room.connect(join["url"], join["token"])
            who = participant(viewer, new_sid())
            reply = await here.deliver(event("participant_joined", session["livekit_room"], who))
            assert reply.refusal == (503, "unavailable")
            assert await visits(here, session) == []
        finally:
            await stack.postgrest.start()
        try:
            visit = await eventually_one_visit(here, session)
            assert visit["participant_sid"] == room.local_participant.sid
        finally:
            await room.disconnect()


async def eventually_one_visit(here: World, session: Json) -> asyncpg.Record:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if found := await visits(here, session):
            return found[0]
        await asyncio.sleep(0.01)
    pytest.fail("no visit was recorded within 10 s")


ODD: dict[str, Json] = {
    "NUL in a name": {"name": "a\u0000b"},
    "NUL in metadata": {"metadata": "\u0000"},
    "half a surrogate pair": {"name": "a\ud800b"},
    "a time beyond time": {"joinedAtMs": "9" * 18},
    "a time of another kind": {"joinedAtMs": "soon"},
    "a sid that is none": {"sid": "PA_ü" * 40},
    "sources that are no list": {"permission": {"canPublishSources": "ALL"}},
    "a right that is no right": {"permission": {"canPublish": "perhaps"}},
    "an identity of another kind": {"identity": {"a": 1}},
    "a room of another kind": {"room": 7},
}


@pytest.mark.parametrize("oddity", [*ODD, "an id without end", "nested without end", "no object"])
async def test_what_is_signed_and_still_nonsense_is_refused_and_not_repeated(
    stack: Stack, oddity: str
) -> None:
    """LiveKit repeats whatever is answered with 5xx; and a body that cannot be stored never can be."""
    async with world(stack) as here:
        session, viewer = await here.session(await here.person(creator=True)), await here.person()
        made = event("participant_joined", session["livekit_room"], participant(viewer, new_sid()))
        match oddity:
            case "an id without end":
                body = json.dumps(made | {"id": "EV_" + "x" * 5000})
            case "nested without end":
                body = json.dumps(made)[:-1] + ', "extra": ' + "[" * 20_000 + "]" * 20_000 + "}"
            case "no object":
                body = "[1, 2]"
            case _ if "room" in ODD[oddity]:
                body = json.dumps(made | ODD[oddity])
            case _:
                body = json.dumps(made | {"participant": made["participant"] | ODD[oddity]})
        answer = await here.deliver_signed(body, here.webhook_token(body))
        assert 200 <= answer.status < 500, answer
        sound = event("participant_joined", session["livekit_room"], participant(viewer, new_sid()))
        assert (await here.deliver(sound)).body == {"outcome": "recorded"}
