"""A bug in a witness, or in what is asked of one, is logged and counted, and the witness goes on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSMsgType, web
from livekit.protocol.rtc import SignalResponse, SubscriptionPermissionUpdate

from agent.livekit import witness as witness_module
from agent.livekit.witness import Witness
from agent.process.metrics import Metrics
from local.people.waiting import until

Served = Callable[[web.WebSocketResponse], Awaitable[None]]


@asynccontextmanager
async def signalling(serve: Served) -> AsyncIterator[str]:
    """A server that lets everybody in and then does as `serve` does; its address."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        await serve(socket)
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/rtc", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_module, "RETRY_SECONDS", 0.01)


async def test_why_it_could_not_ask_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def serve(socket: web.WebSocketResponse) -> None:
        await socket.ping()
        while (await socket.receive()).type is not WSMsgType.PONG:
            pass

    async with signalling(serve) as url:
        witness = Witness(url, lambda: "token", lambda *_: None, lambda: None, Metrics())
        witness.ask(frozenset({7}))  # type: ignore[arg-type]  # what cannot be asked
        running = asyncio.create_task(witness.run())
        await until("it is logged", lambda: "witness could not ask" in caplog.messages)
        running.cancel()
        await asyncio.wait({running})
    record = next(r for r in caplog.records if r.getMessage() == "witness could not ask")
    assert record.exc_info is not None
    assert record.exc_info[0] is TypeError


async def test_an_answer_that_breaks_the_room_does_not_end_the_witness(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = SignalResponse(subscription_permission_update=SubscriptionPermissionUpdate(track_sid="TR_1"))
    entered, metrics = list[str](), Metrics()

    async def serve(socket: web.WebSocketResponse) -> None:
        entered.append("again")
        await socket.send_bytes(answer.SerializeToString())
        await socket.receive()

    def told(track: str, denied: bool) -> None:
        raise KeyError(track, denied)

    async with signalling(serve) as url:
        running = asyncio.create_task(Witness(url, lambda: "token", told, lambda: None, metrics).run())
        await until("it came again", lambda: len(entered) > 1)
        assert not running.done()
        running.cancel()
        await asyncio.wait({running})
    assert running.cancelled()
    assert "witness failed" in caplog.messages
    assert (metrics.registry.get_sample_value("live_witness_failures_total") or 0.0) >= 1.0
