"""Moderation through its one door: rehearse, confirm, act, and see what came of it."""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from moderation.action_names import ActionName
from orchestrator import person
from orchestrator.answer import Answer, Inquiry
from orchestrator.confirmation import LENGTH
from orchestrator.desk import Desk
from orchestrator.errors import UnavailableError
from orchestrator.identity import SERVICE_ROLE
from orchestrator.person import Confirms
from orchestrator.records import ActionRow, Message, SessionRow
from orchestrator.rights import Reach
from orchestrator.tools.action_params import Params
from orchestrator.tools.tool import Ask, Person, Question, Tool, confirmation_of, id_of, may_confirm
from orchestrator.untrusted import Untrusted, UserText

FINAL = frozenset(("applied", "failed", "expired", "cancelled"))
LOOK_SECONDS = 0.2
"""Between two looks at a row that an agent is working on."""

Confirmation = Annotated[
    str,
    Field(
        min_length=LENGTH,
        max_length=LENGTH,
        description="the value that the dry run of these arguments returned",
    ),
]


class RequestAction(Ask):
    action: ActionName
    session_id: UUID | None = Field(
        default=None, description="where; this or call_id, neither for scope platform"
    )
    call_id: UUID | None = None
    target: Person | None = Field(
        default=None, description="whom; nobody for what concerns the whole session"
    )
    params: Params = Params()
    reason: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="why: kept in the audit and told to the person concerned"
    )
    dry_run: bool = Field(
        default=True, description="true: rehearse, change nothing, and return a confirmation"
    )
    confirmation: Confirmation | None = None


class Requested(BaseModel):
    action_id: str
    dry_run: bool
    target_user_id: str | None
    target: UserText = Field(description="what the target calls themselves: check that it is who was meant")
    row: ActionRow | None = Field(description="the row as it stands: before and after tell what changes")
    changes: dict[str, Any] = Field(
        description="what differs between before and after, by name: [before, after]; `invited`: the person would be "
        "asked, and decides"
    )
    confirmation: str | None = Field(default=None, description="bring it back, unchanged, to act")
    confirmation_seconds: float | None = Field(default=None, description="how long it is good, for one use")
    confirmed_by: Confirms = Field(
        description="person: the client will ask one; model: nobody is asked, the operator has allowed it; nobody: it "
        "cannot be done from this client"
    )
    next: str


async def request_action(desk: Desk, ask: RequestAction) -> Answer[Requested]:
    """Rehearse an action, or carry out one that a person has confirmed."""
    wish = await _wish(desk, ask)
    return await (
        _rehearse(desk, wish) if ask.dry_run else _act(desk, wish, confirmation_of(ask.confirmation))
    )


async def question_of(desk: Desk, ask: RequestAction) -> Question | None:
    """What a person is asked before the act: the ids first, what users wrote in quotes."""
    if ask.dry_run:
        return None
    confirmation, wish = confirmation_of(ask.confirmation), await _wish(desk, ask)
    inquiry, target = Inquiry(desk), wish["target_user_id"]
    session = await inquiry.row(SessionRow, id=f"eq.{ask.session_id}") if ask.session_id else None
    message = ask.params.message_id
    line = await inquiry.row(Message, id=f"eq.{message}") if message else None
    names = await inquiry.names([target])
    details = ", ".join(f"{name}={value}" for name, value in wish["params"].items())
    lines = [
        ("action / işlem", ask.action),
        ("whom / kime", quoted(target, names.get(target or ""))),
        ("where / nerede", quoted(wish["session_id"] or wish["call_id"], session.title if session else None)),
        ("message / mesaj", quoted(line.id, line.body) if line else None),
        ("details / ayrıntı", details or None),
        ("reason / gerekçe", ask.reason),
    ]
    return Question(confirmation, wish, person.words(lines))


def quoted(identity: str | None, wrote: Untrusted | None) -> str | None:
    """An id, and what users wrote about it."""
    if identity is None or wrote is None:
        return identity
    return f"{identity} “{wrote.untrusted}”"


async def _wish(desk: Desk, ask: RequestAction) -> dict[str, Any]:
    """The row that is asked for, without its id: what a confirmation is bound to."""
    return {
        "action": ask.action,
        "session_id": ask.session_id and str(ask.session_id),
        "call_id": ask.call_id and str(ask.call_id),
        "target_user_id": ask.target and await id_of(desk, ask.target),
        "params": ask.params.model_dump(mode="json", exclude_none=True),
        "reason": ask.reason,
    }


async def _rehearse(desk: Desk, wish: dict[str, Any]) -> Answer[Requested]:
    action = uuid.uuid4()
    await _insert(desk, action, wish, dry_run=True)
    inquiry = Inquiry(desk)
    row = await inquiry.row(ActionRow, action_id=f"eq.{action}")
    possible = (row is None or row.status == "applied") and may_confirm(desk)
    return await _requested(
        inquiry,
        wish,
        row,
        action_id=str(action),
        dry_run=True,
        confirmation=desk.confirmations.issue(desk.caller.id, wish) if possible else None,
        confirmation_seconds=desk.confirmations.seconds if possible else None,
        next=_after_rehearsal(row) if may_confirm(desk) else person.CANNOT_ASK,
    )


