"""What is to be done about one recording: its wish and its row against what LiveKit shows of it.

Level-triggered: `decide` is asked again and again, and says only what is to be done next. A recording is parts, each
one Egress; after a loss it goes on as a further part. LiveKit's list says what Egress said last, which a dead one does
not take back; the room shows who records. Where the two disagree for long the room is believed, and where one of them
says nothing, nothing is finished.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from handlers.recording_facts import (
    BeginPart,
    EgressStage,
    Memory,
    Part,
    PartFact,
    Recording,
    RecordingGap,
    RecordingStep,
    RemoveRecorder,
    SeenEgress,
    Sight,
    StopEgress,
    SumUp,
    TellRecording,
)

ANSWER_SECONDS = 12.0
"""A start that was asked for and of which nothing is seen after so long has come to nothing."""
STARTING_SECONDS = 20.0
"""So long may Egress take from its answer until it records."""
MISSING_SECONDS = 4.0
"""A recorder that is not in its room for so long, look after look, is dead. LiveKit shows one that was killed for
another 15 s or so."""
FINISHING_SECONDS = 30.0
"""So long may files take to be stored after the last second was recorded."""
STOP_AGAIN_SECONDS, REMOVE_AFTER_SECONDS = 3.0, 12.0
"""A stop is asked for again, and after a while the recorder is put out of the room."""
GIVE_UP_SECONDS = 50.0
"""A recording that has never begun and cannot be begun for so long has failed: the one who asked shall know."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 20.0


QUICK_SECONDS, BRISK_SECONDS, STEADY_SECONDS = 0.2, 1.0, 2.5
BRISK_FOR_SECONDS = 3.0
STEADY_AFTER_SECONDS = 60.0
"""A part that has recorded for so long was no failure that repeats itself."""


Decided = tuple[Memory, tuple[RecordingStep, ...]]


def decide(recording: Recording, sight: Sight, memory: Memory, now: float) -> Decided:
    """What to do next, and what to remember until the next look. `now`: the database's clock."""
    strays = tuple(StopEgress(stray.id) for stray in _strays(recording, sight))
    part = recording.open_part
    if recording.state == "processing":
        own = [
            seen for seen in sight.egresses or () if seen.prefix in {part.prefix for part in recording.parts}
        ]
        return memory, (*strays, SumUp(sum(seen.size for seen in own), sum(seen.seconds for seen in own)))
    if part is not None:
        memory, steps = _look_after(recording, part, sight, memory, now)
    elif _goes_on(recording, now):
        memory, steps = _begin(recording, sight, memory, now)
    else:
        steps = (_over(recording, memory),)
    return memory, (*strays, *steps)


class PartFailure(NamedTuple):
    part: int
    code: str
    words: str
    seconds: float = 0.0
    """Before which it is not to be tried again."""


def failed(memory: Memory, now: float, failure: PartFailure) -> Memory:
    """A part could not be begun, or was lost: the next is tried after a pause that grows."""
    pause = min(FIRST_PAUSE_SECONDS * 2**memory.failures, LONGEST_PAUSE_SECONDS)
    return replace(
        memory,
        failures=memory.failures + 1,
        retry_at=now + max(pause, failure.seconds),
        failed_part=failure.part,
        fault=(failure.code, failure.words),
        missing_since=None,
        seen_at=None,
    )


def look_in(recording: Recording, memory: Memory, now: float) -> float:
    """Seconds until it is to be looked at again, unless something wakes us."""
    if recording.wanted and now < recording.begins_at:
        return recording.begins_at - now
    if recording.wanted and recording.state == "active" and memory.missing_since is None:
        return min(STEADY_SECONDS, max(BRISK_SECONDS, recording.max_until - now))
    part = recording.open_part
    if part is None and now < memory.retry_at:
        return min(STEADY_SECONDS, memory.retry_at - now)
    fresh = part is not None and now - part.asked_at < BRISK_FOR_SECONDS
    return QUICK_SECONDS if fresh or (part is None and recording.wanted) else BRISK_SECONDS


