"""Wake-ups from a client that gives up silently: whatever goes wrong with it, a new one takes its place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from realtime import RealtimeSubscribeStates

from agent.core.wakes import Listener
from agent.process.metrics import Metrics
from agent.supabase.wakeups import (
    CHECK_SECONDS,
    CLOSE_SECONDS,
    EVENT,
    FIRST_RETRY_SECONDS,
    JOIN_SECONDS,
    OFFER,
    RETRY_CAP_SECONDS,
    SERVE,
    WakeUps,
)
from tests.fakes.virtual_time import clock, virtual_time

SUBSCRIBED, BROKEN = RealtimeSubscribeStates.SUBSCRIBED, RealtimeSubscribeStates.CHANNEL_ERROR


class Channel:
    def __init__(self, client: "Client") -> None:
        self._client, self.is_joined = client, False
        self.on: dict[str, Callable[[Any], None]] = {}
        self.state: Callable[[RealtimeSubscribeStates, Exception | None], None] = lambda *_: None

    def on_broadcast(self, event: str, callback: Callable[[Any], None]) -> None:
        self.on[event] = callback

    async def subscribe(self, state: Callable[[RealtimeSubscribeStates, Exception | None], None]) -> None:
        if self._client.server.hangs:
            await asyncio.Event().wait()
        if self._client.server.away:
            raise ConnectionRefusedError
        self._client.is_connected = self.is_joined = True
        self.state = state
        state(SUBSCRIBED, None)


class Client:
    """`AsyncRealtimeClient`, as far as it is used."""

    def __init__(self, server: "Server") -> None:
        self.server, self.is_connected, self.closed = server, False, False
        self.joined = Channel(self)
        self.topics: list[str] = []
        self._listen_task = asyncio.create_task(asyncio.Event().wait())

    def channel(self, topic: str, options: Any) -> Channel:
        assert topic in ("live:wake", "live:wake:one")
        self.topics.append(topic)
        assert options["config"]["private"]
        return self.joined

    async def close(self) -> None:
        self.closed = True
        self._listen_task.cancel()
        if self.server.closing_hangs:
            await asyncio.Event().wait()


class Server:
    """Realtime. `told` is what the listener was told, in order."""

    def __init__(self) -> None:
        self.away = self.hangs = self.closing_hangs = False
        self.clients: list[Client] = []
        self.connected_at: list[float] = []
        self.told: list[str] = []
        self.metrics = Metrics()
        self.wakeups = WakeUps(self.connect, self.metrics, "one")  # type: ignore[arg-type]

    def connect(self) -> Client:
        self.clients.append(Client(self))
        self.connected_at.append(clock())
        return self.clients[-1]

    @property
    def channel(self) -> Channel:
        return self.clients[-1].joined

    def value(self, metric: str) -> float | None:
        return self.metrics.registry.get_sample_value(metric)


@asynccontextmanager
async def listening(server: Server, seconds: float = 0.1) -> AsyncIterator[Server]:
    listener = Listener(
        wake=server.told.append,
        offered=lambda: server.told.append("offered"),
        handed=lambda: server.told.append("handed"),
        missed=lambda: server.told.append("missed"),
    )
    running = asyncio.create_task(server.wakeups.run(listener))
    try:
        await asyncio.sleep(seconds)
        yield server
    finally:
        running.cancel()
        await asyncio.wait({running})


@virtual_time
async def test_a_hint_names_a_room_and_an_offer_names_none() -> None:
    async with listening(Server()) as server:
        server.channel.on[EVENT]({"payload": {"room": "one"}})
        server.channel.on[OFFER]({"payload": {}})
        server.channel.on[SERVE]({"payload": {}})
        assert server.told == ["missed", "one", "offered", "handed"], (
            "what was missed before it joined is looked for"
        )
        assert (server.wakeups.joined, server.value("live_wakeups_connected")) == (True, 1)
        assert server.value("live_wakeups_total") == 1
        assert (server.value("live_wakeup_last_timestamp_seconds") or 0) > 0


@pytest.mark.parametrize("message", [None, "text", {}, {"payload": {}}, {"payload": {"room": 7}}])
def test_a_message_of_another_shape_kills_nothing(message: Any) -> None:
    @virtual_time
    async def run() -> None:
        async with listening(Server()) as server:
            server.channel.on[EVENT](message)
            assert server.told == ["missed"]

    run()


def _loses_its_connection(server: Server) -> None:
    server.clients[-1].is_connected = False


def _leaves_its_channel(server: Server) -> None:
    server.channel.is_joined = False


def _loses_its_listener(server: Server) -> None:
    server.clients[-1]._listen_task.cancel()


def _says_that_it_is_broken(server: Server) -> None:
    server.channel.state(BROKEN, None)


def _is_deaf(server: Server) -> None:
    server.wakeups.distrust()


@pytest.mark.parametrize(
    "fault",
    [_loses_its_connection, _leaves_its_channel, _loses_its_listener, _says_that_it_is_broken, _is_deaf],
)
def test_a_client_that_is_not_certainly_alive_is_replaced(fault: Callable[[Server], None]) -> None:
    @virtual_time
    async def run() -> None:
        async with listening(Server()) as server:
            fault(server)
            await asyncio.sleep(CHECK_SECONDS + FIRST_RETRY_SECONDS + 0.1)
            assert len(server.clients) == 2
            assert server.clients[0].closed
            assert server.told == ["missed", "missed"]
            assert server.wakeups.joined

    run()


@virtual_time
async def test_while_realtime_is_away_it_says_so_and_is_tried_ever_more_rarely_up_to_a_cap() -> None:
    server = Server()
    server.away = True
    async with listening(server, 20):
        pauses = [
            later - earlier
            for earlier, later in zip(server.connected_at, server.connected_at[1:], strict=False)
        ]
        assert max(pauses) <= RETRY_CAP_SECONDS + 0.01
        assert pauses[0] < RETRY_CAP_SECONDS / 2
        assert len(pauses) < 20 / (RETRY_CAP_SECONDS / 2) + 4
        assert (server.wakeups.joined, server.value("live_wakeups_connected")) == (False, 0)
        server.away = False
        await asyncio.sleep(RETRY_CAP_SECONDS + 0.1)
        assert server.wakeups.joined


@virtual_time
async def test_a_join_that_hangs_and_a_close_that_hangs_are_given_up() -> None:
    server = Server()
    server.hangs = server.closing_hangs = True
    async with listening(server):
        await asyncio.sleep(JOIN_SECONDS + CLOSE_SECONDS + RETRY_CAP_SECONDS)
        assert len(server.clients) == 2
        server.hangs = False
        await asyncio.sleep(JOIN_SECONDS + CLOSE_SECONDS + RETRY_CAP_SECONDS)
        assert server.wakeups.joined
