"""Says what a command measured, and writes it to `.local/results/<command>.jsonl`, one figure a line
(CONTRACT.md, commands)."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_RESULTS = Path(__file__).resolve().parent.parent / ".local" / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    """`area.what.statistic`; stable."""
    value: float
    unit: str
    n: int
    bar: float | None = None
    held: bool | None = None

    def line(self) -> str:
        row: dict[str, object] = {"name": self.name, "value": self.value, "unit": self.unit, "n": self.n}
        if self.bar is not None:
            row |= {"bar": self.bar, "held": self.held}
        return json.dumps(row)


def write_results(command: str, figures: Iterable[Figure]) -> Path:
    """Replace the command's results by these."""
    _RESULTS.mkdir(parents=True, exist_ok=True)
    path = _RESULTS / f"{command}.jsonl"
    path.write_text("".join(figure.line() + "\n" for figure in figures))
    return path


def say(line: str) -> None:
    """A line for whoever ran the command."""
    sys.stdout.write(line + "\n")
