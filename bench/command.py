"""How a benchmark's module ends: measured, shown, written, and an exit code. Where it starts a stack of its own, its
command line says how often, and on which ports."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from bench.full import full
from local.results import Figure, conclude

Measuring = Coroutine[Any, Any, list[Figure]]


@dataclass(frozen=True)
class Times:
    """How often it is measured: `short`, or `whole` with FULL=1. `of`: what is counted, for the help."""

    short: int
    whole: int
    of: str


def measured(name: str, measuring: Measuring, *, bars_only: bool = False) -> int:
    """Measure, show and write the figures, and answer the exit code: 1 when a bar was missed.

    `bars_only`: show those that have a bar.
    """
    return conclude(name, asyncio.run(measuring), bars_only=bars_only)


def command(
    name: str, says: str | None, measure: Callable[..., Measuring], times: Times | None = None
) -> int:
    """As `measured`, and as the command line says.

    `measure` takes the port base (None: the stack's own choice) and, with `times`, how often.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=says)
    parser.add_argument("--port-base", type=int, default=None)
    if times is not None:
        often = times.whole if full() else times.short
        parser.add_argument("--times", type=int, default=often, help=times.of)
    given = parser.parse_args()
    often_too = () if times is None else (given.times,)
    return measured(name, measure(given.port_base, *often_too))
