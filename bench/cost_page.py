"""The page's table of what a room costs, variant beside variant. Pure."""

from collections.abc import Sequence

from bench.tables import number, plain, table
from local.results import Figure

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
    "floor": "LiveKit's client alone, its sound thrown away",
    "lean": "process per job, lean settings",
    "naive": "the tutorials' agent",
}
SIZES = (1, 10, 20, 40)


def section(figures: Sequence[Figure]) -> str:
    value = {figure.name: figure.value for figure in figures}
    rows = [
        (words, str(size), *_cells(value, f"{variant}.at_{size}"))
        for variant, words in VARIANTS.items()
        for size in SIZES
        if f"rooms.cpu.{variant}.at_{size}" in value
    ]
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
    shown = {f"{variant}.at_{size}" for variant in VARIANTS for size in SIZES}
    rest = [f for f in figures if not f.name.endswith(tuple(shown))]
    return f"{side_by_side}\n\n{plain(rest)}"


def _cells(value: dict[str, float], where: str) -> tuple[str, ...]:
    names = ("memory_uss", "memory_pss", "cpu", "load_cores", "machine_busy")
    found = (value.get(f"rooms.{name}.{where}") for name in names)
    return tuple("" if figure is None else number(figure) for figure in found)
