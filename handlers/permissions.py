"""Makes each person's permission in the room what the database wants: grant, revoke, remove, repair.

Level-triggered: `converge` looks at what is, not at what happened, and asks for one change at a time per person.
"""

from dataclasses import replace

from handlers.effects import (
    Count,
    Effect,
    Effects,
    Metric,
    RecordLeft,
    RemoveParticipant,
    Resync,
    SetPermission,
)
from handlers.events import (
    Failure,
    ParticipantNotRemoved,
    ParticipantRemoved,
    PermissionNotSet,
    PermissionReported,
    PermissionSet,
)
from handlers.facts import Connection, Identity
from handlers.notice_types import NoticeType
from handlers.notices import iso, notice
from handlers.state import BATCHING_SECONDS, PersonState, RoomState, sid_of
from handlers.telling import tell
from moderation.desired import Permission, Removal, standing
from moderation.identity import is_beside

FIRST_RETRY_SECONDS = 0.05
RIGHT_AFTER_JOIN_SECONDS = 2.0
"""LiveKit answers `not_found` for a moment around a join; until then a retry is quick."""
QUICK_RETRY_CAP_SECONDS = 0.1
LISTING_SECONDS = 2.5
"""After so long without the list it is asked for again; a call ends sooner."""
RETRY_CAP_SECONDS = 5.0
LAPSED_RETRY_SECONDS = 0.1
"""A slow database renews a lease when most of it has passed: what waits for it must not miss the rest."""


def converge(state: RoomState, identity: Identity, now: float) -> Effects:
    """The one change that this person still needs, if any."""
    person = state.people.get(identity)
    if not state.ready or person is None or person.connection is None or busy(person, now):
        return ()
    desired = state.desired(person)
    if (ends := desired.next_change(now)) is not None:
        state.wake_at(ends)
    removal = desired.removed(now)
    if removal is not None:
        return remove(person, identity, person.connection, removal)
    asked = permit(person, identity, person.connection, state.allowed(person, now))
    if asked or is_beside(identity):
        return asked
    return tell(person, identity, standing(desired, state.rights, now))


def converge_person(state: RoomState, person: Identity, now: float) -> Effects:
    """The same for everything that carries them."""
    changes = (converge(state, identity, now) for identity in state.identities_of(person))
    return tuple(effect for effects in changes for effect in effects)


def reassert(state: RoomState, person: Identity, now: float) -> Effects:
    """Ask LiveKit again for what it should have had already: something shows that it has not."""
    for _, known, _ in state.connections_of(person):
        known.unsure = True
    return converge_person(state, person, now)


def converged(state: RoomState, person: Identity, now: float) -> bool:
    """True when LiveKit is known to agree with the database about this person, here or away."""
    return all(agrees(state, identity, now) for identity in state.identities_of(person))


def agrees(state: RoomState, identity: Identity, now: float) -> bool:
    """Whether the room has this person as the database wants them; also when they are not here."""
    person = state.people.get(identity)
    if person is None or person.connection is None:
        return True
    desired = state.desired(person)
    if desired.removed(now) is not None or person.removing or person.asked is not None or person.unsure:
        return False
    return person.connection.permission == state.allowed(person, now)


def busy(person: PersonState, now: float) -> bool:
    """Whether a change is on its way, or must wait for its next attempt."""
    return person.asked is not None or person.removing or now < person.retry_at


def permit(person: PersonState, identity: Identity, connection: Connection, wanted: Permission) -> Effects:
    """Ask for this permission unless the connection is known to have it."""
    known = None if person.unsure else connection.permission
    if known == wanted:
        return ()
    person.asked = wanted
    revokes = not wanted.sources if known is None else wanted.narrows(known)
    return (SetPermission(identity, connection.sid, wanted, revokes=revokes),)


def remove(person: PersonState, identity: Identity, connection: Connection, removal: Removal) -> Effects:
    """Disconnect somebody who may not be here, telling them why."""
    person.removing = True
    told = notice(identity, NoticeType.REMOVED, removal.why, reason=removal.reason, until=iso(removal.until))
    return (RemoveParticipant(identity, connection.sid, ban=True, notice=told),)


