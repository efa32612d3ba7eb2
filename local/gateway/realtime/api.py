"""The routes of `/realtime/v1`: the websocket, and broadcasts by HTTP."""

import asyncio
import json
from typing import Any

from aiohttp import web

from local.gateway import proxy
from local.gateway.keys import InvalidTokenError
from local.gateway.realtime import authorization
from local.gateway.realtime.faults import Faults
from local.gateway.realtime.frames import VERSIONS
from local.gateway.realtime.hub import Hub
from local.gateway.realtime.socket import Socket

MAX_FRAME = 3 * 1024 * 1024


class RealtimeApi:
    """Hands websockets to sockets of the hub, unless a fault says otherwise."""

    def __init__(self, hub: Hub) -> None:
        self.sockets: set[Socket] = set()
        self.faults = Faults(hub, self.sockets)
        self._hub = hub

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The websocket and the broadcasts over HTTP, below `/realtime/v1`."""
        router.add_get("/realtime/v1/websocket", self.websocket)
        router.add_post("/realtime/v1/api/broadcast", self.broadcast)
        router.add_post("/realtime/v1/api/broadcast/{topic}/events/{event}", self.broadcast_one)

    async def close(self, _app: web.Application) -> None:
        """Ends every connection, so that the server can end."""
        await asyncio.gather(*(socket.close() for socket in self.sockets))

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        """One client's socket, until it closes. Refuses an unknown key or protocol version with 403."""
        await self.faults.gate()
        key, version = proxy.api_key(request), request.query.get("vsn", "1.0.0")
        if not key or not self._hub.keys.role_of_key(key) or version not in VERSIONS:
            return web.Response(status=403)
        ws = web.WebSocketResponse(max_msg_size=MAX_FRAME)
        await ws.prepare(request)
        token = self._hub.keys.token_for(key)
        socket = Socket(request, ws, self._hub, version, token, lambda: len(self.sockets))
        self.sockets.add(socket)
        try:
            await socket.run()
        finally:
            self.sockets.discard(socket)
        return ws

    async def broadcast(self, request: web.Request) -> web.Response:
        """Several messages: `{"messages": [{"topic", "event", "payload", "private"?}]}`."""
        try:
            messages = json.loads(await request.text())["messages"]
        except (ValueError, KeyError, TypeError):
            return web.json_response({"errors": {"messages": ["can't be blank"]}}, status=422)
        return await self._publish(request, messages)

    async def broadcast_one(self, request: web.Request) -> web.Response:
        """One message, whose payload is the body."""
        try:
            payload = json.loads(await request.text())
        except ValueError:
            return web.json_response({"errors": {"payload": ["is invalid"]}}, status=422)
        private = request.query.get("private") == "true"
        return await self._publish(request, [{**request.match_info, "payload": payload, "private": private}])

    async def _publish(self, request: web.Request, messages: list[dict[str, Any]]) -> web.Response:
        try:
            claims = self._hub.keys.verify(proxy.bearer(request, self._hub.keys))
        except InvalidTokenError as error:
            return web.json_response({"message": str(error)}, status=401)
        if not all(isinstance(message.get("payload"), dict) for message in messages):
            return web.json_response({"errors": {"payload": ["is invalid"]}}, status=422)
        for message in messages:
            topic, private = str(message["topic"]), bool(message.get("private"))
            permitted = not private or (await authorization.ask(self._hub.pool, topic, claims)).write
            event, payload = str(message["event"]), message["payload"]
            if permitted and not self._hub.broadcast(topic, event, payload, private=private):
                return web.json_response({"message": "You have exceeded your rate limit"}, status=429)
        return web.Response(status=202)
