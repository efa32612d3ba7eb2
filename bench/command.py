"""The command line of benchmarks that start a stack of their own: how often, and on which ports."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.full import full


@dataclass(frozen=True)
class Times:
    """How often it is measured: `short`, or `whole` with FULL=1. `of`: what is counted, for the help."""

    short: int
    whole: int
    of: str


def command(
    name: str, says: str | None, measure: Callable[..., Awaitable[bool]], times: Times | None = None
) -> int:
    """Measure as the command line says, and answer the exit code: 1 when a bar was missed.

    `measure` takes the port base (None: the stack's own choice) and, with `times`, how often; it answers whether all
    bars held.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=says)
    parser.add_argument("--port-base", type=int, default=None)
    if times is not None:
        often = times.whole if full() else times.short
        parser.add_argument("--times", type=int, default=often, help=times.of)
    given = parser.parse_args()
    often_too = () if times is None else (given.times,)

    async def measured() -> bool:
        return await measure(given.port_base, *often_too)

    return 0 if asyncio.run(measured()) else 1