def _goes_on(recording: Recording, now: float) -> bool:
    return recording.wanted and now < recording.max_until


def _strays(recording: Recording, sight: Sight) -> Sequence[SeenEgress]:
    """What records for this recording and is none of its open part: a start that was answered too late, or twice.

    What is not in the room records nothing, whatever the list says of it for ever.
    """
    part = recording.open_part
    return [
        seen
        for seen in sight.egresses or ()
        if seen.stage in (EgressStage.STARTING, EgressStage.ACTIVE)
        and seen.prefix.startswith(f"{recording.prefix}/")
        and seen.id in (sight.recorders or ())
        and not (part is not None and (seen.id == part.egress_id or _may_be(seen, part)))
    ]


def _may_be(seen: SeenEgress, part: Part) -> bool:
    return part.egress_id is None and seen.prefix == part.prefix


# ------------------------------------------------------------ beginning


def _begin(recording: Recording, sight: Sight, memory: Memory, now: float) -> Decided:
    if recording.errand is not None or now < recording.begins_at:
        return memory, ()
    last = recording.parts[-1] if recording.parts else None
    if last is not None and last.number != memory.failed_part:
        # A webhook has written its end before we saw it.
        code, words = _code(last.error or ""), last.error or "the room or the person was gone"
        state = "starting" if recording.state == "active" else None
        memory = failed(memory, now, PartFailure(last.number, code, words))
        return memory, (TellRecording(state, PartFact(last.number), code=code, error=words),)
    since = max(recording.begins_at, memory.first_at)
    if not recording.has_begun and now - since > GIVE_UP_SECONDS:
        code, words = memory.fault or ("timeout", "it could not be begun")
        return memory, (TellRecording("failed", code=code, error=words),)
    if now < memory.retry_at or sight.publishers is None:
        return memory, ()
    if sight.publishers - recording.consented:
        # Their rights go within a moment; until then nothing is recorded.
        words = "somebody who has not agreed may still publish"
        return replace(memory, fault=("consent", words)), ()
    return memory, (BeginPart(last.number + 1 if last is not None else 1),)


# ------------------------------------------------------------ an open part


def _look_after(recording: Recording, part: Part, sight: Sight, memory: Memory, now: float) -> Decided:
    seen = next((one for one in sight.egresses or () if one.id == part.egress_id or _may_be(one, part)), None)
    if part.egress_id is None and seen is not None:
        part = replace(part, egress_id=seen.id)
        adopted: tuple[RecordingStep, ...] = (TellRecording(part=PartFact(part.number, seen.id)),)
    else:
        adopted = ()
    there = None if sight.recorders is None else part.egress_id in sight.recorders
    memory = _noticed(memory, there=there, now=now)
    if (end := _end_of(part, seen, sight, memory, now)) is not None:
        memory, steps = _ended(recording, part, end, memory, now)
    elif _goes_on(recording, now):
        steps = _confirmed(recording, part, seen, now, there=there)
        if part.started_at is not None and now - part.started_at > STEADY_AFTER_SECONDS:
            memory = replace(memory, failures=0, fault=None)
    else:
        memory, steps = _stop(recording, part, memory, now, there=there)
    return memory, (*adopted, *steps)


def _noticed(memory: Memory, *, there: bool | None, now: float) -> Memory:
    if there is None:
        return memory
    if there:
        return replace(memory, seen_at=now, missing_since=None)
    return memory if memory.missing_since is not None else replace(memory, missing_since=now)


class _End(NamedTuple):
    at: float
    code: str | None
    words: str | None
    size: int | None = None
    seconds: float | None = None


