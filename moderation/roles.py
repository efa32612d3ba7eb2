"""The vocabulary of rights: sources, roles, contexts.

What each role may do is not here: it is data, the table `live_roles`, read by the edge functions and by the agent
alike, and reaches this code as `RoleRights`.
"""

from dataclasses import dataclass
from enum import StrEnum

from moderation.role_names import Role

__all__ = ["NO_RIGHTS", "Context", "Role", "RoleRights", "Source"]


class Source(StrEnum):
    """A kind of track, by LiveKit's names for `can_publish_sources`."""

    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN_SHARE = "screen_share"
    SCREEN_SHARE_AUDIO = "screen_share_audio"


class Context(StrEnum):
    """What kind of room it is. A role means different rights in each."""

    VIDEO_LIVE = "video_live"
    AUDIO_ROOM = "audio_room"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class RoleRights:
    """One row of `live_roles`: what a role may do in one context."""

    rank: int
    sources: frozenset[Source]
    can_subscribe: bool = True


NO_RIGHTS = RoleRights(rank=0, sources=frozenset(), can_subscribe=False)
