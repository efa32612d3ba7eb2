"""The database's JSON into our types and back: the border where shapes are checked.

A missing or odd field is a `ShapeError` that names it; nothing is guessed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handlers.events import (
    Action,
    ActionId,
    Connection,
    Identity,
    LiveEvent,
    Person,
    Pulled,
    Sid,
    SnapshotLoaded,
    StandingStrikes,
    Status,
)
from moderation.desired import Desired, Permission, Removal
from moderation.roles import Role, RoleRights, Source

Json = Mapping[str, Any]
RUNNING = frozenset({"scheduled", "live", "initiated", "ringing", "accepted"})
DEFAULT_ROLES = {"video_live": Role.VIEWER, "audio_room": Role.LISTENER, "call": None}


class ShapeError(ValueError):
    """The database answered something that this version does not understand."""


def seconds(moment: str | None) -> float | None:
    """Seconds since the epoch of a `timestamptz` as JSON; None for null."""
    return None if moment is None else datetime.fromisoformat(moment).timestamp()


def milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def sources(names: list[str]) -> frozenset[Source]:
    return frozenset(Source(name) for name in names)


def snapshot(row: Json) -> SnapshotLoaded:
    try:
        return SnapshotLoaded(
            status=status(row["status"]),
            default_role=DEFAULT_ROLES[row["context"]],
            rights={Role(name): role_rights(rights) for name, rights in row["roles"].items()},
            people=tuple(person(item) for item in row["people"]),
            open_visits=tuple(
                (Sid(v["participant_sid"]), Identity(v["user_id"])) for v in row["open_visits"]
            ),
            streams=row["kind"] == "session",
            relayed_seq=row["relayed_seq"],
            policy=row["policy"] if row["kind"] == "session" else None,
            strikes=tuple(strikes(item) for item in row["strikes"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ShapeError(f"the snapshot of a room: {error!r}") from error


def strikes(row: Json) -> StandingStrikes:
    return StandingStrikes(Identity(row["user_id"]), row["strikes"], row["step"], seconds(row["at"]) or 0.0)


def role_rights(row: Json) -> RoleRights:
    return RoleRights(row["rank"], sources(row["can_publish_sources"]), row["can_subscribe"])


def status(name: str) -> Status:
    return Status.OPEN if name in RUNNING else Status.OVER


def person(row: Json) -> Person:
    removed, visit = row["removed"], row["connection"]
    desired = Desired(
        role=Role(row["role"]),
        mic_muted=row["mic_muted"],
        mic_muted_until=seconds(row["mic_muted_until"]),
        camera_off=row["camera_off"],
        sound_only=row.get("sound_only", False),
        removal=None
        if removed is None
        else Removal(removed["reason"], seconds(removed["until"]), removed.get("why")),
        **standing_of(row),
    )
    return Person(Identity(row["user_id"]), desired, None if visit is None else connection(visit))


def standing_of(row: Json) -> dict[str, Any]:
    """What only sessions have: chat, invitations and paid access."""
    if "invited_role" not in row:
        return {}
    invited = row["invited_role"]
    return {
        "chat_muted": row["chat_muted"],
        "chat_muted_until": seconds(row["chat_muted_until"]),
        "invited_role": None if invited is None else Role(invited),
        "invite_expires_at": seconds(row["invite_expires_at"]),
        "access_ends_at": seconds(row["access_ends_at"]),
    }


def connection(row: Json) -> Connection:
    allowed = row["permission"]
    return Connection(Sid(row["sid"]), row["joined_at_ms"], None if allowed is None else permission(allowed))


def permission(row: Json) -> Permission:
    """LiveKit's convention: no source named means all of them."""
    named = sources(row["can_publish_sources"]) or frozenset(Source)
    return Permission(named if row["can_publish"] else frozenset(), row["can_subscribe"])


def pulled(row: Json) -> Pulled:
    try:
        return Pulled(
            status=status(row["status"]),
            people=tuple(person(item) for item in row["people"]),
            actions=tuple(action(item) for item in row["actions"]),
            events=tuple(live_event(item) for item in row["events"]),
            policy=row.get("policy"),
            levels_watched=row.get("levels_watched", False),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ShapeError(f"the news of a room: {error!r}") from error


def action(row: Json) -> Action:
    target = row["target_user_id"]
    return Action(
        id=ActionId(row["id"]),
        n=row["n"],
        action=row["action"],
        target=None if target is None else Identity(target),
        params=row["params"],
        reason=row["reason"],
        created_at_ms=milliseconds(row["created_at"]),
        via=row["requested_via"],
    )


def live_event(row: Json) -> LiveEvent:
    return LiveEvent(row["seq"], row["id"], row["type"], row["at"], row["payload"])
