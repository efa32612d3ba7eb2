"""From measured slopes to machines: how many rooms fit, what 10,000 rooms need, and what gives way first. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

Values = Mapping[str, float]
"""Figures by name."""

FILL = 0.7
"""A core is planned this full: bursts of joins need the rest."""
ROOMS = 10_000
MINUTE = 60.0
WORKER_LIMIT_MB = 1500.0
"""`LIVE_MEMORY_LIMIT_MB`'s default."""
REALTIME_LIMITS = {"Pro": 500, "Pro without a spend cap, or Team": 2500}
"""Messages a second, in and out, by Supabase's plans: https://supabase.com/docs/guides/realtime/limits"""
MESSAGES_A_ROW = 2
"""`scale.realtime_per_row` holds it."""
KEEPS_UP = 0.95
"""Of the beats that are due."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What fits on one with so many cores; `rooms` and `memory_mb` (MiB) are of all its workers."""

    cores: int
    workers: int
    rooms: int
    memory_mb: float


def rooms_per_core(figures: Values, kind: str) -> int:
    """`kind`: metered (one speaker in each) or unmetered."""
    return math.floor(100 * FILL / figures[f"rooms.cpu.{kind}.at_40"])


def machine(figures: Values, kind: str, cores: int) -> Machine:
    """One worker for each core: a worker's Python uses one."""
    each = min(
        rooms_per_core(figures, kind),
        math.floor(
            (WORKER_LIMIT_MB - figures["rooms.worker.base_uss"]) / figures[f"rooms.memory_uss.{kind}.at_40"]
        ),
    )
    memory = figures["rooms.worker.base_uss"] + each * figures[f"rooms.memory_uss.{kind}.at_40"]
    return Machine(cores, cores, cores * each, cores * memory)


def workers_for(figures: Values, kind: str, rooms: int = ROOMS) -> int:
    """Rounded up. `kind`: `metered` or `unmetered`. Raises KeyError where a figure is missing."""
    return math.ceil(rooms / machine(figures, kind, 1).rooms)


def idle_calls(figures: Values) -> float:
    """A second and worker."""
    return max(value for name, value in figures.items() if name.startswith("growth.idle_calls."))


def realtime_messages(rows_a_minute: float, rooms: int = ROOMS) -> float:
    """A second: each row is sent once and delivered once, to the worker that holds its room."""
    return rooms * rows_a_minute / MINUTE * MESSAGES_A_ROW


def rows_within(limit: float, rooms: int = ROOMS) -> float:
    """Rows a minute and room, at which that many messages a second are reached."""
    return limit / MESSAGES_A_ROW / rooms * MINUTE


def fleets(figures: Values) -> dict[int, tuple[float, float]]:
    """By number of rooms: beats due and done a second, on the measured machine."""
    done = {
        int(name.removeprefix("capacity.fleet.of_").split(".")[0]): value
        for name, value in figures.items()
        if name.startswith("capacity.fleet.") and name.endswith(".beats_done")
    }
    return {rooms: (figures[f"capacity.fleet.of_{rooms}.beats_due"], d) for rooms, d in sorted(done.items())}


def largest_fleet(figures: Values) -> int:
    """Rooms whose beats the measured database still answered in time; 0 when none did."""
    return max((rooms for rooms, (due, done) in fleets(figures).items() if done >= KEEPS_UP * due), default=0)


def watch_cores(figures: Values, looks_a_second: float) -> float:
    """Cores that the one watching worker's looks keep busy, were each call's time all work."""
    return looks_a_second * figures["capacity.watch.p50"] / 1000
