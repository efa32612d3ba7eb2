"""The database as one person sees it: Supabase's data API with that person's token, a time-out on every call.

The schema is never assumed. A column that is not there is left out of the question, named in `missing`, and the answer
goes on without it; a filter on such a column is an error, because leaving it out would answer another question.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp

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
        self, http: aiohttp.ClientSession, url: str, api_key: str, caller: Caller, timeout: float
    ) -> None:
        self._http, self._url, self._api_key = http, url.rstrip("/"), api_key
        self.caller = caller
        self._timeout = aiohttp.ClientTimeout(total=timeout)

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
            query = {**where, "select": ",".join(wanted), "limit": str(limit + 1)}
            if order is not None:
                query["order"] = order
            try:
                rows = await self._request("GET", f"/rest/v1/{table}", params=query)
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
            return await self._request("POST", f"/rest/v1/rpc/{function}", json=arguments)
        except RefusedError as refusal:
            if refusal.code not in NO_COLUMN | NO_TABLE | NO_FUNCTION:
                raise
            raise MissingError(f"what function {function} needs: {refusal}") from refusal

    async def insert(self, table: str, row: Mapping[str, Any]) -> None:
        await self._request("POST", f"/rest/v1/{table}", json=row, headers={"Prefer": "return=minimal"})

    async def update(self, table: str, values: Mapping[str, Any], **filters: str) -> int:
        """How many rows were changed: row-level security hides the others without a word."""
        headers = {"Prefer": "return=representation"}
        query = {**filters, "select": next(iter(filters))}
        changed = await self._request(
            "PATCH", f"/rest/v1/{table}", params=query, json=values, headers=headers
        )
        return len(changed)

    async def _request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Any:
        token = await self.caller.token()
        sent = {"apikey": self._api_key, "Authorization": f"Bearer {token}", **VIA, **(headers or {})}
        try:
            async with self._http.request(
                method, self._url + path, headers=sent, timeout=self._timeout, **options
            ) as response:
                body = await response.json(content_type=None) if response.content_length != 0 else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise UnavailableError(f"the database did not answer: {type(error).__name__}") from error
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnavailableError(f"the database answered HTTP {response.status}")
        if not response.ok:
            raise _refusal(path, response.status, body)
        return body


def equal(value: object | None) -> str | None:
    """A filter on equality; none for None."""
    return None if value is None else f"eq.{value}"


def _refusal(path: str, status: int, body: Any) -> RefusedError | MissingError | SignInError:
    said = body if isinstance(body, dict) else {}
    code, message = str(said.get("code") or ""), clean(str(said.get("message") or f"HTTP {status}"))
    name = path.rsplit("/", 1)[-1]
    if code in NO_TABLE and "/rpc/" not in path:
        return MissingError(f"table {name}")
    if code == "PGRST202":
        return MissingError(f"function {name}")
    if code in BAD_TOKEN:
        return SignInError("the access token is not taken any more: sign in anew")
    if code.startswith("PT"):
        code = str(said.get("hint") or code)
    return RefusedError(code if CODE.fullmatch(code) else "refused", message)


def _absent_column(table: str, refusal: RefusedError) -> str | None:
    found = UNKNOWN_COLUMN.search(str(refusal)) if refusal.code in NO_COLUMN else None
    return found[1].strip('"').removeprefix(f"{table}.") if found else None


def _names(order: str | None) -> list[str]:
    return [part.split(".")[0] for part in order.split(",")] if order else []
