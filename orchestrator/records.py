"""Rows as tools read them: the fields of a record are the columns that are asked for, and say which users wrote."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict

from orchestrator.untrusted import UserText, clean_all

Figures = Annotated[Any, BeforeValidator(clean_all)]
"""JSON that our own code wrote: roles, permissions, measurements."""


def is_id(person: str) -> bool:
    """Whether it is a user's id, as everybody's identity in LiveKit should be."""
    try:
        return str(UUID(person)) == person.lower()
    except ValueError:
        return False


class DatabaseRow(BaseModel):
    """A row, or the part of it that is there. Times are ISO 8601 by the database's clock."""

    model_config = ConfigDict(extra="ignore")

    table: ClassVar[str]


class Profile(DatabaseRow):
    table = "profiles"

    id: str | None = None
    username: str | None = None
    display_name: str | None = None

    def names(self) -> dict[str, str | None]:
        """The names that a person chose, by column."""
        return {"username": self.username, "display_name": self.display_name}


class SessionRow(DatabaseRow):
    table = "live_sessions"

    id: str | None = None
    creator_id: str | None = None
    type: str | None = None
    access_type: str | None = None
    price_coins: int | None = None
    title: UserText = None
    livekit_room: str | None = None
    status: str | None = None
    scheduled_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    end_reason: str | None = None
    host_left_at: str | None = None
    viewer_count: int | None = None
    peak_viewers: int | None = None
    total_viewers: int | None = None
    total_gift_coins: int | None = None
    last_seq: int | None = None
    relayed_seq: int | None = None


class Participant(DatabaseRow):
    table = "live_participants"

    user_id: str | None = None
    role: str | None = None
    mic_muted: bool | None = None
    mic_muted_until: str | None = None
    mic_by_all: bool | None = None
    camera_off: bool | None = None
    chat_muted_until: str | None = None
    hand_raised_at: str | None = None
    invited_role: str | None = None
    invite_expires_at: str | None = None
    access_ends_at: str | None = None
    access_removed: bool | None = None
    publish_until: str | None = None
    is_online: bool | None = None
    first_joined_at: str | None = None
    last_joined_at: str | None = None
    left_at: str | None = None
    watch_seconds: int | None = None


class Visit(DatabaseRow):
    table = "live_visits"

    participant_sid: str | None = None
    joined_at: str | None = None
    left_at: str | None = None
    leave_reason: str | None = None


class Ban(DatabaseRow):
    table = "live_bans"

    id: str | None = None
    user_id: str | None = None
    scope: str | None = None
    session_id: str | None = None
    creator_id: str | None = None
    reason: UserText = None
    created_by: str | None = None
    created_at: str | None = None
    expires_at: str | None = None
    lifted_at: str | None = None


class Message(DatabaseRow):
    table = "live_messages"

    id: str | None = None
    type: str | None = None
    body: UserText = None
    created_at: str | None = None
    deleted_at: str | None = None


class ActionRow(DatabaseRow):
    """A line of the audit."""

    table = "moderation_audit"

    n: int | None = None
    action_id: str | None = None
    created_at: str | None = None
    session_id: str | None = None
    call_id: str | None = None
    action: str | None = None
    params: UserText = None
    target_user_id: str | None = None
    target_username: UserText = None
    requested_by: str | None = None
    requested_by_username: UserText = None
    requested_via: str | None = None
    requested_rank: int | None = None
    reason: UserText = None
    dry_run: bool | None = None
    status: str | None = None
    error_code: str | None = None
    error: UserText = None
    before: Figures = None
    after: Figures = None
    applied_at: str | None = None
    enforce_ms: float | None = None
    superseded_by: str | None = None
    undone_by: str | None = None
    undone_at: str | None = None


class IncidentRow(DatabaseRow):
    table = "moderation_incidents"

    id: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    rule: str | None = None
    severity: str | None = None
    measured: Figures = None
    started_at: str | None = None
    ended_at: str | None = None
    strikes: float | None = None
    action_id: str | None = None


class MinuteRow(DatabaseRow):
    """How a person sounded in a minute."""

    table = "live_audio_stats"

    user_id: str | None = None
    minute: str | None = None
    talk_seconds: float | None = None
    loudness_lufs: float | None = None
    peak_dbfs: float | None = None
    clipped_ratio: float | None = None


class Call(DatabaseRow):
    table = "calls"

    id: str | None = None
    caller_id: str | None = None
    callee_id: str | None = None
    type: str | None = None
    status: str | None = None
    livekit_room: str | None = None
    created_at: str | None = None
    ringing_at: str | None = None
    accepted_at: str | None = None
    ended_at: str | None = None
    duration_seconds: int | None = None
    end_reason: str | None = None


class LeaseRow(DatabaseRow):
    """Who moderates a room."""

    table = "agent_rooms"

    room: str | None = None
    worker_id: str | None = None
    epoch: int | None = None
    lease_expires_at: str | None = None
    bot_identity: str | None = None


class RoleRow(DatabaseRow):
    table = "live_roles"

    role: str | None = None
    rank: int | None = None
    can_publish_sources: list[str] | None = None
    can_subscribe: bool | None = None


class Setting(DatabaseRow):
    table = "app_settings"

    key: str | None = None
    value: Figures = None
    updated_at: str | None = None
    updated_by: str | None = None
