"""Calls between two people."""

from typing import Literal

from pydantic import BaseModel

from orchestrator.answer import Answer, Inquiry
from orchestrator.database import equal
from orchestrator.desk import Desk
from orchestrator.records import Call
from orchestrator.rights import Reach
from orchestrator.tools.tool import Ask, Limit, Person, Tool, id_of
from orchestrator.untrusted import UserText


class ListCalls(Ask):
    status: (
        Literal["initiated", "ringing", "accepted", "declined", "missed", "cancelled", "ended", "failed"]
        | None
    ) = None
    user: Person | None = None
    limit: Limit = 20


class NamedCall(Call):
    caller: UserText = None
    callee: UserText = None


class Calls(BaseModel):
    calls: list[NamedCall]


async def list_calls(desk: Desk, ask: ListCalls) -> Answer[Calls]:
    """Calls, the newest first."""
    inquiry = Inquiry(desk)
    user = ask.user and await id_of(desk, ask.user)
    found = await inquiry.rows(
        Call,
        limit=ask.limit,
        order="created_at.desc",
        status=equal(ask.status),
        **{"or": f"(caller_id.eq.{user},callee_id.eq.{user})" if user else None},
    )
    names = await inquiry.names(side for call in found for side in (call.caller_id, call.callee_id))
    named = [
        NamedCall(
            **dict(call), caller=names.get(call.caller_id or ""), callee=names.get(call.callee_id or "")
        )
        for call in found
    ]
    return inquiry.answer(Calls(calls=named))


LIST_CALLS = Tool(
    name="list_calls",
    title="List calls",
    description="One-to-one calls, newest first, of one person or in one state.",
    ask=ListCalls,
    answer=Answer[Calls],
    run=list_calls,
    reach=Reach.OWN,
)
