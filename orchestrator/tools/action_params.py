"""What the params of an action may hold. Written from live_actions by tests/database/test_live_actions.py."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from orchestrator.tools.tool import Ask


class Params(Ask):
    """Details, as the action needs."""

    replace: bool | None = Field(
        default=None,
        description="mute, chat_mute, ban: true: also where it shortens what stands (weaker_than_standing otherwise)",
    )
    seconds: Annotated[int, Field(ge=1, le=315360000)] | None = Field(
        default=None, description="mute, chat_mute, ban, slow_mode: how long; until it is undone without it"
    )
    role: Literal["host", "co_host", "moderator", "speaker", "listener", "viewer"] | None = Field(
        default=None, description="set_role (required)"
    )
    scope: Literal["session", "creator", "platform"] | None = Field(
        default=None, description="ban, unban, export_audit"
    )
    message_id: UUID | None = Field(
        default=None, description="delete_message (required), release_message (required), pin_message"
    )
    text: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="announce (required)"
    )
    mode: Literal["everyone", "followers_only", "subscribers_only"] | None = Field(
        default=None, description="chat_mode (required)"
    )
    recording_id: UUID | None = Field(default=None, description="take_down (required), restore (required)")
    form: Literal["csv", "print"] | None = Field(default=None, description="export_audit (required)")
    rows: Annotated[int, Field(ge=0, le=1000000)] | None = Field(
        default=None, description="export_audit (required)"
    )
    sha256: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="export_audit: of the file"
    )
    filters: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="export_audit: name=value, by & ; all rows without it"
    )
    case_id: UUID | None = Field(default=None, description="listen")
