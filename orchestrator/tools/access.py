"""One person in one session: what is so, who made it so, and why they may or may not enter."""

import time
from uuid import UUID

from pydantic import BaseModel, Field

from orchestrator import drift
from orchestrator.answer import Answer, Inquiry
from orchestrator.desk import Desk
from orchestrator.drift import Drift
from orchestrator.errors import RefusedError
from orchestrator.livekit_view import Room
from orchestrator.records import (
    ActionRow,
    Ban,
    Figures,
    IncidentRow,
    Message,
    MinuteRow,
    Participant,
    RoleRow,
    SessionRow,
    Visit,
)
from orchestrator.rights import Reach
from orchestrator.tools.sessions import InLiveKit, differences
from orchestrator.tools.tool import Ask, Person, Tool, id_of
from orchestrator.untrusted import UserText, clean_all

RECENT = 10
OVER = frozenset(("failed", "cancelled", "expired"))
TAKES = {"mute": "unmute", "mute_all": "unmute_all"}


class PersonInSession(Ask):
    session_id: UUID
    user: Person


class Muted(BaseModel):
    """Who took the microphone, by the audit."""

    action_id: str | None
    action: str | None
    at: str | None
    by: str | None = Field(description="id of who asked; null for server code and the agent's rules")
    by_username: UserText
    via: str | None = Field(description="ops, app, auto (a rule) or assistant")
    reason: UserText


class PersonOverview(BaseModel):
    user_id: str
    name: UserText
    participant: Participant | None = Field(description="desired state; null: never in this session")
    may_now: str | None = Field(description="the rights that follow from role and mutes")
    muted_by: Muted | None
    in_livekit: InLiveKit | None = Field(description="null: not in the room, or LiveKit did not answer")
    drift: list[Drift] | None = Field(
        description="null: not compared: LiveKit did not answer, or only staff may know"
    )
    visits: list[Visit]
    bans: list[Ban]
    actions: list[ActionRow] = Field(description="the latest about this person here, and about everybody")
    incidents: list[IncidentRow]
    sound: list[MinuteRow]
    messages: list[Message]


async def participant_overview(desk: Desk, ask: PersonInSession) -> Answer[PersonOverview]:
    """How one person stands in a session. Raises `RefusedError` for somebody else's without being staff."""
    inquiry, user = Inquiry(desk), await id_of(desk, ask.user)
    if user != desk.rights.user_id and not desk.rights.staffs(ask.session_id):
        raise RefusedError("not_allowed", "about others only the staff of the session and ops may ask")
    here = {"session_id": f"eq.{ask.session_id}", "user_id": f"eq.{user}"}
    session = await inquiry.row(SessionRow, id=f"eq.{ask.session_id}")
    person = await inquiry.row(Participant, **here)
    about = {"session_id": f"eq.{ask.session_id}", "or": f"(target_user_id.eq.{user},target_user_id.is.null)"}
    actions = await inquiry.rows(ActionRow, limit=RECENT, order="n.desc", **about)
    roles = await inquiry.rows(RoleRow, limit=50, context=f"eq.{session.type}") if session else []
    rights = drift.rights_of(roles)
    room = await inquiry.room(session)
    names = await inquiry.names([user])
    overview = PersonOverview(
        user_id=user,
        name=names.get(user),
        participant=person,
        may_now=None if person is None else drift.words(drift.desired_permission(person, rights, time.time())),
        muted_by=muted_by(actions) if person and person.mic_muted else None,
        in_livekit=next((InLiveKit.of(seen) for seen in room.people if seen.identity == user), None)
        if room else None,
        drift=None,
        visits=await inquiry.rows(Visit, limit=RECENT, order="joined_at.desc", **here),
        bans=await inquiry.rows(Ban, limit=RECENT, order="created_at.desc", user_id=f"eq.{user}"),
        actions=actions,
        incidents=await inquiry.rows(IncidentRow, limit=RECENT, order="started_at.desc", **here),
        sound=await inquiry.rows(MinuteRow, limit=RECENT, order="minute.desc", **here),
        messages=await inquiry.rows(Message, limit=RECENT, order="created_at.desc", **here),
    )  # fmt: skip
    overview.drift = await _drift_of(inquiry, session, person, room, user)
    return inquiry.answer(overview)


async def _drift_of(
    inquiry: Inquiry, session: SessionRow | None, person: Participant | None, room: Room | None, user: str
) -> list[Drift] | None:
    if session is None or room is None:
        return None
    alone = Room(tuple(seen for seen in room.people if seen.identity == user), room.agents)
    return await differences(inquiry, session, [person] if person else [], alone)


def muted_by(actions: list[ActionRow]) -> Muted | None:
    """The latest taking of the microphone that nothing took back since; `actions` newest first."""
    for action in actions:
        if action.dry_run or action.status in OVER:
            continue
        if action.action in TAKES.values():
            return None
        if action.action in TAKES:
            return Muted(
                action_id=action.action_id,
                action=action.action,
                at=action.created_at,
                by=action.requested_by,
                by_username=action.requested_by_username,
                via=action.requested_via,
                reason=action.reason,
            )
    return None


class Access(BaseModel):
    user_id: str
    name: UserText
    allowed: bool | None = Field(description="what the token function decides; null: it could not be asked")
    reason: str | None = Field(description="why not: ticket_required, subscription_required, banned, …")
    role: str | None = None
    facts: Figures = Field(
        default=None, description="what the decision rests on: session, ban, tickets, subscription"
    )
    session: SessionRow | None
    bans: list[Ban]


async def explain_access(desk: Desk, ask: PersonInSession) -> Answer[Access]:
    """Why somebody may enter a session or not, with the facts behind it."""
    inquiry, user = Inquiry(desk), await id_of(desk, ask.user)
    session = await inquiry.row(SessionRow, id=f"eq.{ask.session_id}")
    decision = await inquiry.call("explain_access", session_id=str(ask.session_id), user_id=user)
    decided = decision if isinstance(decision, dict) else {}
    bans = await inquiry.rows(
        Ban, limit=RECENT, order="created_at.desc", user_id=f"eq.{user}", lifted_at="is.null"
    )
    names = await inquiry.names([user])
    facts = {key: value for key, value in decided.items() if key not in {"allowed", "reason", "role"}}
    return inquiry.answer(
        Access(
            user_id=user,
            name=names.get(user),
            allowed=decided.get("allowed"),
            reason=decided.get("reason"),
            role=decided.get("role"),
            facts=clean_all(facts),
            session=session,
            bans=bans,
        )
    )


PARTICIPANT_OVERVIEW = Tool(
    name="participant_overview",
    title="One person in a session",
    description="Role, mutes and who muted, hand, visits, bans, actions, incidents, sound and chat of a person in a "
    "session, and whether LiveKit agrees.",
    ask=PersonInSession,
    answer=Answer[PersonOverview],
    run=participant_overview,
    reach=Reach.OWN,
)
EXPLAIN_ACCESS = Tool(
    name="explain_access",
    title="Why may they (not) enter?",
    description="Whether a person may enter a session now, decided by the same function that gives out tokens, with "
    "the facts: status, ban, ticket, subscription.",
    ask=PersonInSession,
    answer=Answer[Access],
    run=explain_access,
    reach=Reach.OPS,
)
