"""Who is shown how loud everyone is and whose microphone and camera are on: host, co-hosts and moderators in the room,
and anyone who watches from outside.

Each message is the whole picture, so a lost one needs no repair, and is sent only when an eye would notice a change.
Who watches from outside may have come later than the others, unseen from here, and cannot tell silence from an agent
that is gone: for them the picture is repeated.
"""

from handlers.effects import Effects, ShowLevels
from handlers.events import Switched
from handlers.facts import MICROPHONE, Identity, Switch, Switches, Track
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
    heard, switches = heard_of_each(state), publishing(state)
    _, told = changes(shown.board, heard, now)
    changed = told or switches != shown.switches
    if not changed and not (watched and now - shown.board.told_at >= REPEAT_SECONDS):
        return ()
    shown.board, shown.switches = Board(heard, now), switches
    gone = dict.fromkeys(who for who, level in told.items() if level is None)
    to = tuple(sorted(shown.viewers)) if changed else ()
    return (ShowLevels({**heard, **gone}, switches, to, watched, several(state)),)


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
