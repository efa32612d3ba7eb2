"""Sessions: which there are, and one of them in the database and in LiveKit side by side."""

import time
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from orchestrator import drift
from orchestrator.answer import PEOPLE, Answer, Inquiry
from orchestrator.database import equal
from orchestrator.desk import Desk
from orchestrator.drift import Drift
from orchestrator.livekit_view import Present, Room
from orchestrator.records import Ban, LeaseRow, Participant, RoleRow, SessionRow, is_id
from orchestrator.rights import Reach
from orchestrator.tools.tool import Ask, Limit, Person, Tool, id_of
from orchestrator.untrusted import UserText, clean


class ListSessions(Ask):
    status: Literal["scheduled", "live", "ended"] | None = "live"
    creator: Person | None = None
    limit: Limit = 20


class NamedSession(SessionRow):
    creator: UserText = Field(default=None, description="what the creator calls themselves")


class Sessions(BaseModel):
    sessions: list[NamedSession]


async def list_sessions(desk: Desk, ask: ListSessions) -> Answer[Sessions]:
    """Sessions, the newest first."""
    inquiry = Inquiry(desk)
    found = await inquiry.rows(
        SessionRow,
        limit=ask.limit,
        order="created_at.desc",
        status=equal(ask.status),
        creator_id=equal(ask.creator and await id_of(desk, ask.creator)),
    )
    names = await inquiry.names(session.creator_id for session in found)
    named = [NamedSession(**dict(session), creator=names.get(session.creator_id or "")) for session in found]
    return inquiry.answer(Sessions(sessions=named))


class SessionOverview(Ask):
    session_id: UUID


class InLiveKit(BaseModel):
    """A person as LiveKit lists them."""

    user_id: str
    sid: str
    may: str = Field(description="the rights that LiveKit enforces now")
    publishing: list[str] = Field(description="sources with a track; (muted) = muted by themselves")

    @classmethod
    def of(cls, person: Present) -> "InLiveKit":
        """A person in LiveKit's room, with texts that may be shown."""
        return cls(
            user_id=clean(person.identity, 64),
            sid=clean(person.sid, 64),
            may=drift.words(person.permission),
            publishing=list(person.publishing),
        )


class NamedParticipant(Participant):
    name: UserText = None


class RoomSeen(BaseModel):
    people: list[InLiveKit]
    agents: int | None = Field(
        description="hidden agents in the room; one is right while people are there; null: not for who asks to know"
    )

    @classmethod
    def of(cls, room: Room) -> "RoomSeen":
        """A room as LiveKit has it, its people up to a bound."""
        return cls(people=[InLiveKit.of(person) for person in room.people[:PEOPLE]], agents=room.agents)


class SessionsSeen(BaseModel):
    session: SessionRow | None = Field(description="null: there is none, or who asks may not see it")
    creator: UserText = None
    participants: list[NamedParticipant] = Field(description="staff and who is online, by the database")
    moderated_by: LeaseRow | None = Field(description="the worker that holds the room's lease")
    lease_holds: bool | None = None
    livekit: RoomSeen | None = Field(
        description="null: LiveKit did not answer, see unknown. Who is neither staff nor ops is told only of people "
        "whom the database shows them"
    )
    drift: list[Drift] | None = Field(
        description="null: not compared: LiveKit did not answer, or only staff may know"
    )


async def session_overview(desk: Desk, ask: SessionOverview) -> Answer[SessionsSeen]:
    """One session: its row, its people, who moderates it, what LiveKit has, and where the two differ."""
    inquiry = Inquiry(desk)
    session = await inquiry.row(SessionRow, id=f"eq.{ask.session_id}")
    if session is None:
        return inquiry.answer(
            SessionsSeen(session=None, participants=[], moderated_by=None, livekit=None, drift=None)
        )
    people = await inquiry.rows(
        Participant,
        limit=PEOPLE,
        order="is_online.desc,last_joined_at.desc",
        session_id=f"eq.{ask.session_id}",
        **{"or": "(is_online.is.true,role.in.(host,co_host,moderator,speaker))"},
    )
    lease = await _lease(inquiry, session.livekit_room)
    room = await inquiry.room(session)
    names = await inquiry.names([session.creator_id, *(person.user_id for person in people)])
    ends_at = drift.seconds(lease.lease_expires_at) if lease else None
    return inquiry.answer(
        SessionsSeen(
            session=session,
            creator=names.get(session.creator_id or ""),
            participants=[
                NamedParticipant(**dict(person), name=names.get(person.user_id or "")) for person in people
            ],
            moderated_by=lease,
            lease_holds=None if ends_at is None else ends_at > time.time(),
            livekit=None if room is None else RoomSeen.of(room),
            drift=await differences(inquiry, session, people, room),
        )
    )


async def differences(
    inquiry: Inquiry, session: SessionRow, people: list[Participant], room: Room | None
) -> list[Drift] | None:
    """Where the database and LiveKit disagree about a session and these people of it.

    None: not compared, since LiveKit was silent or who asks may not see all of both.
    """
    if room is None or not inquiry.desk.rights.staffs(session.id):
        return None
    roles = await inquiry.rows(RoleRow, limit=PEOPLE, context=f"eq.{session.type}")
    banned = await _banned(inquiry, session, room)
    known = {person.user_id for person in people}
    strangers = [user for user in _people_in(room) if user not in known]
    if strangers:
        people = [*people, *await inquiry.rows(
            Participant, limit=PEOPLE, session_id=f"eq.{session.id}", user_id=f"in.({','.join(strangers)})"
        )]  # fmt: skip
    rights = drift.rights_of(roles)
    return [
        *drift.of_session(session, room),
        *drift.of_people(people, room.people[:PEOPLE], rights, banned, time.time()),
    ]


async def _banned(inquiry: Inquiry, session: SessionRow, room: Room) -> frozenset[str]:
    """Who of those in the room is banned from it."""
    there = _people_in(room)
    if not there:
        return frozenset()
    places = f"(scope.eq.platform,session_id.eq.{session.id},creator_id.eq.{session.creator_id})"
    bans = await inquiry.rows(
        Ban,
        limit=PEOPLE,
        user_id=f"in.({','.join(there)})",
        lifted_at="is.null",
        **{"or": places},
    )
    now = time.time()
    return frozenset(
        ban.user_id for ban in bans if ban.user_id and (drift.seconds(ban.expires_at) or now + 1) > now
    )


def _people_in(room: Room) -> list[str]:
    """Whose identity is a user's id, as everybody's should be."""
    return [person.identity for person in room.people[:PEOPLE] if is_id(person.identity)]


async def _lease(inquiry: Inquiry, room: str | None) -> LeaseRow | None:
    return None if room is None else await inquiry.row(LeaseRow, room=f"eq.{room}")


LIST_SESSIONS = Tool(
    name="list_sessions",
    title="List sessions",
    description="Live sessions by default, newest first: title, creator, viewers, room. Other states on request.",
    ask=ListSessions,
    answer=Answer[Sessions],
    run=list_sessions,
    reach=Reach.OWN,
)
SESSION_OVERVIEW = Tool(
    name="session_overview",
    title="One session, twice",
    description="A session in the database and in LiveKit side by side: people, roles, mutes, who moderates it, and "
    "every point where the two disagree (drift).",
    ask=SessionOverview,
    answer=Answer[SessionsSeen],
    run=session_overview,
    reach=Reach.OWN,
)
