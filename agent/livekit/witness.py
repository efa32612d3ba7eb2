"""Asks LiveKit whether a publisher keeps newcomers from a track.

LiveKit answers a refused subscription with a message that its Python client drops, and the agent's own connection
shows nothing but silence (decision 0010). A witness is a second hidden participant that speaks LiveKit's signalling
alone: it negotiates no media, asks for tracks by name, and is told for each whether it may have it, now and whenever
that changes. It exists only while somebody is doubted.
"""

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import urlencode

import aiohttp
from google.protobuf.message import DecodeError
from livekit.protocol.rtc import SignalRequest, SignalResponse

from agent.livekit.metrics import SoundMetrics

log = logging.getLogger(__name__)

OPEN_SECONDS = 5.0
RETRY_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0
LONGEST_MESSAGE = 4 * 1024 * 1024
"""A room's join with thousands of people."""
PROTOCOL = 15
"""Of LiveKit's signalling; since 9 refusals are told."""
OPENING = asyncio.Semaphore(8)
"""Witnesses of the process that connect at a time."""


class Witness:
    """`ask` it, and `run` it for as long as there is something to ask."""

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        told: Callable[[str, bool], None],
        lost: Callable[[], None],
        metrics: SoundMetrics,
    ) -> None:
        """`told`: the SID of a track, and whether it is refused. `lost`: what was told may have changed since. Both
        are called on the loop."""
        self._url, self._token, self._metrics = url, token, metrics
        self._told, self._lost = told, lost
        self._wanted: frozenset[str] = frozenset()
        self._changed = asyncio.Event()

    def ask(self, tracks: frozenset[str]) -> None:
        """From now on, tell about these tracks and no others."""
        if tracks != self._wanted:
            self._wanted = frozenset(tracks)
            self._changed.set()

    async def run(self) -> None:
        """Until cancelled. Connects again whenever LiveKit ends it, as it does with anyone who negotiates no media."""
        async with aiohttp.ClientSession() as http:
            while True:
                try:
                    await self._testify(http)
                except (aiohttp.ClientError, DecodeError, TimeoutError, OSError) as error:
                    self._metrics.witness_failures.inc()
                    log.warning("witness not heard", extra={"error": repr(error)})
                except Exception:  # it must not end the hearing of all rooms
                    self._metrics.witness_failures.inc()
                    log.exception("witness failed")
                await asyncio.sleep(RETRY_SECONDS)

    async def _testify(self, http: aiohttp.ClientSession) -> None:
        async with OPENING, asyncio.timeout(OPEN_SECONDS):
            socket = await http.ws_connect(
                address(self._url, self._token()), heartbeat=HEARTBEAT_SECONDS, max_msg_size=LONGEST_MESSAGE
            )
        async with socket:
            asking = asyncio.create_task(self._keep_asking(socket), name="witness asks")
            try:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.BINARY:
                        self._read(SignalResponse.FromString(message.data))
            finally:
                asking.cancel()
                await asyncio.wait({asking})
                if not asking.cancelled() and (error := asking.exception()) is not None:
                    log.warning("witness could not ask", exc_info=error)
                self._lost()

    async def _keep_asking(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        asked: frozenset[str] = frozenset()
        while True:
            self._changed.clear()
            wanted = self._wanted
            for tracks, subscribe in ((asked - wanted, False), (wanted - asked, True)):
                if tracks:
                    request = SignalRequest()
                    request.subscription.track_sids.extend(sorted(tracks))
                    request.subscription.subscribe = subscribe
                    await socket.send_bytes(request.SerializeToString())
            asked = wanted
            await self._changed.wait()

    def _read(self, answer: SignalResponse) -> None:
        if answer.HasField("subscription_permission_update"):
            update = answer.subscription_permission_update
            self._told(update.track_sid, not update.allowed)


def address(url: str, token: str) -> str:
    """Of LiveKit's signalling, from that of the server."""
    query = {"access_token": token, "auto_subscribe": "0", "protocol": str(PROTOCOL), "sdk": "python"}
    return f"{url.replace('http', 'ws', 1).rstrip('/')}/rtc?{urlencode(query)}"
