"""The database as one person sees it: Supabase's client with that person's token, a time-out on every call.

The schema is never assumed. A column that is not there is left out of the question, named in `missing`, and the answer
goes on without it; a filter on such a column is an error, because leaving it out would answer another question.
"""

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from postgrest import AsyncPostgrestClient, AsyncRequestBuilder, ReturnMethod
from postgrest.exceptions import APIError

from orchestrator.errors import MissingError, RefusedError, SignInError, UnavailableError
from orchestrator.identity import Caller
from orchestrator.untrusted import clean

Row = dict[str, Any]
VIA = {"x-live-via": "assistant"}
"""Marks what we write as an assistant's; see the migration `assistant_marks`."""

UNKNOWN_COLUMN = re.compile(r'column ([\w.]+|"[\w.]+") does not exist')
NO_COLUMN = frozenset(("42703", "PGRST204"))
NO_TABLE = frozenset(("42P01", "PGRST205"))
NO_FUNCTION = frozenset(("42883", "PGRST202"))
"""Codes of Postgres (from within), and of the data API (about what was asked for)."""
BAD_TOKEN = frozenset(("PGRST301", "PGRST303"))
CODE = re.compile(r"[a-zA-Z0-9_]{1,40}")


@dataclass(slots=True)
class Rows:
    rows: list[Row]
    missing: list[str] = field(default_factory=list)
    """Columns that were asked for and are not there: `column live_sessions.title`."""
    more: bool = False
    """Whether there are more rows than were asked for."""


class Database:
    def __init__(
        self, supabase: httpx.AsyncClient, url: str, api_key: str, caller: Caller, timeout: float
    ) -> None:
        """`supabase`: a pool made by `pool`. `timeout`: seconds for one call."""
        self._supabase, self._url, self._api_key = supabase, f"{url.rstrip('/')}/rest/v1", api_key
        self.caller, self._timeout = caller, timeout

    async def select(
        self,
        table: str,
        columns: Sequence[str],
        *,
        limit: int,
        order: str | None = None,
        **filters: str | None,
    ) -> Rows:
        """Rows of a table; `filters` in PostgREST's words (`id="eq.7"`), None = no filter.

        Raises:
            MissingError: the table, or a column that is filtered or ordered by, is not there.
            RefusedError: row-level security or a privilege says no.
            UnavailableError: no answer.
        """
        wanted, missing = list(columns), list[str]()
        where = {name: value for name, value in filters.items() if value is not None}
        while wanted:
            query = (await self._table(table)).select(*wanted).limit(limit + 1)
            for name, value in where.items():
                query = query.filter(name, *_operation(value))
            for part in order.split(",") if order else ():
                name, _, direction = part.partition(".")
                query = query.order(name, desc=direction == "desc")
            try:
                rows = await self._answer(table, query.execute())
            except RefusedError as refusal:
                column = _absent_column(table, refusal)
                if column is None:
                    raise
                if column not in wanted or column in where or column in _names(order):
                    raise MissingError(f"column {table}.{column}, which this question needs") from refusal
                wanted.remove(column)
                missing.append(f"column {table}.{column}")
                continue
            return Rows(rows[:limit], missing, more=len(rows) > limit)
        return Rows([], missing)

    async def call(self, function: str, **arguments: Any) -> Any:
        """What a function answers. Raises as `select` does; MissingError too when it needs what is not there."""
        try:
            client = await self._client()
            return await self._answer(f"rpc/{function}", client.rpc(function, arguments).execute())
        except RefusedError as refusal:
            if refusal.code not in NO_COLUMN | NO_TABLE | NO_FUNCTION:
                raise
            raise MissingError(f"what function {function} needs: {refusal}") from refusal

    async def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Insert one row and read nothing back. Raises `RefusedError` or `UnavailableError`."""
        query = (await self._table(table)).insert(dict(row), returning=ReturnMethod.minimal)
        await self._answer(table, query.execute())

    async def update(self, table: str, values: Mapping[str, Any], **filters: str) -> int:
        """How many rows were changed: row-level security hides the others without a word."""
        query = (await self._table(table)).update(dict(values))
        for name, value in filters.items():
            query = query.filter(name, *_operation(value))
        return len(await self._answer(table, query.select(next(iter(filters))).execute()))

    async def _client(self) -> AsyncPostgrestClient:
        token = await self.caller.token()
        headers = {"apikey": self._api_key, "Authorization": f"Bearer {token}", **VIA}
        return AsyncPostgrestClient(
            self._url, headers=headers, http_client=self._supabase, retry_enabled=False
        )

    async def _table(self, table: str) -> AsyncRequestBuilder:
        return (await self._client()).from_(table)

    async def _answer(self, path: str, question: Awaitable[Any]) -> Any:
        """What Supabase answered; its errors in our words."""
        try:
            async with asyncio.timeout(self._timeout):
                data = (await question).data
        except APIError as error:
            raise _refusal(path, error) from error
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise UnavailableError(f"the database did not answer: {type(error).__name__}") from error
        if isinstance(data, str) and data[:1] == "<":  # a proxy's page: the client passes on what is no JSON
            raise UnavailableError("the database did not answer: no JSON")
        return data


def pool(timeout: float) -> httpx.AsyncClient:
    """The HTTP connections of all callers. HTTP/1.1: over HTTP/2 the client sends into connections that were closed."""
    return httpx.AsyncClient(http2=False, timeout=timeout, event_hooks={"response": [_refuse_faults]})


async def _refuse_faults(response: httpx.Response) -> None:
    """A server's fault, before the client reads it: its errors drop the HTTP status."""
    if response.is_server_error:
        raise UnavailableError(f"the database answered HTTP {response.status_code}")


def _operation(value: str) -> tuple[str, str]:
    """`eq.7` as the client wants it: the operator and what it is compared with."""
    operator, _, criteria = value.partition(".")
    return operator, criteria


def equal(value: object | None) -> str | None:
    """A filter on equality; none for None."""
    return None if value is None else f"eq.{value}"


def _refusal(path: str, error: APIError) -> RefusedError | MissingError | SignInError:
    code, message = str(error.code or ""), clean(str(error.message or "no reason given"))
    name = path.rsplit("/", 1)[-1]
    if code in NO_TABLE and not path.startswith("rpc/"):
        return MissingError(f"table {name}")
    if code == "PGRST202":
        return MissingError(f"function {name}")
    if code in BAD_TOKEN:
        return SignInError("the access token is not taken any more: sign in anew")
    if code.startswith("PT"):
        code = str(error.hint or code)
    return RefusedError(code if CODE.fullmatch(code) else "refused", message)


def _absent_column(table: str, refusal: RefusedError) -> str | None:
    found = UNKNOWN_COLUMN.search(str(refusal)) if refusal.code in NO_COLUMN else None
    return found[1].strip('"').removeprefix(f"{table}.") if found else None


def _names(order: str | None) -> list[str]:
    return [part.split(".")[0] for part in order.split(",")] if order else []
