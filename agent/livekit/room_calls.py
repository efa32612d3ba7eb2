"""`RoomCalls` over LiveKit's server API: one attempt per call, a time-out, and our errors."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
from livekit import api

from agent.core.lease import RoomName
from agent.core.ports import Listing, Refused, TargetGone, Unavailable
from agent.livekit.api_budget import ApiBudget
from agent.livekit.metrics import CallMetrics
from agent.livekit.translation import is_person, listed, permission_to
from handlers.facts import Identity
from moderation.desired import Permission
from moderation.identity import name_of

Request = TypeVar("Request")
Answer = TypeVar("Answer")

RETRYABLE = frozenset(
    {"unavailable", "deadline_exceeded", "resource_exhausted", "internal", "aborted", "canceled", "unknown"}
)
"""Twirp error codes after which the same call may succeed; a rate limit is one of them."""


class LiveKitCalls:
    def __init__(
        self, livekit: api.LiveKitAPI, budget: ApiBudget, metrics: CallMetrics, timeout: float
    ) -> None:
        self._livekit, self._budget, self._metrics, self._timeout = livekit, budget, metrics, timeout

    async def set_permission(
        self, room: RoomName, identity: Identity, permission: Permission, *, urgent: bool
    ) -> None:
        request = api.UpdateParticipantRequest(
            room=room, identity=name_of(identity), permission=permission_to(permission)
        )
        await self._call("set_permission", self._livekit.room.update_participant, request, urgent=urgent)

    async def remove(self, room: RoomName, identity: Identity) -> None:
        request = api.RoomParticipantIdentity(room=room, identity=name_of(identity))
        await self._call("remove", self._livekit.room.remove_participant, request, urgent=True)

    async def people(self, room: RoomName) -> Listing:
        request = api.ListParticipantsRequest(room=room)
        try:
            answer = await self._call("people", self._livekit.room.list_participants, request, urgent=False)
        except TargetGone:
            return Listing(())
        people = [info for info in answer.participants if is_person(info.kind) and not info.permission.hidden]
        known = {info.sid for info in people}
        others = (Identity(info.identity) for info in answer.participants if info.sid not in known)
        return Listing(tuple(listed(info) for info in people), frozenset(others))

    async def connected(self, room: RoomName, identity: Identity) -> bool:
        request = api.RoomParticipantIdentity(room=room, identity=name_of(identity))
        try:
            info = await self._call("connected", self._livekit.room.get_participant, request, urgent=True)
        except TargetGone:
            return False
        return info.state == api.ParticipantInfo.State.ACTIVE

    async def close(self, room: RoomName) -> None:
        try:
            request = api.DeleteRoomRequest(room=room)
            await self._call("close", self._livekit.room.delete_room, request, urgent=True)
        except TargetGone:
            return

    async def rooms(self) -> frozenset[RoomName]:
        request = api.ListRoomsRequest()
        answer = await self._call("rooms", self._livekit.room.list_rooms, request, urgent=False)
        return frozenset(RoomName(room.name) for room in answer.rooms)

    async def _call(
        self, name: str, call: Callable[[Request], Awaitable[Answer]], request: Request, *, urgent: bool
    ) -> Answer:
        await self._budget.take(urgent=urgent)
        started, outcome = time.monotonic(), "ok"
        try:
            async with asyncio.timeout(self._timeout):
                return await call(request)
        except api.ServerError as error:
            outcome = error.code
            raise _translated(error) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            outcome = "unreachable"
            raise Unavailable(f"LiveKit did not answer {name}: {str(error) or 'timed out'}") from error
        finally:
            self._metrics.livekit_seconds.labels(name, outcome).observe(time.monotonic() - started)


def _translated(error: api.ServerError) -> TargetGone | Unavailable | Refused:
    if error.code == "not_found":
        return TargetGone(error.message)
    if error.code in RETRYABLE or error.status >= 500:
        return Unavailable(error.message)
    return Refused(f"LiveKit refused: {error.message}")
