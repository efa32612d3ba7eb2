"""What the measured slopes mean for machines: the page's section on capacity. Pure."""

from bench.projection import (
    FILL,
    KEEPS_UP,
    REALTIME_LIMITS,
    ROOMS,
    Values,
    fleets,
    idle_calls,
    largest_fleet,
    machine,
    realtime_messages,
    rooms_per_core,
    rows_within,
    watch_cores,
    workers_for,
)
from bench.tables import number, table

CORES = (2, 4)
KINDS = {"metered": "one speaker in each, measured", "unmetered": "nothing heard"}
NEEDED = (
    "rooms.cpu.metered.at_40",
    "rooms.memory_uss.metered.at_40",
    "growth.idle_calls.at_1",
    "capacity.rooms",
)
LOOKS_A_SECOND = 0.5
"""The watcher's, by `LIVE_WATCH_SECONDS`' default."""
ROWS_A_MINUTE = 1.0


def section(figures: Values) -> list[str]:
    """Empty where one of the slopes has not been measured."""
    if any(name not in figures for name in NEEDED):
        return []
    return ["## What a machine carries", _slopes(), _machines(figures), *_ten_thousand(figures)]


def _slopes() -> str:
    return (
        f"From the slopes below: a core is planned {FILL:.0%} full, one worker for each core, the workers alone on "
        "their machine (media server, database and people elsewhere)."
    )


def _machines(figures: Values) -> str:
    rows = [
        (
            f"{cores} cores, {words}",
            str((found := machine(figures, kind, cores)).workers),
            number(found.rooms),
            number(found.memory_mb),
        )
        for cores in CORES
        for kind, words in KINDS.items()
    ]
    return table(("machine", "workers", "rooms", "memory, MiB"), rows)


def _ten_thousand(figures: Values) -> list[str]:
    workers, calls = workers_for(figures, "metered"), idle_calls(figures)
    rows = [
        ("rooms of one speaker on one core", number(rooms_per_core(figures, "metered"))),
        ("workers (cores)", number(workers)),
        ("database calls a second, nothing happening", number(workers * calls)),
        ("watching over all rooms, cores of the database", number(_watching(figures))),
        (
            f"Realtime messages a second, {ROWS_A_MINUTE:g} row a minute and room",
            number(realtime_messages(ROWS_A_MINUTE)),
        ),
    ]
    return [
        f"### {ROOMS:,} rooms need",
        table(("", ""), rows),
        "### Where the first limit is",
        *_limits(figures),
    ]


def _watching(figures: Values) -> float:
    return watch_cores(figures, LOOKS_A_SECOND)


def _limits(figures: Values) -> list[str]:
    first = largest_fleet(figures)
    rhythm = ", ".join(
        f"{done:.0f} of {due:.0f} for {rooms:,} rooms" for rooms, (due, done) in fleets(figures).items()
    )
    plans = "; ".join(
        f"{plan} ({limit:,}): {rows_within(limit):.2f} rows a minute and room"
        for plan, limit in REALTIME_LIMITS.items()
    )
    heard = (
        f"- **Realtime.** A wake-up goes to the worker that holds the room: sent once, delivered once. What the plans "
        f"allow: {plans}. Past that hints are lost and the beat finds rows within its interval; a worker with a lane "
        "of its own (`LIVE_DATABASE_URL`) needs no Realtime message."
    )
    beat = (
        f"- **The beat.** Beats done of those due a second, on this machine: {rhythm}. It kept up (at least "
        f"{KEEPS_UP:.0%} of what is due) up to {first:,} rooms. Past that a database with more cores, or a longer "
        "`LIVE_BEAT_SECONDS` with a longer `LIVE_LEASE_SECONDS`: each renewal writes a row, so twice the interval "
        "is half of the load and twice the time until a dead worker's rooms are taken."
    )
    watcher = (
        "- **The watcher.** One worker looks, and is told only what is not in order: "
        f"{_watching(figures):.2f} cores for {ROOMS:,} rooms."
    )
    return ["\n".join((heard, beat, watcher))]
