"""The stand-in for LiveKit's Egress as a part of the stack, and the handle on its faults."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp

from local.gateway.keys import Keys
from local.paths import REPOSITORY
from local.ports import LOOPBACK
from local.readiness import http_ok
from local.supervisor import Spec

TIMEOUT = aiohttp.ClientTimeout(total=10)
EMAIL, PASSWORD = "recorder@example.com", "only-for-this-machine"
PROJECT = "local"
"""What Storage takes as the access key beside a session token: the project's reference."""


def spec(port: int, redis_port: int, env: Mapping[str, str]) -> Spec:
    """`env`: how it reaches LiveKit."""

    async def ready() -> bool:
        return await http_ok(port, "/_local/egress")

    return Spec(
        name="egress",
        argv=[sys.executable, "-m", "local.egress"],
        cwd=REPOSITORY,
        env={**env, "EGRESS_PORT": str(port), "EGRESS_REDIS_PORT": str(redis_port)},
        ready=ready,
    )


def environment(keys: Keys) -> dict[str, str]:
    """Where recordings are stored, as the worker is told it: as an account that may do nothing but that."""
    return {
        "RECORDING_S3_ACCESS_KEY": PROJECT,
        "RECORDING_S3_SECRET": keys.anon,
        "RECORDING_S3_EMAIL": EMAIL,
        "RECORDING_S3_PASSWORD": PASSWORD,
    }


async def create_account(url: str, keys: Keys) -> None:
    """The account that recordings are stored as. `url`: the gateway's."""
    user = {"email": EMAIL, "password": PASSWORD, "email_confirm": True, "app_metadata": {"recorder": True}}
    headers = {"apikey": keys.secret, "Authorization": f"Bearer {keys.secret}"}
    async with aiohttp.ClientSession(headers=headers, timeout=TIMEOUT, raise_for_status=True) as http:
        await http.post(f"{url}/auth/v1/admin/users", json=user)


class EgressFaults:
    """Breaks and mends the stand-in; the names are in `local/egress/faults.py`."""

    def __init__(self, port: int) -> None:
        self._url = f"http://{LOOPBACK}:{port}/_local"

    async def running(self) -> list[str]:
        """The ids of what it records now."""
        async with aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as http:
            ids: list[str] = await (await http.get(f"{self._url}/egress")).json()
            return ids

    @asynccontextmanager
    async def on(self, name: str, room: str = "*") -> AsyncIterator[None]:
        """While it lasts; everywhere, or for what is recorded of one room."""
        await self._set("PUT", name, room)
        try:
            yield
        finally:
            await self._set("DELETE", name, room)

    async def _set(self, method: str, name: str, room: str) -> None:
        async with aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as http:
            await http.request(method, f"{self._url}/faults/{name}", params={"room": room})
