"""The names of roles. Written from live_roles by tests/database/test_live_roles.py."""

from enum import StrEnum


class Role(StrEnum):
    HOST = "host"
    PARTY = "party"
    CO_HOST = "co_host"
    MODERATOR = "moderator"
    SPEAKER = "speaker"
    LISTENER = "listener"
    VIEWER = "viewer"
