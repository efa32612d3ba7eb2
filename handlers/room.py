"""What each event means for a room: `handle` is the whole decision, pure and synchronous."""

from collections.abc import Iterable
from itertools import chain
from typing import assert_never

from handlers import (
    actions,
    audio,
    evidence,
    false_sources,
    kept_out,
    levels,
    minutes,
    on_air,
    presence,
    relay,
)
from handlers.effects import CloseRoom, Effects, Leave
from handlers.events import (
    ConnectionRated,
    Event,
    EventsNotRelayed,
    EventsRelayed,
    Failure,
    HintsLost,
    KeptOut,
    LeaseLost,
    Measured,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantNotRemoved,
    ParticipantRemoved,
    PermissionNotSet,
    PermissionReported,
    PermissionSet,
    PresenceRecorded,
    Pulled,
    RoomClosed,
    RoomEnded,
    RoomNotClosed,
    RoomSynced,
    SnapshotLoaded,
    Switched,
    Ticked,
    TrackPaused,
    TrackPublished,
    TracksCounted,
)
from handlers.facts import Status
from handlers.permissions import (
    LAPSED_RETRY_SECONDS,
    converge,
    on_participant_not_removed,
    on_participant_removed,
    on_permission_not_set,
    on_permission_reported,
    on_permission_set,
)
from handlers.state import RoomState

CLOSE_RETRY_SECONDS = 2.0
ARRIVAL_SECONDS = 0.25
"""For the last packets to reach a phone: the room's end travels by another way, and nothing tells who has them."""


def handle(state: RoomState, event: Event, now: float) -> Effects:
    """Change `state` by `event` and return what should be done, in order. `now`: the database's clock, seconds."""
    effects = react(state, event, now)
    if isinstance(event, Measured):
        return effects  # frequent, and nothing below depends on it
    state.hearing.shown.doubtful = True
    effects = (*evidence.with_clips(state, effects, now), *evidence.settle(state, now))
    return (*effects, *on_air.record(state, now), *close(state, now), *actions.settle(state, now))


def react(state: RoomState, event: Event, now: float) -> Effects:  # noqa: C901  (one line per kind of event)
    """What one event means for the room, given to the family that it belongs to."""
    match event:
        case SnapshotLoaded():
            return on_snapshot(state, event, now)
        case Pulled():
            return on_pulled(state, event, now)
        case PresenceRecorded():
            return presence.on_recorded(state, event, now)
        case LeaseLost():
            return (Leave(closed=False),)
        case HintsLost():
            return relay.hints_lost(state, now)
        case RoomSynced():
            synced = presence.on_synced(state, event, now)
            if event.listed:
                actions.on_listed(state, proves=not presence.is_contradicted(state, now))
            return synced
        case ParticipantJoined():
            joined = presence.on_joined(state, event, now)
            return (*joined, *levels.on_arrived(state, event.identity, now))
        case ParticipantLeft():
            return presence.on_left(state, event, now)
        case PermissionReported():
            return on_permission_reported(state, event, now)
        case TrackPublished():
            return false_sources.on_track_published(state, event, now)
        case TracksCounted():
            return false_sources.on_tracks_counted(state, event, now)
        case Switched():
            return levels.on_switched(state, event, now)
        case ConnectionRated():
            return levels.on_rated(state, event, now)
        case Measured():
            return audio.on_measured(state, event, now)
        case TrackPaused():
            return audio.on_paused(state, event, now)
        case KeptOut():
            return kept_out.on_kept_out(state, event, now)
        case RoomEnded():
            return (
                *minutes.last_words(state),
                *presence.on_room_ended(state, event),
                *on_room_over(state, event),
            )
        case PermissionSet():
            return on_permission_set(state, event, now)
        case PermissionNotSet():
            return (*actions.on_refused(state, event), *on_permission_not_set(state, event, now))
        case ParticipantRemoved():
            return on_participant_removed(state, event, now)
        case ParticipantNotRemoved():
            return (*actions.on_refused(state, event), *on_participant_not_removed(state, event, now))
        case EventsRelayed():
            return relay.on_relayed(state, event, now)
        case EventsNotRelayed():
            return relay.on_not_relayed(state, now)
        case RoomClosed():
            state.closed_at = now
            return ()
        case RoomNotClosed():
            pause = LAPSED_RETRY_SECONDS if event.failure is Failure.LAPSED else CLOSE_RETRY_SECONDS
            state.closing, state.close_retry_at = False, now + pause
            state.wake_at(state.close_retry_at)
            return ()
        case Ticked():
            return on_tick(state, now)
        case _:
            assert_never(event)


def each(results: Iterable[Effects]) -> Effects:
    """The effects of several results, one after the other."""
    return tuple(chain.from_iterable(results))


def on_snapshot(state: RoomState, event: SnapshotLoaded, now: float) -> Effects:
    """The whole desired state: learn it, then look at everybody once."""
    state.status, state.default_role, state.rights = event.status, event.default_role, event.rights
    state.relayed_seq = max(state.relayed_seq, event.relayed_seq)
    state.loaded = True
    if event.streams:
        relay.set_beacon(state, now + relay.BEACON_SECONDS)
    learned = each(presence.learn(state, person, now) for person in event.people)
    known = {person.identity for person in event.people}
    others = each(converge(state, identity, now) for identity in list(state.people) if identity not in known)
    listening = audio.on_policy(state, event.policy, now)
    audio.on_strikes(state, event.strikes)
    kept = evidence.on_asked(state, event.evidence, now)
    presence.note_unclaimed(state, event.open_visits, now)
    return (*learned, *others, *listening, *kept)


def on_pulled(state: RoomState, event: Pulled, now: float) -> Effects:
    """Rows are opened first, so that `before` is what was; nothing is finished until all of it is taken in."""
    opened = each(actions.open_action(state, action) for action in event.actions)
    learned = each(presence.learn(state, person, now) for person in event.people)
    relayed = relay.on_due(state, event.events, now)
    state.status = event.status
    audio.on_actions(state, event.actions)
    returned = false_sources.on_actions(state, event.actions, now)
    policy = audio.on_policy(state, event.policy, now)
    kept = evidence.on_asked(state, event.evidence, now)
    shown = levels.on_watched(state, now) if event.levels_watched else ()
    return (*opened, *learned, *returned, *relayed, *policy, *kept, *shown)


def on_tick(state: RoomState, now: float) -> Effects:
    """What time alone brings: due timers, repairs, the relay, presence, levels."""
    state.drop_due_timers(now)
    repaired = each(converge(state, identity, now) for identity in list(state.people))
    relayed = (*relay.next_batch(state, now), *relay.beacon(state, now))
    return (*repaired, *relayed, *presence.on_tick(state, now), *audio.on_tick(state, now))


def close(state: RoomState, now: float) -> Effects:
    """Once the session is over and its last events have had time to arrive, the room is deleted."""
    over = state.ready and state.status is Status.OVER
    if not over or state.closing or not relay.idle(state):
        return ()
    not_before = max(state.close_retry_at, state.relayed_at + ARRIVAL_SECONDS)
    if now < not_before:
        state.wake_at(not_before)
        return ()
    state.closing = True
    return (CloseRoom(),)


def on_room_over(state: RoomState, event: RoomEnded) -> Effects:
    """LiveKit's room is gone: settle what was asked of it, and leave."""
    state.closed_at = event.at_ms / 1000
    return (*actions.settle(state, state.closed_at), Leave(closed=True, at_ms=event.at_ms))
