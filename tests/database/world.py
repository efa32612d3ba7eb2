"""Owns the hands of the database tests: act as someone, and set a scene of users, sessions and people."""

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests import payloads

Json = Any


def but_now(answer: Json) -> Json:
    """An answer with a `join`, without the time that it tells: a repeated request answers the same but for that."""
    return {**answer, "join": {name: value for name, value in answer["join"].items() if name != "now"}}


@dataclass
class Refused(Exception):
    """A statement that the database refused, as a client would see it: SQLSTATE, hint, message."""

    sqlstate: str
    hint: str | None
    message: str


@dataclass
class Scene:
    """A live session with its LiveKit room and its creator."""

    id: str
    room: str
    creator: str


async def opened(dsn: str) -> asyncpg.Connection:
    """Open a connection as the owner, with jsonb as Python values."""
    connection = await asyncpg.connect(dsn, timeout=10, command_timeout=30)
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog", format="text"
        )
    return connection


@dataclass
class Kept:
    """One connection for one test after the other; what a test leaves in it is put back."""

    dsn: str
    _connection: asyncpg.Connection | None = None

    async def take(self) -> asyncpg.Connection:
        """Return it, or a new one where a test has broken it."""
        if self._connection is None:
            self._connection = await opened(self.dsn)
        return self._connection

    async def put_back(self) -> None:
        """Forget settings, locks and temporary tables; one that is in the middle of something is given up."""
        connection = self._connection
        if connection is None:
            return
        try:
            if not connection.is_closed() and not connection.is_in_transaction():
                await connection.reset()
                await connection.execute("discard temp")
                return
        except (asyncpg.InterfaceError, asyncpg.PostgresError, OSError):
            pass  # Broken.
        connection.terminate()
        self._connection = None

    async def close(self) -> None:
        """Close it."""
        if self._connection is not None:
            await self._connection.close(timeout=5)


