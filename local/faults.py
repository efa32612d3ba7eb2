"""The handle on the gateway's doors that break Realtime on purpose (see `gateway/realtime/faults.py`)."""

from typing import Literal

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=10)


class RealtimeFaults:
    """Breaks and mends Realtime for every client of a stack. Each call returns when it has taken effect."""

    def __init__(self, gateway_url: str) -> None:
        self._url = f"{gateway_url}/_local/realtime"

    async def drop(self, how: Literal["abort", "close"] = "abort") -> None:
        """Ends every connection, without a word or with a close frame (1001). Clients may return at once."""
        await self._post(f"/drop?how={how}")

    async def refuse(self) -> None:
        """New connections get 503 until `restore`; present ones stay (`drop` them)."""
        await self._post("/refuse")

    async def stall(self) -> None:
        """Half-open until `restore`: nothing is read, answered or sent, and nothing is closed."""
        await self._post("/stall")

    async def restore(self) -> None:
        """Everything works again; what was sent meanwhile is lost."""
        await self._post("/restore")

    async def topics(self) -> list[str]:
        """The topics that clients are on now, one entry for each membership."""
        async with aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as http:
            topics: list[str] = (await (await http.get(self._url)).json())["topics"]
            return topics

    async def _post(self, path: str) -> None:
        async with aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as http:
            await http.post(self._url + path)
