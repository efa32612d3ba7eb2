"""`python -m bench.plan --rooms 500 --speakers 1 --listeners 20`: machines, messages and calls for so many rooms.

It reads the slopes that `make bench` measured on this machine (`.local/results/`), or, where nothing was measured,
those of the page that is kept (BENCHMARKS.md). What a provider's plan allows changes: look it up, and compare.
"""

import argparse
import math
import re
import sys

from bench.capacity_page import LOOKS_A_SECOND
from bench.projection import FILL, MESSAGES_A_ROW, MINUTE, WORKER_LIMIT_MB, Values
from bench.report import COMMANDS, PAGE
from local.results import read, say

ROW = re.compile(r"^\| `([\w.]+)` \| ([\d,.]+) \|", re.MULTILINE)
COST = re.compile(
    r"^\| ours, (every microphone measured|nothing heard) \| 40 \| ([\d.]+) \| [\d.]+ \| ([\d.]+) \|",
    re.MULTILINE,
)
KINDS = {"every microphone measured": "metered", "nothing heard": "unmetered"}
BITS_OF_SOUND = 64_000
"""A speaker's sound as it is published, with its headers."""
CALLS_A_ROW = 1
"""Of LiveKit's server API, where a row changes what somebody may do."""
LOOKING = 2
"""The leader's looks at LiveKit's rooms, and about as many of all other workers together."""


def slopes() -> dict[str, float]:
    """Figures by name: measured here, or else those of the page."""
    measured = {figure.name: figure.value for command in COMMANDS for figure in read(command)}
    return {**from_page(PAGE.read_text(encoding="utf-8")), **measured}


def from_page(page: str) -> dict[str, float]:
    """Figures by name from the tables of `BENCHMARKS.md`, with the memory and CPU of a room at 40 rooms."""
    figures = {name: float(value.replace(",", "")) for name, value in ROW.findall(page)}
    for words, memory, cpu in COST.findall(page):
        figures[f"rooms.memory_uss.{KINDS[words]}.at_40"] = float(memory)
        figures[f"rooms.cpu.{KINDS[words]}.at_40"] = float(cpu)
    return figures


def plan(
    figures: Values, rooms: int, speakers: float, listeners: float, rows_a_minute: float
) -> list[tuple[str, str]]:
    """What so many rooms at once need, line by line. `speakers`, `listeners`: in each room."""
    empty, heard = figures["rooms.cpu.unmetered.at_40"], figures["rooms.cpu.metered.at_40"]
    room_cpu = empty + speakers * (heard - empty)
    room_mb = figures["rooms.memory_uss.unmetered.at_40"] + speakers * (
        figures["rooms.memory_uss.metered.at_40"] - figures["rooms.memory_uss.unmetered.at_40"]
    )
    base = figures["rooms.worker.base_uss"]
    each = max(1, math.floor(min(100 * FILL / room_cpu, (WORKER_LIMIT_MB - base) / room_mb)))
    workers = math.ceil(rooms / each)
    people = rooms * (speakers + listeners)
    gigabytes = rooms * speakers * (speakers + listeners) * BITS_OF_SOUND / 8 * 3600 / 1e9
    return [
        ("rooms on one worker (a core)", f"{each:,}"),
        ("workers, one more to spare", f"{workers + 1:,}"),
        ("memory of the workers, GiB", f"{(workers * base + rooms * room_mb) / 1024:,.1f}"),
        ("database connections, own lane", f"{6 * (workers + 1):,}"),
        ("Realtime messages a second, API lane", f"{rooms * rows_a_minute / MINUTE * MESSAGES_A_ROW:,.0f}"),
        ("Realtime messages a second, own lane", "0"),
        ("LiveKit API calls a minute: looks", f"{LOOKING * LOOKS_A_SECOND * MINUTE:,.0f}"),
        ("LiveKit API calls a minute: rows", f"{rooms * rows_a_minute * CALLS_A_ROW:,.0f}"),
        ("people connected at once", f"{people:,.0f}"),
        ("connection minutes an hour", f"{people * MINUTE + rooms * MINUTE:,.0f}"),
        ("of them the hidden agents'", f"{rooms * MINUTE:,.0f}"),
        ("sound to listeners, GB an hour", f"{gigabytes:,.1f}"),
    ]


def main() -> int:
    """Reads the command line; what it does not take ends it with exit code 2.

    Raises KeyError where a slope is missing.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.plan", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rooms", type=int, required=True, help="at once")
    parser.add_argument("--speakers", type=float, default=1.0, help="in each room")
    parser.add_argument("--listeners", type=float, default=10.0, help="in each room")
    parser.add_argument("--rows", type=float, default=1.0, help="moderation rows a minute and room")
    given = parser.parse_args()
    if given.rooms < 1 or min(given.speakers, given.listeners, given.rows) < 0:
        parser.error("rooms must be at least 1, and nothing may be negative")
    for what, much in plan(slopes(), given.rooms, given.speakers, given.listeners, given.rows):
        say(f"{what:<44} {much:>12}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
