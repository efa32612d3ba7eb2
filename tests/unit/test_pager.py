"""The pager before receivers of every kind: what counts as taken, what is tried again, and what it signs."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import Counter

from agent.core import errand
from agent.core.ports import Unavailable
from agent.supabase import pager as module
from agent.supabase.pager import Pager, Receiver, key_of, signed
from local.pager import KEY, PATH, PagerService
from local.people.waiting import until
from local.ports import LOOPBACK

PAGE = {"id": "p1", "case_id": "c1", "severity": "critical", "source": "rule", "rules": [], "reporters": 0}


class Outbox:
    """`page_claim` and `page_finish`, as the pager calls them."""

    def __init__(self, *pages: Mapping[str, Any], away: int = 0) -> None:
        self.due, self.finished, self._away = list(pages), list[Mapping[str, Any]](), away

    async def rpc(self, function: str, arguments: Mapping[str, Any]) -> Any:
        if self._away:
            self._away -= 1
            raise Unavailable("no database")
        if function == "page_finish":
            self.finished.append(arguments)
            return {"finished": True}
        lot, self.due = self.due[: arguments["p_most"]], self.due[arguments["p_most"] :]
        return lot


@asynccontextmanager
async def serving(handler: Any) -> AsyncIterator[int]:
    """A receiver: its port."""
    app = web.Application()
    app.add_routes(handler if isinstance(handler, list) else [web.post(PATH, handler)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@asynccontextmanager
async def calling(outbox: Outbox, port: int, key: bytes = KEY) -> AsyncIterator[Pager]:
    attempts = Counter("attempts", "of the test", ["outcome"], registry=None)
    pager = Pager(outbox, Receiver(f"http://{LOOPBACK}:{port}{PATH}", key), attempts)  # type: ignore[arg-type]
    running = asyncio.create_task(pager.run())
    pager.due()
    try:
        yield pager
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def endless(request: web.Request) -> web.StreamResponse:
    """Says 200 and never ends its answer."""
    answer = web.StreamResponse(status=200)
    await answer.prepare(request)
    await asyncio.Event().wait()
    return answer


async def elsewhere(request: web.Request) -> web.Response:
    return web.Response(status=307, headers={"Location": f"http://{request.host}/elsewhere"})


async def hung(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def busy(_: web.Request) -> web.Response:
    return web.Response(status=429, headers={"Retry-After": "17"})


@pytest.mark.parametrize(
    ("handler", "error", "after"),
    [
        (elsewhere, "HTTP 307", None),
        (hung, "TimeoutError", None),
        (busy, "HTTP 429", 17.0),
        (endless, None, None),
    ],
)
async def test_only_a_yes_is_a_yes(
    handler: Any, error: str | None, after: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    outbox = Outbox(PAGE)
    async with serving(handler) as port, calling(outbox, port):
        await until("it is finished", lambda: outbox.finished)
    assert outbox.finished == [{"p_id": "p1", "p_sent": error is None, "p_error": error, "p_after": after}]


async def test_nobody_there_is_a_failed_attempt() -> None:
    async with serving(hung) as port:
        pass
    outbox = Outbox(PAGE)
    async with calling(outbox, port):
        await until("it is finished", lambda: outbox.finished)
    assert [(done["p_sent"], done["p_error"]) for done in outbox.finished] == [(False, "ConnectError")]


async def test_a_lot_is_sent_side_by_side_and_one_that_hangs_holds_up_no_other() -> None:
    service = PagerService()
    outbox = Outbox(*({**PAGE, "id": f"p{n}"} for n in range(25)))
    async with serving(service.routes()) as port, calling(outbox, port):
        await until("all are finished", lambda: len(outbox.finished) == 25)
    assert {attempt["id"] for attempt in service.attempts} == {f"p{n}" for n in range(25)}
    assert {attempt["status"] for attempt in service.attempts} == {204}


async def test_a_database_that_is_away_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand, "LONGEST_PAUSE_SECONDS", 0.05)
    service, outbox = PagerService(), Outbox(PAGE, away=1)
    async with serving(service.routes()) as port, calling(outbox, port) as pager:

        def asked_again() -> bool:
            pager.due()
            return bool(outbox.finished)

        await until("it is finished", asked_again)
    assert outbox.finished[0]["p_sent"]


async def test_another_key_is_not_believed() -> None:
    service, outbox = PagerService(), Outbox(PAGE)
    async with serving(service.routes()) as port, calling(outbox, port, key=bytes(32)):
        await until("it is finished", lambda: outbox.finished)
    assert outbox.finished[0]["p_error"] == "HTTP 401"


def test_it_signs_as_the_standard_has_it() -> None:
    body, headers = signed(PAGE, KEY, 1_900_000_000.7)
    content = b"p1.1900000000." + body
    mac = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("p1", "1900000000")
    assert json.loads(body)["data"]["case_id"] == "c1"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "whsec_***", base64.b64encode(KEY).decode()])
def test_a_secret_of_another_form_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match=r"whsec_|base64|Only"):
        key_of(secret)
