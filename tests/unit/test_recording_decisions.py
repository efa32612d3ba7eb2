"""What is done about a recording, by what the database wants and what LiveKit shows."""

from dataclasses import replace

import pytest

from handlers.facts import Identity
from handlers.recording import (
    ANSWER_SECONDS,
    FINISHING_SECONDS,
    GIVE_UP_SECONDS,
    MISSING_SECONDS,
    REMOVE_AFTER_SECONDS,
    STARTING_SECONDS,
    STOP_AGAIN_SECONDS,
    PartFailure,
    decide,
    failed,
    look_in,
)
from handlers.recording_facts import (
    BeginPart,
    EgressStage,
    Memory,
    Part,
    PartFact,
    Recording,
    RecordingGap,
    RemoveRecorder,
    SeenEgress,
    Sight,
    StopEgress,
    SumUp,
    TellRecording,
)

NOW = 1000.0
HOST, GUEST = Identity("host"), Identity("guest")
WANTED = Recording(
    id="r", room="room", mode="audio", wanted=True, state="requested", begins_at=NOW, max_until=NOW + 3600,
    prefix="s/r", consented=frozenset({HOST}),
)  # fmt: skip
ASKED = replace(WANTED, state="starting", parts=(Part(1, None, "s/r/1", "supabase", NOW),))
STARTING = replace(WANTED, state="starting", parts=(Part(1, "EG_1", "s/r/1", "supabase", NOW),))
ACTIVE = replace(STARTING, state="active", parts=(replace(STARTING.parts[0], started_at=NOW),))
EGRESS = SeenEgress("EG_1", "s/r/1", EgressStage.ACTIVE, started_at=NOW)
EMPTY = Sight((), frozenset({"bot"}), frozenset({HOST}))
THERE = Sight((EGRESS,), frozenset({"bot", "EG_1"}), frozenset({HOST}))
DEAD = THERE._replace(recorders=frozenset({"bot"}))
FRESH = Memory(first_at=NOW)


def seen(stage: EgressStage, **more: object) -> Sight:
    return THERE._replace(egresses=(replace(EGRESS, stage=stage, **more),))  # type: ignore[arg-type]


def test_it_begins_when_the_room_has_been_told_and_not_before() -> None:
    assert decide(WANTED, EMPTY, FRESH, NOW - 0.1)[1] == ()
    assert look_in(WANTED, FRESH, NOW - 7) == 7
    assert decide(WANTED, EMPTY, FRESH, NOW)[1] == (BeginPart(1),)


def test_nothing_begins_while_somebody_without_consent_may_publish_or_may_be_there() -> None:
    assert decide(WANTED, EMPTY._replace(publishers=frozenset({HOST, GUEST})), FRESH, NOW)[1] == ()
    assert decide(WANTED, EMPTY._replace(publishers=None), FRESH, NOW)[1] == ()


def test_an_errand_ends_and_never_begins() -> None:
    assert decide(replace(WANTED, errand=1), EMPTY, FRESH, NOW)[1] == ()


@pytest.mark.parametrize("recording", [STARTING, ASKED], ids=["answered", "answer lost"])
def test_what_records_is_active_and_an_answer_that_got_lost_is_found(recording: Recording) -> None:
    _, steps = decide(recording, THERE, FRESH, NOW + 1)
    assert steps[-1] == TellRecording("active", PartFact(1, started_at=NOW))
    assert (TellRecording(part=PartFact(1, "EG_1")) in steps) == (recording is ASKED)


def test_a_start_without_an_answer_is_given_up_and_tried_again() -> None:
    assert decide(ASKED, EMPTY, FRESH, NOW + ANSWER_SECONDS - 1)[1] == ()
    memory, steps = decide(ASKED, EMPTY, FRESH, NOW + ANSWER_SECONDS)
    assert isinstance(told := steps[-1], TellRecording)
    assert (told.code, told.part is not None and told.part.ended_at) == ("timeout", NOW + ANSWER_SECONDS)
    assert told.error == "Egress did not answer"
    again = replace(ASKED, parts=(replace(ASKED.parts[0], ended_at=NOW + ANSWER_SECONDS),))
    assert decide(again, EMPTY, memory, memory.retry_at - 0.1)[1] == ()
    assert decide(again, EMPTY, memory, memory.retry_at)[1] == (BeginPart(2),)