def on_permission_set(state: RoomState, event: PermissionSet, now: float) -> Effects:
    """The answer to a change: what was asked for is so. After a reconnect it is not known of which connection."""
    person = state.people.get(event.identity)
    if person is None:
        return ()
    person.asked, person.answered_at = None, now
    if sid_of(person) == event.sid:
        override(person, event.permission, now)
    else:
        person.unsure = (
            True  # somebody rejoined meanwhile; which of the two connections was changed is not known
        )
    return converge(state, event.identity, now)


def override(person: PersonState, permission: Permission, now: float) -> None:
    """Take `permission` as this connection's, and remember the one that it replaced."""
    assert person.connection is not None
    if (old := person.connection.permission) is not None and old != permission:
        person.overridden[old] = now
    person.overridden.pop(permission, None)
    person.connection = replace(person.connection, permission=permission)
    person.unsure, person.failures = False, 0


def on_permission_not_set(state: RoomState, event: PermissionNotSet, now: float) -> Effects:
    """A change failed: again later. Without an answer it may have been taken all the same."""
    person = state.people.get(event.identity)
    if person is None:
        return ()
    person.asked, person.answered_at = None, now
    person.unsure |= (
        event.failure is Failure.RETRYABLE
    )  # without an answer it may have been taken all the same
    if sid_of(person) != event.sid:
        return converge(state, event.identity, now)
    return back_off(state, person, event.failure, now)


def on_participant_removed(state: RoomState, event: ParticipantRemoved, now: float) -> Effects:
    """LiveKit confirmed: that connection is out. Its own report of the leave comes seconds later, for listeners."""
    person = state.people.get(event.identity)
    if person is not None and sid_of(person) == event.sid:
        person.disconnect()
    return (RecordLeft(event.identity, event.sid, "participant_removed", int(now * 1000)),)


def on_participant_not_removed(state: RoomState, event: ParticipantNotRemoved, now: float) -> Effects:
    """A removal failed: again later."""
    person = state.people.get(event.identity)
    if person is None or sid_of(person) != event.sid:
        return converge(state, event.identity, now)
    person.removing = False
    return back_off(state, person, event.failure, now)


def back_off(state: RoomState, person: PersonState, failure: Failure, now: float) -> Effects:
    """Try again later: at once-ish around a join, slower for the rest. Anyone who is gone for good will leave."""
    assert person.connection is not None
    if failure is Failure.LAPSED:
        person.retry_at = now + LAPSED_RETRY_SECONDS
        state.wake_at(person.retry_at)
        return ()
    person.failures += 1
    young = now - person.known_at < RIGHT_AFTER_JOIN_SECONDS
    quick = failure is Failure.GONE and young
    cap = QUICK_RETRY_CAP_SECONDS if quick else RETRY_CAP_SECONDS
    person.retry_at = now + min(FIRST_RETRY_SECONDS * 2 ** min(person.failures - 1, 10), cap)
    state.wake_at(person.retry_at)
    if failure is Failure.GONE and not young:
        return (Resync(doubt=True),)
    return ()


def on_permission_reported(state: RoomState, event: PermissionReported, now: float) -> Effects:
    """LiveKit reports a permission: drift is counted and repaired."""
    person = state.people.get(event.identity)
    if person is None or sid_of(person) != event.sid:
        return ()
    return (*take_report(state, person, event.permission, now), *converge(state, event.identity, now))


def take_report(
    state: RoomState, person: PersonState, permission: Permission, now: float, *, listed: bool = False
) -> Effects:
    """Believe what LiveKit reports. What we replaced moments ago may be a late report, or somebody else's doing:
    then only LiveKit's own list is believed."""
    assert person.connection is not None
    if person.connection.permission == permission:
        return ()
    replaced_at = person.overridden.get(permission)
    doubtful = not listed and replaced_at is not None and now - replaced_at < BATCHING_SECONDS
    if person.asked is not None or doubtful:
        state.resync_at = min(state.resync_at, now + BATCHING_SECONDS)
        state.wake_at(state.resync_at)
        return list_people(state, now) if person.asked is None else ()
    drifted: tuple[Effect, ...] = (
        (Count(Metric.DRIFT_FOUND),) if person.connection.permission is not None else ()
    )
    person.connection = replace(person.connection, permission=permission)
    return drifted


def list_people(state: RoomState, now: float) -> Effects:
    """Have LiveKit tell who is here and what they may do; one list at a time, no matter who waits for it."""
    if now < state.listing_until:
        return ()
    state.listing_until = now + LISTING_SECONDS
    state.wake_at(state.listing_until)
    return (Resync(doubt=True),)
