"""Sign-in and data through the gateway, with the unmodified supabase-py client."""

import pytest
from supabase_auth.errors import AuthApiError

from local.stack import Stack
from tests.integration.clients import client, new_email, signed_up, user_id


async def test_a_signed_up_user_is_who_they_are_to_the_database(stack: Stack) -> None:
    async with signed_up(stack) as person:
        me = await user_id(person)
        rows = (await person.table("profiles").select("id").eq("id", me).execute()).data
        assert rows == [{"id": me}]


async def test_a_wrong_password_is_refused(stack: Stack) -> None:
    async with client(stack) as person:
        email = new_email()
        await person.auth.sign_up({"email": email, "password": "correct horse"})
        with pytest.raises(AuthApiError, match="Invalid login credentials"):
            await person.auth.sign_in_with_password({"email": email, "password": "wrong"})
