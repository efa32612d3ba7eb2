"""Supabase as one person's app uses it: sign-in, tables, functions, edge functions. Plain HTTP, one attempt a call."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Self

import aiohttp

from local.people.relay_source import SourceUnavailableError

Json = dict[str, Any]

TIMEOUT = aiohttp.ClientTimeout(total=15)


class RequestRefused(Exception):
    """The backend said no. `code` is what a program reads, the text what a person reads."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class Api:
    """The backend to anyone who is signed in; with the secret key and nobody signed in, to server code.

    Every method raises `Refused` for an answer that is no success, and aiohttp's errors for none at all.
    """

    def __init__(
        self, http: aiohttp.ClientSession, url: str, key: str, *, user_id: str = "", access_token: str = ""
    ) -> None:
        self._http, self._url, self._key = http, url, key
        self.user_id, self.access_token = user_id, access_token
        self._headers = {"apikey": key}
        if access_token:
            self._headers["Authorization"] = f"Bearer {access_token}"

    async def sign_up(self, email: str, password: str, about: Mapping[str, str]) -> Self:
        """A new account, signed in. `about` becomes the profile."""
        answer = await self._post("/auth/v1/signup", {"email": email, "password": password, "data": about})
        return self._signed_in(answer)

    async def sign_in(self, email: str, password: str) -> Self:
        """Raises `RequestRefused`."""
        answer = await self._post(
            "/auth/v1/token?grant_type=password", {"email": email, "password": password}
        )
        return self._signed_in(answer)

    async def sign_in_anonymously(self) -> Self:
        """As a new anonymous person."""
        return self._signed_in(await self._post("/auth/v1/signup", {}))

    def _signed_in(self, answer: Any) -> Self:
        return type(self)(
            self._http,
            self._url,
            self._key,
            user_id=answer["user"]["id"],
            access_token=answer["access_token"],
        )

    async def rpc(self, function: str, **arguments: Any) -> Any:
        """What a function of the database answers. Raises `RequestRefused`."""
        return await self._post(f"/rest/v1/rpc/{function}", arguments)

    async def call(self, edge_function: str, **body: Any) -> Json:
        """What an edge function answers. Raises `RequestRefused`."""
        answer: Json = await self._post(f"/functions/v1/{edge_function}", body)
        return answer

    async def rows(self, table: str, **filters: str) -> list[Json]:
        """Rows by PostgREST's query: `id="eq.7"`, `select="id,name"`, `order="seq"`."""
        answer: list[Json] = await self._request("GET", f"/rest/v1/{table}", params=filters)
        return answer

    async def row(self, table: str, **filters: str) -> Json | None:
        """The one row that matches, if there is one. Raises ValueError when there are more."""
        found = await self.rows(table, **filters)
        if len(found) > 1:
            raise ValueError(f"{len(found)} rows of {table} where one was meant")
        return found[0] if found else None

    async def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Raises `RequestRefused`."""
        await self._post(f"/rest/v1/{table}", row)

    async def update(self, table: str, values: Mapping[str, Any], **filters: str) -> None:
        """The rows that these PostgREST filters choose. Raises `RequestRefused`."""
        await self._request("PATCH", f"/rest/v1/{table}", params=filters, json=values)

    async def delete_account(self, user_id: str) -> None:
        """The sign-in service's admin API; with the secret key only."""
        admin = {"apikey": self._key, "Authorization": f"Bearer {self._key}"}
        url = f"{self._url}/auth/v1/admin/users/{user_id}"
        async with self._http.delete(url, headers=admin, timeout=TIMEOUT) as response:
            if not response.ok:
                raise refusal(response.status, await response.json(content_type=None))

    async def events_since(self, session_id: str, after_seq: int, limit: int) -> Sequence[Json]:
        """The relay's reading of what it missed."""
        return await self._reading(
            self.rpc("live_events_since", session_id=session_id, after_seq=after_seq, limit=limit)
        )

    async def relay_keys(self) -> Sequence[Json]:
        """The newest first. Raises `SourceUnavailableError`."""
        return await self._reading(self.rows("relay_keys", order="not_before.desc"))

    async def _reading(self, answer: Any) -> Sequence[Json]:
        try:
            rows: Sequence[Json] = await answer
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SourceUnavailableError from error
        except RequestRefused as error:
            # Anyone who is banned reads no more, and may again later; whose account is deleted, never again. A database
            # that is restarting answers soon.
            away = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
            if error.status in away or error.status >= 500:
                raise SourceUnavailableError from error
            raise
        return rows

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return await self._request("POST", path, json=body)

    async def _request(self, method: str, path: str, **options: Any) -> Any:
        request = self._http.request(
            method, self._url + path, headers=self._headers, timeout=TIMEOUT, **options
        )
        async with request as response:
            body = await response.json(content_type=None) if response.content_length != 0 else None
            if not response.ok:
                raise refusal(response.status, body)
            return body


def refusal(status: int, body: Any) -> RequestRefused:
    """An error in the words of an edge function, of PostgREST, or of the sign-in service."""
    said = body if isinstance(body, dict) else {}
    if isinstance(said.get("error"), dict):
        return RequestRefused(status, said["error"].get("code", ""), said["error"].get("message", ""))
    code = said.get("hint") or said.get("error_code") or said.get("code") or "unknown"
    return RequestRefused(status, str(code), str(said.get("message") or said.get("msg") or said))
