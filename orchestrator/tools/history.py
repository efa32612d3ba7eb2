"""What was done, by whom and why; and what the automatic rules saw."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from orchestrator.answer import Answer, Inquiry
from orchestrator.database import equal
from orchestrator.desk import Desk
from orchestrator.records import ActionRow, IncidentRow
from orchestrator.rights import Reach
from orchestrator.tools.tool import Ask, Limit, Person, Tool, id_of
from orchestrator.untrusted import UserText


class ActionHistory(Ask):
    session_id: UUID | None = None
    call_id: UUID | None = None
    target: Person | None = None
    requested_by: Person | None = None
    dry_runs: bool = Field(default=False, description="whether rehearsals are shown too")
    limit: Limit = 20


class Actions(BaseModel):
    actions: list[ActionRow]


async def action_history(desk: Desk, ask: ActionHistory) -> Answer[Actions]:
    """Rows of moderation, the newest first."""
    inquiry = Inquiry(desk)
    found = await inquiry.rows(
        ActionRow,
        limit=ask.limit,
        order="n.desc",
        session_id=equal(ask.session_id),
        call_id=equal(ask.call_id),
        target_user_id=equal(ask.target and await id_of(desk, ask.target)),
        requested_by=equal(ask.requested_by and await id_of(desk, ask.requested_by)),
        dry_run=None if ask.dry_runs else "is.false",
    )
    return inquiry.answer(Actions(actions=found))


class Incidents(Ask):
    session_id: UUID | None = None
    user: Person | None = None
    severity: Literal["info", "warning", "critical"] | None = None
    limit: Limit = 20


class NamedIncident(IncidentRow):
    name: UserText = None


class Seen(BaseModel):
    incidents: list[NamedIncident]


async def incidents(desk: Desk, ask: Incidents) -> Answer[Seen]:
    """What rules found, the newest first."""
    inquiry = Inquiry(desk)
    found = await inquiry.rows(
        IncidentRow,
        limit=ask.limit,
        order="started_at.desc",
        session_id=equal(ask.session_id),
        user_id=equal(ask.user and await id_of(desk, ask.user)),
        severity=equal(ask.severity),
    )
    names = await inquiry.names(incident.user_id for incident in found)
    named = [NamedIncident(**dict(one), name=names.get(one.user_id or "")) for one in found]
    return inquiry.answer(Seen(incidents=named))


ACTION_HISTORY = Tool(
    name="action_history",
    title="What was done",
    description="The audit of moderation, newest first: who did what to whom, through which door, why, with what "
    "result, how fast, and what undid it.",
    ask=ActionHistory,
    answer=Answer[Actions],
    run=action_history,
    reach=Reach.OWN,
)
INCIDENTS = Tool(
    name="incidents",
    title="What the rules saw",
    description="Incidents of the automatic audio rules, newest first: rule, severity, measurements, strikes, the "
    "action that followed.",
    ask=Incidents,
    answer=Answer[Seen],
    run=incidents,
    reach=Reach.STAFF,
)
