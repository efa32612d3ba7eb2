"""Takes a source's right from anyone who misuses it: sound called a camera, a picture called a microphone, more tracks
than a role can use. LiveKit compares names alone, and ends what the right was taken from.

A first disguise costs the right for a moment, so that an app may publish properly at once; a second one costs it until
a moderator returns it. This is no rule of sound: it holds in every mode, for hosts as well, and in calls, where nobody
could return a right, for a moment each time.
"""

import math

from handlers.actions import AUTOMATIC
from handlers.effects import AutomaticAction, Count, Effects, Metric, RecordIncident
from handlers.events import TrackPublished, TracksCounted
from handlers.facts import Action, Identity
from handlers.notice_types import NoticeType
from handlers.notices import notice
from handlers.permissions import converge, converge_person
from handlers.state import PersonState, RoomState, sid_of
from moderation.escalation import Decision, Severity
from moderation.identity import person_of
from moderation.roles import Role, Source
from moderation.rule_names import Rule
from moderation.rules import disguise, too_many_tracks
from moderation.rules.policy import Mode
from moderation.rules.steps import Step
from moderation.words import Words

SOUND = frozenset({Source.MICROPHONE, Source.SCREEN_SHARE_AUDIO})
MOMENT_SECONDS = 3.0
"""For LiveKit to end the track and for the app to hear why."""
TRACKS_OF_A_SOURCE = 2
LONGEST_SECONDS = 60.0
MOST_DOUBLINGS = 10
"""Far beyond `LONGEST_SECONDS`; without an end the power is no float any more."""
RETURNS = {
    "unmute": SOUND,
    "unmute_all": SOUND,
    "camera_on": frozenset(Source) - SOUND,
    "set_role": frozenset(Source),
}
"""Which rights a moderator's act returns."""


def on_track_published(state: RoomState, event: TrackPublished, now: float) -> Effects:
    """A track is compared with its source. Another kind than it says: the right to the source goes."""
    if event.source is not None and event.sound is (event.source in SOUND):
        return converge(state, event.identity, now)
    person, who = state.person(event.identity), person_of(event.identity)
    sources = frozenset(Source) if event.source is None else frozenset({event.source})
    misuse = person.misuse
    known = event.track in person.disguised or all(now < misuse.withheld.get(s, 0.0) for s in sources)
    person.disguised.add(event.track)
    if known:  # several at once are one offence: the right is on its way out
        return (Count(Metric.TRACK_DISGUISED), *converge(state, event.identity, now))
    misuse.disguises += 1
    again = misuse.disguises > 1 and may_stay_away(state)
    until = math.inf if again else now + MOMENT_SECONDS
    action = action_for(state, event, person) if again else None
    why = disguise.words(sound=event.sound, seconds=None if again else MOMENT_SECONDS)
    told = withhold(state, who, sources, until, now)
    incident = record(state, event.identity, Rule.DISGUISE, misuse.disguises, why, action, now)
    return (Count(Metric.TRACK_DISGUISED), *told, *incident, *say(who, Rule.DISGUISE, why))


def on_tracks_counted(state: RoomState, event: TracksCounted, now: float) -> Effects:
    """The right is away until they are gone and a little longer, each time twice as long."""
    person, source = state.people.get(event.identity), event.source
    if person is None or sid_of(person) != event.sid or source is None:
        return ()
    if event.count <= TRACKS_OF_A_SOURCE:
        if source not in person.crowding:
            return ()
        person.crowding.discard(source)
        misuse = person.misuse
        doublings = min(misuse.crowds[source] - 1, MOST_DOUBLINGS)
        seconds = min(MOMENT_SECONDS * 2**doublings, LONGEST_SECONDS)
        until = max(now + seconds, misuse.withheld.get(source, 0.0))
        return withhold(state, person_of(event.identity), frozenset({source}), until, now)
    if source in person.crowding:
        return converge(state, event.identity, now)
    person.crowding.add(source)
    person.misuse.crowds[source] = person.misuse.crowds.get(source, 0) + 1
    why = too_many_tracks.words(event.count, TRACKS_OF_A_SOURCE)
    incident = record(state, event.identity, Rule.TOO_MANY_TRACKS, event.count, why, None, now)
    return (
        *converge(state, event.identity, now),
        *incident,
        *say(person_of(event.identity), Rule.TOO_MANY_TRACKS, why),
    )


def on_actions(state: RoomState, actions: tuple[Action, ...], now: float) -> Effects:
    """A moderator returns a right: what it was taken for is forgiven."""
    effects: Effects = ()
    for action in actions:
        returned = RETURNS.get(action.action)
        if returned is None or action.via == AUTOMATIC:
            continue
        for identity in [action.target] if action.target is not None else list(state.people):
            person = state.people.get(identity)
            if person is None or not (person.misuse.disguises or person.misuse.withheld):
                continue
            person.misuse.disguises = 0
            for source in returned & person.misuse.withheld.keys():
                del person.misuse.withheld[source]
            effects += converge_person(state, person_of(identity), now)
    return effects


def may_stay_away(state: RoomState) -> bool:
    """In a call nobody could return it."""
    return state.default_role is not None


def withhold(
    state: RoomState, person: Identity, sources: frozenset[Source], until: float, now: float
) -> Effects:
    """Take the rights to these sources until then, seconds since the epoch; infinite: until a moderator returns one."""
    misuse = state.person(person).misuse
    for source in sources:
        misuse.withheld[source] = until
    if math.isfinite(until):
        state.wake_at(until)
    return converge_person(state, person, now)


def action_for(state: RoomState, event: TrackPublished, person: PersonState) -> AutomaticAction | None:
    """What makes it last when another agent takes over. Rules act only where the policy says so, and on no host."""
    policy = state.hearing.policy
    if policy is None or policy.mode is not Mode.ENFORCE or state.desired(person).role is Role.HOST:
        return None
    silences = event.sound if event.source is None else event.source in SOUND
    return AutomaticAction("mute" if silences else "camera_off", {})


def record(
    state: RoomState,
    identity: Identity,
    rule: Rule,
    times: int,
    why: Words,
    action: AutomaticAction | None,
    now: float,
) -> Effects:
    """For anyone who looks; it is held against nobody by the ladder. None where nothing is recorded: in calls."""
    if state.hearing.policy is None:
        return ()
    person = state.person(identity)
    repeated = rule is Rule.DISGUISE and times > 1
    decision = Decision(
        step=Step.REASSERT,
        rule=rule,
        severity=Severity.CRITICAL if repeated else Severity.WARNING,
        dry_run=False,
        at=now,
        since=now,
        seconds=0.0,
        strikes=0.0,
        measured={"times": float(times)},
        words=why,
    )
    if action is not None:
        state.person(person_of(identity)).why = why
    host = state.desired(person).role is Role.HOST
    case = Severity.CRITICAL if repeated and host else None
    return (RecordIncident(person_of(identity), sid_of(person), decision, action, case=case),)


def say(identity: Identity, rule: Rule, why: Words) -> Effects:
    """The warning to the one who did it."""
    return (notice(identity, NoticeType.WARNING, why, rule=rule.value, strikes=1),)
