"""Figures that a command measured: `.local/results/<command>.jsonl`, one object a line, names stable."""

import json
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.paths import STATE


@dataclass(frozen=True, slots=True)
class Figure:
    """`name` is `area.what.statistic`; `n` is how many measurements it rests on; `bar` is what `held` is judged by."""

    name: str
    value: float
    unit: str
    n: int = 1
    bar: float | None = None
    held: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """As a line of the results has it; `bar` and `held` only where there is a bar."""
        always = {"name": self.name, "value": self.value, "unit": self.unit, "n": self.n}
        judged = {"bar": self.bar, "held": self.held}
        return always | {key: value for key, value in judged.items() if value is not None}


def at_most(name: str, value: float, bar: float, unit: str = "ms", n: int = 1) -> Figure:
    """A figure that holds its bar up to it, the bar included."""
    return Figure(name, round(value, 3), unit, n, bar, value <= bar)


def percentile(taken: Sequence[float], percent: int) -> float:
    """Between the nearest ranks, linearly. 100 is the most."""
    if percent == 100 or len(taken) == 1:
        return max(taken)
    return statistics.quantiles(taken, n=100, method="inclusive")[percent - 1]


def spread(name: str, ms: Sequence[float], bars: Mapping[int, float] | None = None) -> list[Figure]:
    """p50, p95, p99 and the most; `bars` by percentile, 100 being the most."""
    figures = []
    for percent in (50, 95, 99, 100):
        value, bar = percentile(ms, percent), (bars or {}).get(percent)
        held = None if bar is None else value <= bar
        which = "max" if percent == 100 else f"p{percent}"
        figures.append(Figure(f"{name}.{which}", round(value, 2), "ms", len(ms), bar, held))
    return figures


def write(command: str, figures: Iterable[Figure]) -> Path:
    """Replaces what the command wrote the last time; where it is."""
    folder = STATE / "results"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(figure.as_json()) + "\n" for figure in figures]
    path = folder / f"{command}.jsonl"
    path.write_text("".join(lines))
    return path


def read(command: str) -> list[Figure]:
    """What the command wrote the last time; nothing when it never ran."""
    path = STATE / "results" / f"{command}.jsonl"
    return [Figure(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def say(line: str) -> None:
    """A line for the one who ran the command, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def conclude(command: str, figures: Sequence[Figure], *, bars_only: bool = False) -> int:
    """Show the figures, write them, and answer the command's exit code: 1 when a bar is missed.

    `bars_only`: show those that have one. All are written.
    """
    say(report(figure for figure in figures if figure.bar is not None or not bars_only))
    say(f"written to {write(command, figures)}")
    return 1 if any(figure.held is False for figure in figures) else 0


def report(figures: Iterable[Figure]) -> str:
    """For the one who ran the command: a figure a line, with its bar."""
    lines = []
    for figure in figures:
        bar = "" if figure.bar is None else f"  {'held' if figure.held else 'MISSED'}: bar {figure.bar:g}"
        lines.append(f"  {figure.name:<46}{figure.value:10.3f} {figure.unit:<8}n={figure.n:<4}{bar}")
    return "\n".join(lines) + "\n"
