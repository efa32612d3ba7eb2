"""The names of rules. Written from moderation/rules/table.py by tests/unit/test_rule_lists.py."""

from enum import StrEnum


class Rule(StrEnum):
    TOO_LOUD = "too_loud"
    SCREAM = "scream"
    CLIPPING = "clipping"
    HOWL = "howl"
    NOISE = "noise"
    HUM = "hum"
    DEAD_AIR = "dead_air"
    NOT_ALLOWED = "not_allowed"
    NOT_MEASURABLE = "not_measurable"
    DISGUISE = "disguise"
    TOO_MANY_TRACKS = "too_many_tracks"
