"""Realtime broken on purpose, for tests: doors under `/_local/realtime/` that exist only when asked for."""

import asyncio
from collections.abc import Set as AbstractSet

from aiohttp import web

from local.gateway.realtime.hub import Hub
from local.gateway.realtime.socket import Socket


class Faults:
    """What is broken now: new connections refused, or everything half-open (nothing answers or ends)."""

    def __init__(self, hub: Hub, sockets: AbstractSet[Socket]) -> None:
        self._hub = hub
        self._sockets = sockets
        self._refusing = False
        self._flowing = asyncio.Event()
        self._flowing.set()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/_local/realtime", self.state)
        router.add_post("/_local/realtime/drop", self.drop)
        router.add_post("/_local/realtime/refuse", self.refuse)
        router.add_post("/_local/realtime/stall", self.stall)
        router.add_post("/_local/realtime/restore", self.restore)

    async def gate(self) -> None:
        """Passed by every new connection: waits while stalled, is closed (503) while refusing."""
        await self._flowing.wait()
        if self._refusing:
            raise web.HTTPServiceUnavailable

    async def state(self, _request: web.Request) -> web.Response:
        """How many sockets there are, and the topics they are on."""
        topics = sorted(channel.topic for channel in self._hub.channels())
        return web.json_response({"sockets": len(self._sockets), "topics": topics})

    async def drop(self, request: web.Request) -> web.Response:
        """Ends every connection: `?how=close` with code 1001, else without a word."""
        for socket in list(self._sockets):
            if request.query.get("how") == "close":
                await socket.close()
            else:
                socket.abort()
        return web.Response(status=204)

    async def refuse(self, _request: web.Request) -> web.Response:
        """From now on new connections get 503; those that are there stay (see `drop`)."""
        self._refusing = True
        return web.Response(status=204)

    async def stall(self, _request: web.Request) -> web.Response:
        """From now on nothing is read, answered or sent, and nothing is closed either."""
        self._flowing.clear()
        for socket in self._sockets:
            socket.stall()
        return web.Response(status=204)

    async def restore(self, _request: web.Request) -> web.Response:
        """Everything works again; what was to be sent meanwhile is lost."""
        self._refusing = False
        self._flowing.set()
        for socket in self._sockets:
            socket.resume()
        return web.Response(status=204)
