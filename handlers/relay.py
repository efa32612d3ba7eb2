"""Puts `live_events` on the wire in order, one batch at a time, and moves the cursor behind it.

At least once: the cursor moves only after the packet went out, so a successor may repeat one; clients drop repeats by
`seq`. Never out of order: while one batch is under way the next ones wait here.

What is too old to be worth a packet, after a time without an agent, is passed over: everybody reads it from the
database when they hear how far the stream is.
"""

from collections.abc import Mapping

from handlers.effects import AdvanceCursor, Beacon, Effects, Relay
from handlers.events import EventsRelayed
from handlers.facts import LiveEvent
from handlers.state import RoomState
from moderation.timestamps import seconds_of

RETRY_SECONDS = 0.25
BEACON_SECONDS = 0.5
"""After the last events: clients that miss one then read it without waiting for the next."""
SILENT_BEACON_SECONDS = 20.0
HINTS_LOST_SECONDS = 20.0
"""Less than the minute for which a client goes by it; who joins in between reads often at first anyway."""
WORTH_SECONDS: Mapping[str, float] = {
    # An animation of a moment that is gone.
    "gift_combo": 30.0,
    "viewer_milestone": 30.0,
    "hand_raised": 30.0,
    "hand_lowered": 30.0,
    # After this everyone has looked into the database; until then one packet is cheaper than everyone's reading.
    "gift": 120.0,
    "system": 120.0,
}
"""How old an event may be to be worth a packet, by type. What is not named here says how things stand, and is few."""
BACKLOG_LIMIT = 1000
"""More than this is not kept: the database has it, and the next pull brings it again."""


def on_due(state: RoomState, due: tuple[LiveEvent, ...], now: float) -> Effects:
    """Take new rows of the stream in, those that are not known yet, in order."""
    known = max(
        [state.relayed_seq, *(e.seq for e in state.relaying[-1:]), *(e.seq for e in state.backlog[-1:])]
    )
    fresh = tuple(e for e in due if e.seq > known)
    state.backlog = (state.backlog + fresh)[:BACKLOG_LIMIT]
    return next_batch(state, now)


def next_batch(state: RoomState, now: float) -> Effects:
    """Put the next rows on the wire, if none are on their way."""
    if state.relaying or not state.backlog or now < state.relay_retry_at:
        return ()
    state.relaying, state.backlog = state.backlog, ()
    worth = tuple(event for event in state.relaying if is_worth_a_packet(event, now))
    return (Relay(worth, state.relaying[-1].seq),)


def is_worth_a_packet(event: LiveEvent, now: float) -> bool:
    """Whether it is young enough for its kind. Older ones are read from the database."""
    limit = WORTH_SECONDS.get(event.type)
    return limit is None or now - seconds_of(event.at) <= limit


def on_relayed(state: RoomState, event: EventsRelayed, now: float) -> Effects:
    """The answer to a batch: the cursor moves, and the next one goes."""
    state.relaying = ()
    state.relayed_seq, state.relayed_at = max(state.relayed_seq, event.seq), now
    set_beacon(state, now + BEACON_SECONDS)
    return (AdvanceCursor(state.relayed_seq), *next_batch(state, now))


def set_beacon(state: RoomState, when: float) -> None:
    """Say at this time how far the stream is, seconds since the epoch."""
    state.beacon_at = when
    state.wake_at(when)


def beacon(state: RoomState, now: float) -> Effects:
    """How far the stream is, when it is time to say so."""
    if state.beacon_at is None or now < state.beacon_at:
        return ()
    set_beacon(state, now + SILENT_BEACON_SECONDS)
    return (Beacon(state.relayed_seq),)


def hints_lost(state: RoomState, now: float) -> Effects:
    """Say that hints are missing, now and as long as it lasts, but not each time."""
    if state.beacon_at is None or now - state.hints_lost_told_at < HINTS_LOST_SECONDS:
        return ()
    state.hints_lost_told_at = now
    return (Beacon(state.relayed_seq, hints=False),)


def on_not_relayed(state: RoomState, now: float) -> Effects:
    """A batch failed: it is first in line for the next attempt."""
    state.backlog, state.relaying = (state.relaying + state.backlog)[:BACKLOG_LIMIT], ()
    state.relay_retry_at = now + RETRY_SECONDS
    state.wake_at(state.relay_retry_at)
    return ()


def idle(state: RoomState) -> bool:
    """Whether everything that is known is on the wire."""
    return not state.relaying and not state.backlog
