"""`make app-test`: the app's half on its own tools. It says step by step what ran, and at the end what held. About five
minutes on two cores. `make check` runs `python -m tests.app check`; `python -m tests.app play` runs one step.
"""

import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from deno import find_deno_bin

from local.paths import STATE
from local.results import Figure, say, write
from tests.app import example, fresh, hermes, next_app, ops_page, play, plugin
from tests.conformance.steps import Failed, Skipped, command


@dataclass(frozen=True, slots=True)
class Part:
    """One step: what it is called, what it shows, how long it may take at most, and how it is run."""

    name: str
    shows: str
    seconds: float
    """On a slow machine with nothing in its caches; what takes longer has failed."""
    run: Callable[[Path], Awaitable[str]]
    """Given an empty folder of its own. Returns what it found, in a few words; raises Skipped, or anything else."""


class Outcome(Enum):
    HELD = "held"
    SKIPPED = "skipped"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Ran:
    part: Part
    outcome: Outcome
    said: str
    took: float


async def check(_: Path) -> str:
    return f"{await example.check()}; {await ops_page.check()}"


async def compile_all(_: Path) -> str:
    """An app against the built package, by both ways of resolving modules, with and without skipLibCheck."""
    await command([find_deno_bin(), "task", "--quiet", "compile", "all"], seconds=600.0, cwd=example.LIVE)
    return "bundler and node16, each with and without skipLibCheck"


PARTS = (
    Part("check", "packages, example, handbook: the compiler", 1800.0, check),
    Part("compile", "an app against the built package", 600.0, compile_all),
    Part("vectors", "signed packets under Hermes", 900.0, hermes.vectors),
    Part("plugin", "the config plugin's every option", 900.0, plugin.plugin),
    Part("bundle", "the example as Hermes' bytecode, for both phones", 1200.0, hermes.bundle),
    Part("fresh", "a new app by every command of the handbook", 1800.0, fresh.fresh),
    Part("play", "the example's web build, two people in Chromium", 1200.0, play.play),
    Part("next", "the handbook's Next.js app, built and opened", 1800.0, next_app.next_app),
)


async def take(part: Part) -> Ran:
    """Never raises: one that fails leaves the others their turn."""
    say(f"== {part.name}: {part.shows}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="app-test-", ignore_cleanup_errors=True) as folder:
        try:
            async with asyncio.timeout(part.seconds) as limit:
                said, outcome = await part.run(Path(folder)), Outcome.HELD
        except Skipped as why:
            said, outcome = str(why), Outcome.SKIPPED
        except (Failed, AssertionError) as error:
            said, outcome = str(error), Outcome.FAILED
        except Exception as error:  # noqa: BLE001  (whatever it is, it is told with its place)
            said = f"not within {part.seconds:.0f} s" if limit.expired() else traceback.format_exc()
            said, outcome = f"{type(error).__name__}: {said}", Outcome.FAILED
    ran = Ran(part, outcome, said, time.monotonic() - begun)
    say(f"{outcome.value}: {said}  ({ran.took:.1f} s)")
    return ran


def summary(runs: Sequence[Ran]) -> str:
    """A line for each step, and one for all of them."""
    lines = [f"{ran.outcome.value:8} {ran.took:6.1f} s  {ran.part.name:8} {ran.part.shows}" for ran in runs]
    counted = [
        f"{sum(ran.outcome is outcome for ran in runs)} {outcome.value.lower()}" for outcome in Outcome
    ]
    return "\n".join([*lines, f"{', '.join(counted)}, {sum(ran.took for ran in runs):.0f} s"])


async def packages() -> None:
    """`make packages`."""
    await example.check()
    folder = STATE / "packages"
    folder.mkdir(exist_ok=True)
    say(str(await fresh.pack(folder)))


async def main(wanted: Sequence[str]) -> int:
    """Run these steps, or all. Any step needs `check` before it, once."""
    (STATE / "app").mkdir(parents=True, exist_ok=True)
    if list(wanted) == ["packages"]:
        await packages()
        return 0
    names = [part.name for part in PARTS]
    if unknown := set(wanted) - set(names):
        say(f"no such step: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
        return 2
    runs = [await take(part) for part in PARTS if not wanted or part.name in wanted]
    if list(wanted) != ["check"]:
        say(f"== all\n{summary(runs)}")
        write("app_test", figures(runs))
    return 1 if any(ran.outcome is Outcome.FAILED for ran in runs) else 0


def figures(runs: Sequence[Ran]) -> list[Figure]:
    return [
        Figure(f"app_test.{ran.part.name}.seconds", round(ran.took, 1), "s", held=ran.outcome is Outcome.HELD)
        for ran in runs
        if ran.outcome is not Outcome.SKIPPED
    ]


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
