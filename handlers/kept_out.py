"""People whose sound is heard and cannot be measured: their seconds, and what follows. Sessions only, never calls."""

from handlers.audio import follow
from handlers.effects import Effects
from handlers.events import KeptOut
from handlers.state import RoomState, sid_of
from moderation.identity import person_of
from moderation.rules.not_measurable import Evaded, NotMeasurable, add, not_measurable

NONE = Evaded()


def on_kept_out(state: RoomState, event: KeptOut, now: float) -> Effects:
    """Add up what could not be measured, and judge it. From an older connection: nothing."""
    hearing, person = state.hearing, state.people.get(event.identity)
    if hearing.policy is None or not hearing.on or person is None or sid_of(person) != event.sid:
        return ()
    who = person_of(event.identity)
    half_life = hearing.policy.strikes.half_life_seconds
    told = add(hearing.evaded.get(who, NONE), event.seconds, now, half_life)
    hearing.evaded[who] = told
    verdict = not_measurable(told, event.seconds, event.shut, hearing.policy[NotMeasurable])
    if verdict is None:
        return ()
    return follow(state, who, event.sid, state.desired(person).role, verdict, now)