def test_a_start_that_never_records_is_stopped() -> None:
    hung = seen(EgressStage.STARTING)._replace(recorders=frozenset({"bot"}))
    assert decide(STARTING, hung, FRESH, NOW + STARTING_SECONDS - 1)[1] == ()
    _, steps = decide(STARTING, hung, FRESH, NOW + STARTING_SECONDS)
    assert steps[:2] == (StopEgress("EG_1"), RemoveRecorder("EG_1"))
    assert isinstance(told := steps[-1], TellRecording)
    assert (told.code, told.error) == ("timeout", "Egress did not begin to record")


def test_who_waits_for_a_first_second_in_vain_is_told_why() -> None:
    memory = failed(FRESH, NOW, PartFailure(0, "limit", "too many at once"))
    assert decide(WANTED, EMPTY, memory, NOW + GIVE_UP_SECONDS + 1)[1] == (
        TellRecording("failed", code="limit", error="too many at once"),
    )


def test_pauses_grow_and_a_limit_is_heeded() -> None:
    first = failed(FRESH, NOW, PartFailure(1, "lost", ""))
    second = failed(first, NOW, PartFailure(2, "lost", ""))
    assert NOW < first.retry_at < second.retry_at
    assert failed(FRESH, NOW, PartFailure(1, "limit", "", 30)).retry_at == NOW + 30


# ------------------------------------------------------------ losses


def test_a_recorder_that_left_without_a_word_is_lost_although_the_list_says_active() -> None:
    memory, _ = decide(ACTIVE, THERE, FRESH, NOW + 10)
    memory, steps = decide(ACTIVE, DEAD, memory, NOW + 14)
    assert steps == ()
    assert look_in(ACTIVE, memory, NOW + 14) < MISSING_SECONDS
    memory, steps = decide(ACTIVE, DEAD, memory, NOW + 14 + MISSING_SECONDS)
    (told,) = steps
    assert isinstance(told, TellRecording)
    assert (told.state, told.code) == ("starting", "lost")
    assert told.error == "the recorder left the room without a word"
    assert told.part is not None
    assert told.part.ended_at == NOW + 10  # the gap begins where it was last seen


def test_one_look_that_misses_it_is_no_loss() -> None:
    memory, _ = decide(ACTIVE, DEAD, FRESH, NOW + 10)
    memory, _ = decide(ACTIVE, THERE, memory, NOW + 14)
    assert decide(ACTIVE, DEAD, memory, NOW + 10 + MISSING_SECONDS)[1] == ()


@pytest.mark.parametrize("blind", [DEAD._replace(recorders=None), DEAD._replace(egresses=None)])
def test_doubt_finishes_nothing(blind: Sight) -> None:
    memory, _ = decide(ACTIVE, blind, FRESH, NOW + 10)
    assert decide(ACTIVE, blind, memory, NOW + 500)[1] == ()
    hidden = THERE._replace(egresses=())  # the list has forgotten it, the room shows it
    memory, _ = decide(ACTIVE, hidden, FRESH, NOW + 10)
    assert decide(ACTIVE, hidden, memory, NOW + 500)[1] == ()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        *(("x not stored: 503", "storage"), ("Upload timed out", "storage"), ("no such bucket", "storage")),
        *(("pipeline frozen", "lost"), ("limit reached", "limit")),
    ],
)
def test_what_fails_aloud_is_known_at_once_by_its_cause(error: str, code: str) -> None:
    over = seen(EgressStage.FAILED, ended_at=NOW + 5, error=error, size=10, seconds=4.0)
    _, steps = decide(ACTIVE, over, FRESH, NOW + 6)
    told = steps[-1]
    assert isinstance(told, TellRecording)
    assert (told.state, told.code, told.error) == ("starting", code, error)
    assert told.part == PartFact(1, ended_at=NOW + 5, size=10, seconds=4.0, error=error)


