"""`make app-test`: the app's half on its own tools; says what ran. `make check` runs `python -m tests.app check`."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from deno import find_deno_bin
from playwright.async_api import Error as BrowserError

from local.paths import STATE
from local.results import Figure, say, write
from tests.app import example, fresh, hermes, next_app, ops_page, play, plugin
from tests.conformance.steps import Failed, Skipped, Step, command


async def check(_: Path) -> str:
    return f"{await example.check()}; {await ops_page.check()}"


async def compile_all(_: Path) -> str:
    """An app against the built package, by both ways of resolving modules, with and without skipLibCheck."""
    await command([find_deno_bin(), "task", "--quiet", "compile", "all"], seconds=300.0, cwd=example.LIVE)
    return "bundler and node16, each with and without skipLibCheck"


STEPS = (
    Step("check", check),
    Step("compile", compile_all),
    Step("vectors", hermes.vectors),
    Step("plugin", plugin.plugin),
    Step("bundle", hermes.bundle),
    Step("fresh", fresh.fresh),
    Step("play", play.play),
    Step("next", next_app.next_app),
)


async def take(step: Step) -> bool | None:
    """Whether the step held; None: it was skipped."""
    say(f"== {step.name}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="app-test-", ignore_cleanup_errors=True) as folder:
        try:
            said, held = await step.run(Path(folder)), True
        except Skipped as why:
            said, held = f"SKIPPED: {why}", None
        except (Failed, AssertionError, BrowserError, OSError) as error:
            said, held = f"FAILED: {type(error).__name__}: {error}", False
    say(f"{said}  ({time.monotonic() - begun:.1f} s)")
    return held


async def main(wanted: list[str]) -> int:
    """Run these steps, or all. Any step needs `check` before it."""
    (STATE / "app").mkdir(parents=True, exist_ok=True)
    if wanted == ["packages"]:
        await example.check()
        folder = STATE / "packages"
        folder.mkdir(exist_ok=True)
        say(str(await fresh.pack(folder)))
        return 0
    figures = list[Figure]()
    for step in STEPS:
        if wanted and step.name not in wanted:
            continue
        begun = time.monotonic()
        held = await take(step)
        if held is not None:
            figures.append(
                Figure(f"app_test.{step.name}.seconds", round(time.monotonic() - begun, 1), "s", held=held)
            )
    if wanted != ["check"]:
        write("app_test", figures)
    return 0 if all(figure.held for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
