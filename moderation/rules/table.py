"""The rules, in the order in which they are judged and listed. A rule is one file beside this one and one line here."""

from moderation.rules import (
    clipping,
    dead_air,
    disguise,
    howl,
    hum,
    noise,
    not_allowed,
    not_measurable,
    scream,
    too_loud,
    too_many_tracks,
)
from moderation.rules.rule import AudioRule

RULES: tuple[AudioRule, ...] = (
    too_loud.RULE,
    scream.RULE,
    clipping.RULE,
    howl.RULE,
    noise.RULE,
    hum.RULE,
    dead_air.RULE,
    not_allowed.RULE,
    not_measurable.RULE,
    disguise.RULE,
    too_many_tracks.RULE,
)
