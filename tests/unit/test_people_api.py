"""What a simulated person's relay makes of a backend that does not answer, or not now."""

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from local.people.api import Api, RequestRefused
from local.people.relay_source import SourceUnavailableError


async def read(status: int) -> object:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"code": "PGRST000", "message": "Database connection error."}, status=status)

    app = web.Application()
    app.router.add_post("/rest/v1/rpc/live_events_since", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        return await Api(http, str(server.make_url("")).rstrip("/"), "key").events_since("session", 0, 10)


@pytest.mark.parametrize("status", [403, 429, 500, 503])
async def test_who_is_told_to_come_back_may_read_again_later(status: int) -> None:
    with pytest.raises(SourceUnavailableError):
        await read(status)


async def test_a_wrong_request_is_a_bug() -> None:
    with pytest.raises(RequestRefused):
        await read(400)
