"""The life of a claimed `moderation_actions` row: open, watched until it is true, finished once.

The insert has already written the desired state, so nothing here decides what a row means for a person; a row is done
when the room agrees. `CONDITIONS` says for each action what has to hold.
"""

from collections.abc import Callable, Mapping
from typing import Any

from handlers.effects import Effect, Effects, FinishAction, NoticeType, RemoveParticipant, Verdict
from handlers.events import (
    Action,
    ActionId,
    Failure,
    Identity,
    ParticipantNotRemoved,
    PermissionNotSet,
    Sid,
)
from handlers.notices import notice
from handlers.permissions import converged
from handlers.state import OpenAction, PersonState, RoomState
from moderation.desired import Desired, effective_permission, rehearse

Condition = Callable[[RoomState, Action, float], bool]


def target_agrees(state: RoomState, action: Action, now: float) -> bool:
    return action.target is None or converged(state, action.target, now)


def everyone_agrees(state: RoomState, action: Action, now: float) -> bool:
    return all(converged(state, identity, now) for identity, _, _ in list(state.connected()))


def target_is_away(state: RoomState, action: Action, now: float) -> bool:
    assert action.target is not None
    person = state.people.get(action.target)
    return person is None or person.connection is None


def target_was_kicked(state: RoomState, action: Action, now: float) -> bool:
    """No connection from before the row is left. One that came later is a new visit, and allowed."""
    assert action.target is not None
    return kickable(state.people.get(action.target), action) is None


def is_relayed(state: RoomState, action: Action, now: float) -> bool:
    return state.relayed_seq >= int(action.params.get("seq", 0))


def room_is_closed(state: RoomState, action: Action, now: float) -> bool:
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
    "ban": target_is_away,
    "unban": target_agrees,
    "chat_mute": target_agrees,
    "chat_unmute": target_agrees,
    "delete_message": target_agrees,
    "announce": is_relayed,
    "end_session": room_is_closed,
}


def open_action(state: RoomState, action: Action, now: float) -> Effects:
    """Take a row on. One that is open already was claimed again because we were slow: nothing to add."""
    if action.id in state.actions:
        return ()
    if action.action not in CONDITIONS:
        return (fail(action.id, "unknown_action", f"This worker does not know {action.action!r}."),)
    before = target_view(state, action.target, now)
    if action.dry_run:
        return (rehearsed(state, action, before, now),)
    state.actions[action.id] = OpenAction(action, before)
    give_reason(state, action)
    return kick(state, action) if action.action == "kick" else ()


def give_reason(state: RoomState, action: Action) -> None:
    """Whoever it is about will be told why, when it is true."""
    about = list(state.people.values()) if action.target is None else [state.person(action.target)]
    for person in about:
        person.why = action.reason


def rehearsed(state: RoomState, action: Action, before: Mapping[str, Any] | None, now: float) -> FinishAction:
    """The answer to a dry run: what would be, with nothing touched."""
    after = None
    if action.target is not None:
        person = state.people.get(action.target, PersonState())
        after = view(rehearse(state.desired(person), action.action, action.params, now), state, now)
    return FinishAction(action.id, Verdict.APPLIED, before, after)


def kick(state: RoomState, action: Action) -> Effects:
    assert action.target is not None
    person = state.people.get(action.target)
    connection = kickable(person, action)
    if person is None or connection is None or person.removing:
        return ()
    person.removing = True
    told = notice(action.target, NoticeType.REMOVED, action.reason, reason="kicked", until=None)
    return (RemoveParticipant(action.target, connection, ban=False, notice=told),)


def kickable(person: PersonState | None, action: Action) -> Sid | None:
    """The SID of the connection that a kick is meant for, if it is still there."""
    if person is None or person.connection is None or person.connection.joined_at_ms > action.created_at_ms:
        return None
    return person.connection.sid


def settle(state: RoomState, now: float) -> Effects:
    """Finish every open row whose condition holds now. Runs after each event."""
    effects: list[Effect] = []
    for opened in [o for o in state.actions.values() if CONDITIONS[o.action.action](state, o.action, now)]:
        del state.actions[opened.action.id]
        effects.append(finish(state, opened, now))
    return tuple(effects)


def finish(state: RoomState, opened: OpenAction, now: float) -> FinishAction:
    after = target_view(state, opened.action.target, now)
    return FinishAction(opened.action.id, Verdict.APPLIED, opened.before, after)


def retry_kicks(state: RoomState) -> Effects:
    """Kicks whose removal did not get through and is not under way."""
    effects: list[Effect] = []
    for opened in state.actions.values():
        if opened.action.action == "kick":
            effects += kick(state, opened.action)
    return tuple(effects)


def on_refused(state: RoomState, event: PermissionNotSet | ParticipantNotRemoved) -> Effects:
    """LiveKit said no for good: the rows that asked for it have failed, in words that help."""
    if event.failure is not Failure.PERMANENT:
        return ()
    refused = [o.action.id for o in state.actions.values() if o.action.target == event.identity]
    for action_id in refused:
        del state.actions[action_id]
    return tuple(fail(action_id, "livekit_refused", event.error) for action_id in refused)


def fail(action_id: ActionId, code: str, error: str) -> FinishAction:
    return FinishAction(action_id, Verdict.FAILED, error_code=code, error=error)


def target_view(state: RoomState, target: Identity | None, now: float) -> Mapping[str, Any] | None:
    if target is None:
        return None
    person = state.people.get(target, PersonState())
    seen = view(state.desired(person), state, now)
    present = person.connection is not None
    actual = person.connection.permission if person.connection is not None else None
    return {**seen, "present": present, "actual": None if actual is None else actual.as_json()}


def view(desired: Desired, state: RoomState, now: float) -> Mapping[str, Any]:
    removal = desired.removed(now)
    return {
        "role": desired.role.value,
        "mic_muted": desired.muted(now),
        "camera_off": desired.camera_off,
        "removed": None if removal is None else removal.reason,
        "permission": effective_permission(desired, state.rights, now).as_json(),
    }