def _end_of(part: Part, seen: SeenEgress | None, sight: Sight, memory: Memory, now: float) -> _End | None:
    """How this part has ended; None: it has not, or there is doubt."""
    if seen is not None and seen.stage.over:
        code = _code(seen.error) if seen.stage is EgressStage.FAILED else None
        return _End(seen.ended_at or now, code, seen.error or None, seen.size, seen.seconds)
    if sight.egresses is None or sight.recorders is None:
        return None
    missing = 0.0 if memory.missing_since is None else now - memory.missing_since
    if part.egress_id is None:
        late = now - part.asked_at >= ANSWER_SECONDS
        return _End(now, "timeout", "Egress did not answer") if late else None
    if seen is not None and seen.stage is EgressStage.STARTING and memory.seen_at is None:
        late = now - part.asked_at >= STARTING_SECONDS
        return _End(now, "timeout", "Egress did not begin to record") if late else None
    patience = FINISHING_SECONDS if seen is not None and seen.stage is EgressStage.ENDING else MISSING_SECONDS
    if missing < patience:
        return None
    last = memory.seen_at or max(memory.first_at, part.started_at or part.asked_at)
    return _End(last, "lost", "the recorder left the room without a word")


def _code(error: str) -> str:
    """A failure's code by its words: Egress has no other."""
    words = error.lower()
    stores = ("storage", "upload", "stored", "s3", "bucket")
    if any(word in words for word in stores):
        return "storage"
    return "limit" if "limit" in words else "lost"


def _ended(recording: Recording, part: Part, end: _End, memory: Memory, now: float) -> Decided:
    goes_on = _goes_on(recording, now)
    error = end.words or ("the room or the person was gone" if goes_on else None)
    fact = PartFact(
        part.number,
        ended_at=end.at,
        size=end.size,
        seconds=end.seconds,
        error=error if goes_on or end.code else None,
    )
    steps: list[RecordingStep] = []
    if end.code == "timeout" and part.egress_id is not None:
        # Should it begin after all.
        steps += [StopEgress(part.egress_id), RemoveRecorder(part.egress_id)]
    if not goes_on:
        return memory, (*steps, TellRecording(part=fact, code=end.code, error=end.words))
    code = end.code or "lost"
    again = "starting" if recording.state == "active" else None
    memory = failed(memory, now, PartFailure(part.number, code, error or code))
    return memory, (*steps, TellRecording(again, fact, code=code, error=error))


def _confirmed(
    recording: Recording, part: Part, seen: SeenEgress | None, now: float, *, there: bool | None
) -> tuple[RecordingStep, ...]:
    """It records: say so once, with what was missed since the part before."""
    if seen is None or there is False:
        return ()
    # Egress that is in the room, and of which the list knows no more than its start: its word got lost.
    silent = seen.stage is EgressStage.STARTING and there and now - part.asked_at >= STARTING_SECONDS
    if seen.stage is not EgressStage.ACTIVE and not silent:
        return ()
    if recording.state == "active" and part.started_at is not None:
        return ()
    begun = part.started_at or seen.started_at or part.asked_at
    before = next((one for one in reversed(recording.parts[:-1]) if one.started_at is not None), None)
    gap = None
    if before is not None and before.ended_at is not None:
        gap = RecordingGap(before.ended_at, max(begun, before.ended_at), "lost")
    return (TellRecording("active", PartFact(part.number, started_at=begun), gap),)


def _stop(recording: Recording, part: Part, memory: Memory, now: float, *, there: bool | None) -> Decided:
    steps: list[RecordingStep] = []
    if recording.state in ("starting", "active"):
        steps.append(TellRecording("stopping"))
    if part.egress_id is None:
        return memory, tuple(steps)
    first = memory.stop_first_at or now
    if memory.stop_last_at is None or now - memory.stop_last_at >= STOP_AGAIN_SECONDS:
        steps.append(StopEgress(part.egress_id))
        if there and now - first >= REMOVE_AFTER_SECONDS:
            steps.append(RemoveRecorder(part.egress_id))
        memory = replace(memory, stop_first_at=first, stop_last_at=now)
    return memory, tuple(steps)


def _over(recording: Recording, memory: Memory) -> RecordingStep:
    """No part is open and none is wanted."""
    if recording.has_begun:
        return TellRecording("processing")
    code, words = memory.fault or (None, None)
    return TellRecording("aborted" if recording.state != "active" else "failed", code=code, error=words)
