"""Who is shown how loud everyone is and whose microphone and camera are on: host, co-hosts and moderators in the room,
and anyone who watches from outside.

Each message is the whole picture, so a lost one needs no repair, and is sent only when an eye would notice a change.
While anybody asks the database for levels the picture is repeated: they may have come later than the others, unseen
from here, and nobody can tell silence from an agent that is gone.
"""

from handlers.effects import Effects, ShowLevels
from handlers.events import ConnectionRated, Switched
from handlers.facts import MICROPHONE, Identity, Switch, Switches, Track, Weak
from handlers.state import RoomState, sid_of
from moderation.audio.board import INTERVAL_SECONDS, Board, Level, changes, sum_of
from moderation.identity import is_beside, person_of
from moderation.roles import Role

WATCHED_SECONDS = 5.0
"""A few beats."""
REPEAT_SECONDS = 5.0
OFF = Switches()
VIEWERS = frozenset({Role.HOST, Role.CO_HOST, Role.MODERATOR})


def show(state: RoomState, now: float) -> Effects:
    """The next message, if it is time for one and there is something to tell."""
    shown = state.hearing.shown
    if now - shown.board.told_at < INTERVAL_SECONDS:
        return ()
    if shown.doubtful:
        look_for_viewers(state)
    watched = now < shown.watched_until
    if not shown.viewers and not watched:
        return ()
    heard, switches, weak = heard_of_each(state), publishing(state), badly_connected(state)
    _, told = changes(shown.board, heard, now)
    changed = told or switches != shown.switches or weak != shown.weak
    if not changed and not (watched and now - shown.board.told_at >= REPEAT_SECONDS):
        return ()
    shown.board, shown.switches, shown.weak = Board(heard, now), switches, weak
    gone = dict.fromkeys(who for who, level in told.items() if level is None)
    to = tuple(sorted(shown.viewers))
    return (ShowLevels({**heard, **gone}, switches, to, watched, several(state), weak),)


def forget_board(state: RoomState) -> None:
    """Somebody new looks, who has been told nothing yet."""
    shown = state.hearing.shown
    shown.board, shown.switches = Board(told_at=shown.board.told_at), None


def on_watched(state: RoomState, now: float) -> Effects:
    """The database says so with every beat for as long as it is true, and nothing once it is not."""
    if now >= state.hearing.shown.watched_until:
        forget_board(state)
    state.hearing.shown.watched_until = now + WATCHED_SECONDS
    return show(state, now)


def on_switched(state: RoomState, event: Switched, now: float) -> Effects:
    """A microphone or camera went on or off: it is shown at the next turn of the board."""
    state.hearing.switches[event.identity] = event.sid, event.switches
    return show_soon(state, now)


def on_rated(state: RoomState, event: ConnectionRated, now: float) -> Effects:
    """A connection became weak, or is well again: it is shown at the next turn of the board."""
    if event.weak is None:
        state.hearing.weak.pop(event.identity, None)
    else:
        state.hearing.weak[event.identity] = event.sid, event.weak
    return show_soon(state, now)


def on_arrived(state: RoomState, identity: Identity, now: float) -> Effects:
    """A viewer is shown all at once, and again at the next turn: a packet may come before they can take it."""
    if is_beside(identity) or state.desired(state.person(identity)).role not in VIEWERS:
        return ()
    shown = state.hearing.shown
    look_for_viewers(state)
    shown.board, shown.switches = Board(), None
    at_once = show(state, now)
    forget_board(state)
    state.wake_at(now + INTERVAL_SECONDS)
    return at_once


def show_soon(state: RoomState, now: float) -> Effects:
    """The next message, now or when it is time for one."""
    due = state.hearing.shown.board.told_at + INTERVAL_SECONDS
    if now < due:
        state.wake_at(due)
    return show(state, now)


def look_for_viewers(state: RoomState) -> None:
    """Learn who in the room may see levels. A new one is shown the whole picture."""
    shown = state.hearing.shown
    viewers = frozenset(
        identity
        for identity, person, _ in state.connected()
        if state.desired(person).role in VIEWERS and not is_beside(identity)
    )
    if viewers - shown.viewers:
        forget_board(state)
    shown.viewers, shown.doubtful = viewers, False


def publishing(state: RoomState) -> dict[Identity, Switches]:
    """The switches of everyone here who publishes anything; all others have everything off."""
    here: dict[Identity, Switches] = {}
    for identity, (sid, switches) in state.hearing.switches.items():
        person = state.people.get(identity)
        if switches != OFF and person is not None and sid_of(person) == sid:
            who = person_of(identity)
            here[who] = either(here.get(who, OFF), switches)
    return here


def badly_connected(state: RoomState) -> dict[Identity, Weak]:
    """Of everyone here; what was said of a connection that is over counts for no other."""
    here: dict[Identity, Weak] = {}
    for identity, (sid, weak) in state.hearing.weak.items():
        person = state.people.get(identity)
        if person is not None and sid_of(person) == sid:
            here[person_of(identity)] = weak
    return here


def either(one: Switches, other: Switches) -> Switches:
    """Of two connections of a person: what is on at one of them is on."""
    return Switches(*(min(pair, key=tuple(Switch).index) for pair in zip(one, other, strict=True)))


def heard_of_each(state: RoomState) -> dict[Identity, Level]:
    """Each person's level: of all their sounds together."""
    voices = state.hearing.voices.items()
    return {identity: sum_of(voice.levels.values()) for identity, voice in voices if voice.levels}


def several(state: RoomState) -> dict[Identity, dict[Track, Level]]:
    """The sounds of everyone of whom more is heard than one microphone."""
    voices = state.hearing.voices.items()
    return {
        who: dict(voice.levels) for who, voice in voices if voice.levels and [*voice.levels] != [MICROPHONE]
    }
