"""A call of which one phone dies: for how long the other is left alone in it. Part of `bench.app`."""

import asyncio
import time

from local.people.person import People
from local.people.vanishing import VanishingDevice
from local.people.waiting import until
from local.results import Figure, at_most

BAR_SECONDS = 55.0
"""LiveKit takes about 20 s to notice that a phone is dead; `calls.alone_seconds` is 30."""
TOGETHER_SECONDS = 3.0
PATIENCE = 90.0


async def dead_side(people: People) -> list[Figure]:
    """Figure `app.dead_side.seconds`: from the death of the callee's phone until the database has ended the call.

    Raises:
        RuntimeError: the call ended for another reason, or its duration is not the time that both were there.
    """
    caller, callee = await people.arrive("Caller"), await people.arrive("Callee")
    started = await caller.call(callee)
    call_id = started["call"]["id"]
    answered = await callee.answer(call_id, accept=True)
    await caller.enter_call(call_id, started["join"])
    phone = await VanishingDevice(answered["join"]).connect()
    try:

        async def over() -> dict[str, object] | None:
            row = (await caller.api.rows("calls", id=f"eq.{call_id}"))[0]
            return row if row["status"] == "ended" else None

        await asyncio.sleep(TOGETHER_SECONDS)
        phone.freeze()
        died = time.monotonic()
        row = await until("the call is over", over, PATIENCE)
        took = time.monotonic() - died
    finally:
        await phone.vanish()
    # Until LiveKit noticed, the dead phone counts as there.
    seconds = int(str(row["duration_seconds"]))
    if row["end_reason"] != "alone" or not TOGETHER_SECONDS - 1 <= seconds <= TOGETHER_SECONDS + took:
        raise RuntimeError(f"the call of a dead phone ended so: {row['end_reason']}, {seconds} s")
    return [at_most("app.dead_side.seconds", took, BAR_SECONDS, "s", 1)]
