"""Unmodified supabase-py clients for tests, closed properly at the end."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from supabase import AsyncClient, AsyncClientOptions, acreate_client

from local.stack import Stack

PASSWORD = "correct horse"  # noqa: S105 - of people made up for a test


@asynccontextmanager
async def client(stack: Stack, key: str | None = None) -> AsyncIterator[AsyncClient]:
    """A client with this API key, or with the publishable one."""
    async with httpx.AsyncClient(timeout=10) as http:
        options = AsyncClientOptions(httpx_client=http, auto_refresh_token=False)
        made = await acreate_client(stack.url, key or stack.keys.publishable, options)
        try:
            yield made
        finally:
            await made.realtime.remove_all_channels()
            await made.realtime.close()


@asynccontextmanager
async def signed_up(stack: Stack) -> AsyncIterator[AsyncClient]:
    """A new person, signed in."""
    async with client(stack) as made:
        await made.auth.sign_up({"email": new_email(), "password": PASSWORD})
        yield made


async def user_id(signed_in: AsyncClient) -> str:
    answer = await signed_in.auth.get_user()
    assert answer is not None
    return answer.user.id


def new_email() -> str:
    return f"{uuid.uuid4()}@example.com"
