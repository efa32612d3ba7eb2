"""The Expo example with what it needs: its packages by its lock, ours as they are now, both checked by the compiler."""

import hashlib
import shutil
from pathlib import Path

from deno import find_deno_bin

from local.paths import REPOSITORY, STATE
from tests.app import page
from tests.app.node import NODE, NPM, environment
from tests.conformance.steps import command

SYSTEM = REPOSITORY / "livekit-system"
EXAMPLE = SYSTEM / "examples" / "expo"
LIVE = SYSTEM / "clients" / "typescript"
HOOKS = SYSTEM / "clients" / "react-native"
MODULES = EXAMPLE / "node_modules"
STAMP = MODULES / ".installed"
PAGE = ".page"
"""Below the example, for the compiler alone."""
COMMANDS = STATE / "app" / "bin"
INSTALL_SECONDS = 600.0
COMPILE_SECONDS = 600.0


async def install() -> None:
    """The example's node_modules by its lock, unless they are that already."""
    wanted = hashlib.sha256((EXAMPLE / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    # Not `npm ci`: it refuses a lock as soon as the registry lacks an optional package for some other machine.
    await command(
        [NODE, NPM, "install", "--no-save", "--ignore-scripts", "--prefer-offline"],
        seconds=INSTALL_SECONDS, env=environment(COMMANDS), cwd=EXAMPLE,
    )  # fmt: skip
    STAMP.write_text(wanted)


def copy_package(source: Path, name: str) -> None:
    """As npm would pack it into the example's node_modules."""
    target = MODULES / "@ipelya" / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for part in ("dist", "src", "plugin", "app.plugin.js", "package.json", "README.md"):
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, ignore=shutil.ignore_patterns("consumer"))
        elif (source / part).exists():
            shutil.copy(source / part, target / part)


async def tsc(*options: str | Path, cwd: Path = EXAMPLE) -> None:
    await command(
        [NODE, MODULES / "typescript" / "bin" / "tsc", *options],
        seconds=COMPILE_SECONDS, env=environment(COMMANDS), cwd=cwd,
    )  # fmt: skip


async def build_packages() -> None:
    """Both packages compiled, and copied into the example."""
    await command([find_deno_bin(), "task", "--quiet", "build"], seconds=COMPILE_SECONDS, cwd=LIVE)
    copy_package(LIVE, "live")
    # Its peers are the example's, for as long as it is compiled: a copy of the folder has no packages in it.
    link = HOOKS / "node_modules"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("..") / ".." / "examples" / "expo" / "node_modules")
    shutil.rmtree(HOOKS / "dist", ignore_errors=True)
    try:
        await tsc("-p", HOOKS)
    finally:
        link.unlink()
    copy_package(HOOKS, "live-react-native")


async def check() -> str:
    """Install, build, compile; the handbook's snippets too."""
    await install()
    await build_packages()
    page.write_into(EXAMPLE / PAGE)
    await tsc("--noEmit")
    return "the packages, the example and the handbook's snippets compile"
