"""The service: answers the server's psrpc, keeps the recordings that run, and opens the doors for tests."""

import asyncio
import logging
from typing import Any

from aiohttp import web
from google.protobuf.message import Message
from livekit.protocol import egress

from local.egress import messages
from local.egress.faults import NAMES, Misbehaviour, Vanished
from local.egress.psrpc import Bus, Client, Method, RpcError
from local.egress.run import EgressRun, Place, room_of

log = logging.getLogger(__name__)
MOST_AT_ONCE = 20


class EgressService:
    def __init__(self, bus: Bus, place: Place) -> None:
        self._bus, self._place, self.faults = bus, place, Misbehaviour()
        self._io = Client(bus, "IOInfo")
        self._running: dict[str, tuple[EgressRun, list[Method]]] = {}

    def open(self) -> None:
        """Take requests from LiveKit, over the bus."""
        start = Method(self._bus, "EgressInternal", "StartEgress", "", messages.StartEgress, self._start)
        start.answers = lambda request: not self.faults.is_on("silent", room_of(request))
        active = Method(
            self._bus, "EgressInternal", "ListActiveEgress", "", messages.ListActive, self._active
        )
        start.open()
        active.open(claimed=False)

    async def _start(self, request: Any) -> Message:
        if self.faults.is_on("full", room_of(request)) or len(self._running) >= MOST_AT_ONCE:
            raise RpcError("resource_exhausted", "concurrent egress limit exceeded")
        try:
            recording = EgressRun(request, self._place, self._told, self.faults)
        except RuntimeError as error:
            raise RpcError("invalid_argument", str(error)) from error
        methods = self._methods(recording)
        self._running[request.egress_id] = recording, methods
        answer = egress.EgressInfo()
        answer.CopyFrom(recording.info)
        self._bus.spawn(self._run(recording))
        return answer

    def _methods(self, recording: EgressRun) -> list[Method]:
        async def stop(_: Any) -> Message:
            if self.faults.is_on("deaf", recording.info.room_name):
                await asyncio.Event().wait()
            await recording.stop()
            return recording.info

        async def update(_: Any) -> Message:
            raise RpcError("failed_precondition", "the stand-in streams to nobody")

        topic, service = recording.info.egress_id, "EgressHandler"
        methods = [
            Method(self._bus, service, "StopEgress", topic, egress.StopEgressRequest, stop),
            Method(self._bus, service, "UpdateStream", topic, egress.UpdateStreamRequest, update),
        ]
        for method in methods:
            method.open(queued=True)
        return methods

    async def _run(self, recording: EgressRun) -> None:
        try:
            await recording.run()
        except Vanished:
            log.warning("%s has vanished", recording.info.egress_id)
        finally:
            _, methods = self._running.pop(recording.info.egress_id)
            for method in methods:
                method.close()

    async def _active(self, _: Any) -> Message:
        answer: Message = messages.Active(egress_ids=list(self._running))
        return answer

    async def _told(self, info: egress.EgressInfo) -> None:
        if self.faults.is_on("mute", info.room_name):
            return
        if info.ended_at and self.faults.is_on("late", info.room_name):
            self._bus.spawn(self._told_late(info))
            return
        await self._tell(info)

    async def _told_late(self, info: egress.EgressInfo) -> None:
        await self.faults.until_out("late", info.room_name)
        await self._tell(info)

    async def _tell(self, info: egress.EgressInfo) -> None:
        try:
            await self._io.call("UpdateEgress", info)
        except RpcError as error:
            log.warning("%s not told: %s", info.egress_id, error)

    # ------------------------------------------------------------ for tests

    def routes(self) -> list[web.RouteDef]:
        """The local doors: what is recorded, and faults on purpose."""
        return [
            web.get("/_local/egress", self._list),
            web.put("/_local/faults/{name}", self._fault),
            web.delete("/_local/faults/{name}", self._fault),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(sorted(self._running))

    async def _fault(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in NAMES:
            raise web.HTTPNotFound
        self.faults.set(name, request.query.get("room", "*"), on=request.method == "PUT")
        return web.Response(status=204)
