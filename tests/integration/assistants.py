"""The assistants' server over streamable HTTP, as a process of its own, and clients of it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from local.assistant import PUBLIC, Assistant, AssistantScreen, Mode
from local.paths import REPOSITORY
from local.people.waiting import until
from local.stack import Stack
from local.supervisor import first_cause


@asynccontextmanager
async def serving(stack: Stack, port: int, log: Path, **more: str) -> AsyncIterator[str]:
    """`python -m orchestrator http`, at this address; it names nobody to act for."""
    env = {**{name: stack.env[name] for name in PUBLIC}, **more}
    with log.open("w") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "orchestrator",
            "http",
            "--port",
            str(port),
            env=env,
            cwd=REPOSITORY,
            stderr=stderr,
        )
        try:
            url = f"http://127.0.0.1:{port}/mcp"
            await until("the server listens", lambda: answers(url), within=30)
            yield url
        finally:
            process.terminate()
            await process.wait()


async def answers(url: str, token: str = "") -> int | None:
    """The HTTP status of a request; None while nobody listens."""
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                url, json={}, headers={"Authorization": f"Bearer {token}"} if token else {}
            ) as response,
        ):
            return response.status
    except aiohttp.ClientError:
        return None


@asynccontextmanager
async def over_http(
    url: str, token: str, screen: AssistantScreen | None = None, mode: Mode = "auto"
) -> AsyncIterator[Assistant]:
    """An assistant of the person whom this access token belongs to."""
    try:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http,
            Client(
                streamable_http_client(url, http_client=http),
                elicitation_callback=screen.show if screen else None,
                mode=mode,
            ) as client,
        ):
            yield Assistant(client, screen)
    except BaseExceptionGroup as errors:
        raise first_cause(errors) from None
