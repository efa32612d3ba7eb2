"""The tables that the tests of the stand-in use, made once in each stack."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio
from postgrest import APIError
from supabase import AsyncClient

from local.stack import Stack
from tests import payloads
from tests.integration.clients import client

NOTES = """
    create table public.notes (
      id bigint generated always as identity primary key,
      owner uuid,
      body text,
      data jsonb,
      secret text
    );
    alter table public.notes enable row level security;
    create policy "owners see their notes" on public.notes for select to authenticated
      using (owner = auth.uid());
    grant select (id, owner, body, data) on public.notes to authenticated;
    grant select, insert, update, delete on public.notes to service_role;
    alter publication supabase_realtime add table public.notes;

    create table public.granted_to_nobody (id int primary key);

    create function public.add(a int, b int) returns int language sql immutable as 'select a + b';

    create policy "rooms are for their owner" on realtime.messages for select to authenticated
      using (realtime.topic() = 'room:' || (auth.uid())::text);
    create policy "and so is writing to them" on realtime.messages for insert to authenticated
      with check (realtime.topic() = 'room:' || (auth.uid())::text);
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """Straight to Postgres as `postgres`."""
    connection = await asyncpg.connect(stack.database_url)
    try:
        yield connection
        assert await payloads.faults(connection) == [], "not what livekit-system/schemas/ says"
    finally:
        await connection.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def notes(stack: Stack, database: asyncpg.Connection) -> None:
    """`notes`, which only their owners see, and private topics `room:<user id>`, for their user alone.

    A run against a stack that another run has made them in (`TARGET`) uses those.
    """
    if await database.fetchval("select to_regclass('public.notes') is null"):
        await database.execute(NOTES + "notify pgrst, 'reload schema';")
    async with asyncio.timeout(10), client(stack, stack.keys.secret) as service:
        while not await sees_notes(service):  # noqa: ASYNC110 - PostgREST does not tell when it has read it
            await asyncio.sleep(0.02)


async def sees_notes(service: AsyncClient) -> bool:
    try:
        await service.table("notes").select("id").limit(1).execute()
    except APIError:
        return False
    return True
