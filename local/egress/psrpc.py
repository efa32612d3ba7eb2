"""Both halves of psrpc on Redis: answering the server's requests, and asking its IOInfo service.

A request goes to a channel of its method and topic. Who would answer claims it on the asker's channel; the asker names
one of them, who answers on the asker's channel for answers. Channels have the names of psrpc's `pkg/info/channels.go`.
"""

import asyncio
import base64
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self

from google.protobuf.message import Message

from local.egress import messages
from local.egress.resp import RedisConnection, RedisError

log = logging.getLogger(__name__)
Handler = Callable[[Any], Awaitable[Message]]

CLAIM_SECONDS, ANSWER_SECONDS = 2.0, 5.0
QUEUE_LOCK_MS = 5000
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class RpcError(Exception):
    """What the other side, or we, answer instead of a result; `code` is one of psrpc's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def channel(*parts: str) -> str:
    """A channel's name from its parts; empty ones are left out."""
    return "|".join(part for part in parts if part)


def new_id(prefix: str) -> str:
    """The prefix and twelve random characters."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(12))


class Bus:
    """One connection that publishes and one that listens."""

    def __init__(self, out: RedisConnection, into: RedisConnection) -> None:
        self._out, self._into = out, into
        self.id = new_id("SRV_")
        self._listeners: dict[str, Callable[[bytes], None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, host: str, port: int) -> Self:
        """Two connections to the Redis there: one listens, one sends."""
        return cls(await RedisConnection.open(host, port), await RedisConnection.open(host, port))

    async def run(self) -> None:
        """Hand out what arrives, until Redis goes away (RedisError)."""
        while True:
            reply = await self._into.read()
            if isinstance(reply, list) and reply[0] == b"message":
                _, name, content = reply
                assert isinstance(name, bytes)
                assert isinstance(content, bytes)
                if listener := self._listeners.get(name.decode()):
                    listener(content)

    def listen(self, name: str, listener: Callable[[bytes], None]) -> None:
        """`listener` gets what is published on this channel from now on; one for each channel."""
        self._listeners[name] = listener
        self._into.write("SUBSCRIBE", name)

    def forget(self, name: str) -> None:
        """Listen there no more."""
        if self._listeners.pop(name, None):
            self._into.write("UNSUBSCRIBE", name)

    async def publish(self, name: str, message: Message) -> None:
        """Send a message to everyone who listens on this channel."""
        await self._out.command("PUBLISH", name, messages.packed(message))

    async def mine(self, content: bytes) -> bool:
        """Whether this queued message is ours: each goes to one of those who listen."""
        digest = base64.b64encode(hashlib.sha256(content).digest())
        return await self._out.command("SET", digest, 1, "NX", "PX", QUEUE_LOCK_MS) is not None

    def spawn(self, work: Awaitable[None]) -> None:
        """Do this beside; it ends with the bus at the latest."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """End what runs beside, and both connections."""
        for task in self._tasks:
            task.cancel()
        self._out.close()
        self._into.close()


class Method:
    """One method that we answer, for one topic."""

    def __init__(
        self, bus: Bus, service: str, name: str, topic: str, kind: type[Any], handler: Handler
    ) -> None:
        self._bus, self._service, self._kind, self._handler = bus, service, kind, handler
        self._requests, self._claims_on = (channel(service, name, topic, end) for end in ("REQ", "RCLAIM"))
        self._claims: dict[str, asyncio.Future[str]] = {}
        self.answers: Callable[[Any], bool] = lambda _: True
        """Whether a request is answered at all."""

    def open(self, *, claimed: bool = True, queued: bool = False) -> None:
        """`claimed`: the asker chooses who answers. `queued`: only one of us is asked."""
        self._claimed, self._queued = claimed, queued
        if claimed:
            self._bus.listen(self._claims_on, self._on_claim)
        self._bus.listen(self._requests, lambda content: self._bus.spawn(self._answer(content)))

    def close(self) -> None:
        """Serve no more."""
        self._bus.forget(self._requests)
        self._bus.forget(self._claims_on)

    def _on_claim(self, content: bytes) -> None:
        claim = messages.unpacked(messages.ClaimResponse, content)
        if (waiting := self._claims.get(claim.request_id)) and not waiting.done():
            waiting.set_result(claim.server_id)

    async def _answer(self, content: bytes) -> None:
        request = messages.unpacked(messages.Request, content)
        if self._queued and not await self._bus.mine(content):
            return
        if not self.answers(self._kind.FromString(request.raw_request)):
            return
        if self._claimed and not await self._chosen(request):
            return
        answer = messages.Response(
            request_id=request.request_id, server_id=self._bus.id, sent_at=time.time_ns()
        )
        try:
            result = await self._handler(self._kind.FromString(request.raw_request))
            answer.raw_response = result.SerializeToString()
        except RpcError as error:
            answer.error, answer.code = str(error), error.code
        except Exception as error:
            log.exception("a request could not be answered")
            answer.error, answer.code = repr(error), "internal"
        await self._bus.publish(channel(self._service, request.client_id, "RES"), answer)

    async def _chosen(self, request: Any) -> bool:
        waiting = asyncio.get_running_loop().create_future()
        self._claims[request.request_id] = waiting
        claim = messages.ClaimRequest(request_id=request.request_id, server_id=self._bus.id, affinity=1)
        try:
            await self._bus.publish(channel(self._service, request.client_id, "CLAIM"), claim)
            async with asyncio.timeout(CLAIM_SECONDS):
                chosen: str = await waiting
                return chosen == self._bus.id
        except TimeoutError:
            return False
        finally:
            del self._claims[request.request_id]


class Client:
    """Asks one service. All of its methods want a claim."""

    def __init__(self, bus: Bus, service: str) -> None:
        self._bus, self._service, self._id = bus, service, new_id("CLI_")
        self._claims: dict[str, asyncio.Future[str]] = {}
        self._answers: dict[str, asyncio.Future[Any]] = {}
        bus.listen(channel(service, self._id, "CLAIM"), self._on_claim)
        bus.listen(channel(service, self._id, "RES"), self._on_answer)

    async def call(self, method: str, request: Message) -> bytes:
        """The answer's bytes. Raises RpcError."""
        loop, now = asyncio.get_running_loop(), time.time_ns()
        asked = new_id("REQ_")
        claim, answer = loop.create_future(), loop.create_future()
        self._claims[asked], self._answers[asked] = claim, answer
        envelope = messages.Request(
            request_id=asked,
            client_id=self._id,
            sent_at=now,
            expiry=now + int(ANSWER_SECONDS * 1e9),
            raw_request=request.SerializeToString(),
        )
        try:
            await self._bus.publish(channel(self._service, method, "REQ"), envelope)
            async with asyncio.timeout(ANSWER_SECONDS):
                chosen = messages.ClaimResponse(request_id=asked, server_id=await claim)
                await self._bus.publish(channel(self._service, method, "RCLAIM"), chosen)
                told = await answer
        except TimeoutError as error:
            raise RpcError("unavailable", f"nobody answers {method}") from error
        except (RedisError, OSError) as error:
            raise RpcError("unavailable", str(error)) from error
        finally:
            del self._claims[asked], self._answers[asked]
        if told.error:
            raise RpcError(told.code, told.error)
        return bytes(told.raw_response)

    def _on_claim(self, content: bytes) -> None:
        claim = messages.unpacked(messages.ClaimRequest, content)
        if (waiting := self._claims.get(claim.request_id)) and not waiting.done():
            waiting.set_result(claim.server_id)

    def _on_answer(self, content: bytes) -> None:
        answer = messages.unpacked(messages.Response, content)
        if (waiting := self._answers.get(answer.request_id)) and not waiting.done():
            waiting.set_result(answer)
