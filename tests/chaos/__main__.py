"""`make chaos`: every fault with ten live rooms and two workers, its recovery times, and the books after each.

`python -m tests.chaos [word …]` runs the faults whose names hold one of the words.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Sequence

from local.paths import STATE
from local.results import Figure, say, write
from tests.chaos.arena import Arena
from tests.chaos.faults import TABLE, Fault
from tests.chaos.lane_faults import LANE_TABLE

ROOMS = 10
LINE = "{:<56} {:>9} {:>9}  {}"


async def run(words: list[str]) -> bool:
    """Whether every bar was held and every book balanced."""
    figures: list[Figure] = []
    sound = True
    say(LINE.format("", "measured", "bar", ""))
    for lane, table in ((False, TABLE), (True, LANE_TABLE)):
        chosen = [
            (title, fault)
            for title, fault in table
            if not words or any(word in fault.__name__ for word in words)
        ]
        if not chosen:
            continue
        async with Arena(STATE / "chaos", ROOMS, lane=lane) as arena:
            for title, fault in chosen:
                measured = await through(arena, title, fault)
                sound = sound and measured is not None
                figures += measured or ()
    say(f"written to {write('chaos', figures)}")
    return sound and all(figure.held is not False for figure in figures)


async def through(arena: Arena, title: str, fault: Fault) -> Sequence[Figure] | None:
    """What was measured; None when the fault was not got through."""
    say(title)
    begun = time.monotonic()
    try:
        measured = await fault(arena)
        await arena.balanced()
    except (AssertionError, TimeoutError) as error:
        say(f"  NOT THROUGH: {error}")
        return None
    measured.append(Figure(f"chaos.{fault.__name__}.discrepancies.count", 0, "1", 1, 0, True))
    for figure in measured:
        bar = "" if figure.bar is None else f"{figure.bar:g}"
        held = {None: "", True: "held", False: "MISSED"}[figure.held]
        say(LINE.format("  " + figure.name.removeprefix("chaos."), f"{figure.value:g}", bar, held))
    say(f"  ({time.monotonic() - begun:.0f} s)")
    return measured


def main() -> int:
    logging.getLogger("livekit").setLevel(logging.ERROR)
    return 0 if asyncio.run(run(sys.argv[1:])) else 1


if __name__ == "__main__":
    sys.exit(main())
