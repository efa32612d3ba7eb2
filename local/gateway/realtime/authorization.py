"""Who may read and write a private topic: asked of the row-level security policies on `realtime.messages`."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from local.gateway.keys import Claims


@dataclass(frozen=True)
class TopicPermission:
    """What the policies say of one topic and one token."""

    read: bool
    write: bool


INSERT = "insert into realtime.messages (topic, extension, private) values ($1, 'broadcast', true)"
NOTHING = TopicPermission(read=False, write=False)


async def ask(pool: asyncpg.Pool, topic: str, claims: Claims) -> TopicPermission:
    """Reads a row and writes a row of the topic as the token's role, and takes both back.

    A policy that raises, or a role that does not exist, permits nothing.
    """
    async with pool.acquire(timeout=5) as db:
        transaction = db.transaction()
        await transaction.start()
        try:
            probe = await db.fetchval(
                f"{INSERT} returning id",
                topic,
            )
            await become(db, claims, topic)
            read = await db.fetchval("select exists (select from realtime.messages where id = $1)", probe)
            return TopicPermission(bool(read), await _may_write(db, topic))
        except asyncpg.PostgresError:
            return NOTHING
        finally:
            await transaction.rollback()


async def _may_write(db: asyncpg.Connection, topic: str) -> bool:
    try:
        async with db.transaction():
            await db.execute(INSERT, topic)
    except asyncpg.PostgresError:
        return False
    return True


@asynccontextmanager
async def acting_as(pool: asyncpg.Pool, claims: Claims) -> AsyncIterator[asyncpg.Connection]:
    """A connection in a transaction that sees what the token's role may see."""
    async with pool.acquire(timeout=5) as db, db.transaction():
        await become(db, claims, "")
        yield db


async def become(db: asyncpg.Connection, claims: Claims, topic: str) -> None:
    """For the rest of the transaction."""
    await db.execute(
        """
        select set_config('role', $1, true), set_config('request.jwt.claims', $2, true),
          set_config('request.jwt.claim.sub', $3, true), set_config('request.jwt.claim.role', $1, true),
          set_config('realtime.topic', $4, true)
        """,
        claims["role"],
        json.dumps(dict(claims)),
        claims.get("sub") or "",
        topic,
    )
