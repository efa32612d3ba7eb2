"""`python -m bench.ringing`: from the caller's tap until the callee's app shows it, and until the push is handed over.

Real edge functions, database, Realtime and stand-ins of the push services; the app is supabase-py on its own topic, the
phone a device of Expo's. Both are counted from the moment before the caller's request.
"""

import asyncio
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from supabase import AsyncClient, AsyncClientOptions, acreate_client

from bench.command import measured
from bench.full import full
from local.paths import STATE
from local.people.waiting import until, within
from local.results import Figure, spread
from local.stack import Stack

CALLS, FULL_CALLS = 24, 120
OF_ONE_CALLER = 4
"""A caller may begin only so many calls a minute."""
RING_BARS = {50: 150.0}
PUSH_BARS = {100: 1000.0}


@asynccontextmanager
async def signed_up(stack: Stack) -> AsyncIterator[AsyncClient]:
    """The app of a new account, whose Realtime connection is closed at the end."""
    app = await acreate_client(
        stack.url, stack.keys.publishable, AsyncClientOptions(auto_refresh_token=False)
    )
    await app.auth.sign_up({"email": f"{uuid.uuid4()}@example.com", "password": "correct horse"})
    try:
        yield app
    finally:
        await app.realtime.remove_all_channels()
        await app.realtime.close()


async def token_of(app: AsyncClient) -> tuple[str, str]:
    """The person's id and access token. Raises `RuntimeError` where nobody is signed in."""
    session = await app.auth.get_session()
    if session is None:
        raise RuntimeError("nobody is signed in")
    return session.user.id, session.access_token


class Phone:
    """The callee: an open app on their topic, and a device that is reached by push."""

    def __init__(self, stack: Stack, app: AsyncClient, http: aiohttp.ClientSession) -> None:
        self._stack, self._app, self._http = stack, app, http
        self._shown = asyncio.Queue[tuple[str, float]]()
        self._token = f"phone-{uuid.uuid4()}"

    async def open(self) -> str:
        """Returns the callee's id once the topic is joined and the device registered.

        Raises NotInTimeError after 10 s.
        """
        person, access = await token_of(self._app)
        await self._app.realtime.set_auth(access)
        joined = asyncio.Event()
        channel = self._app.channel(f"live:user:{person}", {"config": {"private": True}})  # type: ignore[arg-type]
        channel.on_broadcast("call", self._hear)
        await channel.subscribe(lambda state, *_: joined.set() if state.value == "SUBSCRIBED" else None)
        await within(10, "the topic", joined.wait())
        told = {"p_provider": "expo", "p_token": self._token, "p_installation": "installation-1"}
        await self._app.rpc(
            "register_push_device", {**told, "p_platform": "ios", "p_language": "tr"}
        ).execute()
        return person

    def _hear(self, message: Any) -> None:
        if message["payload"]["happened"] == "ringing":
            self._shown.put_nowait((message["payload"]["call"]["id"], time.time()))

    async def shown(self) -> tuple[str, float]:
        """The call that the app shows next, and when it did."""
        return await within(10, "the ringing", self._shown.get())

    async def pushed(self, call: str) -> float:
        """When the push of this call was handed over."""

        async def found() -> float | None:
            async with self._http.get(f"{self._stack.push_url}/_local/pushes") as answer:
                for push in await answer.json():
                    data = push["message"].get("data", {})
                    if (data.get("kind"), data.get("id")) == ("call_ringing", call):
                        return float(push["at"])
            return None

        return await until("the push", found)


async def call(stack: Stack, http: aiohttp.ClientSession, access: str, name: str, **body: str) -> Any:
    """The JSON that edge function `name` answers to `body`. Raises ClientResponseError for any status above 399."""
    headers = {"Authorization": f"Bearer {access}"}
    async with http.post(f"{stack.url}/functions/v1/{name}", json=body, headers=headers) as answer:
        answer.raise_for_status()
        return await answer.json()


async def measure(calls: int) -> list[Figure]:
    """Figures `app.ring` and `app.push_handed`, milliseconds.

    `calls`: rounded down to a multiple of `OF_ONE_CALLER`.
    """
    rings, pushes = list[float](), list[float]()
    async with (
        Stack(STATE / "bench-ringing") as stack,
        aiohttp.ClientSession() as http,
        signed_up(stack) as app,
    ):
        phone = Phone(stack, app, http)
        callee = await phone.open()
        for _ in range(calls // OF_ONE_CALLER):
            async with signed_up(stack) as caller:
                _, access = await token_of(caller)
                for _ in range(OF_ONE_CALLER):
                    tapped = time.time()
                    started = await call(stack, http, access, "call-start", callee_id=callee, type="audio")
                    rung, shown = await phone.shown()
                    rings.append(1000 * (shown - tapped))
                    pushes.append(1000 * (await phone.pushed(rung) - tapped))
                    await call(stack, http, access, "call-end", call_id=started["call"]["id"])
    return [*spread("app.ring", rings, RING_BARS), *spread("app.push_handed", pushes, PUSH_BARS)]


if __name__ == "__main__":
    sys.exit(measured("ringing", measure(FULL_CALLS if full() else CALLS)))
