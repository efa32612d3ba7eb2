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

    async def plan(self, name: str, spent: int = 0, idle_seconds: int = 0) -> None:
        """Another plan of Supabase's (free, pro, team), with `spent` messages of it used just now and none before."""
        await self._post(f"/plan?name={name}&spent={spent}&idle={idle_seconds}")

    async def audience(self, topic: str, count: int) -> None:
        """So many more listeners of a topic: each is counted, and sent nothing."""
        await self._post(f"/audience?topic={topic}&count={count}")

    async def used(self) -> dict[str, float]:
        """`messages_per_second` (the average), and since the last `plan`: `counted`, `dropped` messages."""
        async with aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as http:
            state: dict[str, float] = await (await http.get(self._url)).json()
            return {name: state[name] for name in ("messages_per_second", "counted", "dropped")}

    async def topics(self) -> list[str]:
        """The topics that clients are on now, one entry for each membership."""
        async with aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as http:
            topics: list[str] = (await (await http.get(self._url)).json())["topics"]
            return topics

    async def _post(self, path: str) -> None:
        async with aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as http:
            await http.post(self._url + path)