def test_an_end_without_a_word_is_told_as_what_it_must_have_been() -> None:
    memory, steps = decide(ACTIVE, seen(EgressStage.COMPLETE, ended_at=NOW + 5), FRESH, NOW + 6)
    (told,) = steps
    assert isinstance(told, TellRecording)
    assert (told.state, told.code) == ("starting", "lost")
    assert memory.fault == ("lost", "the room or the person was gone")
    assert told.error == "the room or the person was gone"
    assert told.part is not None
    assert told.part.error == told.error


@pytest.mark.parametrize("state", ["active", "starting"])
def test_an_end_that_a_webhook_told_first_is_counted_once_and_not_tried_again_in_a_circle(state: str) -> None:
    ended = replace(ACTIVE.parts[0], ended_at=NOW + 5, error="s3: 403")
    memory, steps = decide(replace(ACTIVE, state=state, parts=(ended,)), EMPTY, FRESH, NOW + 6)
    told = "starting" if state == "active" else None
    assert steps == (TellRecording(told, PartFact(1), code="storage", error="s3: 403"),)
    again = replace(STARTING, parts=(ended,))
    assert decide(again, EMPTY, memory, NOW + 6)[1] == ()
    assert decide(again, EMPTY, memory, memory.retry_at)[1] == (BeginPart(2),)


def test_what_is_missing_between_two_parts_is_stated() -> None:
    first = replace(ACTIVE.parts[0], ended_at=NOW + 10)
    second = Part(2, "EG_2", "s/r/2", "supabase", NOW + 18)
    recording = replace(STARTING, parts=(first, second))
    sight = Sight(
        (EGRESS, SeenEgress("EG_2", "s/r/2", EgressStage.ACTIVE, started_at=NOW + 19)),
        frozenset({"bot", "EG_1", "EG_2"}),
        frozenset({HOST}),
    )
    _, steps = decide(recording, sight, FRESH, NOW + 20)
    assert (
        TellRecording("active", PartFact(2, started_at=NOW + 19), RecordingGap(NOW + 10, NOW + 19, "lost"))
        in steps
    )
    # What was given up and lives on is ended: nobody is recorded twice.
    assert StopEgress("EG_1") in steps


def test_two_starts_at_once_leave_one() -> None:
    twice = THERE._replace(
        egresses=(EGRESS, replace(EGRESS, id="EG_2")), recorders=frozenset({"bot", "EG_1", "EG_2"})
    )
    assert StopEgress("EG_2") in decide(STARTING, twice, FRESH, NOW + 1)[1]


def test_what_is_in_the_list_for_ever_and_not_in_the_room_is_not_stopped_at_each_look() -> None:
    dead = replace(EGRESS, id="EG_0", prefix="s/r/0")
    assert decide(ACTIVE, THERE._replace(egresses=(dead, EGRESS)), FRESH, NOW + 10)[1] == ()


def test_a_recorder_of_which_the_list_knows_only_the_start_records_all_the_same() -> None:
    silent = seen(EgressStage.STARTING, started_at=None)
    memory, steps = decide(STARTING, silent, FRESH, NOW + 1)
    assert steps == ()
    assert decide(STARTING, silent, memory, NOW + STARTING_SECONDS)[1] == (
        TellRecording("active", PartFact(1, started_at=NOW)),
    )


# ------------------------------------------------------------ the end


@pytest.mark.parametrize("late", [False, True], ids=["unwanted", "its time is over"])
def test_it_is_stopped_again_and_again_and_then_put_out(*, late: bool) -> None:
    over = replace(ACTIVE, wanted=late, max_until=NOW + (100 if late else 3600))
    memory, steps = decide(over, THERE, FRESH, NOW + 100)
    assert steps == (TellRecording("stopping"), StopEgress("EG_1"))
    stopping = replace(over, state="stopping")
    memory, steps = decide(stopping, THERE, memory, NOW + 101)
    assert steps == ()
    memory, steps = decide(stopping, THERE, memory, NOW + 100 + STOP_AGAIN_SECONDS)
    assert steps == (StopEgress("EG_1"),)
    _, steps = decide(stopping, THERE, memory, NOW + 100 + REMOVE_AFTER_SECONDS)
    assert steps == (StopEgress("EG_1"), RemoveRecorder("EG_1"))


