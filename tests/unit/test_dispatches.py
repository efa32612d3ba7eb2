"""Each room that LiveKit offers is handed on and its job ended, unless we are leaving; a lost connection comes back."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from livekit.protocol import agent as protocol

from agent.core.lease import RoomName
from agent.livekit.dispatches import Dispatches
from agent.livekit.server import LiveKitServer
from agent.process.metrics import Metrics
from local.people.waiting import until


@dataclass
class LiveKit:
    """Its `/agent`: offers one room to each connection, then hangs up if told to."""

    hang_up: bool = False
    garbles: bool = False
    said: list[protocol.WorkerMessage] = field(default_factory=list)
    connections: int = 0

    def said_of(self, kind: str) -> list[protocol.WorkerMessage]:
        return [message for message in self.said if message.WhichOneof("message") == kind]

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        assert request.headers["Authorization"].startswith("Bearer ")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        if self.garbles:
            await socket.send_bytes(b"\xff\xff\xff")
        self.said.append(protocol.WorkerMessage.FromString(await socket.receive_bytes()))
        registered = protocol.RegisterWorkerResponse(worker_id="w")
        await self._tell(socket, protocol.ServerMessage(register=registered))
        offer = protocol.ServerMessage()
        offer.availability.job.id = "job"
        offer.availability.job.room.name = "a room"
        await self._tell(socket, offer)
        if self.hang_up:
            await socket.close()
            return socket
        async for message in socket:
            self.said.append(protocol.WorkerMessage.FromString(message.data))
        return socket

    async def _tell(self, socket: web.WebSocketResponse, message: protocol.ServerMessage) -> None:
        await socket.send_bytes(message.SerializeToString())


@dataclass
class Taker:
    """`RoomTaker`."""

    served: list[str]
    taking: bool = True

    def serve(self, room: RoomName) -> None:
        self.served.append(room)


@asynccontextmanager
async def worker(livekit: LiveKit, served: list[str], *, taking: bool = True) -> AsyncIterator[Dispatches]:
    async with running(livekit, served, taking=taking) as (dispatches, _):
        yield dispatches


@asynccontextmanager
async def running(
    livekit: LiveKit, served: list[str], *, taking: bool = True
) -> AsyncIterator[tuple[Dispatches, asyncio.Task[None]]]:
    app = web.Application()
    app.router.add_get("/agent", livekit.serve)
    async with TestServer(app) as server:
        dispatches = Dispatches(
            LiveKitServer(str(server.make_url("/")), "key", "a secret of thirty-two characters"),
            Taker(served, taking),
            Metrics(),
        )
        task = asyncio.create_task(dispatches.run())
        try:
            yield dispatches, task
        finally:
            task.cancel()
            await asyncio.wait({task})


async def test_an_offered_room_is_handed_on_and_its_job_is_over_for_everybody() -> None:
    livekit, served = LiveKit(), list[str]()
    async with worker(livekit, served) as dispatches:
        await until("it has answered", lambda: livekit.said_of("availability"))
        assert dispatches.registered
    assert served == ["a room"]
    assert livekit.said[0].register.agent_name == ""
    assert livekit.said[0].register.allowed_permissions.hidden
    answer = livekit.said_of("availability")[0].availability
    assert (answer.job_id, answer.available, answer.terminate) == ("job", False, True)


async def test_a_leaving_worker_lets_livekit_ask_the_next_one() -> None:
    livekit, served = LiveKit(), list[str]()
    async with worker(livekit, served, taking=False):
        await until("it has answered", lambda: livekit.said_of("availability"))
    answer = livekit.said_of("availability")[0].availability
    assert (answer.available, answer.terminate) == (False, False)
    assert served == []


async def test_a_draining_worker_says_that_it_is_full() -> None:
    livekit = LiveKit()
    async with worker(livekit, []) as dispatches:
        await until("registered", lambda: dispatches.registered)
        await dispatches.drain()
        await until(
            "full",
            lambda: any(
                message.update_worker.status == protocol.WS_FULL
                for message in livekit.said_of("update_worker")
            ),
        )


async def test_it_registers_again_after_a_lost_connection_and_knows_when_it_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    livekit = LiveKit(hang_up=True)
    with caplog.at_level(logging.INFO):
        async with worker(livekit, []) as dispatches:
            await until("it has been back", lambda: livekit.connections > 1)
            await until("it knows when it is not registered", lambda: not dispatches.registered)
    lost = [record for record in caplog.records if record.getMessage() == "not registered with LiveKit"]
    assert "closed unexpectedly" in lost[0].__dict__["error"]
    others = [r for r in caplog.records if r.name.startswith("livekit.agents") and r.levelno >= logging.ERROR]
    assert not others, "each lost connection would bring a stack"


async def test_what_cannot_be_read_is_a_lost_connection_and_no_end() -> None:
    livekit = LiveKit(garbles=True)
    async with worker(livekit, []):
        await until("it has tried again", lambda: livekit.connections > 1)


async def test_a_worker_that_is_leaving_does_not_register_again() -> None:
    livekit = LiveKit(hang_up=True)
    async with running(livekit, [], taking=False) as (dispatches, task), asyncio.timeout(10):
        await task
        assert not dispatches.registered
    assert livekit.connections == 1
