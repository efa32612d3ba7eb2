"""Mirrors who is in the room into the database, by participant SID, and keeps the view of it honest.

Three sources tell about the same connections: the room itself (complete, but up to 3 s late for listeners), the
database's open visits (which webhooks write at once), and a full listing. A leave without a reason may be our own
reconnect, so it is held until a listing confirms it. A listing that misses whom the room shows is no proof that they
left: servers that have lost their memory say the same. It is asked for again until the two agree."""

from dataclasses import replace

from handlers.effects import Count, Effect, Effects, Metric, RecordJoined, RecordLeft, Resync
from handlers.events import ParticipantJoined, ParticipantLeft, PresenceRecorded, RoomEnded, RoomSynced
from handlers.facts import Connection, Identity, PersonFacts, Sid
from handlers.permissions import converge, converge_person, take_report
from handlers.state import (
    BATCHING_SECONDS,
    GRACE_SECONDS,
    RESYNC_SECONDS,
    PersonState,
    RoomState,
    sid_of,
)

UNKNOWN_REASON = "unknown"
REPLACED_REASON = "duplicate_identity"
"""LiveKit lets one connection per identity into a room, so a newer one ends the one before."""
DOUBT_SECONDS = 5.0


def on_joined(state: RoomState, event: ParticipantJoined, now: float) -> Effects:
    """Somebody is here: write the visit, and give them what the database wants."""
    recorded = see(state, event.identity, event.connection, now)
    return (*recorded, *converge(state, event.identity, now))


def see(
    state: RoomState, identity: Identity, connection: Connection, now: float, *, listed: bool = False
) -> Effects:
    """LiveKit shows this connection. Returns what must be written of it."""
    state.unclaimed.pop(connection.sid, None)
    person = state.person(identity)
    if sid_of(person) == connection.sid:
        person.doubted_at = None
        if listed:
            person.contradicted_at = None
        reported = (
            ()
            if connection.permission is None
            else take_report(state, person, connection.permission, now, listed=listed)
        )
        already, person.seen = person.seen, True
        return reported if already else (*reported, RecordJoined(identity, connection))
    joined = RecordJoined(identity, connection)
    current = person.connection
    if current is not None and current.joined_at_ms > connection.joined_at_ms:
        return joined, replaced(identity, connection, current)
    person.connect(connection, now, seen=True)
    return (joined,) if current is None else (replaced(identity, current, connection), joined)


def replaced(identity: Identity, old: Connection, new: Connection) -> RecordLeft:
    """The end of a connection at the moment at which a newer one of the same person began."""
    return RecordLeft(identity, old.sid, REPLACED_REASON, new.joined_at_ms)


def hear(state: RoomState, identity: Identity, connection: Connection | None, now: float) -> Effects:
    """The database knows an open visit, or that there is none: the webhook's word, ahead of the room's own.

    The permission that comes with it is the one at the join: of an old visit it says nothing.
    """
    person = state.person(identity)
    current = person.connection
    if connection is None:
        if current is not None and not person.seen:
            person.disconnect()
        return ()
    if current is not None and current.sid == connection.sid:
        return ()
    if current is not None and current.joined_at_ms >= connection.joined_at_ms:
        return (replaced(identity, connection, current),)
    # Whom a room that shows everybody does not show yet has just come; at a take-over nobody knows for how long.
    fresh = state.ready
    person.connect(connection if fresh else replace(connection, permission=None), now, seen=False)
    state.wake_at(now + GRACE_SECONDS)
    return () if current is None else (replaced(identity, current, connection),)


def on_left(state: RoomState, event: ParticipantLeft, now: float) -> Effects:
    """A connection is over: its visit ends. Without a reason it is only doubted, and asked about."""
    state.unclaimed.pop(event.sid, None)
    person = state.people.get(event.identity)
    current = person is not None and sid_of(person) == event.sid
    if event.reason == UNKNOWN_REASON and person is not None and current:
        doubt(state, person, now)
        return ()
    if person is not None and current:
        person.disconnect()
    return (RecordLeft(event.identity, event.sid, event.reason, event.at_ms),)


def on_synced(state: RoomState, event: RoomSynced, now: float) -> Effects:
    """The full list is in: anyone who is on it is here. Anyone who should be on it by now has left, if LiveKit itself
    says so and the room does not show them; our own view is empty while its client reconnects, so it only raises a
    doubt."""
    state.synced = True
    state.resync_at = now + RESYNC_SECONDS
    state.wake_at(state.resync_at)
    effects: list[Effect] = []
    for identity, connection in event.present:
        effects += see(state, identity, connection, now, listed=event.listed)
    present = {connection.sid for _, connection in event.present}
    for identity, person, connection in list(state.connected()):
        if connection.sid in present:
            continue
        if connection.sid in event.shown:
            effects += contradicted(state, person, now)
            continue
        person.contradicted_at = None
        if event.listed and overdue(person, now):
            effects += correct(person, identity, connection.sid, now)
        elif person.seen or overdue(person, now):
            doubt(state, person, now)
    for identity in list(state.people):
        effects += converge(state, identity, now)
    return tuple(effects)


