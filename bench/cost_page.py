"""The page's table of what a room costs, variant beside variant. Pure."""

from collections.abc import Sequence

from bench.tables import number, table
from local.results import Figure

TITLE = "## Cost of a room, side by side"
NOTE = (
    "One speaker and one listener in each room. CPU: process CPU seconds per second over the worker's process tree, "
    "median of three rounds. Ours and LiveKit's client alone keep to one core (`LIVE_CPUS`), as the handbook "
    "recommends; the others need all. Memory: of each room beyond the first, all children included. Where the machine "
    "is nearly all busy, anyone who needs more CPU than is left looks cheaper than it is, so the comparison errs "
    "against us."
)
VARIANTS = {
    "metered": "ours, every microphone measured",
    "any_core": "the same, left to any core",
    "unmetered": "ours, nothing heard",
    "three_speakers": "ours, three speakers in each, measured",
    "floor": "LiveKit's client alone, its sound thrown away",
    "lean": "process per job, lean settings",
    "naive": "the tutorials' agent",
}
SIZES = (1, 10, 20, 40)


def section(figures: Sequence[Figure]) -> list[str]:
    """Of the figures of `bench.rooms` and `bench.rooms_beside`; empty where neither has run."""
    value = {figure.name: figure.value for figure in figures}
    rows = [
        (words, str(size), *_cells(value, f"{variant}.at_{size}"))
        for variant, words in VARIANTS.items()
        for size in SIZES
        if f"rooms.cpu.{variant}.at_{size}" in value
    ]
    if not rows:
        return []
    side_by_side = table(
        (
            "variant",
            "rooms",
            "USS, MiB/room",
            "PSS, MiB/room",
            "CPU, % of a core/room",
            "people, cores",
            "machine busy, %",
        ),
        rows,
    )
    return [TITLE, NOTE, side_by_side, *_large_room(value)]


def _large_room(value: dict[str, float]) -> list[str]:
    memory, cpu = (value.get(f"rooms.{what}.room_of_50.whole") for what in ("memory_uss", "cpu"))
    if memory is None or cpu is None:
        return []
    return [
        f"A room of fifty people beside a small one takes {number(memory)} MiB and {number(cpu)} % of a core more."
    ]


def _cells(value: dict[str, float], where: str) -> tuple[str, ...]:
    names = ("memory_uss", "memory_pss", "cpu", "load_cores", "machine_busy")
    found = (value.get(f"rooms.{name}.{where}") for name in names)
    return tuple("" if figure is None else number(figure) for figure in found)
