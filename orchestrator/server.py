"""The MCP server: announces tools, prompt and handbook, and turns each call into one answer or one clear error.

The last gate before an assistant: the caller's rights come before anything else, an act waits for a person, arguments
are checked strictly, answers are limited in size, and no secret passes.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, ValidationError

from orchestrator import handbook, prompts
from orchestrator.consent import consent
from orchestrator.desk import Desk
from orchestrator.errors import AssistantError, MissingError, RefusedError, SignInError, UnavailableError
from orchestrator.person import confirms
from orchestrator.rights import Reach, rights_of
from orchestrator.tools import TOOLS
from orchestrator.tools.tool import Tool
from orchestrator.turns import Turns
from orchestrator.untrusted import clean, redact

NAME = "ipelya-live-orchestrator"
VERSION = "1.0.0"
ANSWER_LIMIT = 100_000
"""Characters of JSON in one answer."""
SECONDS_PER_CALL = 60.0

Context = Any
DeskOf = Callable[[Context], Awaitable[Desk]]
"""The desk of the one who makes a request."""

log = logging.getLogger(__name__)


def build(desk_of: DeskOf) -> Server[Any]:
    """The server with all tools. `desk_of`: what a caller's tools may touch."""
    tools = {tool.name: tool for tool in TOOLS}
    turns = Turns()

    async def list_tools(_: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.announced() for tool in TOOLS])

    async def call_tool(
        context: Context, call: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        return await perform(Conversation(context, call, await desk_of(context), turns), tools.get(call.name))

    async def list_prompts(_: Context, __: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[prompts.announced()])

    async def get_prompt(_: Context, asked: types.GetPromptRequestParams) -> types.GetPromptResult:
        found = prompts.text((asked.arguments or {}).get("language")) if asked.name == prompts.NAME else None
        if found is None:
            raise MCPError(types.INVALID_PARAMS, f"there is {prompts.NAME} in tr and en, nothing else")
        return found

    async def list_resources(
        _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=handbook.pages())

    async def read_resource(_: Context, asked: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(asked.uri)
        text = handbook.page(uri)
        if text is None:
            raise MCPError(types.INVALID_PARAMS, "there is no such page: list the resources")
        content = types.TextResourceContents(uri=uri, mime_type="text/markdown", text=text)
        return types.ReadResourceResult(contents=[content])

    return Server(
        NAME,
        version=VERSION,
        title="İpelya Live Orchestrator",
        instructions=prompts.INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )


@dataclass(frozen=True, slots=True)
class Conversation:
    """One call, and all that belongs to it."""

    context: Context
    call: types.CallToolRequestParams
    desk: Desk
    turns: Turns

    @property
    def arguments(self) -> dict[str, Any]:
        """What the tool is asked with; nothing where the call has none."""
        return self.call.arguments or {}


async def perform(said: Conversation, tool: Tool | None) -> types.CallToolResult | types.InputRequiredResult:
    """One call: its answer, a question for a person, or an error in words.

    Logs the tool and how it went, and nothing that was said.
    """
    begun, outcome = time.monotonic(), "crashed"
    name = "unknown" if tool is None else tool.name
    result: types.CallToolResult | types.InputRequiredResult
    try:
        result = await carry_out(said, tool)
        outcome = outcome_of(result)
    except AssistantError as error:
        outcome = code_of(error)
        result = failed(outcome, str(error))
    except ValidationError as error:
        outcome = "bad_arguments"
        result = failed(outcome, faults_of(error))
    except TimeoutError:
        outcome = "timed_out"
        result = failed(outcome, f"no answer within {SECONDS_PER_CALL:.0f} seconds")
    except Exception:
        # Whatever it was may hold what users wrote: the log says where, the client only that.
        log.exception("tool crashed", extra={"tool": name})
        result = failed("internal", "this tool failed by a fault of its own; the others may still answer")
    finally:
        ms = round((time.monotonic() - begun) * 1000)
        log.info("tool called", extra={"tool": name, "outcome": outcome, "ms": ms})
    return result


async def carry_out(
    said: Conversation, tool: Tool | None
) -> types.CallToolResult | types.InputRequiredResult:
    """Who asks, then what, then whether a person says yes, then the tool itself.

    Raises `RefusedError` where one of these says no, and `TimeoutError` after `SECONDS_PER_CALL`.
    """
    desk, turns = said.desk, said.turns
    async with turns.of(desk.caller.id), asyncio.timeout(SECONDS_PER_CALL):
        rights = await rights_of(desk.database, said.arguments)
        rights.require(Reach.OWN if tool is None else tool.reach)
        if tool is None:
            raise RefusedError("unknown_tool", "there is no such tool")
        allowed = desk.settings.live_assistant_model_confirmation
        desk = replace(desk, rights=rights, confirms=confirms(said.context, model_allowed=allowed))
        ask = tool.read(said.arguments)
        question = None if tool.question is None else await tool.question(desk, ask)
    if question is not None:
        # A person takes their time: nobody else's turn is held meanwhile.
        async with turns.waiting():
            asked = await consent(said.context, desk, question, said.call)
        if asked is not None:
            return asked
    async with turns.of(desk.caller.id), asyncio.timeout(SECONDS_PER_CALL):
        answer = await tool.run(desk, ask)
    return told(answer, (*desk.settings.secrets(), *desk.caller.secrets()))


def outcome_of(result: types.CallToolResult | types.InputRequiredResult) -> str:
    """How a call ended, for the log: answered, asked_a_person or too_large."""
    if isinstance(result, types.InputRequiredResult):
        return "asked_a_person"
    return "too_large" if result.is_error else "answered"


def told(answer: BaseModel, secrets: tuple[str, ...]) -> types.CallToolResult:
    """An answer as structured content, and the same as text for clients that read only that."""
    content = redact(answer.model_dump(mode="json"), secrets)
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    if len(text) > ANSWER_LIMIT:
        return failed("too_large", "the answer is too large: ask for fewer rows or one thing")
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], structured_content=content
    )


def failed(code: str, message: str) -> types.CallToolResult:
    """The answer of a call that failed. `code` is for programs; `message` is cleaned and cut."""
    words = json.dumps({"error": {"code": code, "message": clean(message, 1000)}}, ensure_ascii=False)
    return types.CallToolResult(content=[types.TextContent(type="text", text=words)], is_error=True)


def code_of(error: AssistantError) -> str:
    """The code of an error, as answers and logs have it."""
    match error:
        case RefusedError(code=code):
            return code
        case MissingError():
            return "missing"
        case UnavailableError():
            return "unavailable"
        case SignInError():
            return "not_signed_in"
        case _:
            return "failed"


def faults_of(error: ValidationError) -> str:
    """Which arguments are wrong and how; never their values."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults)
