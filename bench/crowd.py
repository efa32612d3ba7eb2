"""Rooms full of people for a benchmark: sessions in the database, tokens, and the load process that fills them."""

import asyncio
import base64
import json
import uuid
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import asyncpg
from livekit import api

from bench import load_binary
from bench.speech import speech_packets
from local.stack import Stack

ANSWER_SECONDS = 45.0
"""Forty rooms of two people take two on an idle machine; a full one takes many times that."""
LEAVING_SECONDS = 20.0
ANSWER_BYTES = 2**24


@dataclass(frozen=True, slots=True)
class Opened:
    """A room as its first person came in."""

    room: str
    connected_at: float
    """When `connect()` had returned, epoch seconds."""
    connected_ms: float
    """How long `connect()` took."""


class CrowdLostError(RuntimeError):
    """The load process ended or hangs; its words are above. Most likely this machine could not carry it."""


class Crowd:
    """Opens rooms with some speakers and listeners each, all in one process beside ours."""

    def __init__(self, stack: Stack, database: asyncpg.Connection) -> None:
        self._stack, self._database = stack, database
        self._process: Process | None = None
        self.rooms: list[str] = []

    async def __aenter__(self) -> Self:
        binary = await load_binary.find_binary()
        self._process = await asyncio.create_subprocess_exec(
            binary, self._stack.livekit_url, stdin=PIPE, stdout=PIPE, limit=ANSWER_BYTES
        )
        await self._ask({"speech": [base64.b64encode(packet).decode() for packet in speech_packets()]})
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        process = self._running()
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(LEAVING_SECONDS):
                await process.wait()
        except TimeoutError:  # a server that answers nobody can hold up anyone who leaves it
            process.kill()
        await self._end_sessions(self.rooms)

    @property
    def pid(self) -> int:
        """Of the load process. Raises AssertionError outside `async with`."""
        return self._running().pid

    async def fill(
        self, count: int, *, publishers: int = 1, listeners: int = 1, at_once: bool = False
    ) -> list[Opened]:
        """Open `count` more rooms, one after another unless told otherwise."""
        orders = [await self._order(publishers, listeners) for _ in range(count)]
        answer = await self._ask({"join": orders, "at_once": at_once})
        return [Opened(**room) for room in answer]

    async def host(self) -> tuple[str, str]:
        """A new session's room and its host's token, for somebody who comes in by themselves."""
        order = await self._order(publishers=1, listeners=0)
        return order["room"], order["tokens"][0]

    async def empty(self) -> None:
        """Everybody leaves, and the sessions end."""
        rooms, self.rooms = self.rooms, []
        await self._ask({"leave": rooms})
        await self._end_sessions(rooms)

    async def _ask(self, order: dict[str, Any]) -> Any:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order).encode() + b"\n")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await process.stdout.readline()
        except TimeoutError:
            process.kill()
            raise CrowdLostError from None
        if not answer:
            raise CrowdLostError
        return json.loads(answer)

    def _running(self) -> Process:
        assert self._process is not None
        return self._process

    async def _end_sessions(self, rooms: list[str]) -> None:
        await self._database.execute(
            "update public.live_sessions set status = 'ended' where livekit_room = any ($1)", rooms
        )

    async def _order(self, publishers: int, listeners: int) -> dict[str, Any]:
        room = f"bench-{uuid.uuid4()}"
        people = [uuid.uuid4() for _ in range(publishers + listeners)]
        await open_session(self._database, room, people, speakers=publishers)
        self.rooms.append(room)
        tokens = [self._token(room, person, speaks=n < publishers) for n, person in enumerate(people)]
        return {"room": room, "tokens": tokens, "publishers": publishers}

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


async def open_session(
    database: asyncpg.Connection, room: str, people: list[uuid.UUID], *, speakers: int
) -> uuid.UUID:
    """A live audio room of these new accounts: the first one is its host, the first `speakers` may speak."""
    await database.executemany(
        "insert into auth.users (id, email) values ($1, $2)",
        [(user, f"{user}@bench.example") for user in people],
    )
    session: uuid.UUID = await database.fetchval(
        "insert into public.live_sessions (creator_id, type, access_type, title, livekit_room, status)"
        " values ($1, 'audio_room', 'public', 'Benchmark', $2, 'live') returning id",
        people[0],
        room,
    )
    # Speakers by the database's word, so that no agent takes their microphone away.
    await database.executemany(
        "insert into public.live_participants (session_id, user_id, role) values ($1, $2, 'speaker')",
        [(session, person) for person in people[1:speakers]],
    )
    return session
