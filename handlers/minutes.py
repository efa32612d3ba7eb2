"""Gathers how each person sounded in each minute, and has it written when the minute is over."""

import math
from collections.abc import Mapping

from handlers.effects import Effects, RecordMinute
from handlers.events import Measured
from handlers.facts import Identity, Track
from handlers.hearing import SoundState
from handlers.state import RoomState
from moderation.audio.measurement import Measurement
from moderation.audio.stats import PersonStats

MINUTE_SECONDS = 60.0
FIRST_SECONDS = 10.0
"""After so much of a room's first minute it is written as it is, and again when it is over: a room that has just opened
is not without figures for a minute. Once a room, so that it costs next to nothing."""


def add(state: RoomState, who: Identity, event: Measured, summed: Measurement | None) -> Effects:
    """`summed`: see `sum_up`."""
    minutes, m = state.hearing.minutes, event.measurement
    begins = m.at // MINUTE_SECONDS * MINUTE_SECONDS
    closed = close(state.hearing) if minutes.begins is not None and begins > minutes.begins else ()
    if minutes.begins is None:
        minutes.begins = begins
        state.wake_at(begins + MINUTE_SECONDS + 1.0)  # for the last words of the one who stops speaking
    if minutes.first_at is None:
        minutes.first_at = m.at + FIRST_SECONDS
        state.wake_at(minutes.first_at)
    stats = minutes.now.get(who)
    if stats is None:
        stats = minutes.now[who] = PersonStats()
    stats.add(event.track, m, summed)
    return closed


def close(hearing: SoundState) -> Effects:
    """Write the minute that is being gathered, and begin no other. Nothing heard: nothing."""
    minutes = hearing.minutes
    if minutes.begins is None:
        return ()
    rows = _rows(minutes.now, minutes.begins)
    minutes.begins, minutes.first_at = None, math.inf
    minutes.now.clear()
    return rows


def first(hearing: SoundState, now: float) -> Effects:
    """What there is of the first minute, once it is time for it. The whole minute will replace it."""
    minutes = hearing.minutes
    if minutes.begins is None or minutes.first_at is None or now < minutes.first_at:
        return ()
    minutes.first_at = math.inf
    return _rows(minutes.now, minutes.begins)


def _rows(now: Mapping[Identity, PersonStats[Track]], begins: float) -> tuple[RecordMinute, ...]:
    rows = ((who, stats.so_far(), stats.tracks()) for who, stats in now.items())
    return tuple(RecordMinute(who, begins, heard, tracks) for who, heard, tracks in rows if heard is not None)


def last_words(state: RoomState) -> Effects:
    """What must be written before this room is let go."""
    return close(state.hearing)


def on_tick(hearing: SoundState, now: float) -> Effects:
    """The minute that is over, and what there is of the very first one."""
    begins = hearing.minutes.begins
    over = begins is not None and now >= begins + MINUTE_SECONDS + 1.0
    closed = close(hearing) if over else ()
    return (*closed, *first(hearing, now))
