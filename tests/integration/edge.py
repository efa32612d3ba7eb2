"""People who call the edge functions, and LiveKit as it signs webhooks; for the tests of the functions."""

import base64
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg
import jwt
from livekit import api

from local.stack import LIVEKIT_KEY, Stack

Json = dict[str, Any]

PASSWORD = "correct horse"  # noqa: S105 - everybody's in these tests
SESSION_FUNCTIONS = ("session-create", "session-start", "session-token", "session-ingress", "session-end")
CALL_FUNCTIONS = ("call-start", "call-answer", "call-token", "call-end", "call-upgrade")
VALID_BODIES: Mapping[str, Json] = {
    "session-create": {"type": "video_live", "access_type": "public", "title": "Evening"},
    "session-start": {"session_id": str(uuid.UUID(int=1))},
    "session-token": {"session_id": str(uuid.UUID(int=1))},
    "session-ingress": {"session_id": str(uuid.UUID(int=1))},
    "session-end": {"session_id": str(uuid.UUID(int=1))},
    "call-start": {"callee_id": str(uuid.UUID(int=1)), "type": "audio"},
    "call-answer": {"call_id": str(uuid.UUID(int=1)), "accept": True},
    "call-token": {"call_id": str(uuid.UUID(int=1))},
    "call-end": {"call_id": str(uuid.UUID(int=1))},
    "call-upgrade": {"call_id": str(uuid.UUID(int=1))},
}


@dataclass(frozen=True)
class Reply:
    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str | None:
        """The code of a refusal; None for a success."""
        code: str | None = self.body.get("error", {}).get("code")
        return code

    @property
    def refusal(self) -> tuple[int, str | None]:
        return self.status, self.code


@dataclass(frozen=True)
class Person:
    """Somebody signed in, with the access token that the app would hold."""

    world: "World"
    id: str
    token: str
    email: str = ""

    async def call(self, function: str, **body: object) -> Reply:
        return await self.world.post(function, body, token=self.token)


@dataclass(frozen=True)
class World:
    """The running stack as a client, LiveKit and the ops team reach it."""

    stack: Stack
    http: aiohttp.ClientSession
    database: asyncpg.Connection

    async def post(
        self,
        function: str,
        body: object,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """POSTs to a function through the gateway; `body` is JSON unless it is text already."""
        sent = {"content-type": "application/json", **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        data = body if isinstance(body, str) else json.dumps(body)
        url = f"{self.stack.url}/functions/v1/{function}"
        async with self.http.post(url, data=data, headers=sent) as answer:
            return Reply(answer.status, await answer.json(), dict(answer.headers))

    async def person(self, *, creator: bool = False) -> Person:
        """A new person with an account."""
        person = await self._sign_up({"email": f"{uuid.uuid4()}@example.com", "password": PASSWORD})
        if creator:
            await self.database.execute(
                "update public.profiles set is_creator = true, type = 'creator' where id = $1", person.id
            )
        return person

    async def another_device(self, person: Person) -> Person:
        """The same person, signed in once more."""
        credentials = {"email": person.email, "password": PASSWORD}
        return await self._sign_up(credentials, "token?grant_type=password")

    async def guest(self) -> Person:
        """A new anonymous sign-in."""
        return await self._sign_up({})

    async def _sign_up(self, credentials: Json, how: str = "signup") -> Person:
        async with self.http.post(
            f"{self.stack.url}/auth/v1/{how}",
            json=credentials,
            headers={"apikey": self.stack.keys.publishable},
        ) as answer:
            answer.raise_for_status()
            signed_in = await answer.json()
        return Person(self, signed_in["user"]["id"], signed_in["access_token"], credentials.get("email", ""))

    async def session(self, host: Person, **changes: object) -> Json:
        """A session of this creator's, live unless it is scheduled."""
        reply = await host.call("session-create", **{**VALID_BODIES["session-create"], **changes})
        assert reply.status == 200, reply
        session: Json = reply.body["session"]
        return session

    async def deliver(self, event: Json, *, secret: str | None = None) -> Reply:
        """Sends a webhook as LiveKit does, signed with this secret or LiveKit's own."""
        body = json.dumps(event)
        return await self.deliver_signed(body, self.webhook_token(body, secret=secret))

    async def deliver_signed(self, body: str, authorization: str) -> Reply:
        headers = {"content-type": "application/webhook+json", "authorization": authorization}
        return await self.post("livekit-webhook", body, headers=headers)

    def webhook_token(self, body: str, *, secret: str | None = None) -> str:
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        secret = secret or self.stack.env["LIVEKIT_API_SECRET"]
        return api.AccessToken(LIVEKIT_KEY, secret).with_sha256(digest).to_jwt()

    def claims(self, join: Json) -> Json:
        """What a join token says, verified with LiveKit's secret."""
        secret = self.stack.env["LIVEKIT_API_SECRET"]
        found: Json = jwt.decode(join["token"], secret, algorithms=["HS256"], issuer=LIVEKIT_KEY)
        return found


@asynccontextmanager
async def world(stack: Stack) -> AsyncIterator[World]:
    """Connections for one test."""
    database = await asyncpg.connect(stack.database_url, timeout=10, command_timeout=30)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            yield World(stack, http, database)
    finally:
        await database.close(timeout=5)