@dataclass
class World:
    """One test's access to the database. Every connection it opens is closed with it."""

    dsn: str
    kept: Kept | None = None
    """Where its first connection is from; otherwise it opens one."""
    connections: list[asyncpg.Connection] = field(default_factory=list)
    _main: asyncpg.Connection | None = None

    async def connect(self) -> asyncpg.Connection:
        """Open a further connection as the owner, with jsonb as Python values."""
        connection = await opened(self.dsn)
        self.connections.append(connection)
        return connection

    async def owner(self) -> asyncpg.Connection:
        """Return the connection as the owner of the schema: no RLS, no role."""
        if self._main is None:
            self._main = await (self.kept.take() if self.kept else self.connect())
        return self._main

    async def close(self) -> None:
        """Close every connection, and look at what was written for apps meanwhile."""
        main, faults = self._main, list[str]()
        try:
            if main is not None and not main.is_closed() and not main.is_in_transaction():
                faults = await payloads.faults(main)
        finally:
            for connection in self.connections:
                await connection.close(timeout=5)
            if self.kept is not None:
                await self.kept.put_back()
        assert faults == [], f"not what livekit-system/schemas/ says: {faults}"

    @asynccontextmanager
    async def acting(self, role: str, user: str | None = None) -> AsyncIterator[asyncpg.Connection]:
        """Yield a connection inside a transaction as PostgREST would open it for this role and user."""
        connection = await self.owner()
        claims = {"role": role, "sub": user} if user else {"role": role}
        if user and await self.value("select is_anonymous from auth.users where id = $1", user):
            claims["is_anonymous"] = True  # type: ignore[assignment]
        try:
            async with connection.transaction():
                await connection.execute(
                    "select set_config('request.jwt.claims', $1, true)", json.dumps(claims)
                )
                await connection.execute(f"set local role {role}")
                yield connection
        except asyncpg.PostgresError as error:
            raise Refused(error.sqlstate, getattr(error, "hint", None), error.message) from error

    async def value(self, sql: str, *args: object) -> Json:
        """Return one value, read as the owner."""
        return await (await self.owner()).fetchval(sql, *args)

    async def row(self, sql: str, *args: object) -> Json:
        """Return one row as a dict, read as the owner; None when there is none."""
        found = await (await self.owner()).fetchrow(sql, *args)
        return dict(found) if found else None

    async def rows(self, sql: str, *args: object) -> list[Json]:
        """Return rows as dicts, read as the owner."""
        return [dict(row) for row in await (await self.owner()).fetch(sql, *args)]

    async def service(self, sql: str, *args: object) -> Json:
        """Return one value of a statement run by the service role."""
        async with self.acting("service_role") as connection:
            return await connection.fetchval(sql, *args)

    async def as_user(self, user: str, sql: str, *args: object) -> Json:
        """Return one value of a statement run by a signed-in user."""
        async with self.acting("authenticated", user) as connection:
            return await connection.fetchval(sql, *args)

    async def user(
        self, *, anonymous: bool = False, creator: bool = False, ops: bool = False, lead: bool = False
    ) -> str:
        """Create someone and return the id."""
        user = str(uuid.uuid4())
        owner = await self.owner()
        await owner.execute("insert into auth.users (id, is_anonymous) values ($1, $2)", user, anonymous)
        if creator:
            await owner.execute("update public.profiles set is_creator = true where id = $1", user)
        if ops or lead:
            await owner.execute("insert into public.live_ops (user_id, lead) values ($1, $2)", user, lead)
        return user

    async def live(
        self, kind: str = "audio_room", *, access: str = "public", creator: str | None = None
    ) -> Scene:
        """Create a session that is live."""
        creator = creator or await self.user(creator=True)
        price = 10 if access == "pay_per_view" else None
        row = await self.row(
            "insert into public.live_sessions (creator_id, type, title, status, access_type, price_coins)"
            " values ($1, $2, 'evening', 'live', $3, $4) returning id, livekit_room",
            creator, kind, access, price,
        )  # fmt: skip
        return Scene(str(row["id"]), row["livekit_room"], creator)

    async def until_limited(self, act: Callable[[], Awaitable[object]], *, at_most: int) -> int:
        """Repeat an act until its rate is exceeded; returns how often it went well. A new minute counts anew."""
        for done in range(at_most + 1):
            try:
                await act()
            except Refused as refused:
                if (refused.sqlstate, refused.hint) != ("PT429", "rate_limited"):
                    raise
                return done
        raise AssertionError(f"still not limited after {at_most}")

    async def seat(self, scene: Scene, role: str, *, user: str | None = None) -> str:
        """Put someone into a session with a role, without asking anyone, and return the id."""
        user = user or await self.user()
        await (await self.owner()).execute(
            "insert into public.live_participants (session_id, user_id, role) values ($1, $2, $3)"
            " on conflict (session_id, user_id) do update set role = excluded.role",
            scene.id, user, role,
        )  # fmt: skip
        return user

    async def claim(self, room: str, worker: str = "w1", ttl_ms: int = 3000) -> Json:
        """Claim a room's lease."""
        asked = [{"room": room, "bot_identity": "agent-1"}]
        answer = await self.service("select public.agent_claim_rooms($1, $2, $3)", worker, asked, ttl_ms)
        return answer["rooms"][0]["claim"]

    async def pull(
        self,
        room: str,
        epoch: int,
        cursor: str | None = None,
        worker: str = "w1",
        in_hand: list[str] | None = None,
    ) -> Json:
        """Beat for one room and return its entry, or None when there is nothing new."""
        rooms = [{"room": room, "epoch": epoch, "cursor": cursor, "in_hand": in_hand}]
        answer = await self.service("select public.agent_pull($1, $2, 3000, 100)", worker, rooms)
        return next((entry for entry in answer["rooms"] if entry["room"] == room), None)

    async def finish(self, room: str, epoch: int, action: str, **result: object) -> Json:
        """Write the result of one action back."""
        body = [{"room": room, "epoch": epoch, "id": action, "outcome": "applied", **result}]
        return (await self.service("select public.agent_finish_actions('w1', $1)", body))[0]

    async def ask(
        self, user: str | None, action: str, scene: Scene, target: str | None = None, **extra: Json
    ) -> str:
        """Insert an action as a signed-in user (None = the service role) and return its id."""
        row = {"session_id": scene.id, "target_user_id": target, "action": action, **extra}
        row = {name: value for name, value in row.items() if value is not None}
        columns, places = ", ".join(row), ", ".join(f"${i}" for i in range(1, len(row) + 1))
        sql = f"insert into public.moderation_actions ({columns}) values ({places}) returning id"  # noqa: S608
        done = await (
            self.service(sql, *row.values()) if user is None else self.as_user(user, sql, *row.values())
        )
        return str(done)
