"""The life of a claimed `moderation_actions` row: open, watched until it is true, finished once.

The insert has already written the desired state, so nothing here decides what a row means for a person; a row is done
when the room agrees. `CONDITIONS` says what has to hold for each action that LiveKit must agree with. `before` and
`after` have been written too: what is added here is what LiveKit had and has.
"""

from collections.abc import Callable, Mapping
from typing import Any

from handlers.effects import Effect, Effects, FinishAction, Outcome, RemoveParticipant
from handlers.events import Failure, ParticipantNotRemoved, PermissionNotSet
from handlers.facts import Action, ActionId, Connection, Identity, Sid
from handlers.notice_types import NoticeType
from handlers.notices import notice
from handlers.permissions import agrees, converged, list_people
from handlers.state import OpenAction, PersonState, RoomState
from moderation.action_names import TARGETED
from moderation.desired import Standing
from moderation.identity import is_beside, person_of
from moderation.words import Reason, Words

AUTOMATIC = "auto"
"""The door of the rules."""

Condition = Callable[[RoomState, Action, float], bool]


def target_agrees(state: RoomState, action: Action, now: float) -> bool:
    """Whether the room has the target as the database wants it. `now`: seconds since the epoch, as everywhere here."""
    return action.target is None or converged(state, action.target, now)


def everyone_agrees(state: RoomState, action: Action, now: float) -> bool:
    """Whether the room has everybody as the database wants them."""
    return all(agrees(state, identity, now) for identity, _, _ in list(state.connected()))


def target_was_kicked(state: RoomState, action: Action, now: float) -> bool:
    """No connection that the row was meant for is left. One that came later is a new visit, and allowed.

    Someone whom the room does not show may have come within the last seconds: only LiveKit's own list can tell.
    """
    assert action.target is not None
    opened = state.actions[action.id]
    return opened.certain and not any(kickable(state, action.target, opened))


def is_relayed(state: RoomState, action: Action, now: float) -> bool:
    """Whether what it announces has been put on the wire."""
    return state.relayed_seq >= int(action.params.get("seq", 0))


def room_is_closed(state: RoomState, action: Action, now: float) -> bool:
    """Whether LiveKit's room is gone."""
    return state.closed_at is not None


CONDITIONS: Mapping[str, Condition] = {
    "mute": target_agrees,
    "unmute": target_agrees,
    "camera_off": target_agrees,
    "camera_on": target_agrees,
    "set_role": target_agrees,
    "mute_all": everyone_agrees,
    "unmute_all": everyone_agrees,
    "kick": target_was_kicked,
    "ban": target_agrees,
    "unban": target_agrees,
    "announce": is_relayed,
    "end_session": room_is_closed,
}
REMEMBERED = 1000


def open_action(state: RoomState, action: Action) -> Effects:
    """Take a row on. One that is open already was claimed again because we were slow: nothing to add. One that is
    finished was claimed again because the database has not heard: it is told again, and nobody else."""
    if action.id in state.actions:
        return ()
    if (finished := state.finished.get(action.id)) is not None:
        return (finished,)
    if action.action not in CONDITIONS:
        return (fail(action.id, "unknown_action", f"This worker does not know {action.action!r}."),)
    if action.target is None and action.action in TARGETED:
        return (fail(action.id, "malformed", f"{action.action} needs a target."),)
    away = is_away(state, action)
    state.actions[action.id] = OpenAction(
        action, seen(state, action), aims_of(state, action), certain=not away
    )
    promise_notice(state, action)
    return ()


def promise_notice(state: RoomState, action: Action) -> None:
    """The person it is about will be told, and why, when it is true. A rule has said why already, in both languages."""
    about = own_of_everybody(state) if action.target is None else [state.person(action.target)]
    for person in about:
        if action.action == "set_role" and person.told is None:
            person.told = Standing(role=None)  # LiveKit shows some of them 3 s late, and then in the new role
        if not (
            action.via == AUTOMATIC and isinstance(person.why, Words) and not isinstance(person.why, Reason)
        ):
            person.why = action.reason


def own_of_everybody(state: RoomState) -> list[PersonState]:
    """Everybody's app, which is what is told."""
    return [person for identity, person in state.people.items() if not is_beside(identity)]


