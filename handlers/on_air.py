"""What of a host's camera and microphone is on air, for the record by which tickets are earned.

By what tracks say of themselves: published and not muted. Of everybody else nothing is recorded.
"""

from handlers.effects import Effects, RecordMedia
from handlers.facts import Switch, Switches
from handlers.state import RoomState, sid_of
from moderation.identity import person_of
from moderation.roles import Role, Source


def record(state: RoomState, now: float) -> Effects:
    """What has changed since it was last told, and all of it for a connection or a host that is new."""
    told = []
    for identity, (sid, switches) in state.hearing.switches.items():
        person = state.people.get(identity)
        if person is None or sid_of(person) != sid or state.desired(person).role is not Role.HOST:
            continue
        flowing = flowing_of(switches)
        if state.on_air.get(identity) != (sid, flowing):
            state.on_air[identity] = sid, flowing
            told.append(RecordMedia(person_of(identity), sid, flowing, int(now * 1000)))
    return tuple(told)


def flowing_of(switches: Switches) -> frozenset[Source]:
    """What is published and not muted, of microphone and camera."""
    sources = {Source.MICROPHONE: switches.microphone, Source.CAMERA: switches.camera}
    return frozenset(source for source, switch in sources.items() if switch is Switch.ON)
