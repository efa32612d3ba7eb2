"""`make chaos`: every fault with ten live rooms and two workers, its recovery times, and the books after each.

`python -m tests.chaos [word …]` runs the faults whose names hold one of the words.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from local.paths import STATE
from local.results import Figure, say, write
from local.studio import Studio
from local.supervisor import NotInstalledError
from tests.chaos.arena import Arena
from tests.chaos.faults import APART, TABLE
from tests.chaos.lane_faults import LANE_TABLE
from tests.chaos.recording_faults import SEPARATE, TOGETHER

ROOMS = 10
LINE = "{:<56} {:>9} {:>9}  {}"


async def run(words: list[str]) -> bool:
    """Whether every bar was held and every book balanced."""
    figures: list[Figure] = []
    sound = True
    here: dict[str, Any] = {"rooms": ROOMS}
    lane = ("a lane of their own to Postgres", {**here, "lane": True}, LANE_TABLE)
    arenas: list[tuple[str, Callable[[], Any], Sequence[tuple[str, Any]]]] = [
        (title, partial(Arena, STATE / "chaos", **made_with), faults)
        for title, made_with, faults in (("", here, TABLE), lane, *APART)
    ]
    recorded = tuple({**SEPARATE, **TOGETHER}.items())
    arenas.append(("sessions that are recorded", partial(Studio, STATE / "chaos-recording"), recorded))
    for title, made, faults in arenas:
        wanted = [(name, fault) for name, fault in faults if asked_for(fault, words)]
        if not wanted:
            continue
        if title:
            say(f"== {title}")
        try:
            async with made() as arena:
                say(LINE.format("", "measured", "bar", ""))
                for name, fault in wanted:
                    measured = await one(arena, name, fault)
                    sound &= measured is not None
                    figures += measured or []
        except NotInstalledError as error:
            say(f"  SKIPPED: {error}")
    say(f"written to {write('chaos', figures)}")
    return sound and all(figure.held is not False for figure in figures)


def asked_for(fault: Any, words: list[str]) -> bool:
    return not words or any(word in fault.__name__ for word in words)


async def one(arena: Arena | Studio, title: str, fault: Callable[[Any], Any]) -> list[Figure] | None:
    """What was measured; None when it did not get through, or the books disagree."""
    say(title)
    begun = time.monotonic()
    try:
        measured: list[Figure] = await fault(arena)
        await arena.balanced()
    except (AssertionError, TimeoutError) as error:
        say(f"  NOT THROUGH: {error}")
        await arena.heal()
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