def aims_of(state: RoomState, action: Action) -> frozenset[Sid]:
    """What the database knew of when the row was inserted, and what we have known for longer than that. Times of
    joining are LiveKit's, the row's is the database's, and two clocks are never compared."""
    if action.target is None:
        return action.connections
    known = {
        connection.sid
        for _, person, connection in state.connections_of(action.target)
        if person.known_at * 1000 <= action.created_at_ms
    }
    return action.connections | known


def kick(state: RoomState, opened: OpenAction, now: float) -> Effects:
    """Disconnect the person whom the row is for, all that carries them, unless that is under way or has just not
    worked."""
    action = opened.action
    assert action.target is not None
    effects: list[Effect] = []
    for identity, person, connection in kickable(state, action.target, opened):
        if not person.removing and now >= person.retry_at:
            person.removing = True
            told = notice(identity, NoticeType.REMOVED, action.reason, reason="kicked", until=None)
            effects.append(RemoveParticipant(identity, connection.sid, ban=False, notice=told))
    return tuple(effects)


def kickable(
    state: RoomState, target: Identity, opened: OpenAction
) -> list[tuple[Identity, PersonState, Connection]]:
    """The connections that a kick is meant for and that are still there. Where nobody knew of any when the row was
    inserted, it is the first one that shows."""
    here = list(state.connections_of(target))
    if not opened.aims:
        opened.aims = frozenset(connection.sid for _, _, connection in here[:1])
    return [entry for entry in here if entry[2].sid in opened.aims]


def settle(state: RoomState, now: float) -> Effects:
    """Finish every open row whose condition holds now, and kick for the others. Runs after each event."""
    if not state.ready:
        return ()
    effects: list[Effect] = []
    for opened in list(state.actions.values()):
        action = opened.action
        if CONDITIONS[action.action](state, action, now):
            effects.append(finish(state, opened))
        elif action.action == "kick":
            effects += kick(state, opened, now)
    return (*effects, *ask_for_list(state, now))


def ask_for_list(state: RoomState, now: float) -> Effects:
    """Have LiveKit tell who is here, once for all rows that cannot end without knowing."""
    waiting = any(not opened.certain and opened.action.action == "kick" for opened in state.actions.values())
    return list_people(state, now) if waiting else ()


def is_away(state: RoomState, action: Action) -> bool:
    """Whether the target has no connection here; also where it has no target."""
    return action.target is None or not any(state.connections_of(action.target))


def on_listed(state: RoomState, *, proves: bool) -> None:
    """LiveKit has told who is here: rows about those who are not may end, if its word proves anybody's absence."""
    if not proves:
        return
    state.listing_until = 0.0
    for opened in state.actions.values():
        opened.certain = True


def finish(state: RoomState, opened: OpenAction) -> FinishAction:
    """The row is true: it is closed as applied, with what is seen now."""
    done = FinishAction(opened.action.id, Outcome.APPLIED, opened.before, seen(state, opened.action))
    conclude(state, done)
    return done


def conclude(state: RoomState, done: FinishAction) -> None:
    """Take a row off the open ones, and remember its answer for a repeated claim."""
    del state.actions[done.action]
    state.finished[done.action] = done
    if len(state.finished) > REMEMBERED:
        del state.finished[next(iter(state.finished))]


def on_refused(state: RoomState, event: PermissionNotSet | ParticipantNotRemoved) -> Effects:
    """LiveKit said no for good: the rows that wait for it have failed, in words that help."""
    if event.failure is not Failure.PERMANENT:
        return ()
    refused = [
        fail(opened.action.id, "livekit_refused", event.error)
        for opened in state.actions.values()
        if opened.action.target == person_of(event.identity)
        or CONDITIONS[opened.action.action] is everyone_agrees
    ]
    for done in refused:
        conclude(state, done)
    return tuple(refused)


def fail(action_id: ActionId, code: str, error: str) -> FinishAction:
    """The answer to a row that cannot be made true. `code` is for programs, `error` for people."""
    return FinishAction(action_id, Outcome.FAILED, error_code=code, error=error)


def seen(state: RoomState, action: Action) -> Mapping[str, Any] | None:
    """What LiveKit has of the target: whether it is there, and the permission; None without a target."""
    if action.target is None:
        return None
    here = [connection for _, _, connection in state.connections_of(action.target)]
    actual = here[0].permission if here else None
    return {"present": bool(here), "actual": None if actual is None else actual.as_json()}
