"""What any `RoomCalls` must do: the fake of the unit tests, and LiveKit's server API over a real server."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Protocol

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from livekit import api, rtc

from agent.core.clock import DatabaseClock
from agent.core.inbox import Inbox
from agent.core.lease import RoomName
from agent.core.ports import Refused, RoomCalls, TargetGone, Unavailable
from agent.livekit.api_budget import ApiBudget, heed_limit
from agent.livekit.hearing import Hearing
from agent.livekit.native import RoomEvents
from agent.livekit.room import LiveKitRoom, Native
from agent.livekit.room_calls import LiveKitCalls
from agent.livekit.server import LiveKitServer
from agent.livekit.translation import permission_to
from agent.process.metrics import Metrics
from handlers.facts import Identity
from local.people.waiting import until
from local.stack import Stack
from moderation.desired import Permission
from moderation.roles import Source
from tests.fakes.livekit import FakeRoom, LiveKit
from tests.fakes.scene import BOTH, EVERYTHING, NOTHING, SPEAK, START

ADA = Identity("ada")


class Backend(Protocol):
    """One LiveKit, as people and bots use it."""

    calls: RoomCalls

    async def join(self, room: RoomName, who: Identity, permission: Permission) -> None: ...
    async def join_hidden(self, room: RoomName) -> Identity: ...
    async def gone(self, room: RoomName, who: Identity) -> None:
        """Returns when this person has noticed that they are out."""


class Fake:
    def __init__(self) -> None:
        self.livekit = LiveKit(lambda: START)
        self.calls: RoomCalls = FakeRoom(self.livekit)

    async def join(self, room: RoomName, who: Identity, permission: Permission) -> None:
        self.livekit.join(room, who, permission)

    async def join_hidden(self, room: RoomName) -> Identity:
        self.livekit.join(room, Identity("agent-1"), NOTHING, agent=True)
        return Identity("agent-1")

    async def gone(self, room: RoomName, who: Identity) -> None:
        members = self.livekit.rooms[room].members if room in self.livekit.rooms else {}
        assert who not in members


class Real:
    def __init__(self, stack: Stack, http: aiohttp.ClientSession) -> None:
        env = stack.env
        self.url, self.key, self.secret = (
            env["LIVEKIT_URL"],
            env["LIVEKIT_API_KEY"],
            env["LIVEKIT_API_SECRET"],
        )
        self.calls: RoomCalls = calls_over(self.url, self.key, self.secret, http)
        self.people: dict[tuple[RoomName, Identity], tuple[rtc.Room, asyncio.Event]] = {}
        self.hidden: list[LiveKitRoom] = []

    async def join(self, room: RoomName, who: Identity, permission: Permission) -> None:
        grants = api.VideoGrants(
            room_join=True,
            room=room,
            can_publish=bool(permission.sources),
            can_publish_sources=sorted(permission.sources),
            can_publish_data=False,
        )
        token = api.AccessToken(self.key, self.secret).with_identity(who).with_grants(grants).to_jwt()
        client, out = rtc.Room(), asyncio.Event()
        client.on("disconnected", lambda *_: out.set())
        await client.connect(self.url, token)
        self.people[room, who] = client, out

    async def join_hidden(self, room: RoomName) -> Identity:
        who = Identity(f"agent-{uuid.uuid4()}")
        server = LiveKitServer(self.url, self.key, self.secret)
        native = Native(Hearing(DatabaseClock(), Metrics()), RoomEvents())
        bot = LiveKitRoom(server, room, who, Inbox(), native)
        await bot.connect()
        self.hidden.append(bot)
        return who

    async def gone(self, room: RoomName, who: Identity) -> None:
        async with asyncio.timeout(10):
            await self.people[room, who][1].wait()

    async def close(self) -> None:
        for client, _ in self.people.values():
            await client.disconnect()
        for bot in self.hidden:
            await bot.disconnect()


def calls_over(url: str, key: str, secret: str, http: aiohttp.ClientSession) -> LiveKitCalls:
    budget = ApiBudget(100, 100, asyncio.get_running_loop().time)
    return LiveKitCalls(api.LiveKitAPI(url, key, secret, session=http), budget, Metrics(), timeout=2.0)


@pytest_asyncio.fixture(loop_scope="session")
async def real(stack: Stack) -> AsyncIterator[Backend]:
    async with aiohttp.ClientSession() as http:
        backend = Real(stack, http)
        try:
            yield backend
        finally:
            await backend.close()


async def may(calls: RoomCalls, room: RoomName) -> dict[Identity, Permission | None]:
    return {who: connection.permission for who, connection in (await calls.people(room)).people}


@pytest.fixture
def room() -> RoomName:
    return RoomName(f"room-{uuid.uuid4()}")


class RoomContract:
    """The suite. Each test gets `backend` from the class below it."""

    async def test_a_permission_is_replaced_whole(self, backend: Backend, room: RoomName) -> None:
        await backend.join(room, ADA, EVERYTHING)
        for wanted in (SPEAK, BOTH, Permission(frozenset({Source.CAMERA})), NOTHING, EVERYTHING):
            await backend.calls.set_permission(room, ADA, wanted, urgent=True)
            assert await may(backend.calls, room) == {ADA: wanted}

    async def test_setting_the_same_again_is_no_error(self, backend: Backend, room: RoomName) -> None:
        await backend.join(room, ADA, NOTHING)
        for _ in range(2):
            await backend.calls.set_permission(room, ADA, SPEAK, urgent=False)
        assert await may(backend.calls, room) == {ADA: SPEAK}

    async def test_acting_on_someone_who_is_not_there_says_so(self, backend: Backend, room: RoomName) -> None:
        await backend.join(room, ADA, NOTHING)
        with pytest.raises(TargetGone):
            await backend.calls.set_permission(room, Identity("nobody"), SPEAK, urgent=True)
        with pytest.raises(TargetGone):
            await backend.calls.remove(room, Identity("nobody"))

    async def test_anyone_who_is_removed_is_out_and_comes_back_with_the_rights_of_the_token(
        self, backend: Backend, room: RoomName
    ) -> None:
        await backend.join(room, ADA, SPEAK)
        await backend.calls.set_permission(room, ADA, NOTHING, urgent=True)
        await backend.calls.remove(room, ADA)
        await backend.gone(room, ADA)
        assert await may(backend.calls, room) == {}
        await backend.join(room, ADA, SPEAK)
        assert await may(backend.calls, room) == {ADA: SPEAK}

    async def test_a_second_device_takes_the_place_of_the_first(
        self, backend: Backend, room: RoomName
    ) -> None:
        await backend.join(room, ADA, NOTHING)
        ((_, first),) = (await backend.calls.people(room)).people
        await backend.join(room, ADA, SPEAK)
        ((_, second),) = (await backend.calls.people(room)).people
        assert first.sid != second.sid
        assert second.permission == SPEAK

    async def test_hidden_participants_are_not_people(self, backend: Backend, room: RoomName) -> None:
        await backend.join(room, ADA, NOTHING)
        await backend.join_hidden(room)
        assert set(await may(backend.calls, room)) == {ADA}

    async def test_who_is_connected_is_told_whether_hidden_or_not(
        self, backend: Backend, room: RoomName
    ) -> None:
        await backend.join(room, ADA, SPEAK)
        hidden = await backend.join_hidden(room)
        for who in (ADA, hidden):
            await until("they are connected", partial(backend.calls.connected, room, who))
        assert not await backend.calls.connected(room, Identity("nobody"))

    async def test_closing_puts_everyone_out_and_may_be_repeated(
        self, backend: Backend, room: RoomName
    ) -> None:
        await backend.join(room, ADA, NOTHING)
        assert room in await backend.calls.rooms()
        await backend.calls.close(room)
        await backend.gone(room, ADA)
        await backend.calls.close(room)
        assert room not in await backend.calls.rooms()


class TestFakeRoom(RoomContract):
    @pytest.fixture
    def backend(self) -> Backend:
        return Fake()


class TestLiveKit(RoomContract):
    @pytest.fixture
    def backend(self, real: Backend) -> Backend:
        return real


# -- what the network does -------------------------------------------------------------------------

Answer = Callable[[web.Request], web.Response]


def twirp(status: int, code: str) -> Answer:
    return lambda _: web.json_response({"code": code, "msg": "no"}, status=status)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (twirp(429, "resource_exhausted"), Unavailable),
        (twirp(500, "internal"), Unavailable),
        (twirp(503, "unavailable"), Unavailable),
        (twirp(404, "not_found"), TargetGone),
        (twirp(400, "invalid_argument"), Refused),
        (twirp(403, "permission_denied"), Refused),
    ],
)
async def test_livekits_errors_become_ours(answer: Answer, error: type[Exception]) -> None:
    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with aiohttp.ClientSession() as http:
            with pytest.raises(error):
                await calls_over(f"http://{host}:{port}", "key", "s" * 32, http).remove(RoomName("r"), ADA)
    finally:
        await runner.cleanup()


async def test_a_rate_limit_is_waited_out_and_revocations_go_first() -> None:
    asked, loop = list[tuple[str, float]](), asyncio.get_running_loop()

    async def handle(request: web.Request) -> web.Response:
        asked.append((request.path.rpartition("/")[2], loop.time()))
        if len(asked) == 1:
            refused = {"code": "resource_exhausted", "msg": "no"}
            return web.json_response(refused, status=429, headers={"Retry-After": "0.3"})
        return web.Response(content_type="application/protobuf")

    app, budget = web.Application(), ApiBudget(100, 100, loop.time)
    app.router.add_post("/{path:.*}", handle)
    async with TestServer(app) as server, aiohttp.ClientSession(middlewares=(heed_limit(budget),)) as http:
        livekit = api.LiveKitAPI(str(server.make_url("/")), "key", "s" * 32, session=http)
        calls = LiveKitCalls(livekit, budget, Metrics(), timeout=2.0)
        with pytest.raises(Unavailable):
            await calls.rooms()
        async with asyncio.TaskGroup() as asked_at_once:
            asked_at_once.create_task(calls.set_permission(RoomName("r"), ADA, SPEAK, urgent=False))
            asked_at_once.create_task(calls.remove(RoomName("r"), ADA))
    assert [name for name, _ in asked] == ["ListRooms", "RemoveParticipant", "UpdateParticipant"]
    assert asked[1][1] - asked[0][1] >= 0.3


async def test_nobody_there_is_no_answer() -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(Unavailable):
            await calls_over("http://127.0.0.1:1", "key", "s" * 32, http).rooms()


def test_every_field_of_a_permission_is_sent() -> None:
    """LiveKit replaces all of them: what is left out would be as it pleases."""
    sent = permission_to(SPEAK)
    assert (sent.can_subscribe, sent.can_publish, list(sent.can_publish_sources)) == (
        True,
        True,
        [api.TrackSource.MICROPHONE],
    )
    assert not (sent.can_publish_data)
    assert not (sent.can_update_metadata)
    assert not (sent.hidden)
