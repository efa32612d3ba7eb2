"""An assistant's end of the conversation: the protocol's own client, and the server as a process of its own.

No language model is in it: anyone who uses this plays the assistant, and says which tool to call. The person at its
screen, who is asked before anything is done, is played as well.
"""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from mcp import Client, StdioServerParameters
from mcp.client.session import ClientRequestContext
from mcp.client.stdio import stdio_client
from mcp_types import ElicitRequestParams, ElicitResult, TextContent

from local.paths import REPOSITORY
from local.people.person import PASSWORD, Person
from local.supervisor import first_cause

Json = dict[str, Any]
PUBLIC = ("SUPABASE_URL", "SUPABASE_ANON_KEY", "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
ANSWER_SECONDS = 60.0
Mode = Literal["auto", "legacy"]
"""The protocol of today, or that of before 2026."""


class ToolRefused(Exception):
    """A tool said no: the code it gave, and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class AssistantScreen:
    """The person at the client's screen: what they are asked, and what they do about it."""

    def __init__(
        self, does: Literal["accept", "decline", "cancel"] = "accept", *, ticks: bool = True
    ) -> None:
        self.does, self.ticks = does, ticks
        self.asked: list[str] = []

    async def show(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:  # noqa: ARG002 - the protocol's names
        """Answer a question as this person does: accept, decline or cancel."""
        self.asked.append(params.message)
        return ElicitResult(action=self.does, content={"yes": self.ticks} if self.does == "accept" else None)


class Assistant:
    def __init__(self, client: Client, screen: AssistantScreen | None = None) -> None:
        self.client = client
        self.screen = screen
        self.heard: list[str] = []
        """Every answer, word by word."""

    async def ask(self, tool: str, **arguments: Any) -> Json:
        """The whole answer: `{data, missing, unknown, more}`. Raises ToolRefused."""
        result = await self.client.call_tool(tool, arguments)
        content = result.content[0]
        assert isinstance(content, TextContent)
        self.heard.append(content.text)
        said: Json = json.loads(content.text)
        if result.is_error:
            raise ToolRefused(said["error"]["code"], said["error"]["message"])
        assert result.structured_content == said
        return said

    async def data(self, tool: str, **arguments: Any) -> Json:
        """The data of an answer that lacks nothing."""
        answer = await self.ask(tool, **arguments)
        assert (answer["missing"], answer["unknown"]) == ([], [])
        data: Json = answer["data"]
        return data


def acting_for(person: Person) -> dict[str, str]:
    """The environment that names for whom an assistant acts."""
    return {"LIVE_ASSISTANT_EMAIL": person.email, "LIVE_ASSISTANT_PASSWORD": PASSWORD}


@asynccontextmanager
async def assistant(
    stack_env: Mapping[str, str],
    who: Mapping[str, str],
    log: Path,
    screen: AssistantScreen | None = None,
    mode: Mode = "auto",
    **more: str,
) -> AsyncIterator[Assistant]:
    """`python -m orchestrator` over stdio, acting for the person whom `who` names; its log goes to a file.

    Of the stack's environment it is given what is public, and LiveKit's key. `screen`: where a person is asked; without
    one the client says that it cannot.
    """
    env = {**{name: stack_env[name] for name in PUBLIC}, **who, **more}
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "orchestrator"], env=env, cwd=REPOSITORY
    )
    with log.open("w") as stderr:
        try:
            async with Client(
                stdio_client(parameters, errlog=stderr),
                read_timeout_seconds=ANSWER_SECONDS,
                elicitation_callback=screen.show if screen else None,
                mode=mode,
            ) as client:
                yield Assistant(client, screen)
        except BaseExceptionGroup as errors:
            raise first_cause(errors) from None
