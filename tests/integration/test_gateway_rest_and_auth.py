"""Sign-in and data through the gateway, with the unmodified supabase-py client."""

import uuid

import pytest
from supabase import AsyncClient, acreate_client
from supabase_auth.errors import AuthApiError

from local.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def signed_up(stack: Stack) -> AsyncClient:
    client = await acreate_client(stack.url, stack.keys.publishable)
    await client.auth.sign_up({"email": f"{uuid.uuid4()}@example.com", "password": "correct horse"})
    return client


async def test_a_signed_up_user_is_who_they_are_to_the_database(stack: Stack) -> None:
    client = await signed_up(stack)
    user = await client.auth.get_user()
    assert user is not None
    rows = (await client.table("profiles").select("id").eq("id", user.user.id).execute()).data
    assert rows == [{"id": user.user.id}]


async def test_a_wrong_password_is_refused(stack: Stack) -> None:
    client = await signed_up(stack)
    user = await client.auth.get_user()
    assert user is not None
    other = await acreate_client(stack.url, stack.keys.publishable)
    with pytest.raises(AuthApiError, match="Invalid login credentials"):
        await other.auth.sign_in_with_password({"email": user.user.email or "", "password": "wrong"})