def overdue(person: PersonState, now: float) -> bool:
    """A list may be older than a join that it misses: the view from inside by LiveKit's batches of 3 s, the server's
    by the time of its answer. So a young connection that it misses is asked for again, an older one is gone."""
    return now >= person.known_at + GRACE_SECONDS


def contradicted(state: RoomState, person: PersonState, now: float) -> Effects:
    """LiveKit's list misses whom the room shows. The room is late to tell about a leave; past that the list is
    wrong."""
    person.doubted_at = now
    if person.contradicted_at is None:
        person.contradicted_at = now
    state.wake_at(now + DOUBT_SECONDS)
    lasting = now - person.contradicted_at > BATCHING_SECONDS
    return (Count(Metric.LISTING_CONTRADICTED),) if lasting else ()


def is_contradicted(state: RoomState, now: float) -> bool:
    """Whether LiveKit's lists have lately been wrong, so that they prove nobody's absence."""
    return any(
        person.contradicted_at is not None and now - person.contradicted_at > BATCHING_SECONDS
        for _, person, _ in state.connected()
    )


def doubt(state: RoomState, person: PersonState, now: float) -> None:
    """It is not sure that this person is here: look again after a while, and end nothing until then."""
    if person.doubted_at is None:
        person.doubted_at = now
    state.wake_at(now + DOUBT_SECONDS)


def correct(person: PersonState, identity: Identity, sid: Sid, now: float) -> Effects:
    """They left when they were first missed, as far as is known."""
    missed_at = now if person.doubted_at is None else person.doubted_at
    person.disconnect()
    return Count(Metric.PRESENCE_CORRECTED), RecordLeft(identity, sid, UNKNOWN_REASON, int(missed_at * 1000))


def note_unclaimed(state: RoomState, open_visits: tuple[tuple[Sid, Identity], ...], now: float) -> None:
    """Visits that the database holds open and nobody in the room belongs to: of before a take-over, or of somebody
    who came just now, of whom the webhook told first. Only the grace tells the two apart."""
    here = {connection.sid for _, _, connection in state.connected()}
    before = state.unclaimed
    state.unclaimed = {
        sid: before.get(sid, (identity, now)) for sid, identity in open_visits if sid not in here
    }
    if state.unclaimed:
        state.wake_at(now + GRACE_SECONDS)


def close_unclaimed(state: RoomState, now: float) -> Effects:
    """Ends the visits that nobody has turned out to belong to within the grace, as of when that was noted."""
    if not state.ready:
        return ()
    here = {connection.sid for _, _, connection in state.connected()}
    due = {sid: of for sid, of in state.unclaimed.items() if now >= of[1] + GRACE_SECONDS}
    for sid in due:
        del state.unclaimed[sid]
    return tuple(
        RecordLeft(identity, sid, UNKNOWN_REASON, int(since * 1000))
        for sid, (identity, since) in due.items()
        if sid not in here
    )


def on_tick(state: RoomState, now: float) -> Effects:
    """Ask LiveKit about those who are doubted or were never seen; without them look around now and then."""
    closed = close_unclaimed(state, now)
    doubts = any(
        p.doubted_at is not None and now - p.doubted_at >= DOUBT_SECONDS for p in state.people.values()
    )
    unseen = any(not p.seen and overdue(p, now) for _, p, _ in state.connected())
    if not (doubts or unseen or now >= state.resync_at):
        return closed
    state.resync_at = now + (DOUBT_SECONDS if doubts or unseen else RESYNC_SECONDS)
    state.wake_at(state.resync_at)
    return (*closed, Resync(doubt=doubts or unseen))


def on_room_ended(state: RoomState, event: RoomEnded) -> Effects:
    """The room is gone, and so is everybody in it."""
    left: list[Effect] = []
    for identity, person, connection in list(state.connected()):
        person.disconnect()
        left.append(RecordLeft(identity, connection.sid, event.reason, event.at_ms))
    return tuple(left)


def learn(state: RoomState, person: PersonFacts, now: float) -> Effects:
    """Take the database's word for a person, and act on it."""
    for identity in state.identities_of(person.identity):
        state.person(identity).desired = person.desired
    heard = hear(state, person.identity, person.connection, now)
    return (*heard, *converge_person(state, person.identity, now))


def on_recorded(state: RoomState, event: PresenceRecorded, now: float) -> Effects:
    """What the answer to a report says of a stranger. Of anyone else pulls tell, in order; this may be older."""
    known = state.person(event.person.identity).desired is not None
    return () if known else learn(state, event.person, now)