def _after_rehearsal(row: ActionRow | None) -> str:
    if row is not None and row.status == "applied":
        invited = (
            "The person would be invited, not raised: they decide. "
            if (row.after or {}).get("invited")
            else ""
        )
        return invited + (
            "Nothing has changed yet. Show this to the person you act for. Only if they want it, call again with the "
            "same arguments, dry_run=false and this confirmation."
        )
    if row is None:
        return (
            "The database allows it; the row cannot be read, so ask the person you act for before going on."
        )
    return "It would not work, see row.error. There is no confirmation."


async def _act(desk: Desk, wish: dict[str, Any], confirmation: str) -> Answer[Requested]:
    action = desk.confirmations.redeem(confirmation, desk.caller.id, wish)
    try:
        await _insert(desk, action, wish, dry_run=False)
    except UnavailableError as error:
        raise UnavailableError(
            f"{error}; whether the request arrived is not known: ask action_status for {action} before anything else"
        ) from error
    inquiry = Inquiry(desk)
    row = await inquiry.row(ActionRow, action_id=f"eq.{action}")
    return await _requested(
        inquiry,
        wish,
        row,
        action_id=str(action),
        dry_run=False,
        next="Ask action_status with this action_id: it is done when the status is applied.",
    )


async def _insert(desk: Desk, action: UUID, wish: dict[str, Any], *, dry_run: bool) -> None:
    # A person's mark comes with the header that every request of ours carries; server code says it itself.
    mark = {"requested_via": "assistant"} if desk.caller.id == SERVICE_ROLE else {}
    given = {name: value for name, value in wish.items() if value is not None}
    row = {"id": str(action), **given, "dry_run": dry_run, **mark}
    await desk.database.insert("moderation_actions", row)


async def _requested(
    inquiry: Inquiry, wish: dict[str, Any], row: ActionRow | None, **rest: Any
) -> Answer[Requested]:
    target: str | None = wish["target_user_id"]
    if target is None and row is not None:
        target = row.target_user_id  # the author of a deleted message
    names = await inquiry.names([target])
    return inquiry.answer(
        Requested(
            target_user_id=target,
            target=names.get(target or ""),
            row=row,
            changes={} if row is None else changes(row.before, row.after),
            confirmed_by=inquiry.desk.confirms,
            **rest,
        )
    )


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, list[Any]]:
    """What an act changes, by name: [before, after]."""
    was, now = before or {}, after or {}
    return {name: [was.get(name), now.get(name)] for name in {**was, **now} if was.get(name) != now.get(name)}


async def _row_when(
    inquiry: Inquiry, action: str, seconds: float, settled: Callable[[ActionRow], bool]
) -> ActionRow | None:
    """The row once it is settled, or as it stands after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        row = await inquiry.row(ActionRow, action_id=f"eq.{action}")
        if row is None or settled(row) or time.monotonic() >= deadline:
            return row
        await asyncio.sleep(LOOK_SECONDS)


class ActionStatus(Ask):
    action_id: UUID
    wait_seconds: Annotated[float, Field(ge=0, le=30, description="how long to wait for an end")] = 10.0


class ActionSeen(BaseModel):
    final: bool | None = Field(description="whether it is decided; null: there is no such row for who asks")
    action: ActionRow | None


async def action_status(desk: Desk, ask: ActionStatus) -> Answer[ActionSeen]:
    """What became of a row; waits until it is decided, or its seconds are over."""
    inquiry = Inquiry(desk)
    row = await _row_when(inquiry, str(ask.action_id), ask.wait_seconds, lambda row: row.status in FINAL)
    return inquiry.answer(ActionSeen(final=None if row is None else row.status in FINAL, action=row))


REQUEST_ACTION = Tool(
    name="request_action",
    title="Moderate",
    description="Ask for a moderation action. A dry run by default: it checks rights, says what would change, and "
    "returns a confirmation. The act itself needs dry_run=false, the same arguments and that confirmation, which is "
    "short-lived and for one use; then the client asks the person you act for, and nothing happens without their yes.",
    ask=RequestAction,
    answer=Answer[Requested],
    run=request_action,
    reach=Reach.STAFF,
    question=question_of,
)
ACTION_STATUS = Tool(
    name="action_status",
    title="What came of it",
    description="The row of an action, once it is applied, failed, expired or cancelled, or as it stands when the wait "
    "is over. enforce_ms tells how long it took until LiveKit confirmed.",
    ask=ActionStatus,
    answer=Answer[ActionSeen],
    run=action_status,
    reach=Reach.OWN,
)
