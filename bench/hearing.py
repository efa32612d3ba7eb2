"""Whether the worker hears what people hear: `python -m bench.hearing`.

`room_to_ffmpeg`: sounds published from Chromium into a real room, as the worker measures them against FFmpeg's meter on
what a listener there gets (see `bench.hearing_room`). `ebu`: the cases of EBU Tech 3341 and 3342. `innocent` and
`offenders`: a table of sounds against the rules (see `bench.hearing_table`).
"""

import asyncio
import sys

from bench import ebu, hearing_room, hearing_table
from local.chromium import find_chromium
from local.paths import STATE
from local.people.browser_speakers import browser_speakers
from local.results import Figure, at_most, conclude, say
from local.stack import Stack


def standard() -> list[Figure]:
    """How far we are from the cases of the standard, LU."""
    off: dict[bool, list[float]] = {False: [], True: []}
    for case in ebu.cases():
        off[case.tolerance == ebu.RANGE_LU] += map(abs, case.off(ebu.heard(case.sound)))
    return [
        at_most("hearing.ebu.max", max(off[False]), ebu.LOUDNESS_LU, "LU", len(off[False])),
        at_most("hearing.ebu.range.max", max(off[True]), ebu.RANGE_LU, "LU", len(off[True])),
    ]


async def room() -> list[Figure]:
    """Each sound, and the largest difference of all."""
    every = hearing_room.all_sounds()
    async with Stack(STATE / "bench") as stack, browser_speakers(stack.env) as speakers:
        found = await hearing_room.differences(stack.env, speakers, every)
    figures = []
    for name, difference in found.items():
        for kind, value in (("integrated", difference.integrated), ("short_term", difference.short_term)):
            figures.append(Figure(f"hearing.room.{name}.{kind}_to_ffmpeg", round(value, 3), "LU"))
    largest = max(difference.largest for difference in found.values())
    return [
        *figures,
        at_most("hearing.room_to_ffmpeg.max", largest, hearing_room.BAR_LU, "LU", len(found)),
    ]


def measured() -> list[Figure]:
    """Figures `hearing.*`; those of the room only where a Chromium is found."""
    figures = [*standard(), *hearing_table.figures()]
    if find_chromium() is None:
        say("NO CHROMIUM: the room is not compared with FFmpeg")
        return figures
    return [*figures, *asyncio.run(room())]


if __name__ == "__main__":
    sys.exit(conclude("hearing", measured()))
