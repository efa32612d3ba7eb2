"""Rooms full of people for a benchmark: sessions in the database, tokens, and the load process that fills them."""

import asyncio
import json
import sys
import uuid
from asyncio.subprocess import PIPE, Process
from types import TracebackType
from typing import Self

import asyncpg
from livekit import api

from local.stack import Stack

ANSWER_SECONDS = 120.0


class Crowd:
    """Opens rooms with one speaker and some listeners each, all in one process beside ours."""

    def __init__(self, stack: Stack, database: asyncpg.Connection) -> None:
        self._stack, self._database = stack, database
        self._process: Process | None = None
        self.rooms: list[str] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.load", self._stack.livekit_url, stdin=PIPE, stdout=PIPE
        )
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(b'{"leave": true}\n')
        await self._process.wait()
        await self._database.execute(
            "update public.live_sessions set status = 'ended' where livekit_room = any ($1)", self.rooms
        )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def fill(self, count: int, *, publishers: int = 1, listeners: int = 1) -> list[float]:
        """Open `count` more rooms, one after another; the milliseconds that each first person's connection took."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        orders = [await self._order(publishers, listeners) for _ in range(count)]
        self._process.stdin.write(json.dumps({"join": orders}).encode() + b"\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await self._process.stdout.readline()
        if not answer:
            msg = "the load process ended; its words are above"
            raise RuntimeError(msg)
        taken: list[float] = json.loads(answer)["connected_ms"]
        return taken

    async def _order(self, publishers: int, listeners: int) -> dict[str, object]:
        room = f"bench-{uuid.uuid4()}"
        people = [await self._account() for _ in range(publishers + listeners)]
        session = await self._database.fetchval(
            "insert into public.live_sessions (creator_id, type, access_type, title, livekit_room, status)"
            " values ($1, 'audio_room', 'public', 'Benchmark', $2, 'live') returning id",
            people[0],
            room,
        )
        # Speakers by the database's word, so that no agent takes their microphone away.
        for person in people[1:publishers]:
            await self._database.execute(
                "insert into public.live_participants (session_id, user_id, role) values ($1, $2, 'speaker')",
                session,
                person,
            )
        self.rooms.append(room)
        tokens = [self._token(room, person, speaks=n < publishers) for n, person in enumerate(people)]
        return {"room": room, "tokens": tokens, "publishers": publishers}

    async def _account(self) -> uuid.UUID:
        user = uuid.uuid4()
        await self._database.execute(
            "insert into auth.users (id, email) values ($1, $2)", user, f"{user}@bench.example"
        )
        return user

    def _token(self, room: str, user: uuid.UUID, *, speaks: bool) -> str:
        """The benchmarks' own mint: a baseline knows no database, so nobody else could give it rooms."""
        grants = api.VideoGrants(
            room_join=True,
            room=room,
            can_publish=speaks,
            can_publish_sources=["microphone"] if speaks else [],
            can_publish_data=False,
        )
        env = self._stack.env
        token = api.AccessToken(env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])
        return token.with_identity(str(user)).with_grants(grants).to_jwt()
