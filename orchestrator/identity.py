"""For whom this server acts: someone of ops with their own token, or the service role where that was configured."""

import asyncio
import time
from http import HTTPStatus
from typing import Any, Protocol

import aiohttp

from orchestrator.errors import SignInError
from orchestrator.settings import Settings

EARLY_SECONDS = 60.0
"""A token is renewed this long before its end."""
SERVICE_ROLE = "service_role"


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

    def __init__(self, http: aiohttp.ClientSession, url: str, api_key: str, timeout: float) -> None:
        self._http, self._url = http, f"{url.rstrip('/')}/auth/v1"
        self._api_key, self._timeout = api_key, aiohttp.ClientTimeout(total=timeout)

    async def user_of(self, token: str) -> str:
        """The id of the user whose access token this is."""
        answer = await self._request("GET", "/user", headers={"Authorization": f"Bearer {token}"})
        return str(answer["id"])

    async def sign_in(self, email: str, password: str) -> dict[str, Any]:
        body = {"email": email, "password": password}
        return await self._request("POST", "/token", params={"grant_type": "password"}, json=body)

    async def refresh(self, refresh_token: str) -> dict[str, Any]:
        body = {"refresh_token": refresh_token}
        return await self._request("POST", "/token", params={"grant_type": "refresh_token"}, json=body)

    async def _request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        headers = {"apikey": self._api_key, **options.pop("headers", {})}
        try:
            async with self._http.request(
                method, self._url + path, headers=headers, timeout=self._timeout, **options
            ) as response:
                body = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SignInError(f"Supabase Auth did not answer: {type(error).__name__}") from error
        if (
            response.status == HTTPStatus.TOO_MANY_REQUESTS
            or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            raise SignInError(
                f"Supabase Auth does not answer now (HTTP {response.status}): try again in a minute"
            )
        if not response.ok or not isinstance(body, dict):
            raise SignInError(f"Supabase Auth refuses the credentials (HTTP {response.status}): sign in anew")
        return body


class Holder:
    """Someone who came with an access token of their own; it is not renewed."""

    def __init__(self, user: str, token: str) -> None:
        self._user, self._token = user, token

    @property
    def id(self) -> str:
        return self._user

    async def token(self) -> str:
        return self._token

    def secrets(self) -> tuple[str, ...]:
        return (self._token,)


class Session:
    """Someone signed in for as long as this server runs: the access token is renewed before it ends."""

    def __init__(self, auth: Auth, answer: dict[str, Any]) -> None:
        self._auth = auth
        self._renewing = asyncio.Lock()
        self._take(answer)

    @property
    def id(self) -> str:
        return str(self._answer["user"]["id"])

    async def token(self) -> str:
        async with self._renewing:
            if time.monotonic() >= self._renew_at:
                self._take(await self._auth.refresh(self._answer["refresh_token"]))
        return str(self._answer["access_token"])

    def secrets(self) -> tuple[str, ...]:
        return str(self._answer["access_token"]), str(self._answer["refresh_token"])

    def _take(self, answer: dict[str, Any]) -> None:
        self._answer = answer
        lifetime = float(answer["expires_in"])
        self._renew_at = time.monotonic() + max(lifetime - EARLY_SECONDS, lifetime / 2)


class Service(Holder):
    """The service role: past row-level security. Only where it was configured in so many words."""

    def __init__(self, key: str) -> None:
        super().__init__(SERVICE_ROLE, key)


async def caller_of(settings: Settings, auth: Auth) -> Caller:
    """Whoever the environment names.

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
        return Session(auth, await auth.refresh(refresh))
    if settings.live_assistant_email is not None and settings.live_assistant_password is not None:
        password = settings.live_assistant_password.get_secret_value()
        return Session(auth, await auth.sign_in(settings.live_assistant_email, password))
    raise SignInError("nobody to act for")
