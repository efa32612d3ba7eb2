"""One websocket: reads a client's frames, acts on them, and writes what is for it, in order."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from local.gateway.keys import Claims, InvalidTokenError
from local.gateway.realtime import authorization, bindings
from local.gateway.realtime.authorization import TopicPermission
from local.gateway.realtime.channel import PREFIX, Channel
from local.gateway.realtime.frames import Frame, MalformedFrameError, decode
from local.gateway.realtime.hub import Hub

IDLE_SECONDS = 60.0  # a client that sends nothing for so long, not even its heartbeat, is gone
OUTBOX_FRAMES = 10_000
GOING_AWAY = 1001

log = logging.getLogger(__name__)


class Socket:
    """The server's side of one connection. `key_token`: what its API key stands for; `connections`: of all clients."""

    def __init__(
        self,
        request: web.Request,
        ws: web.WebSocketResponse,
        hub: Hub,
        version: str,
        key_token: str,
        connections: Callable[[], int],
    ) -> None:
        self._stalled = False
        self._transport = request.transport
        self._ws = ws
        self._hub = hub
        self._version = version
        self._key_token = key_token
        self._connections = connections
        self._channels: dict[str, Channel] = {}
        self._outbox: asyncio.Queue[Frame] = asyncio.Queue(OUTBOX_FRAMES)

    async def run(self) -> None:
        """Serves the connection until either side ends it."""
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        finally:
            writer.cancel()
            for channel in self._channels.values():
                self._hub.remove(channel)

    def send(self, frame: Frame) -> None:
        """Queues a frame; a client too slow to take them is cut off."""
        try:
            self._outbox.put_nowait(frame)
        except asyncio.QueueFull:
            log.warning("a client does not read its frames: cut off")
            self.abort()

    def abort(self) -> None:
        """Ends the connection without a word, as a broken network does."""
        if self._transport:
            self._transport.abort()

    async def close(self) -> None:
        """Ends the connection politely, as a server that is being replaced does."""
        await self._ws.close(code=GOING_AWAY)

    def stall(self) -> None:
        """Half-open from now on: reads nothing, not even pings, and loses what it should send."""
        self._stalled = True
        if isinstance(self._transport, asyncio.ReadTransport):
            self._transport.pause_reading()

    def resume(self) -> None:
        """The end of `stall`."""
        self._stalled = False
        if isinstance(self._transport, asyncio.ReadTransport):
            self._transport.resume_reading()

    async def _write(self) -> None:
        with suppress(ConnectionError):
            while True:
                frame = await self._outbox.get()
                if not self._stalled:
                    await self._ws.send_str(frame.encode(self._version))

    async def _read(self) -> None:
        while True:
            try:
                message = await self._ws.receive(timeout=IDLE_SECONDS)
            except TimeoutError:
                return
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return
            try:
                frame = decode(message.data, self._version)
            except MalformedFrameError as error:
                log.warning("frame ignored: %s", error)
                continue
            await self._act(frame)

    async def _act(self, frame: Frame) -> None:
        channel = self._channels.get(frame.topic)
        match frame.event:
            case "heartbeat" if frame.topic == "phoenix":
                self._reply(frame, "ok", {})
            case "phx_join":
                await self._join(frame)
            case _ if channel is None:
                self._reply(frame, "error", {"reason": "unmatched topic"})
            case "phx_leave":
                self._reply(frame, "ok", {})
                self._close(channel)
            case "access_token":
                await self._renew(channel, frame.payload.get("access_token"))
            case "broadcast":
                self._broadcast(channel, frame)
            case _:
                pass  # presence and what else clients say, which nobody here listens to

    # ------------------------------------------------------------ joining

    async def _join(self, frame: Frame) -> None:
        try:
            channel = await self._admit(frame)
        except _JoinRefusedError as refusal:
            self._reply(frame, "error", {"reason": str(refusal)})
            return
        if former := self._channels.pop(frame.topic, None):
            self._hub.remove(former)
        self._channels[frame.topic] = channel
        self._hub.add(channel)
        channel.expire_with_token(self._expire)
        self._reply(frame, "ok", {"postgres_changes": [binding.reply() for binding in channel.bindings]})

    async def _admit(self, frame: Frame) -> Channel:
        """The channel that a join asks for.

        Raises:
            _JoinRefusedError: no such topic, a bad token or filter, too many channels, or no right to read.
        """
        topic = frame.topic.removeprefix(PREFIX)
        if topic == frame.topic or not topic:
            raise _JoinRefusedError("unmatched topic")
        limits = self._hub.limits
        if len(self._channels) >= limits.plan.channels_per_connection and frame.topic not in self._channels:
            raise _JoinRefusedError("ChannelRateLimitReached: Too many channels")
        if fault := limits.join_fault(self._connections()):
            raise _JoinRefusedError(fault)
        config = frame.payload.get("config") or {}
        private = bool(config.get("private"))
        broadcast = config.get("broadcast") or {}
        try:
            claims = self._hub.keys.verify(self._token(frame.payload.get("access_token")))
            wanted = tuple(bindings.parse(entry) for entry in config.get("postgres_changes") or [])
        except InvalidTokenError as error:
            raise _JoinRefusedError(f"InvalidJWTToken: {error}") from error
        except bindings.InvalidFilterError as error:
            raise _JoinRefusedError(str(error)) from error
        return Channel(
            outbox=self.send,
            topic=topic,
            join_ref=frame.join_ref,
            private=private,
            claims=claims,
            permission=await self._permission(topic, claims, private=private),
            bindings=wanted,
            echo=bool(broadcast.get("self")),
            acknowledge=bool(broadcast.get("ack")),
        )

    async def _permission(self, topic: str, claims: Claims, *, private: bool) -> TopicPermission:
        if not private:
            return TopicPermission(read=True, write=True)
        permission = await authorization.ask(self._hub.pool, topic, claims)
        if not permission.read:
            raise _JoinRefusedError(
                f"Unauthorized: You do not have permissions to read from this Channel topic: {topic}"
            )
        return permission

    def _token(self, given: str | None) -> str:
        """The token to act with; an opaque key in its place means what the connection's key stands for."""
        return self._key_token if not given or given.startswith("sb_") else given

    # ------------------------------------------------------------ joined

    async def _renew(self, channel: Channel, token: str | None) -> None:
        """A newer token for a channel; without the rights of the old one, the channel closes."""
        if not token or token.startswith("sb_"):
            return
        try:
            claims = self._hub.keys.verify(token)
            permission = await self._permission(channel.topic, claims, private=channel.private)
        except (InvalidTokenError, _JoinRefusedError) as error:
            self._expire(channel, str(error))
            return
        channel.claims, channel.permission = claims, permission
        channel.expire_with_token(self._expire)

    def _broadcast(self, channel: Channel, frame: Frame) -> None:
        """Passes a client's broadcast on; without the right to write it is dropped silently. One too many closes
        the channel. Both as upstream."""
        if not channel.permission.write:
            return
        event, payload = str(frame.payload.get("event")), frame.payload.get("payload", {})
        if not self._hub.broadcast(channel.topic, event, payload, private=channel.private, sender=channel):
            self._expire(channel, "MessagePerSecondRateLimitReached: Too many messages per second")
            return
        if channel.acknowledge:
            self._reply(frame, "ok", {})

    def _expire(self, channel: Channel, why: str) -> None:
        channel.system("system", "error", why)
        self._close(channel)

    def _close(self, channel: Channel) -> None:
        channel.send("phx_close", {})
        if self._channels.get(PREFIX + channel.topic) is channel:
            del self._channels[PREFIX + channel.topic]
            self._hub.remove(channel)

    def _reply(self, frame: Frame, status: str, response: dict[str, Any]) -> None:
        payload = {"status": status, "response": response}
        self.send(Frame(frame.topic, "phx_reply", payload, frame.ref, frame.join_ref))


class _JoinRefusedError(Exception):
    """Why a join gets an error for its reply."""
