"""What Storage knows of files: rows of `storage.objects`, read and written as the caller, under row-level security."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from local.gateway.storage.errors import StorageError, not_found

Row = Mapping[str, Any]
BUCKET = "select public, file_size_limit, allowed_mime_types from storage.buckets where id = $1"
FIND = "select name, version, metadata from storage.objects where bucket_id = $1 and name = $2"
WRITE = """
    insert into storage.objects (bucket_id, name, owner, owner_id, version, metadata)
    values ($1, $2, $3::uuid, $3::uuid::text, $4, $5::jsonb)
"""
REPLACE = """
    on conflict (bucket_id, name) do update
      set version = excluded.version, metadata = excluded.metadata, updated_at = now()
"""
DELETE = "delete from storage.objects where bucket_id = $1 and name = any ($2) returning name, version"
LIST = """
    select name, id, metadata, created_at, updated_at from storage.objects
     where bucket_id = $1 and starts_with(name, $2) order by name limit $3 offset $4
"""


@asynccontextmanager
async def acting(pool: asyncpg.Pool, claims: Mapping[str, Any]) -> AsyncIterator[asyncpg.Connection]:
    """A transaction as the caller whose token this is. Raises `StorageError` where a policy or a key says no."""
    async with pool.acquire(timeout=10) as db:
        try:
            async with db.transaction():
                await db.execute(
                    "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true),"
                    " set_config('storage.allow_delete_query', 'true', true)",
                    claims["role"],
                    json.dumps(claims),
                )
                yield db
        except asyncpg.InsufficientPrivilegeError as error:
            raise StorageError(403, "Unauthorized", "new row violates row-level security policy") from error
        except asyncpg.UniqueViolationError as error:
            raise StorageError(409, "Duplicate", "The resource already exists") from error


async def bucket(pool: asyncpg.Pool, name: str) -> Row:
    """As Storage itself, which sees every bucket."""
    found: Row | None = await pool.fetchrow(BUCKET, name)
    if found is None:
        raise not_found("Bucket")
    return found


async def find(db: asyncpg.Connection, name: str, path: str) -> Row:
    """An object that the caller may read. Raises `StorageError` (404) otherwise."""
    found: Row | None = await db.fetchrow(FIND, name, path)
    if found is None:
        raise not_found("Object")
    return found


def check(allowed: Row, content: bytes, mime: str) -> None:
    """Raises `StorageError` for what the bucket does not take."""
    if allowed["file_size_limit"] is not None and len(content) > allowed["file_size_limit"]:
        raise StorageError(413, "Payload too large", "The object exceeded the maximum allowed size")
    if allowed["allowed_mime_types"] and mime not in allowed["allowed_mime_types"]:
        raise StorageError(415, "invalid_mime_type", f"mime type {mime} is not supported")


async def write(
    db: asyncpg.Connection,
    place: tuple[str, str],
    owner: str | None,
    version: str,
    metadata: str,
    *,
    replace: bool,
) -> str | None:
    """Write a row; the version that it replaced."""
    before = (
        await db.fetchval(FIND.replace("name, version, metadata", "version"), *place) if replace else None
    )
    await db.execute(WRITE + (REPLACE if replace else ""), *place, owner, version, metadata)
    return None if before is None else str(before)


async def delete(db: asyncpg.Connection, name: str, paths: Sequence[str]) -> Sequence[Row]:
    """Delete the objects that the caller may delete, and answer them."""
    found: Sequence[Row] = await db.fetch(DELETE, name, list(paths))
    return found
