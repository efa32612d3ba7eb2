"""A person's yes: asked of the client through the protocol's elicitation, never of the model.

A confirmation proves that somebody rehearsed exactly this; anyone who drives the model by a planted text can rehearse
too. So an act needs a yes that the model cannot give: the client shows the words below to the person at its screen.
Clients of 2026-07-28 and later are told what to ask and call again with the answer; older ones are asked while the
call waits."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from orchestrator.errors import RefusedError
from orchestrator.untrusted import clean

KEY = "yes"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "yes": {
            "type": "boolean",
            "title": "Yes, do this / Evet, yap",
            "description": "Nothing happens without it. / Bu olmadan hiçbir şey yapılmaz.",
            "default": False,
        }
    },
    "required": ["yes"],
}
BEFORE = (
    "An assistant asks to act on İpelya Live in your name. / "
    "Bir asistan İpelya Live'da sizin adınıza işlem yapmak istiyor."
)
AFTER = (
    "Names, titles and reasons may have been written by others: decide by the action and the ids. / "
    "Adları, başlıkları ve gerekçeleri başkaları yazmış olabilir: işleme ve kimliklere bakarak karar verin."
)
LINE_LIMIT = 1100
"""Nothing that is acted on is longer: an announcement has at most 1000 characters, and all are shown."""


class Confirms(StrEnum):
    """Who can confirm an act of this client's."""

    PERSON = "person"
    MODEL = "model"
    """The client cannot ask anybody, and the operator has allowed that (LIVE_ASSISTANT_MODEL_CONFIRMATION)."""
    NOBODY = "nobody"


CANNOT_ASK = (
    "this client cannot ask a person (it has no form elicitation), and the operator of this server has not set "
    "LIVE_ASSISTANT_MODEL_CONFIRMATION=true: nothing can be done from here. Say so; the ops console can do it"
)


def confirms(context: Any, *, model_allowed: bool) -> Confirms:
    """Who confirms in this conversation."""
    if can_ask(context):
        return Confirms.PERSON
    return Confirms.MODEL if model_allowed else Confirms.NOBODY


def can_ask(context: Any) -> bool:
    """Whether the client says that it shows forms to a person, and can be reached with one."""
    capabilities: types.ClientCapabilities | None = context.session.client_capabilities
    declared = capabilities.elicitation if capabilities is not None else None
    # `{}` was the whole of it before there were modes: a form.
    shows_forms = declared is not None and (declared.form is not None or declared.url is None)
    return shows_forms and (is_modern(context) or context.session.can_send_request)


def is_modern(context: Any) -> bool:
    """Whether a question is an answer to this call, with the person's word in the next one."""
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS


def words(lines: Sequence[tuple[str, object]]) -> str:
    """What the person reads: one line for each thing, cleaned, so that no text can add a line of its own."""
    said = [f"{name}: {clean(str(value), LINE_LIMIT)}" for name, value in lines if value is not None]
    return "\n".join((BEFORE, *said, AFTER))


def request(message: str) -> types.ElicitRequest:
    """The question to the person behind the assistant: yes or no."""
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=SCHEMA))


async def ask_now(context: Any, message: str, seconds: float) -> bool:
    """Ask while the call waits, so many seconds at most.

    Raises RefusedError: nobody answered, or the client refuses to ask.
    """
    try:
        async with asyncio.timeout(seconds):
            answer = await context.session.elicit_form(message, SCHEMA, context.request_id)
    except TimeoutError as error:
        raise RefusedError("not_answered", "nobody answered in time: nothing was done") from error
    except MCPError as error:
        raise RefusedError("person_required", "the client did not ask anybody: nothing was done") from error
    return said_yes(answer)


def answered(responses: Mapping[str, Any] | None) -> bool:
    """The person's word in a call that brings it."""
    return said_yes((responses or {}).get(KEY))


def said_yes(answer: object) -> bool:
    """Only a ticked box is a yes; to send the form off is none."""
    return (
        isinstance(answer, types.ElicitResult)
        and answer.action == "accept"
        and (answer.content or {}).get("yes") is True
    )
