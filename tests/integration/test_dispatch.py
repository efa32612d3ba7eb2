"""Dispatches of a real livekit-server: each room reaches one worker, and another agent keeps to its own rooms."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from livekit import api, rtc

from agent.core.lease import RoomName
from agent.livekit.dispatches import Dispatches
from agent.livekit.server import LiveKitServer
from agent.process.metrics import Metrics
from local.people.person import People
from local.people.waiting import until
from local.stack import Stack
from tests.integration.rooms import hosted
from tests.integration.test_relay_end_to_end import only_workers

ROOMS = 6
VENDOR_SECONDS = 30.0
"""Its whole package is imported, on a busy machine."""


@dataclass
class Taker:
    """`RoomTaker`."""

    served: list[RoomName]
    taking: bool

    def serve(self, room: RoomName) -> None:
        self.served.append(room)


@asynccontextmanager
async def bell(stack: Stack, heard: list[RoomName], *, taking: bool = True) -> AsyncIterator[Dispatches]:
    """A registered worker that only notes which rooms it was given."""
    env = stack.env
    server = LiveKitServer(env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])
    dispatches = Dispatches(server, Taker(heard, taking), Metrics())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(dispatches.run())
        await until("registered", lambda: dispatches.registered)
        try:
            yield dispatches
        finally:
            running.cancel()


async def enter(stack: Stack, leaving: AsyncExitStack, name: str) -> RoomName:
    """Somebody opens this room."""
    env, room = stack.env, rtc.Room()
    token = (
        api.AccessToken(env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])
        .with_identity("somebody")
        .with_grants(api.VideoGrants(room_join=True, room=name))
    )
    await room.connect(env["LIVEKIT_URL"], token.to_jwt())
    leaving.push_async_callback(room.disconnect)
    return RoomName(name)


async def registered(vendor: asyncio.subprocess.Process) -> None:
    """By its log; what comes after that is small enough for the pipe."""
    assert vendor.stdout is not None
    async with asyncio.timeout(VENDOR_SECONDS):
        while b"registered worker" not in (line := await vendor.stdout.readline()):
            assert line, "the vendor's worker has ended"


async def test_each_room_goes_to_one_worker_only(stack: Stack) -> None:
    """The first worker that is asked ends the job for all: the second is not asked for the same room."""
    ours, theirs = list[RoomName](), list[RoomName]()
    async with (
        only_workers(stack),
        bell(stack, ours),
        bell(stack, theirs),
        AsyncExitStack() as leaving,
    ):
        opened = [await enter(stack, leaving, f"bell-{uuid.uuid4()}") for _ in range(ROOMS)]
        await until("all have come", lambda: {*ours, *theirs} >= {*opened})
        # A job that was not over would have been offered to the other by the time that a further room arrives.
        last = await enter(stack, leaving, f"bell-{uuid.uuid4()}")
        await until("the last one has come", lambda: last in {*ours, *theirs})
    assert sorted([*ours, *theirs]) == sorted([*opened, last])


async def test_a_leaving_workers_rooms_are_offered_to_the_next(stack: Stack) -> None:
    """It is still registered and says no: each room reaches the other all the same."""
    left, stays = list[RoomName](), list[RoomName]()
    async with (
        only_workers(stack),
        bell(stack, left, taking=False),
        bell(stack, stays),
        AsyncExitStack() as leaving,
    ):
        opened = [await enter(stack, leaving, f"bell-{uuid.uuid4()}") for _ in range(ROOMS)]
        await until("all have come", lambda: {*stays} >= {*opened})
    assert left == []
    assert sorted(stays) == sorted(opened)


@pytest.mark.usefixtures("worker")
async def test_another_agent_with_a_name_has_its_own_rooms_beside_ours(stack: Stack, people: People) -> None:
    env, name, theirs = stack.env, f"vendor-{uuid.uuid4()}", f"vendor-room-{uuid.uuid4()}"
    script = Path(__file__).with_name("vendor_agent.py")
    vendor = await asyncio.create_subprocess_exec(
        sys.executable,
        script,
        "start",
        env={**env, "VENDOR_NAME": name, "PATH": ""},
        stderr=asyncio.subprocess.STDOUT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with (
            AsyncExitStack() as leaving,
            api.LiveKitAPI(env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"]) as livekit,
        ):
            await enter(stack, leaving, theirs)

            async def agents(room: str) -> list[bool]:
                listed = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
                return [one.permission.hidden for one in listed.participants if one.kind == one.AGENT]

            await registered(vendor)
            ask = api.CreateAgentDispatchRequest(agent_name=name, room=theirs)
            await livekit.agent_dispatch.create_dispatch(ask)
            await until("the vendor's agent is in its room", lambda: agents(theirs), VENDOR_SECONDS)
            room = await hosted(people)
            await until("ours is in ours", lambda: agents(room.session.room))
            assert await agents(room.session.room) == [True]
            assert set(await agents(theirs)) == {False}
    finally:
        vendor.terminate()
        await vendor.wait()
