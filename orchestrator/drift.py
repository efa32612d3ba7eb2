"""Where the database and LiveKit disagree about one session: a pure comparison of two views."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from moderation.desired import Desired, Permission, effective_permission
from moderation.roles import Role, RoleRights, Source
from moderation.timestamps import seconds_of
from orchestrator.livekit_view import Present, Room
from orchestrator.records import Participant, RoleRow, SessionRow

What = Literal[
    "not_in_livekit",
    "not_in_database",
    "permission",
    "should_be_out",
    "no_agent",
    "relay_behind",
    "room_of_ended",
]


class Drift(BaseModel):
    """One disagreement. Seconds-old ones are normal while somebody joins, leaves or is moderated."""

    what: What
    user_id: str | None = None
    database: str = Field(description="what the database says: the truth")
    livekit: str = Field(description="what LiveKit says: the world")


def rights_of(roles: Iterable[RoleRow]) -> dict[Role, RoleRights]:
    """What each role may do, from the rows of `live_roles`."""
    return {
        Role(row.role): RoleRights(
            row.rank or 0,
            frozenset(Source(source) for source in row.can_publish_sources or ()),
            bool(row.can_subscribe),
        )
        for row in roles
        if row.role in set(Role)
    }


def of_session(session: SessionRow, room: Room) -> list[Drift]:
    """What is wrong with the room as a whole."""
    found = []
    if session.status == "ended" and room.people:
        found.append(
            Drift(
                what="room_of_ended", database="the session ended", livekit=f"{len(room.people)} still there"
            )
        )
    if session.status == "live" and room.people and room.agents == 0:
        found.append(Drift(what="no_agent", database="live", livekit="no agent in the room"))
    behind = (session.last_seq or 0) - (session.relayed_seq or 0)
    if session.status == "live" and behind > 0:
        found.append(
            Drift(what="relay_behind", database=f"{behind} events to relay", livekit="not told the room yet")
        )
    return found


def of_people(
    participants: Sequence[Participant],
    present: Sequence[Present],
    rights: Mapping[Role, RoleRights],
    banned: frozenset[str],
    now: float,
) -> list[Drift]:
    """What is wrong with each person: absence, presence, rights. `now` = seconds since the epoch."""
    known = {person.user_id: person for person in participants if person.user_id}
    there = {person.identity for person in present}
    found = [
        Drift(what="not_in_livekit", user_id=user, database="online", livekit="not in the room")
        for user, person in known.items()
        if person.is_online and user not in there
    ]
    for visible in present:
        user = visible.identity
        person = known.get(user)
        if user in banned or (person is not None and person.access_removed):
            found.append(
                Drift(what="should_be_out", user_id=user, database="kept out", livekit="in the room")
            )
        elif person is None or person.is_online is False:
            found.append(
                Drift(what="not_in_database", user_id=user, database="not online", livekit="in the room")
            )
        elif rights and (wanted := desired_permission(person, rights, now)) != visible.permission:
            found.append(
                Drift(
                    what="permission", user_id=user, database=words(wanted), livekit=words(visible.permission)
                )
            )
    return found


def desired_permission(person: Participant, rights: Mapping[Role, RoleRights], now: float) -> Permission:
    """What the database wants somebody to have now. `now`: seconds since the epoch."""
    role = Role(person.role) if person.role in set(Role) else Role.VIEWER
    desired = Desired(
        role=role,
        mic_muted=bool(person.mic_muted),
        mic_muted_until=seconds(person.mic_muted_until),
        camera_off=bool(person.camera_off),
        publish_until=seconds(person.publish_until),
    )
    return effective_permission(desired, rights, now)


def words(permission: Permission) -> str:
    """A permission as a person reads it."""
    published = ", ".join(sorted(permission.sources)) or "nothing"
    return f"may publish {published}" + ("" if permission.can_subscribe else "; may not subscribe")


def seconds(time: str | None) -> float | None:
    """Seconds since the epoch of a time of the database; None for none and for infinity."""
    try:
        return seconds_of(time) if time else None
    except ValueError:
        return None
