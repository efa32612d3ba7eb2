"""What is heard in a room and what follows: rules, ladder, incidents, minutes, dead air. Sessions only, never calls.

`on_measured` runs several times a second for each track, so it does nothing that the other events could do.
"""

import math
from collections.abc import Mapping
from typing import Any

from handlers import evidence, levels, minutes
from handlers.actions import AUTOMATIC
from handlers.effects import (
    AutomaticAction,
    Count,
    Effect,
    Effects,
    HearSounds,
    Metric,
    RecordIncident,
    ReportPolicy,
)
from handlers.events import Measured, TrackPaused
from handlers.facts import Action, Identity, Sid, StandingStrikes, Track
from handlers.hearing import Voice
from handlers.notice_types import NoticeType
from handlers.notices import notice
from handlers.permissions import reassert
from handlers.state import RoomState, sid_of
from moderation.audio.board import INTERVAL_SECONDS, level_of
from moderation.audio.measurement import Measurement
from moderation.audio.together import SHORT_TERM_SECONDS, together
from moderation.escalation import Decision, Record, Severity, escalate, forgive, recall
from moderation.identity import person_of
from moderation.roles import NO_RIGHTS, Role, Source
from moderation.rule_names import Rule
from moderation.rules.dead_air import DeadAir, dead_air
from moderation.rules.judge import LOUDNESS, Watch, judge
from moderation.rules.policy import PolicyError, parse_policy, readable_policy
from moderation.rules.rule import Subject, Verdict
from moderation.rules.steps import Step

FAULTS_EVERY_SECONDS = 300.0
"""Less than the window of the alert on `live_bad_policies_total`."""
GRAIN_SECONDS = 0.05
"""By which blocks of different tracks may come too early."""
CLEAN, UNWATCHED = Record(), Watch()
SAID = frozenset({Step.TIP, Step.NOTICE, Step.WARNING, Step.CALL_HUMAN})
"""Steps that consist of words to the person."""
LIFTS = frozenset({"unmute", "unmute_all", "set_role"})


def on_policy(state: RoomState, told: Mapping[str, Any] | None, now: float) -> Effects:
    """The policy as the database has it now. One that cannot be used changes nothing; a room that had none takes what
    can be read of it. Both are reported, again and again until it is mended."""
    hearing = state.hearing
    if told is None or told == hearing.asked:
        return ()
    before, hearing.asked = hearing.on, told
    try:
        hearing.policy, hearing.faults = parse_policy(told), ()
    except PolicyError as error:
        hearing.policy, hearing.faults = hearing.policy or readable_policy(told), error.problems
    hearing.faults_told_at = -math.inf
    complaints = tell_faults(state, now)
    if hearing.on is before:
        return complaints
    if hearing.on:
        hearing.heard_at = now
        look_for_dead_air(state, now)
    else:
        hearing.voices.clear()
    return (*complaints, *minutes.close(hearing), HearSounds(hearing.on))


def tell_faults(state: RoomState, now: float) -> Effects:
    """That the policy in the database cannot be used, as long as that is so: an alert must not end before the fault."""
    hearing = state.hearing
    if not hearing.faults or hearing.policy is None or now < hearing.faults_told_at + FAULTS_EVERY_SECONDS:
        return ()
    hearing.faults_told_at = now
    state.wake_at(now + FAULTS_EVERY_SECONDS)
    return (ReportPolicy(hearing.faults, hearing.policy.mode),)


def on_strikes(state: RoomState, told: tuple[StandingStrikes, ...]) -> None:
    """What an agent before us held against whom goes on; its policy must be known."""
    if (policy := state.hearing.policy) is not None:
        for past in told:
            state.hearing.records[past.identity] = recall(past.strikes, past.step, past.at, policy)


def on_measured(state: RoomState, event: Measured, now: float) -> Effects:
    """One block of one track: judge it, add it up, show it. From an older connection: nothing."""
    hearing, person, m = state.hearing, state.people.get(event.identity), event.measurement
    if hearing.policy is None or not hearing.on or person is None or sid_of(person) != event.sid:
        return ()
    who = person_of(event.identity)
    desired, track, voice = state.desired(person), event.track, hearing.voice(who)
    subject = Subject(desired.role, track.source in state.allowed(person, now).sources)
    watch = voice.watches.get(track, UNWATCHED)
    voice.watches[track], verdicts = judge(watch, m, subject, hearing.policy)
    voice.latest[track], voice.levels[track] = m, level_of(m)
    voice.paused.pop(track, None)
    summed = m if len(voice.latest) == 1 else sum_up(voice, m)
    if m.audible_seconds > 0.0 and subject.may_be_heard:
        hearing.heard_at = m.at
    effects: list[Effect] = [*minutes.add(state, who, event, summed), *levels.show(state, now)]
    for verdict in verdicts:
        effects += follow(state, who, event.sid, desired.role, verdict, now, track)
    if summed is not None and summed is not m:
        voice.together, verdicts = judge(voice.together, summed, subject, hearing.policy, LOUDNESS)
        for verdict in verdicts:
            effects += follow(state, who, event.sid, desired.role, verdict, now)
    effects += evidence.on_judged(state, voice, now)
    return evidence.with_clips(state, tuple(effects), now)


def sum_up(voice: Voice, m: Measurement) -> Measurement | None:
    """What is heard from all tracks of a person, `m` the newest; once a block, whichever track it comes with."""
    passed = m.at - voice.together_at
    if passed < m.seconds - GRAIN_SECONDS:
        return None
    if passed > SHORT_TERM_SECONDS:
        voice.together, passed = UNWATCHED, m.seconds
    voice.together_at = m.at
    for track in [
        t for t, last in voice.latest.items() if m.at - last.at > SHORT_TERM_SECONDS + last.seconds
    ]:
        del voice.latest[track]
    return together(voice.latest.values(), m, passed)


