"""One calls another: accepted and ended, declined, missed, and none while calls are switched off."""

import asyncio

from demo.stage import Stage, StageWatch
from local.people.api import Json, RequestRefused
from local.people.person import Person
from local.people.sound import speech_like
from local.people.waiting import until

RING_SECONDS = 1
TALK_SECONDS = 1.0


async def ring_ring(stage: Stage) -> None:
    """Checks `calls.*`, with two people who have no session."""
    zeki, yonca = await stage.people.arrive("Zeki"), await stage.people.arrive("Yonca")
    await talk(stage, zeki, yonca)
    await decline(stage, zeki, yonca)
    await miss(stage, zeki, yonca)
    await switched_off(stage, zeki, yonca)


async def row_of(stage: Stage, call: Json) -> Json:
    """The call's row now. `call`: as `call-start` answered it."""
    row = await stage.people.service.row("calls", id=f"eq.{call['id']}")
    assert row is not None
    return row


async def talk(stage: Stage, caller: Person, callee: Person) -> None:
    """Checks `calls.heard` and `calls.duration`; the duration may be off by one second."""
    started = await caller.call(callee)
    call, rang = started["call"], started["call"]["status"]
    stage.tell(caller, f"calls {callee.name}: {rang}")
    at_caller = await caller.enter_call(call["id"], started["join"])
    answered = await callee.answer(call["id"], accept=True)
    watch = StageWatch()
    at_callee = await callee.enter_call(call["id"], answered["join"])
    await asyncio.gather(at_caller.speak(speech_like(-20)), at_callee.speak(speech_like(-20, seed=2)))
    await asyncio.gather(at_caller.ear(callee.id).until_heard(), at_callee.ear(caller.id).until_heard())
    stage.tell(callee, f"answers: {answered['call']['status']}; both hear each other", watch.seconds)
    stage.checks.holds("calls.heard", held=True)
    at_caller_ear = at_caller.ear(callee.id)
    await until("they have talked", lambda: watch.seconds > TALK_SECONDS and at_caller_ear.level() > -40)
    talked = watch.seconds
    await caller.hang_up(call["id"])
    row = await row_of(stage, call)
    stage.tell(caller, f"hangs up: {row['status']}, {row['duration_seconds']} s on the record", talked)
    right = rang == "ringing" and row["status"] == "ended" and abs(row["duration_seconds"] - talked) <= 1
    stage.checks.holds("calls.duration", right)
    await asyncio.gather(at_caller.until_ended(), at_callee.until_ended())


async def decline(stage: Stage, caller: Person, callee: Person) -> None:
    """Check `calls.declined`."""
    started = await caller.call(callee)
    await callee.answer(started["call"]["id"], accept=False)
    row = await row_of(stage, started["call"])
    stage.tell(callee, f"is asked again, and will not: {row['status']}")
    stage.checks.holds("calls.declined", row["status"] == "declined")


async def miss(stage: Stage, caller: Person, callee: Person) -> None:
    """Check `calls.missed`. Rings for `RING_SECONDS`, by a setting that is put back."""
    async with stage.setting("calls.ring_seconds", RING_SECONDS):
        watch = StageWatch()
        started = await caller.call(callee)

        async def missed() -> bool:
            status: str = (await row_of(stage, started["call"]))["status"]
            return status == "missed"

        await until("the call is missed", missed, within=15)
    stage.tell(callee, f"lets it ring, {RING_SECONDS} s tonight: missed", watch.seconds)
    stage.checks.holds("calls.missed", held=True)


async def switched_off(stage: Stage, caller: Person, callee: Person) -> None:
    """Check `calls.switched_off`. The setting is put back."""
    async with stage.setting("calls.enabled", value=False):
        try:
            await caller.call(callee)
            code = ""
        except RequestRefused as refusal:
            code = refusal.code
    stage.tell("ops", f"switch calls off; {caller.name} tries: {code}")
    stage.checks.holds("calls.switched_off", code == "calls_disabled")
