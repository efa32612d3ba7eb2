"""LiveKit's dispatches, answered: one websocket to its `/agent`, in the protocol that all of its agents' workers speak.

A dispatch is only a doorbell. Every job is accepted, its room is handed on, and the job is ended at once, so nothing of
the room's life hangs on it. LiveKit Agents' own worker does the same with a thread for each job, and its import alone
takes 40 MB and a second.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

import aiohttp
from google.protobuf.message import DecodeError
from livekit import api
from livekit.protocol import agent as protocol
from livekit.protocol.models import ParticipantPermission

from agent.metrics import Metrics
from agent.ports import RoomName

log = logging.getLogger(__name__)

STATUS_SECONDS = 2.5
HEARTBEAT_SECONDS = 30.0
ANSWER_SECONDS = 10.0
FIRST_RETRY_SECONDS = 0.2
RETRY_CAP_SECONDS = 2.0
PERMISSIONS = ParticipantPermission(
    can_publish=False, can_subscribe=True, can_publish_data=True, hidden=True, agent=True
)


class Dispatches:
    """`run` it. Not named, so that LiveKit sends it every room."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        key: str,
        secret: str,
        metrics: Metrics,
        *,
        serve: Callable[[RoomName], None],
        taking: Callable[[], bool],
    ) -> None:
        """`serve(room)`: somebody opened it. `taking`: whether we take new rooms; when not, LiveKit asks others."""
        self._http, self._url = http, f"{url.rstrip('/')}/agent"
        self._key, self._secret, self._metrics = key, secret, metrics
        self._serve, self._taking = serve, taking
        self.registered = False

    async def run(self) -> None:
        """Stay registered for ever."""
        pause = FIRST_RETRY_SECONDS
        while True:
            try:
                async with self._http.ws_connect(
                    self._url, headers=self._pass(), heartbeat=HEARTBEAT_SECONDS
                ) as socket:
                    await self._register(socket)
                    pause = FIRST_RETRY_SECONDS
                    await self._answer(socket)
                reason = "closed"
            except (aiohttp.ClientError, DecodeError, TypeError, TimeoutError, OSError) as error:
                reason = str(error) or type(error).__name__
            self.registered = False
            log.warning("not registered with LiveKit", extra={"error": reason})
            await asyncio.sleep(pause)
            pause = min(2 * pause, RETRY_CAP_SECONDS)

    def _pass(self) -> dict[str, str]:
        token = api.AccessToken(self._key, self._secret).with_grants(api.VideoGrants(agent=True))
        return {"Authorization": f"Bearer {token.to_jwt()}"}

    async def _register(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Raises TypeError when the other side does not speak the protocol, TimeoutError when it says nothing."""
        ours = protocol.RegisterWorkerRequest(type=protocol.JT_ROOM, allowed_permissions=PERMISSIONS)
        await _send(socket, protocol.WorkerMessage(register=ours))
        async with asyncio.timeout(ANSWER_SECONDS):
            protocol.ServerMessage.FromString(await socket.receive_bytes())
        self.registered = True
        log.info("registered")

    async def _answer(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Returns when the connection has ended."""
        telling = asyncio.create_task(self._tell_status(socket), name="status")
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    await self._heed(socket, protocol.ServerMessage.FromString(message.data))
        finally:
            telling.cancel()

    async def _tell_status(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError):  # whoever reads from the socket hears of it as well
            while True:
                status = protocol.WS_AVAILABLE if self._taking() else protocol.WS_FULL
                update = protocol.UpdateWorkerStatus(status=status)
                await _send(socket, protocol.WorkerMessage(update_worker=update))
                await asyncio.sleep(STATUS_SECONDS)

    async def _heed(self, socket: aiohttp.ClientWebSocketResponse, message: protocol.ServerMessage) -> None:
        match message.WhichOneof("message"):
            case "availability":
                job, available = message.availability.job.id, self._taking()
                self._metrics.dispatches.labels("accepted" if available else "rejected").inc()
                answer = protocol.AvailabilityResponse(
                    job_id=job, available=available, participant_identity=f"agent-{job}"
                )
                await _send(socket, protocol.WorkerMessage(availability=answer))
            case "assignment":
                self._serve(RoomName(message.assignment.job.room.name))
                ended = protocol.UpdateJobStatus(job_id=message.assignment.job.id, status=protocol.JS_SUCCESS)
                await _send(socket, protocol.WorkerMessage(update_job=ended))
            case _:
                pass  # a job that is to end has ended already


async def _send(socket: aiohttp.ClientWebSocketResponse, message: protocol.WorkerMessage) -> None:
    await socket.send_bytes(message.SerializeToString())