def on_paused(state: RoomState, event: TrackPaused, now: float) -> Effects:
    """A track sends nothing now: its level goes, and its gap counts for dead air."""
    hearing, voice = state.hearing, state.hearing.voice(person_of(event.identity))
    voice.levels.pop(event.track, None)
    voice.paused[event.track] = event.why
    state.wake_at(now + INTERVAL_SECONDS)  # the last level must not stand until somebody else speaks
    return levels.show(state, now) if hearing.on else ()


def follow(
    state: RoomState,
    identity: Identity,
    sid: Sid | None,
    role: Role,
    verdict: Verdict,
    now: float,
    track: Track | None = None,
) -> Effects:
    """What follows from a verdict, if it is time for anything: words, an action, and always an incident. `track`: the
    sound that it is about; None: several together, or none of them."""
    hearing = state.hearing
    assert hearing.policy is not None
    record = hearing.records.get(identity, CLEAN)
    hearing.records[identity], decision = escalate(record, verdict, role, hearing.policy)
    if decision is None:
        return ()
    action = None if decision.dry_run else action_for(state, decision)
    recorded = RecordIncident(identity, sid, decision, action, track, case_for(decision, role))
    if decision.dry_run:
        return (recorded,)
    if action is not None:
        state.person(identity).why = decision.words
    alarm = (Count(Metric.HOST_NOT_MEASURABLE),) if is_unmeasured_host(decision, role) else ()
    return (recorded, *alarm, *say(identity, decision), *set_right(state, identity, decision, now))


def case_for(decision: Decision, role: Role) -> Severity | None:
    """A human is needed where a rule has called one, and where it may not act on a host who evades it."""
    if decision.dry_run:
        return None
    if is_unmeasured_host(decision, role):
        return Severity.CRITICAL
    return decision.severity if decision.step is Step.CALL_HUMAN else None


def is_unmeasured_host(decision: Decision, role: Role) -> bool:
    """A host who evades measuring: no rule acts on a host, so a human must."""
    return decision.rule is Rule.NOT_MEASURABLE and role is Role.HOST


def action_for(state: RoomState, decision: Decision) -> AutomaticAction | None:
    """The row that a step asks for. None: the step consists of words."""
    match decision.step:
        case Step.MUTE:
            return AutomaticAction("mute", {"seconds": decision.seconds})
        case Step.DEMOTE:
            return AutomaticAction("set_role", {"role": (state.default_role or Role.LISTENER).value})
        case _:
            return None


def say(identity: Identity, decision: Decision) -> Effects:
    """Words are sent at once; of an action the person hears when it is true."""
    if decision.step not in SAID:
        return ()
    if decision.step is Step.TIP:
        return (notice(identity, NoticeType.TIP, decision.words, rule=decision.rule.value),)
    rule, strikes = decision.rule.value, max(1, round(decision.strikes))
    return (notice(identity, NoticeType.WARNING, decision.words, rule=rule, strikes=strikes),)


def set_right(state: RoomState, identity: Identity, decision: Decision, now: float) -> Effects:
    """The permission once more, where the room did not agree with the database."""
    return reassert(state, identity, now) if decision.step is Step.REASSERT else ()


def on_actions(state: RoomState, actions: tuple[Action, ...]) -> None:
    """Somebody lifts what a rule did: then nothing is held against the person any more. The people of the same pull
    must have been learned."""
    records = state.hearing.records
    for action in actions:
        if action.via == AUTOMATIC or action.action not in LIFTS:
            continue
        for identity in [action.target] if action.target is not None else list(records):
            if identity in records and may_hold_microphone(state, identity):
                records[identity] = forgive()
                state.hearing.evaded.pop(identity, None)


def may_hold_microphone(state: RoomState, identity: Identity) -> bool:
    """Whether the person's role may publish one at all."""
    role = state.desired(state.person(identity)).role
    return Source.MICROPHONE in state.rights.get(role, NO_RIGHTS).sources


# -- the clock ---------------------------------------------------------------------


def on_tick(state: RoomState, now: float) -> Effects:
    """What time alone brings: faults of the policy, minutes, levels, dead air."""
    hearing, faults = state.hearing, tell_faults(state, now)
    if not hearing.on:
        return faults
    written = minutes.on_tick(hearing, now)
    return (*faults, *written, *levels.show(state, now), *look_for_dead_air(state, now))


def look_for_dead_air(state: RoomState, now: float) -> Effects:
    """A host is here and nobody has been heard for long; the room's own clock notices, since nothing else comes."""
    hearing = state.hearing
    if hearing.policy is None or not hearing.policy[DeadAir].enabled or now < hearing.dead_air_at:
        return ()
    host = next(
        (who for who, person, _ in state.connected() if state.desired(person).role is Role.HOST), None
    )
    if host is None:
        hearing.heard_at = now
    due = hearing.heard_at + hearing.policy[DeadAir].seconds
    hearing.dead_air_at = due if now < due else now + hearing.policy.told_every_seconds
    state.wake_at(hearing.dead_air_at)
    if host is None or now < due:
        return ()
    who, sid = person_of(host), sid_of(state.people[host])
    verdict = dead_air(hearing.heard_at, hearing.voice(who).gap(), now, hearing.policy[DeadAir])
    return () if verdict is None else follow(state, who, sid, Role.HOST, verdict, now)
