"""Of whom sound is kept, and what becomes a clip. Sessions only: of a call nothing is ever told that could be a cause.

A cause is the sign of a rule while it is heard, and what a rule holds against somebody, both where the policy acts; or
a case that the database names. Kept is the last half minute, in memory, by the hearing; a clip is taken at an
incident of `warning` or above, and by the database's orders.
"""

import math
from collections.abc import Mapping

from handlers.effects import Effect, Effects, KeepSound, RecordIncident, TakeClip
from handlers.facts import EvidenceAsked, Identity
from handlers.hearing import SoundState, Voice
from handlers.state import RoomState
from moderation.audio.kept import Cause
from moderation.escalation import Severity, strikes_at
from moderation.rules.policy import Mode

REMEMBERED_ORDERS = 1000
SIGN_SECONDS = 1.0
"""A sign that was not heard for so long is over: the track has ended, or sends nothing."""


def on_asked(state: RoomState, told: EvidenceAsked | None, now: float) -> Effects:
    """What the database wants kept, and the clips that it asks for: each once."""
    if told is None:
        return ()
    evidence = state.hearing.evidence
    evidence.asked = told
    new = [order for order in told.orders if order.id not in evidence.taken]
    for order in new:
        evidence.taken[order.id] = None
        while len(evidence.taken) > REMEMBERED_ORDERS:
            del evidence.taken[next(iter(evidence.taken))]
    if not state.hearing.on or told.seconds == 0:
        return ()
    clips = (TakeClip(order.identity, told.after_seconds, order=order.id) for order in new)
    return (*settle(state, now), *clips)


def causes(hearing: SoundState, now: float) -> Mapping[Identity, Cause]:
    """Of whom sound may be kept now, and why."""
    policy, asked = hearing.policy, hearing.evidence.asked
    if policy is None or not hearing.on or asked is None or asked.seconds == 0:
        return {}
    named = dict.fromkeys(asked.kept, Cause.CASE)
    if policy.mode is not Mode.ENFORCE:
        return named
    signs = [who for who, voice in hearing.voices.items() if now - voice.sign_at < SIGN_SECONDS]
    struck = [who for who, record in hearing.records.items() if strikes_at(record, now, policy) > 0.0]
    return {**dict.fromkeys(signs, Cause.SIGN), **dict.fromkeys(struck, Cause.STRIKE), **named}


def on_judged(state: RoomState, voice: Voice, now: float) -> Effects:
    """A block of somebody was judged: from a sign's onset on they are kept, and no longer than it is heard."""
    several = len(voice.latest) > 1 and voice.together.grave
    signs = several or any(voice.watches[track].grave for track in voice.levels)
    before, voice.sign_at = now - voice.sign_at < SIGN_SECONDS, now if signs else -math.inf
    if signs:
        state.wake_at(now + SIGN_SECONDS)
    return () if signs is before else settle(state, now)


def settle(state: RoomState, now: float) -> Effects:
    """Have the hearing keep the sound of those for whom there is a cause, and of nobody else."""
    evidence = state.hearing.evidence
    wanted = causes(state.hearing, now)
    seconds = evidence.asked.seconds if wanted and evidence.asked is not None else 0.0
    if (wanted, seconds) == (evidence.kept, evidence.seconds):
        return ()
    evidence.kept, evidence.seconds = wanted, seconds
    return (KeepSound(wanted, seconds),)


def with_clips(state: RoomState, effects: Effects, now: float) -> Effects:
    """What rules decided, and the clips that belong to it; the cause comes before the clip."""
    recorded = [effect for effect in effects if isinstance(effect, RecordIncident)]
    if not recorded:
        return effects
    kept = settle(state, now)
    asked = state.hearing.evidence.asked
    clips: list[Effect] = [
        TakeClip(incident.identity, asked.after_seconds, incident=incident)
        for incident in recorded
        if asked is not None and is_shown(incident) and incident.identity in state.hearing.evidence.kept
    ]
    return (*effects, *kept, *clips)


def is_shown(incident: RecordIncident) -> bool:
    """Whether its sound is kept as evidence: never of what was only observed."""
    decision = incident.decision
    return not decision.dry_run and decision.severity is not Severity.INFO
