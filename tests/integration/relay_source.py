"""The relay's two reads over the data API, as an app makes them: signed in, through row-level security."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp

from local.people.relay_packet import Json
from local.people.relay_source import SourceUnavailableError

_KEY_COLUMNS = "kid,public_key,not_before,not_after,revoked_at"
_MAX_KEYS = 1000


class DataApi:
    """Implements `RelaySource`.

    Args:
        http: carries no credentials of its own; the one who made it closes it.
        url: `SUPABASE_URL`.
        api_key: `SUPABASE_ANON_KEY`.
        access_token: the person's present token, asked for at each call since it is renewed meanwhile.
    """

    def __init__(
        self, http: aiohttp.ClientSession, url: str, api_key: str, access_token: Callable[[], str]
    ) -> None:
        self._http = http
        self._rest = f"{url.rstrip('/')}/rest/v1"
        self._api_key = api_key
        self._access_token = access_token

    async def events_since(self, session_id: str, after_seq: int, limit: int) -> Sequence[Json]:
        """Raises `SourceUnavailableError`, or `aiohttp.ClientResponseError` for a refusal."""
        arguments = {"session_id": session_id, "after_seq": after_seq, "limit": limit}
        return await self._call("POST", "rpc/live_events_since", json=arguments)

    async def relay_keys(self) -> Sequence[Json]:
        """Raises as `events_since` does."""
        query = {"select": _KEY_COLUMNS, "order": "not_after.desc", "limit": str(_MAX_KEYS)}
        return await self._call("GET", "relay_keys", params=query)

    async def _call(self, method: str, path: str, **request: Any) -> Sequence[Mapping[str, Any]]:
        headers = {"apikey": self._api_key, "Authorization": f"Bearer {self._access_token()}"}
        try:
            async with self._http.request(
                method, f"{self._rest}/{path}", headers=headers, **request
            ) as answer:
                if answer.status in (401, 408, 429) or answer.status >= 500:
                    raise SourceUnavailableError(f"{path} answered {answer.status}")
                answer.raise_for_status()
                rows: Sequence[Mapping[str, Any]] = await answer.json()
                return rows
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise SourceUnavailableError(f"{path}: {type(error).__name__}") from error
