"""`make conformance`: the product on parts that `make test` has not; says what ran, what was skipped and why."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.results import Figure, say, write
from tests.conformance import postgres_15, two_nodes
from tests.conformance.compose import compose
from tests.conformance.image import image
from tests.conformance.manifests import manifests
from tests.conformance.oldest_livekit import oldest_livekit
from tests.conformance.pooler import pooler
from tests.conformance.speech_engine import speech_engine
from tests.conformance.steps import Failed, Skipped, Step, run_tests


async def command_line(_: Path) -> str:
    return await run_tests("tests/conformance")


STEPS = (
    Step("supabase_cli", command_line),
    Step("postgres_15", postgres_15.database_suite),
    Step("lint", postgres_15.lint),
    Step("pooler", pooler),
    Step("oldest_livekit", oldest_livekit),
    Step("two_nodes", two_nodes.rooms),
    Step("two_nodes_faults", two_nodes.faults),
    Step("manifests", manifests),
    Step("speech_engine", speech_engine),
    Step("compose", compose),
    Step("image", image),
)


@contextmanager
def open_folder() -> Iterator[Path]:
    """An empty folder that every user may pass, since Postgres runs as another one."""
    with tempfile.TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def take(step: Step) -> tuple[bool | None, str]:
    """Whether the step held (None: it was skipped), and what to read about it."""
    with open_folder() as folder:
        try:
            return True, await step.run(folder)
        except Skipped as why:
            return None, str(why)
        except (Failed, AssertionError) as error:
            return False, str(error)


async def main(wanted: set[str]) -> int:
    """Run these steps, or all."""
    figures, lines = list[Figure](), list[str]()
    for step in STEPS:
        if wanted and step.name not in wanted:
            continue
        say(f"== {step.name}")
        started = time.monotonic()
        held, said = await take(step)
        seconds = round(time.monotonic() - started, 1)
        word = {True: "held", False: "FAILED", None: "SKIPPED"}[held]
        say(said)
        lines.append(f"  {word:<8}{step.name:<18}{seconds:7.1f} s  {said.splitlines()[-1] if said else ''}")
        if held is not None:
            figures.append(Figure(f"conformance.{step.name}.seconds", seconds, "s", held=held))
    say("\n".join(["", *lines]))
    write("conformance", figures)
    return 0 if all(figure.held for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(set(sys.argv[1:]))))
