"""An assistant's end of the conversation: the package's own client, and the server as its own process."""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from local.paths import REPOSITORY
from local.people.person import PASSWORD, Person
from local.stack import Stack, first_cause

Json = dict[str, Any]


class Refused(Exception):
    """A tool said no: the code it gave, and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Assistant:
    def __init__(self, client: Client, log: Path | None = None) -> None:
        self.client, self.log = client, log
        self.heard: list[str] = []
        """Every word of every answer."""

    async def ask(self, tool: str, **arguments: Any) -> Json:
        """The whole answer: `{data, missing, unknown, more}`."""
        result = await self.client.call_tool(tool, arguments)
        text = result.content[0].text  # type: ignore[union-attr]
        self.heard.append(text)
        said: Json = json.loads(text)
        if result.is_error:
            raise Refused(said["error"]["code"], said["error"]["message"])
        assert result.structured_content == said
        return said

    async def data(self, tool: str, **arguments: Any) -> Json:
        """The data of an answer that lacks nothing."""
        answer = await self.ask(tool, **arguments)
        assert (answer["missing"], answer["unknown"]) == ([], [])
        data: Json = answer["data"]
        return data


def identity(person: Person) -> dict[str, str]:
    """The environment that names for whom to act."""
    return {"LIVE_ASSISTANT_EMAIL": person.email, "LIVE_ASSISTANT_PASSWORD": PASSWORD}


async def token_of(stack: Stack, person: Person) -> str:
    """An access token of this person's, as their sign-in gives it."""
    async with aiohttp.ClientSession(headers={"apikey": stack.keys.publishable}) as http:
        body = {"email": person.email, "password": PASSWORD}
        async with http.post(f"{stack.url}/auth/v1/token?grant_type=password", json=body) as response:
            return str((await response.json())["access_token"])


def worker_url(stack: Stack) -> str:
    return f"http://127.0.0.1:{stack.ports.worker(list(stack.workers).index('worker'))}"


@asynccontextmanager
async def assistant(stack: Stack, who: Mapping[str, str], log: Path, **env: str) -> AsyncIterator[Assistant]:
    """`python -m orchestrator` over stdio, acting for whoever the environment `who` names."""
    public = {
        key: value
        for key, value in stack.env.items()
        if key not in {"DATABASE_URL", "SUPABASE_SERVICE_ROLE_KEY"}
    }
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "orchestrator"], env={**public, **who, **env}, cwd=REPOSITORY
    )
    with log.open("w") as stderr:
        try:
            async with Client(stdio_client(parameters, errlog=stderr), read_timeout_seconds=60) as client:
                yield Assistant(client, log)
        except BaseExceptionGroup as errors:
            raise first_cause(errors) from None
