"""Somebody who got hold of LiveKit's secret, but not of the agent's key: what clients must see through."""

import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from livekit import api, rtc

from agent.core.envelope import TOPIC_EVENTS, Envelope, Signer
from agent.core.lease import RoomFacts, RoomName
from agent.livekit.room import hidden_token
from handlers.facts import Identity, LiveEvent
from local.people.joining import join
from moderation.timestamps import text_of


class Forger:
    """In a room, hidden like the agent or as an ordinary participant who may send data, which ours never may."""

    def __init__(self, env: Mapping[str, str], room: str, session_id: str, *, hidden: bool) -> None:
        self.identity = str(uuid.uuid4())
        self._url, self._room, self._hidden = env["LIVEKIT_URL"], rtc.Room(), hidden
        self._key, self._secret = key, secret = env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"]
        if hidden:
            self._token = hidden_token(key, secret, RoomName(room), Identity(f"agent-{self.identity}"))
        else:
            grants = api.VideoGrants(room_join=True, room=room, can_publish=False, can_publish_data=True)
            self._token = (
                api.AccessToken(key, secret).with_identity(self.identity).with_grants(grants).to_jwt()
            )
        self._envelope = Envelope(RoomName(room), RoomFacts("session", session_id), Signer())

    async def __aenter__(self) -> Self:
        await join(self._room, self._url, self._token)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._room.disconnect()

    async def send_gift(self, seq: int, coins: int) -> None:
        """A gift that nobody gave, well formed, signed with a key of the forger's own."""
        now = time.time()
        payload = {
            "gift_id": str(uuid.uuid4()),
            "sender_id": self.identity,
            "gift_code": "crown",
            "quantity": 1,
            "coins": coins,
        }
        event = LiveEvent(seq, str(uuid.uuid4()), "gift", text_of(now), payload)
        for packet in self._envelope.packets(TOPIC_EVENTS, (event,), now):
            await self.send(packet)

    async def send(self, packet: bytes) -> None:
        """Any packet, on the agent's topic."""
        if not self._hidden:
            await self._take_the_right_back()
        await self._room.local_participant.publish_data(packet, reliable=True, topic=TOPIC_EVENTS)

    async def _take_the_right_back(self) -> None:
        """The agent takes it from anyone who has it in the open."""
        may = api.ParticipantPermission(can_subscribe=True, can_publish_data=True)
        request = api.UpdateParticipantRequest(room=self._room.name, identity=self.identity, permission=may)
        async with api.LiveKitAPI(self._url, self._key, self._secret) as livekit:
            await livekit.room.update_participant(request)