def test_files_get_their_time_and_then_it_is_over() -> None:
    stopping = replace(ACTIVE, wanted=False, state="stopping")
    ending = seen(EgressStage.ENDING)._replace(recorders=frozenset({"bot"}))
    memory, _ = decide(stopping, ending, FRESH, NOW + 100)
    memory, steps = decide(stopping, ending, memory, NOW + 100 + FINISHING_SECONDS - 1)
    assert not any(isinstance(step, TellRecording) for step in steps)
    _, steps = decide(stopping, ending, memory, NOW + 100 + FINISHING_SECONDS)
    assert isinstance(steps[-1], TellRecording)
    assert steps[-1].part is not None


def test_an_end_that_was_asked_for_is_no_fault() -> None:
    stopping = replace(ACTIVE, wanted=False, state="stopping")
    over = seen(EgressStage.COMPLETE, ended_at=NOW + 5, size=10, seconds=4.0)
    memory, steps = decide(stopping, over, FRESH, NOW + 6)
    assert steps == (TellRecording(part=PartFact(1, ended_at=NOW + 5, size=10, seconds=4.0)),)
    assert memory.fault is None


def test_its_parts_are_summed_up_and_what_never_began_is_aborted() -> None:
    ended = replace(ACTIVE, wanted=False, state="stopping", parts=(replace(ACTIVE.parts[0], ended_at=NOW),))
    assert decide(ended, EMPTY, FRESH, NOW)[1] == (TellRecording("processing"),)
    said = seen(EgressStage.COMPLETE, size=10, seconds=4.0)
    assert decide(replace(ended, state="processing"), said, FRESH, NOW)[1] == (SumUp(10, 4.0),)
    never = replace(WANTED, wanted=False, state="starting")
    assert decide(never, EMPTY, FRESH, NOW)[1] == (TellRecording("aborted"),)


def test_a_start_in_flight_is_waited_for_when_the_wish_goes() -> None:
    stopping = replace(ASKED, wanted=False, state="stopping")
    assert decide(stopping, EMPTY, FRESH, NOW + 1)[1] == ()
    assert StopEgress("EG_1") in decide(stopping, THERE, FRESH, NOW + 1)[1]


def test_of_what_nobody_wants_any_more_a_loss_is_told_with_its_cause_and_not_tried_again() -> None:
    stopping = replace(ACTIVE, wanted=False, state="stopping")
    over = seen(EgressStage.FAILED, ended_at=NOW + 5, error="s3: 403", size=10, seconds=4.0)
    memory, steps = decide(stopping, over, FRESH, NOW + 6)
    part = PartFact(1, ended_at=NOW + 5, size=10, seconds=4.0, error="s3: 403")
    assert steps == (TellRecording(part=part, code="storage", error="s3: 403"),)
    assert memory.retry_at == FRESH.retry_at


@pytest.mark.parametrize(
    ("recording", "memory", "after", "seconds"),
    [
        (WANTED, FRESH, -7.0, 7.0),
        (WANTED, FRESH, 0.0, 0.2),
        (WANTED, replace(FRESH, retry_at=NOW + 2), 0.0, 2.0),
        (WANTED, replace(FRESH, retry_at=NOW + 60), 0.0, 2.5),
        (STARTING, replace(FRESH, retry_at=NOW + 60), 0.0, 0.2),
        (STARTING, FRESH, 3600.0, 1.0),
        (ACTIVE, FRESH, 10.0, 2.5),
        (ACTIVE, FRESH, 3598.0, 2.0),
        (ACTIVE, FRESH, 3599.9, 1.0),
        (replace(ACTIVE, wanted=False, state="stopping"), FRESH, 100.0, 1.0),
        (replace(WANTED, wanted=False), FRESH, 100.0, 1.0),
    ],
    ids=[
        "until it begins", "it may begin", "a pause", "a long pause", "it starts", "it starts for ever",
        "it records", "the end is near", "the end is here", "it stops", "nobody wants it",
    ],
)  # fmt: skip
def test_what_may_change_soon_is_looked_at_soon(
    recording: Recording, memory: Memory, after: float, seconds: float
) -> None:
    assert look_in(recording, memory, NOW + after) == pytest.approx(seconds)
