"""The console as a package, and the Next.js app of OPS.md that uses it: both checked by the compiler."""

import hashlib
import re
import shutil
from pathlib import Path

from deno import find_deno_bin

from tests.app.example import COMMANDS, SYSTEM
from tests.app.node import NODE, NPM, environment
from tests.conformance.steps import command

CONSOLE = SYSTEM / "console"
NEXT = SYSTEM / "examples" / "nextjs"
HANDBOOK = SYSTEM / "OPS.md"
INSTALLED = NEXT / "node_modules" / ".installed"
CHECKED = NEXT / "node_modules" / ".checked"
PACKAGE = NEXT / "node_modules" / "@ipelya" / "live-console"
SNIPPETS = NEXT / ".page"
"""Where the handbook's files go, for the compiler alone."""
FILE = re.compile(
    r"^```tsx?\n// (?P<name>app/[\w./\[\]-]+\.tsx?)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
INSTALL_SECONDS = 600.0
COMPILE_SECONDS = 600.0


def snippets() -> dict[str, str]:
    """The handbook's files of a Next.js app, by name."""
    found = {match["name"]: match["text"] for match in FILE.finditer(HANDBOOK.read_text())}
    if not found:
        raise AssertionError("OPS.md shows no file of a Next.js app")
    return found


def fingerprint() -> str:
    """Of all that the compiler reads but for the installed packages, which the lock names."""
    digest = hashlib.sha256()
    sources = (*CONSOLE.glob("src/**/*"), *CONSOLE.glob("*.json"), *NEXT.glob("*.json"), HANDBOOK)
    for file in sorted(file for file in sources if file.is_file()):
        digest.update(f"{file.relative_to(SYSTEM)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


async def install() -> None:
    """The app's packages by its lock; without what Next.js needs only to build (its compiler for this machine)."""
    wanted = hashlib.sha256((NEXT / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.exists() and INSTALLED.read_text() == wanted:
        return
    await command(
        [NODE, NPM, "install", "--no-save", "--ignore-scripts", "--omit=optional", "--prefer-offline"],
        seconds=INSTALL_SECONDS, env=environment(COMMANDS), cwd=NEXT,
    )  # fmt: skip
    INSTALLED.write_text(wanted)


async def compile_with(*options: str | Path, cwd: Path) -> None:
    await command(
        [NODE, NEXT / "node_modules" / "typescript" / "bin" / "tsc", *options],
        seconds=COMPILE_SECONDS, env=environment(COMMANDS), cwd=cwd,
    )  # fmt: skip


async def build_package() -> None:
    """The console compiled with its types, and copied as npm would pack it."""
    # The console's own packages are Deno's.
    await command([find_deno_bin(), "install", "--quiet"], seconds=INSTALL_SECONDS, cwd=CONSOLE)
    shutil.rmtree(CONSOLE / "lib", ignore_errors=True)
    await compile_with("-p", CONSOLE, cwd=CONSOLE)
    shutil.rmtree(PACKAGE, ignore_errors=True)
    PACKAGE.mkdir(parents=True)
    for part in ("lib", "src/styles"):
        shutil.copytree(CONSOLE / part, PACKAGE / part)
    for part in ("package.json", "README.md"):
        shutil.copy(CONSOLE / part, PACKAGE / part)


def write_snippets() -> None:
    shutil.rmtree(SNIPPETS, ignore_errors=True)
    for name, text in snippets().items():
        file = SNIPPETS / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


async def check() -> str:
    """Install, build the package, compile the handbook's app against it; nothing where nothing has changed."""
    wanted = fingerprint()
    if CHECKED.exists() and CHECKED.read_text() == wanted:
        return "the console's package and the handbook's Next.js app: as they were when they last compiled"
    await install()
    await build_package()
    write_snippets()
    await compile_with("--noEmit", cwd=NEXT)
    CHECKED.write_text(wanted)
    return "the console's package and the handbook's Next.js app compile"
