"""Supabase's own client, one for the process: data calls, Realtime and Storage over one HTTP pool of ours (aiohttp's).

The client's errors drop the HTTP status, so an error's answer is taken before the client sees it; and what is no JSON
arrives from it as text, without an error. Nothing is tried again here: calls are idempotent, and callers decide.
A 5xx, a time-out or a refused connection is `Unavailable`; a 4xx is `Refused`: the same call will be refused again.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from postgrest import APIResponse
from realtime import AsyncRealtimeClient
from supabase import AsyncClient, AsyncClientOptions

from agent.core.observe import UNREACHABLE, Observe, unobserved
from agent.core.ports import Refused, Unavailable
from agent.core.sqlstates import RETRYABLE

OK = 200
TOO_MANY_REQUESTS = 429
SERVER_FAULT = 500
CONNECTIONS = 20
IDLE_SECONDS = 30.0
PAGE = 1000
"""Files in one answer."""


class BadAnswer(Exception):
    """An answer with an error's status, or one that is no JSON. It never leaves this module untranslated."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.body = status, body


class Supabase:
    """Create it on the loop, and `close` it."""

    def __init__(
        self,
        url: str,
        service_role_key: str,
        seconds: float,
        observe: Observe,
        connections: int = CONNECTIONS,
    ) -> None:
        """`seconds`: for one call, from the wait for a connection to the last byte of the answer. `connections`: how
        many the pool may hold."""
        self._key, self._seconds, self._observe = service_role_key, seconds, observe
        # HTTP/1.1: over HTTP/2 the client goes on sending into a connection that the other side has closed.
        self._http = httpx.AsyncClient(
            http2=False,
            timeout=httpx.Timeout(seconds),
            transport=AiohttpTransport(client=lambda: _session(connections)),
            event_hooks={"response": [_refuse_bad_answers]},
        )
        self.client = AsyncClient(
            url,
            service_role_key,
            AsyncClientOptions(
                httpx_client=self._http,
                auto_refresh_token=False,
                persist_session=False,
                postgrest_client_retry=False,
            ),
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    def realtime(self) -> AsyncRealtimeClient:
        """A new websocket, which does not reconnect by itself: its supervisor is surer than it is."""
        return AsyncRealtimeClient(str(self.client.realtime_url), self._key, auto_reconnect=False)

    async def rpc(self, function: str, arguments: Mapping[str, Any]) -> Any:
        """What the function answers.

        Raises:
            Unavailable: no answer within the time, or one that another attempt may better.
            Refused: the same call will be refused again.
        """
        started, outcome = time.monotonic(), UNREACHABLE
        try:
            async with _translated(function, self._seconds):
                data = _data_of(await self.client.rpc(function, dict(arguments)).execute())
            outcome = str(OK)
        except (Unavailable, Refused) as error:
            if isinstance(error.__cause__, BadAnswer):
                outcome = str(error.__cause__.status)
            raise
        finally:
            self._observe(function, outcome, time.monotonic() - started)
        return data

    async def broadcast(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Realtime broadcasts, all of them in one request: the client's own `http_send` opens a connection for each.

        Raises:
            Unavailable: not accepted within the time.
            Refused: the same messages will be refused again.
        """
        url = self.client.realtime_url.with_scheme(self.client.supabase_url.scheme) / "api" / "broadcast"
        headers = {"apikey": self._key, "Authorization": f"Bearer {self._key}"}
        async with _translated("broadcast", self._seconds):
            await self._http.post(str(url), json={"messages": messages}, headers=headers)

    async def upload(self, bucket: str, path: str, content: bytes, mime: str) -> None:
        """Store a file; what is there under this name is replaced.

        Raises:
            Unavailable: not stored within the time.
            Refused: the same file will be refused again.
        """
        async with _translated("upload", self._seconds):
            await self.client.storage.from_(bucket).upload(
                path, content, {"content-type": mime, "upsert": "true"}
            )

    async def upload_once(self, bucket: str, path: str, content: bytes, mime: str) -> None:
        """Store a file under a name that is free; one that is there already is left as it is.

        Raises:
            Unavailable: not stored within the time.
            Refused: the same file will be refused again.
        """
        try:
            async with _translated("upload", self._seconds):
                await self.client.storage.from_(bucket).upload(path, content, {"content-type": mime})
        except Refused as error:
            if "Duplicate" not in str(error) and "exists" not in str(error):
                raise

    def act_as(self, token: str) -> None:
        """Before the first call: calls are those of this token's role; the key stays the project's."""
        self.client.options.headers["Authorization"] = f"Bearer {token}"

    async def remove(self, bucket: str, paths: list[str]) -> None:
        """Delete files; those that are not there are no error.

        Raises:
            Unavailable: no answer within the time.
            Refused: it will be refused again.
        """
        async with _translated("remove", self._seconds):
            await self.client.storage.from_(bucket).remove(paths)

    async def files(self, bucket: str, folder: str) -> Mapping[str, int]:
        """The files that lie in a folder, by their names in it, with their bytes.

        Raises:
            Unavailable: no answer within the time.
            Refused: it will be refused again.
        """
        found: dict[str, int] = {}
        while True:
            async with _translated("files", self._seconds):
                page = await self.client.storage.from_(bucket).list(
                    folder, {"limit": PAGE, "offset": len(found)}
                )
            found |= {file["name"]: (file["metadata"] or {}).get("size", 0) for file in page}
            if len(page) < PAGE:
                return found

    async def download(self, bucket: str, path: str) -> bytes:
        """What a file holds.

        Raises:
            Unavailable: no answer within the time.
            Refused: it is not there, or will be refused again.
        """
        async with _translated("download", self._seconds):
            return await self.client.storage.from_(bucket).download(path)

    async def sign_in(self, email: str, password: str, key: str) -> tuple[str, float]:
        """An access token of an account's own, and for how many seconds it is good. `key`: the anon key.

        Raises:
            Unavailable: no answer within the time.
            Refused: there is no such account, or the password is another.
        """
        url = self.client.supabase_url / "auth" / "v1" / "token"
        async with _translated("sign-in", self._seconds):
            answer = await self._http.post(
                str(url.with_query(grant_type="password")),
                json={"email": email, "password": password},
                headers={"apikey": key, "Authorization": f"Bearer {key}"},
            )
            session = answer.json()
        return session["access_token"], float(session["expires_in"])

    async def invoke(self, function: str, seconds: float) -> None:
        """Call an edge function as the service role; what it answers is its own affair.

        Raises:
            Unavailable: no answer within `seconds`, or one that another attempt may better.
            Refused: the same call will be refused again.
        """
        url = self.client.supabase_url / "functions" / "v1" / function
        headers = {"apikey": self._key, "Authorization": f"Bearer {self._key}"}
        async with _translated(function, seconds):
            await self._http.post(str(url), json={}, headers=headers, timeout=seconds)


def _session(connections: int) -> aiohttp.ClientSession:
    """What carries the calls. httpx's own transport looks at every idle connection for each call, which costs more than
    the call."""
    connector = aiohttp.TCPConnector(
        limit=connections, keepalive_timeout=IDLE_SECONDS, ssl=httpx.create_ssl_context()
    )
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


@asynccontextmanager
async def supabase_client(
    url: str,
    service_role_key: str,
    seconds: float,
    observe: Observe = unobserved,
    connections: int = CONNECTIONS,
) -> AsyncIterator[Supabase]:
    """A client that is closed at the end; its arguments are those of `Supabase`."""
    client = Supabase(url, service_role_key, seconds, observe, connections)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def _translated(what: str, seconds: float) -> AsyncIterator[None]:
    """The transport's errors in the words of the port."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except BadAnswer as error:
        raise _error_of(what, error) from error
    except (httpx.HTTPError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(f"the database did not answer {what}: {str(error) or 'timed out'}") from error


async def _refuse_bad_answers(response: httpx.Response) -> None:
    """Runs on each answer, before Supabase's client reads it."""
    if response.is_error:
        raise BadAnswer(response.status_code, (await response.aread()).decode(errors="replace"))


def _data_of(answer: APIResponse) -> Any:
    data: Any = answer.data
    if isinstance(data, str):  # no function of ours answers with a text
        raise BadAnswer(OK, data)
    return data


def _error_of(what: str, answer: BadAnswer) -> Unavailable | Refused:
    """`details` are left out: they hold the row, and with it what people wrote."""
    try:
        said = json.loads(answer.body)
        code = str(said.get("code", ""))
        words = f"{said.get('message', '')} {said.get('hint') or ''}".rstrip()
    except (ValueError, AttributeError):
        code, words = "", "no answer of PostgREST's"
    message = f"{what}: HTTP {answer.status} {code}: {words}"
    retryable = answer.status in {OK, TOO_MANY_REQUESTS} or answer.status >= SERVER_FAULT
    if retryable or code.startswith(RETRYABLE):
        return Unavailable(message)
    return Refused(message)
