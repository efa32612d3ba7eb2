"""The names of moderation actions. Written from live_actions by tests/database/test_live_actions.py."""

from typing import Literal

ActionName = Literal[
    "mute",
    "unmute",
    "camera_off",
    "camera_on",
    "chat_mute",
    "chat_unmute",
    "set_role",
    "kick",
    "ban",
    "unban",
    "delete_message",
    "release_message",
    "announce",
    "mute_all",
    "unmute_all",
    "slow_mode",
    "chat_mode",
    "pin_message",
    "end_session",
    "take_down",
    "restore",
    "export_audit",
    "listen",
]
AGENT_ACTIONS = frozenset(
    [
        "mute",
        "unmute",
        "camera_off",
        "camera_on",
        "set_role",
        "kick",
        "ban",
        "unban",
        "announce",
        "mute_all",
        "unmute_all",
        "end_session",
    ]
)
"""Those that LiveKit has to be made to agree with: a worker claims them."""
TARGETED = frozenset(
    [
        "mute",
        "unmute",
        "camera_off",
        "camera_on",
        "chat_mute",
        "chat_unmute",
        "set_role",
        "kick",
        "ban",
        "unban",
    ]
)
"""Those that are about one person, whom the row names."""
