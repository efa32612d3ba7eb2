"""A connection that is over leaves nothing behind: its memory is LiveKit's client's, and megabytes."""

import gc
import uuid
import weakref
from collections.abc import Iterator

import pytest

from agent.core.clock import DatabaseClock
from agent.core.inbox import Inbox
from agent.core.lease import RoomName
from agent.livekit.hearing import Hearing
from agent.livekit.native import RoomEvents
from agent.livekit.room import LiveKitRoom, Native
from agent.livekit.server import LiveKitServer
from agent.process.metrics import Metrics
from handlers.facts import Identity
from local.people.waiting import until
from local.stack import Stack


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Only what nothing refers to any more is freed: the great collections are rare."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize("listening", [False, True])
async def test_it_is_freed_at_once(stack: Stack, listening: bool) -> None:
    env, who = stack.env, Identity("agent-memory")
    room = RoomName(f"memory-{uuid.uuid4()}")
    server = LiveKitServer(env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])
    hearing, events = Hearing(DatabaseClock(), Metrics()), RoomEvents()
    bot = LiveKitRoom(server, room, who, Inbox(), Native(hearing, events))
    await bot.connect()
    bot.sounds.hear(on=listening)
    native, left = weakref.ref(bot._room), weakref.ref(bot)
    await bot.disconnect()
    del bot
    await until("the connection is freed", lambda: native() is None)
    assert left() is None
    hearing.frames.close()
    events.close()
