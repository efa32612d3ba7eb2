"""What the network and the database's refusals become on their way through `SqlStore`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from agent.core.clock import DatabaseClock
from agent.core.lease import Joined, Known, Lease, Left, RoomName
from agent.core.ports import Refused, Unavailable
from agent.supabase.client import supabase_client
from agent.supabase.store import SqlStore
from handlers.facts import Connection, Identity, Sid

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LEASE = Lease(RoomName("room"), 1)


def answers(status: int, body: object) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return handle


async def garbles(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>a proxy's apology</html>")


async def hangs(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def store_over(handler: Handler) -> AsyncIterator[SqlStore]:
    app = web.Application()
    app.router.add_post("/rest/v1/rpc/{name}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with supabase_client(f"http://{host}:{port}", "key", 0.3) as supabase:
            yield SqlStore(supabase, "one", DatabaseClock(), lease_seconds=3)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (answers(429, {}), Unavailable),
        (answers(500, {}), Unavailable),
        (answers(503, {"code": "PGRST001"}), Unavailable),
        (answers(400, {"code": "40001", "message": "serialization"}), Unavailable),
        (answers(400, {"code": "40P01", "message": "deadlock"}), Unavailable),
        (answers(400, {"code": "22P02", "message": "not a uuid"}), Refused),
        (answers(401, {"message": "Invalid API key"}), Refused),
        (answers(404, {"code": "PGRST202"}), Refused),
        (garbles, Unavailable),
        (hangs, Unavailable),
    ],
)
async def test_a_bad_answer_says_whether_to_try_again(handler: Handler, error: type[Exception]) -> None:
    async with store_over(handler) as store:
        with pytest.raises(error):
            await store.pull({LEASE: Known("0")})


async def test_one_room_that_cannot_be_read_leaves_the_others_their_news() -> None:
    quiet = {"held": True, "cursor": "7", "status": "live", "people": [], "actions": [], "events": []}
    odd = {**quiet, "people": [{"user_id": "ada", "role": "emperor"}]}
    body = {"now": "2027-01-15T08:00:00+00:00", "rooms": [{"room": "odd", **odd}, {"room": "room", **quiet}]}
    async with store_over(answers(200, body)) as store:
        first, second = await store.pull({Lease(RoomName("odd"), 1): Known("0"), LEASE: Known("0")})
    assert first.fault is not None
    assert second.fault is None
    assert second.pulled is not None


async def test_a_person_that_cannot_be_read_was_written_all_the_same() -> None:
    report = Joined(LEASE, Identity("ada"), Connection(Sid("PA_1"), 1, None))
    async with store_over(answers(200, [{"ok": True, "person": {"role": "emperor"}}])) as store:
        (written,) = await store.presence([report])
    assert written.ok
    assert written.person is None


@pytest.mark.parametrize(
    ("ask", "counts"),
    [
        (lambda store: store.claim(LEASE.room, Identity("agent-1")), True),
        (lambda store: store.pull({LEASE: Known("0")}), True),
        (lambda store: store.watch(1.0, None), True),
        (lambda store: store.presence([Left(LEASE, Identity("ada"), Sid("PA_1"), "gone", 1)]), False),
    ],
    ids=["claim", "pull", "watch", "presence"],
)
async def test_a_lease_that_could_not_be_had_is_remembered(
    ask: Callable[[SqlStore], Awaitable[object]], counts: bool
) -> None:
    """A full disk lets reads through: anyone who could not take a room must give its holder time to renew."""
    async with store_over(answers(500, {"code": "53100", "message": "No space left on device"})) as store:
        with pytest.raises(Unavailable):
            await ask(store)
        assert (store.failed_at > 0) is counts
