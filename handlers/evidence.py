"""Of whom sound is kept, and what becomes a clip. Sessions only: of a call nothing is ever told that could be a cause.

A cause is what a rule holds against somebody where the policy acts, or a case that the database names. Kept is the last
half minute, in memory, by the ears; a clip is taken at an incident of `warning` or above, and by the database's orders.
"""

from collections.abc import Mapping

from handlers.effects import Effect, Effects, KeepSound, RecordIncident, TakeClip
from handlers.facts import EvidenceAsked, Identity
from handlers.hearing import SoundState
from handlers.state import RoomState
from moderation.audio.kept import Cause
from moderation.escalation import Severity, strikes_at
from moderation.rules.policy import Mode

REMEMBERED_ORDERS = 1000


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
    struck = {
        identity: Cause.STRIKE
        for identity, record in hearing.records.items()
        if policy.mode is Mode.ENFORCE and strikes_at(record, now, policy) > 0.0
    }
    return {**struck, **dict.fromkeys(asked.kept, Cause.CASE)}


def settle(state: RoomState, now: float) -> Effects:
    """Have the ears keep the sound of those for whom there is a cause, and of nobody else."""
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
