"""Sign-in and data through the gateway, with the unmodified supabase-py client."""

from uuid import UUID

import asyncpg
import httpx
import pytest
from postgrest import APIError
from supabase import AsyncClient
from supabase_auth import User
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from local.gateway.auth.limits import BURST
from local.stack import Stack
from tests.integration.clients import PASSWORD, client, new_email, signed_up, user_id

UNAUTHORIZED = 401

# ---------------------------------------------------------------- sign-in


async def test_a_signed_up_user_is_who_they_are_to_the_database(stack: Stack) -> None:
    async with signed_up(stack) as person:
        me = await user_id(person)
        rows = (await person.table("profiles").select("id").eq("id", me).execute()).data
        assert rows == [{"id": me}]


async def test_signing_up_twice_and_weak_passwords_are_refused(stack: Stack) -> None:
    async with client(stack) as person:
        email = new_email()
        await person.auth.sign_up({"email": email, "password": PASSWORD})
        with pytest.raises(AuthApiError, match="already registered"):
            await person.auth.sign_up({"email": email.upper(), "password": PASSWORD})
        with pytest.raises(AuthWeakPasswordError, match="at least 6 characters"):
            await person.auth.sign_up({"email": new_email(), "password": "12345"})


async def test_the_right_password_signs_in_and_a_wrong_one_does_not(stack: Stack) -> None:
    async with client(stack) as person:
        email = new_email()
        await person.auth.sign_up(
            {"email": email, "password": PASSWORD, "options": {"data": {"username": email}}}
        )
        answer = await person.auth.sign_in_with_password({"email": email, "password": PASSWORD})
        assert answer.user
        assert answer.user.user_metadata["username"] == email
        with pytest.raises(AuthApiError, match="Invalid login credentials"):
            await person.auth.sign_in_with_password({"email": email, "password": "wrong"})


async def test_an_anonymous_person_is_authenticated_and_marked(stack: Stack) -> None:
    async with client(stack) as person:
        answer = await person.auth.sign_in_anonymously()
        assert answer.user
        assert answer.user.is_anonymous
        assert answer.session
        claims = stack.keys.verify(answer.session.access_token)
        assert (claims["role"], claims["is_anonymous"]) == ("authenticated", True)


async def test_an_address_that_signs_in_too_often_is_told_to_wait(stack: Stack) -> None:
    wrong = {"email": "nobody@example.com", "password": "wrong password"}
    async with httpx.AsyncClient(
        base_url=f"{stack.url}/auth/v1", headers={"apikey": stack.keys.publishable}
    ) as http:

        async def sign_in(address: str) -> httpx.Response:
            query = {"grant_type": "password"}
            return await http.post("/token", params=query, json=wrong, headers={"X-Forwarded-For": address})

        said = [(await sign_in("192.0.2.1")).status_code for _ in range(BURST)]
        assert set(said) == {400}
        refused = await sign_in("192.0.2.1")
        assert (refused.status_code, refused.json()["code"]) == (429, "over_request_rate_limit")
        assert (await sign_in("192.0.2.2")).status_code == 400


async def test_a_refresh_token_is_good_once(stack: Stack, database: asyncpg.Connection) -> None:
    async with signed_up(stack) as person:
        first = await person.auth.get_session()
        assert first
        second = (await person.auth.refresh_session(first.refresh_token)).session
        assert second
        assert second.refresh_token != first.refresh_token
        lost_answer = (await person.auth.refresh_session(first.refresh_token)).session
        assert lost_answer
        assert lost_answer.refresh_token == second.refresh_token, "the last one used is forgiven"
        third = (await person.auth.refresh_session(second.refresh_token)).session
        assert third
        await database.execute("update auth.refresh_tokens set updated_at = updated_at - interval '11 s'")
        with pytest.raises(AuthApiError, match="Already Used"):
            await person.auth.refresh_session(first.refresh_token)
        with pytest.raises(AuthApiError, match="Already Used"):  # and the theft ends the whole session
            await person.auth.refresh_session(third.refresh_token)
        with pytest.raises(AuthApiError, match="Not Found"):
            await person.auth.refresh_session("made-up")


@pytest.mark.parametrize(
    ("scope", "here", "there"), [("local", False, True), ("others", True, False), ("global", False, False)]
)
async def test_signing_out_ends_the_sessions_of_its_scope(
    stack: Stack, scope: str, *, here: bool, there: bool
) -> None:
    async with client(stack) as one, client(stack) as other, httpx.AsyncClient() as http:
        credentials = {"email": new_email(), "password": PASSWORD}
        tokens = [(await person.auth.sign_up(credentials)).session for person in (one,)]
        tokens += [(await other.auth.sign_in_with_password(credentials)).session]
        assert all(tokens)

        async def known(token: str) -> bool:
            headers = {"apikey": stack.keys.publishable, "Authorization": f"Bearer {token}"}
            return (await http.get(f"{stack.url}/auth/v1/user", headers=headers)).is_success

        await one.auth.sign_out({"scope": scope})
        assert [await known(session.access_token) for session in tokens if session] == [here, there]


async def test_an_account_made_in_sql_is_listed_like_any_other(
    stack: Stack, database: asyncpg.Connection
) -> None:
    made = await database.fetchval("insert into auth.users (id) values (gen_random_uuid()) returning id")
    async with client(stack, stack.keys.secret) as admin:
        assert str(made) in {user.id for user in await everyone(admin)}


