"""Hermes: the shared vectors under its newest runtime that a registry has, and bundles as its bytecode."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from deno import find_deno_bin

from local.paths import machine_cache
from tests.app.example import COMMANDS, EXAMPLE, LIVE, MODULES
from tests.app.node import NODE, NPM, environment
from tests.conformance.steps import Failed, command

RUNTIME = "0.12.0"
"""The newest of `hermes-engine-cli`, the one package with a runtime for such a machine. `hermes-compiler`, which React
Native brings, is newer and only compiles."""
MAGIC = bytes.fromhex("c61fbc03c103191f")
"""How a file of Hermes' bytecode begins, whatever its version."""
NATIVE = {
    "dist/phone": b"RNCallKeep",
    "dist/verify": b"verifySync",
    "dist/window": b"onPipModeChange",
}
ANDROID = {"dist/ringing": b"ipelya-calls", "dist/foreground": b"ipelya-live"}
"""Which of the package's files for phones are in a bundle, by a word that is in no other. Of what is Android's alone
Metro leaves nothing in an iPhone's."""
SECONDS = 600.0
PLATFORMS = ("android", "ios")
LOWER = """
const ts = require("typescript");
const { readFileSync, writeFileSync } = require("node:fs");
const [from, to] = process.argv.slice(2);
const how = { target: ts.ScriptTarget.ES5, downlevelIteration: true, module: ts.ModuleKind.None, allowJs: true };
writeFileSync(to, ts.transpileModule(readFileSync(from, "utf8"), { compilerOptions: how }).outputText);
"""
"""This runtime is older than classes and `async` in Hermes; BigInt it has."""

HEAD = """
var self = globalThis, global = globalThis, window = globalThis, real = Math.pow;
// `**` is lowered to this, which knows no BigInt.
Math.pow = function (base, times) {
  if (typeof base !== "bigint") return real(base, times);
  var found = BigInt(1);
  for (var n = BigInt(0); n < times; n++) found *= base;
  return found;
};
"""


async def runtime() -> Path:
    """The command line of Hermes, installed into the machine's cache once."""
    home = machine_cache() / f"hermes-{RUNTIME}"
    binary = home / "node_modules" / "hermes-engine-cli" / "linux64-bin" / "hermes"
    if not binary.exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text(json.dumps({"name": "hermes", "private": True}))
        install: list[str | Path] = [NODE, NPM, "install", "--ignore-scripts", f"hermes-engine-cli@{RUNTIME}"]
        await command(install, seconds=SECONDS, env=environment(COMMANDS), cwd=home)
    return binary


async def vectors(folder: Path) -> str:
    """Every packet of the vectors gets its verdict under Hermes, impossible times among them."""
    bundle, lowered = folder / "vectors.js", folder / "lowered.js"
    build: list[str | Path] = [
        find_deno_bin(),
        "run",
        "-A",
        "npm:esbuild@0.28.2",
        "tests/hermes_vectors.ts",
        "--bundle",
    ]
    await command(
        [*build, "--format=iife", "--target=es2020", f"--outfile={bundle}"], seconds=SECONDS, cwd=LIVE
    )
    script = EXAMPLE / "node_modules" / ".lower.cjs"
    script.write_text(LOWER)
    await command([NODE, script, bundle, lowered], seconds=SECONDS, env=environment(COMMANDS), cwd=EXAMPLE)
    # What registerGlobals() of @livekit/react-native brings.
    globals_ = MODULES / "@livekit" / "react-native" / "src" / "polyfills" / "EncoderDecoderTogether.min.js"
    whole = folder / "whole.js"
    whole.write_text(HEAD + globals_.read_text() + "\n" + lowered.read_text())
    said = await command([await runtime(), whole], seconds=SECONDS)
    last = said.splitlines()[-1] if said else "nothing"
    if not last.endswith(" 0 failed") or last.startswith("0 passed"):
        raise Failed(said)
    return f"{last}, under Hermes {RUNTIME}"


async def bundle(folder: Path) -> str:
    """The example as Metro bundles it for both phones: Hermes' bytecode."""
    out = folder / "export"
    await export(EXAMPLE, out)
    sizes = bytecode(out)
    native_parts(out)
    shutil.rmtree(out)
    return f"{sizes}, with {', '.join([*NATIVE, *ANDROID])}"


def native_parts(out: Path) -> None:
    """Raises Failed where a phone's bundle lacks one of the package's files for phones."""
    for file in out.rglob("*.hbc"):
        code = file.read_bytes()
        wanted = NATIVE | ANDROID if file.parent.name == "android" else NATIVE
        if missing := [part for part, word in wanted.items() if word not in code]:
            raise Failed(f"{file.parent.name} lacks {missing}")


async def export(app: Path, out: Path, platforms: Sequence[str] = PLATFORMS) -> None:
    argv: list[str | Path] = [
        NODE,
        app / "node_modules" / "expo" / "bin" / "cli",
        "export",
        "--output-dir",
        out,
    ]
    wanted = [part for platform in platforms for part in ("--platform", platform)]
    await command([*argv, *wanted], seconds=900.0, env=environment(COMMANDS), cwd=app)


def bytecode(out: Path, platforms: Sequence[str] = PLATFORMS) -> str:
    """Raises Failed where a phone's bundle is missing, or is no bytecode."""
    found = sorted(out.rglob("*.hbc"))
    if len(found) != len(platforms) or any(file.read_bytes()[:8] != MAGIC for file in found):
        raise Failed(f"no bytecode for each platform: {[file.name for file in found]}")
    return ", ".join(f"{file.parent.name} {file.stat().st_size / 1e6:.1f} MB" for file in found)
