"""Who is shown how loud everyone is: host, co-hosts and moderators in the room, and whoever watches from outside.

Each message is the whole picture, so a lost one needs no repair, and is sent only when an eye would notice a change.
"""

from handlers.effects import Effects, ShowLevels
from handlers.events import Identity
from handlers.state import RoomState
from moderation.audio.levels import INTERVAL_SECONDS, Board, Level, changes
from moderation.roles import Role

WATCHED_SECONDS = 5.0
"""A few beats."""
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
    heard = loudest(state)
    _, told = changes(shown.board, heard, now)
    if not told:
        return ()
    shown.board = Board(heard, now)
    gone = dict.fromkeys(who for who, level in told.items() if level is None)
    return (ShowLevels({**heard, **gone}, tuple(sorted(shown.viewers)), watched),)


def forget_board(state: RoomState) -> None:
    """Somebody new looks, who has been told nothing yet."""
    shown = state.hearing.shown
    shown.board = Board(told_at=shown.board.told_at)


def on_watched(state: RoomState, now: float) -> None:
    """The database says so with every beat for as long as it is true, and nothing once it is not."""
    if now >= state.hearing.shown.watched_until:
        forget_board(state)
    state.hearing.shown.watched_until = now + WATCHED_SECONDS


def look_for_viewers(state: RoomState) -> None:
    shown = state.hearing.shown
    viewers = frozenset(
        identity for identity, person, _ in state.connected() if state.desired(person).role in VIEWERS
    )
    if viewers - shown.viewers:
        forget_board(state)
    shown.viewers, shown.doubtful = viewers, False


def loudest(state: RoomState) -> dict[Identity, Level]:
    """Each person's level: the louder one's of two microphones."""
    levels: dict[Identity, Level] = {}
    for microphone, level in state.hearing.levels.items():
        other = levels.get(microphone.identity)
        if other is None or level.dbfs > other.dbfs:
            levels[microphone.identity] = level
    return levels
