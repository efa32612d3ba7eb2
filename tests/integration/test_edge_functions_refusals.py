"""What every edge function refuses, no matter who asks and whatever it is about."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import jwt
import pytest

from local.stack import Stack
from tests.integration.edge import (
    CALL_FUNCTIONS,
    SESSION_FUNCTIONS,
    VALID_BODIES,
    Person,
    Reply,
    World,
    world,
)

FUNCTIONS = SESSION_FUNCTIONS + CALL_FUNCTIONS
each_function = pytest.mark.parametrize("function", FUNCTIONS)


def tells_nothing(world: World, reply: Reply) -> bool:
    """No secret, no SQL and no trace in what the client reads."""
    text = str(reply.body)
    secrets = [world.stack.keys.secret, world.stack.keys.service_role, world.stack.env["LIVEKIT_API_SECRET"]]
    traces = ["sqlstate", "PGRST", "relation", "select ", "plpgsql", "at file:", "127.0.0.1", ".ts:"]
    return not any(word in text for word in secrets + traces)


def shape(reply: Reply) -> tuple[set[str], set[str]]:
    return set(reply.body), set(reply.body.get("error", {}))


def forged(_world: World, person: Person) -> str:
    claims = jwt.decode(person.token, options={"verify_signature": False})
    return jwt.encode(claims, "another secret that is long enough for HS256", algorithm="HS256")


def unsigned(_world: World, person: Person) -> str:
    return jwt.encode(jwt.decode(person.token, options={"verify_signature": False}), "", algorithm="none")


def expired(world: World, person: Person) -> str:
    claims = jwt.decode(person.token, options={"verify_signature": False})
    claims["exp"] = int(time.time()) - 60
    return jwt.encode(claims, world.stack.keys.jwt_secret, algorithm="HS256")


def publishable_key(world: World, _person: Person) -> str:
    return world.stack.keys.publishable


def service_key(world: World, _person: Person) -> str:
    return world.stack.keys.service_role


TOKENS: Mapping[str, Callable[[World, Person], str | None]] = {
    "none": lambda _world, _person: None,
    "empty": lambda _world, _person: "",
    "forged": forged,
    "unsigned": unsigned,
    "expired": expired,
    "the publishable key": publishable_key,
    "the service key": service_key,
}


@each_function
async def test_a_caller_who_is_not_signed_in_is_refused(stack: Stack, function: str) -> None:
    async with world(stack) as here:
        person = await here.person(creator=True)
        for name, token in TOKENS.items():
            reply = await here.post(function, VALID_BODIES[function], token=token(here, person))
            assert reply.refusal == (401, "not_authenticated"), name
            assert shape(reply) == ({"error"}, {"code", "message"})
            assert tells_nothing(here, reply), name


@each_function
async def test_a_token_that_was_signed_out_is_refused(stack: Stack, function: str) -> None:
    async with world(stack) as here:
        person = await here.person(creator=True)
        headers = {"apikey": stack.keys.publishable, "authorization": f"Bearer {person.token}"}
        async with here.http.post(f"{stack.url}/auth/v1/logout", headers=headers) as answer:
            answer.raise_for_status()
        reply = await person.call(function, **VALID_BODIES[function])
        assert reply.refusal == (401, "not_authenticated")


@each_function
async def test_a_body_of_the_wrong_form_is_refused(stack: Stack, function: str) -> None:
    async with world(stack) as here:
        person = await here.person(creator=True)
        valid = VALID_BODIES[function]
        bodies: list[object] = [
            {},
            [],
            None,
            7,
            {**valid, "unknown": 1},
            {**valid, "user_id": person.id},
            *({**valid, field: {"not": "this"}} for field in valid),
            *({**valid, field: None} for field in valid),
            *({**valid, field: "'; drop table live_sessions; --"} for field in valid if field != "title"),
            # What no database holds as text: NUL, and half of a pair of surrogates.
            *({**valid, field: text} for field in valid for text in ("a\x00b", "a\ud800b")),
        ]
        for body in bodies:
            reply = await here.post(function, body, token=person.token)
            assert reply.refusal == (400, "invalid_request"), body
            assert tells_nothing(here, reply), body
            assert "drop table" not in str(reply.body)


@each_function
async def test_what_is_no_json_or_too_much_of_it_is_refused(stack: Stack, function: str) -> None:
    async with world(stack) as here:
        token = (await here.person()).token
        for body in ("", "{", "session_id=1", '{"a":1}}', "\x00"):
            reply = await here.post(function, body, token=token)
            assert reply.refusal == (400, "malformed_json"), body
        reply = await here.post(function, {"padding": "x" * 100_000}, token=token)
        assert reply.refusal == (413, "body_too_large")
        reply = await here.post(function, "{}", token=token, headers={"content-type": "text/plain"})
        assert reply.refusal == (415, "unsupported_media_type")


@each_function
async def test_only_post_is_answered_and_browsers_may_ask(stack: Stack, function: str) -> None:
    async with world(stack) as here:
        url = f"{stack.url}/functions/v1/{function}"
        async with here.http.get(url) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (405, "method_not_allowed")
        origin = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
        async with here.http.options(url, headers=origin) as answer:
            assert answer.ok
            assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("function", ["session-start", "session-end"])
async def test_nobody_acts_on_someone_elses_session(stack: Stack, function: str) -> None:
    async with world(stack) as here:
        session = await here.session(await here.person(creator=True))
        for stranger in (await here.person(), await here.person(creator=True)):
            reply = await stranger.call(function, session_id=session["id"])
            assert reply.status in {403, 404}, reply
            assert reply.code in {"unknown_session", "not_a_creator"}
        status = await here.database.fetchval("select status from live_sessions where id = $1", session["id"])
        assert status == "live"


@pytest.mark.parametrize("function", ["call-answer", "call-token", "call-end"])
async def test_nobody_acts_on_someone_elses_call(stack: Stack, function: str) -> None:
    async with world(stack) as here:
        caller, callee, stranger = await here.person(), await here.person(), await here.person()
        call = (await caller.call("call-start", callee_id=callee.id, type="audio")).body["call"]
        body = {**VALID_BODIES[function], "call_id": call["id"]}
        assert (await stranger.call(function, **body)).refusal == (404, "unknown_call")
        status = await here.database.fetchval("select status from calls where id = $1", call["id"])
        assert status == "ringing"


async def test_a_database_that_is_too_busy_is_unavailable_and_says_no_more(stack: Stack) -> None:
    async with world(stack) as here:
        host = await here.person(creator=True)
        session = await here.session(host)
        async with nobody_waits_for_locks(here), here.database.transaction():
            await here.database.execute("select from live_sessions where id = $1 for update", session["id"])
            reply = await host.call("session-end", session_id=session["id"])
        assert reply.refusal == (503, "unavailable")
        assert reply.headers["Retry-After"] == "1"
        assert tells_nothing(here, reply)
        assert (await host.call("session-end", session_id=session["id"])).status == 200


@asynccontextmanager
async def nobody_waits_for_locks(here: World) -> AsyncIterator[None]:
    function = "public.session_end(uuid, uuid)"
    await here.database.execute(f"alter function {function} set lock_timeout = '20ms'")
    try:
        yield
    finally:
        await here.database.execute(f"alter function {function} reset lock_timeout")
