"""Realtime broken on purpose, for tests: doors under `/_local/realtime/` that exist only when asked for."""

import asyncio
from collections.abc import Set as AbstractSet

from aiohttp import web

from local.gateway.realtime.hub import Hub
from local.gateway.realtime.limits import PLANS, Limits
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
        """The doors below `/_local/realtime`."""
        router.add_get("/_local/realtime", self.state)
        router.add_post("/_local/realtime/plan", self.plan)
        router.add_post("/_local/realtime/audience", self.audience)
        router.add_post("/_local/realtime/drop", self.drop)
        router.add_post("/_local/realtime/refuse", self.refuse)
        router.add_post("/_local/realtime/stall", self.stall)
        router.add_post("/_local/realtime/restore", self.restore)

    async def gate(self) -> None:
        """Passed by every new connection: waits while stalled, raises `HTTPServiceUnavailable` while refusing."""
        await self._flowing.wait()
        if self._refusing:
            raise web.HTTPServiceUnavailable

    async def state(self, _request: web.Request) -> web.Response:
        """How many sockets there are, the topics they are on, and what is counted against the plan."""
        topics = sorted(channel.topic for channel in self._hub.channels())
        limits = self._hub.limits
        return web.json_response(
            {
                "sockets": len(self._sockets),
                "topics": topics,
                "messages_per_second": limits.messages_per_second,
                "counted": limits.counted,
                "dropped": limits.dropped,
            }
        )

    async def plan(self, request: web.Request) -> web.Response:
        """Another plan (`?name=`), nothing of it used for `?idle=` seconds but `?spent=` messages in this one."""
        idle_seconds = int(request.query.get("idle", "0"))
        self._hub.limits = Limits(PLANS[request.query["name"]], idle_seconds=idle_seconds)
        self._hub.limits.count(int(request.query.get("spent", "0")))
        return web.Response(status=204)

    async def audience(self, request: web.Request) -> web.Response:
        """So many more listeners of a topic (`?topic=&count=`), who are counted and sent nothing."""
        self._hub.audience[request.query["topic"]] = int(request.query["count"])
        return web.Response(status=204)

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