async def everyone(admin: AsyncClient) -> list[User]:
    """All users, page by page: other tests leave thousands, more than fit on one page."""
    found, page = list[User](), 1
    while users := await admin.auth.admin.list_users(page=page, per_page=1000):
        found += users
        page += 1
    return found


async def test_the_administrator_makes_finds_bans_and_deletes_users(stack: Stack) -> None:
    async with client(stack, stack.keys.secret) as admin, client(stack) as person:
        email = new_email()
        made = await admin.auth.admin.create_user(
            {"email": email, "password": PASSWORD, "email_confirm": True}
        )
        assert UUID(made.user.id)
        assert email in {user.email for user in await everyone(admin)}
        assert (await admin.auth.admin.get_user_by_id(made.user.id)).user.email == email
        await admin.auth.admin.update_user_by_id(made.user.id, {"ban_duration": "1h"})
        with pytest.raises(AuthApiError, match="banned"):
            await person.auth.sign_in_with_password({"email": email, "password": PASSWORD})
        await admin.auth.admin.update_user_by_id(made.user.id, {"ban_duration": "none"})
        await person.auth.sign_in_with_password({"email": email, "password": PASSWORD})
        await admin.auth.admin.delete_user(made.user.id)
        with pytest.raises(AuthApiError, match="Invalid login credentials"):
            await person.auth.sign_in_with_password({"email": email, "password": PASSWORD})


async def test_only_the_service_role_administers(stack: Stack) -> None:
    async with signed_up(stack) as person:
        with pytest.raises(AuthApiError, match="not allowed"):
            await person.auth.admin.list_users()


# ---------------------------------------------------------------- keys and data


async def test_without_a_valid_key_nothing_is_answered(stack: Stack) -> None:
    browser = {"apikey": stack.keys.secret, "User-Agent": "Mozilla/5.0"}
    async with httpx.AsyncClient(base_url=stack.url) as http:
        for headers in ({}, {"apikey": "sb_publishable_made_up"}, browser):
            for path in ("/rest/v1/profiles", "/auth/v1/user"):
                assert (await http.get(path, headers=headers)).status_code == UNAUTHORIZED


@pytest.mark.parametrize("form", ["publishable", "anon"])
async def test_both_forms_of_the_public_key_are_the_anonymous_role(stack: Stack, form: str) -> None:
    async with client(stack, getattr(stack.keys, form)) as nobody:
        assert await nobody.table("profiles").select("id").limit(1).execute()
        with pytest.raises(APIError, match="permission denied"):
            await nobody.table("subscriptions").select("id").execute()


@pytest.mark.parametrize("form", ["secret", "service_role"])
async def test_both_forms_of_the_secret_key_are_the_service_role(stack: Stack, form: str) -> None:
    async with client(stack, getattr(stack.keys, form)) as service:
        assert (await service.table("subscriptions").select("id").limit(1).execute()).data is not None


@pytest.mark.usefixtures("notes")
async def test_rows_are_their_owners(stack: Stack) -> None:
    async with (
        signed_up(stack) as owner,
        signed_up(stack) as other,
        client(stack, stack.keys.secret) as service,
    ):
        me = await user_id(owner)
        await service.table("notes").insert({"owner": me, "body": "mine"}).execute()
        assert (await owner.table("notes").select("body").execute()).data == [{"body": "mine"}]
        assert (await other.table("notes").select("body").execute()).data == []
        with pytest.raises(APIError, match="permission denied"):
            await owner.table("notes").insert({"owner": me, "body": "forged"}).execute()
        with pytest.raises(APIError, match="permission denied"):
            await owner.table("notes").select("secret").execute()


@pytest.mark.usefixtures("notes")
async def test_a_new_table_is_granted_to_nobody_not_even_the_service_role(stack: Stack) -> None:
    async with client(stack, stack.keys.secret) as service:
        with pytest.raises(APIError, match="permission denied"):
            await service.table("granted_to_nobody").select("id").execute()


@pytest.mark.usefixtures("notes")
async def test_functions_are_called_by_name(stack: Stack) -> None:
    async with client(stack) as nobody:
        assert (await nobody.rpc("add", {"a": 2, "b": 3}).execute()).data == 5


async def test_a_forged_or_expired_token_is_refused(stack: Stack) -> None:
    claims = {"role": "service_role"}
    forged, expired = stack.keys.mint(claims, 60)[:-4] + "AAAA", stack.keys.mint(claims, -60)
    async with httpx.AsyncClient(base_url=stack.url) as http:
        for token in (forged, expired):
            headers = {"apikey": stack.keys.publishable, "Authorization": f"Bearer {token}"}
            assert (await http.get("/rest/v1/profiles", headers=headers)).status_code == UNAUTHORIZED


async def test_a_browser_may_ask_from_another_origin(stack: Stack) -> None:
    asking = {
        "Origin": "http://localhost:5173",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "apikey,authorization",
    }
    async with httpx.AsyncClient(base_url=stack.url) as http:
        answer = await http.options("/rest/v1/rpc/add", headers=asking)
        assert answer.is_success
        assert answer.headers["Access-Control-Allow-Headers"] == "apikey,authorization"
        read = await http.get("/rest/v1/profiles?limit=1", headers={"apikey": stack.keys.publishable})
        assert read.headers.get_list("Access-Control-Allow-Origin") == ["*"]


async def test_an_unknown_edge_function_is_not_found(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.url) as http:
        answer = await http.post("/functions/v1/no-such-function")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
