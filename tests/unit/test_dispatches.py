"""Every room that LiveKit offers is accepted and handed on, unless we are leaving; a lost connection comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from livekit.protocol import agent as protocol

from agent.dispatches import Dispatches
from agent.metrics import Metrics
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
        await self._tell(
            socket, protocol.ServerMessage(register=protocol.RegisterWorkerResponse(worker_id="w"))
        )
        offer = protocol.ServerMessage()
        offer.availability.job.id = "job"
        await self._tell(socket, offer)
        if self.hang_up:
            await socket.close()
            return socket
        async for message in socket:
            self.said.append(protocol.WorkerMessage.FromString(message.data))
            if self.said[-1].availability.available:
                assigned = protocol.ServerMessage()
                assigned.assignment.job.id = "job"
                assigned.assignment.job.room.name = "a room"
                await self._tell(socket, assigned)
        return socket

    async def _tell(self, socket: web.WebSocketResponse, message: protocol.ServerMessage) -> None:
        await socket.send_bytes(message.SerializeToString())


@asynccontextmanager
async def worker(livekit: LiveKit, served: list[str], *, taking: bool = True) -> AsyncIterator[Dispatches]:
    app = web.Application()
    app.router.add_get("/agent", livekit.serve)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        dispatches = Dispatches(
            http,
            str(server.make_url("/")),
            "key",
            "a secret of thirty-two characters",
            Metrics(),
            serve=served.append,
            taking=lambda: taking,
        )
        running = asyncio.create_task(dispatches.run())
        try:
            yield dispatches
        finally:
            running.cancel()
            await asyncio.wait({running})


async def test_an_offered_room_is_accepted_handed_on_and_its_job_ended() -> None:
    livekit, served = LiveKit(), list[str]()
    async with worker(livekit, served) as dispatches:
        await until("the job has ended", lambda: livekit.said_of("update_job"))
        assert dispatches.registered
    assert served == ["a room"]
    assert livekit.said[0].register.agent_name == ""
    assert livekit.said[0].register.allowed_permissions.hidden
    assert livekit.said_of("update_job")[0].update_job.status == protocol.JS_SUCCESS


async def test_whoever_is_leaving_refuses_and_says_that_it_is_full() -> None:
    livekit, served = LiveKit(), list[str]()
    async with worker(livekit, served, taking=False):
        await until("it has answered", lambda: livekit.said_of("availability"))
        await until("it has told its status", lambda: livekit.said_of("update_worker"))
    assert not livekit.said_of("availability")[0].availability.available
    assert livekit.said_of("update_worker")[0].update_worker.status == protocol.WS_FULL
    assert served == []


async def test_it_registers_again_after_a_lost_connection() -> None:
    livekit = LiveKit(hang_up=True)
    async with worker(livekit, []) as dispatches:
        await until("it has been back", lambda: livekit.connections > 1)
        await until("it says when it is not registered", lambda: not dispatches.registered)


async def test_what_cannot_be_read_is_a_lost_connection_and_no_end() -> None:
    livekit = LiveKit(garbles=True)
    async with worker(livekit, []):
        await until("it has tried again", lambda: livekit.connections > 1)
