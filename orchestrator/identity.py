"""For whom this server acts: someone of ops with their own token, or the service role where that was configured."""

import asyncio
import time
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Protocol, TypeVar

import httpx
from supabase_auth import AsyncGoTrueClient
from supabase_auth.errors import AuthApiError, AuthError, AuthRetryableError
from supabase_auth.types import AuthResponse, SignInWithEmailAndPasswordCredentials
from supabase_auth.types import Session as AuthSession

from orchestrator.errors import SignInError, UnavailableError
from orchestrator.settings import AssistantSettings

EARLY_SECONDS = 60.0
"""A token is renewed this long before its end."""
SERVICE_ROLE = "service_role"


Answer = TypeVar("Answer")


class Caller(Protocol):
    """Who asks, and with which token."""

    @property
    def id(self) -> str:
        """The user's id, or `service_role`."""

    async def token(self) -> str:
        """A token that is valid now. Raises SignInError."""

    def secrets(self) -> tuple[str, ...]:
        """The credentials in use, which no answer may contain."""


class Auth:
    """Supabase Auth: the three calls that are needed."""

    def __init__(self, supabase: httpx.AsyncClient, url: str, api_key: str, timeout: float) -> None:
        """`supabase`: the pool of `orchestrator.database`. `timeout`: seconds for one call."""
        self._timeout = timeout
        self._client = AsyncGoTrueClient(
            url=f"{url.rstrip('/')}/auth/v1",
            headers={"apikey": api_key},
            auto_refresh_token=False,
            persist_session=False,
            http_client=supabase,
        )

    async def user_of(self, token: str) -> str:
        """The id of the user whose access token this is. Raises `SignInError`: it is nobody's, or no answer."""
        answer = await self._answer(self._client.get_user(token))
        if answer is None:
            raise SignInError("Supabase Auth names nobody for this token: sign in anew")
        return answer.user.id

    async def sign_in(self, email: str, password: str) -> AuthSession:
        """A session for these credentials. Raises `SignInError`: wrong ones, or no answer."""
        credentials: SignInWithEmailAndPasswordCredentials = {"email": email, "password": password}
        return _session_of(await self._answer(self._client.sign_in_with_password(credentials)))

    async def refresh(self, refresh_token: str) -> AuthSession:
        """A fresh session for the refresh token, which is used up by it."""
        return _session_of(await self._answer(self._client.refresh_session(refresh_token)))

    async def _answer(self, question: Awaitable[Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._timeout):
                return await question
        except UnavailableError as error:
            raise SignInError(f"Supabase Auth does not answer now: {error}: try again in a minute") from error
        except AuthRetryableError as error:
            raise SignInError(f"Supabase Auth did not answer: {type(error).__name__}") from error
        except AuthApiError as error:
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                words = f"does not answer now (HTTP {error.status}): try again in a minute"
            else:
                words = f"refuses the credentials (HTTP {error.status}): sign in anew"
            raise SignInError(f"Supabase Auth {words}") from error
        except (AuthError, httpx.HTTPError, TimeoutError, OSError, ValueError) as error:
            raise SignInError(f"Supabase Auth did not answer: {type(error).__name__}") from error


def _session_of(answer: AuthResponse) -> AuthSession:
    if answer.session is None:
        raise SignInError("Supabase Auth gives no session for these credentials: sign in anew")
    return answer.session


class Holder:
    """Someone who came with an access token of their own; it is not renewed."""

    def __init__(self, user: str, token: str) -> None:
        self._user, self._token = user, token

    @property
    def id(self) -> str:
        """The user's id."""
        return self._user

    async def token(self) -> str:
        """The access token, as it was given."""
        return self._token

    def secrets(self) -> tuple[str, ...]:
        """What must stand in no log and no answer."""
        return (self._token,)


class SignedIn:
    """Someone signed in for as long as this server runs: the access token is renewed before it ends."""

    def __init__(self, auth: Auth, session: AuthSession) -> None:
        self._auth = auth
        self._renewing = asyncio.Lock()
        self._take(session)

    @property
    def id(self) -> str:
        """The user's id."""
        return self._session.user.id

    async def token(self) -> str:
        """An access token that is good for a while: a new one when it is time."""
        async with self._renewing:
            if time.monotonic() >= self._renew_at:
                self._take(await self._auth.refresh(self._session.refresh_token))
        return self._session.access_token

    def secrets(self) -> tuple[str, ...]:
        """What must stand in no log and no answer."""
        return self._session.access_token, self._session.refresh_token

    def _take(self, session: AuthSession) -> None:
        self._session = session
        lifetime = float(session.expires_in)
        self._renew_at = time.monotonic() + max(lifetime - EARLY_SECONDS, lifetime / 2)


class Service(Holder):
    """The service role: past row-level security. Only where it was configured in so many words."""

    def __init__(self, key: str) -> None:
        super().__init__(SERVICE_ROLE, key)


async def caller_of(settings: AssistantSettings, auth: Auth) -> Caller:
    """The person whom the environment names.

    Raises:
        SignInError: Auth refuses or does not answer, or nobody is named.
    """
    if settings.live_assistant_service_role and settings.supabase_service_role_key is not None:
        return Service(settings.supabase_service_role_key.get_secret_value())
    if settings.live_assistant_access_token is not None:
        token = settings.live_assistant_access_token.get_secret_value()
        return Holder(await auth.user_of(token), token)
    if settings.live_assistant_refresh_token is not None:
        refresh = settings.live_assistant_refresh_token.get_secret_value()
        return SignedIn(auth, await auth.refresh(refresh))
    if settings.live_assistant_email is not None and settings.live_assistant_password is not None:
        password = settings.live_assistant_password.get_secret_value()
        return SignedIn(auth, await auth.sign_in(settings.live_assistant_email, password))
    raise SignInError("nobody to act for")
