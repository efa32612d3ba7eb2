"""`make mutants`: are the tests of the decisions any good?

A mutant is `handlers/` or `moderation/` with one small fault put in on purpose (`>` for `>=`, a constant one higher, an
argument left out). A good suite fails for each of them. There are thousands, so a sample is drawn, the same one for the
same `SEED`. A mutant that does the same as the original is listed below with the reason.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
MUTANTS = REPOSITORY / "mutants"
MUTMUT = "mutmut==3.8.1"
SAMPLE = int(os.environ.get("SAMPLE", "60"))
SEED = int(os.environ.get("SEED", "1"))
BAR = 0.95
SURVIVED, NO_TEST = 0, 33
"""Exit codes that mutmut keeps of each mutant; every other one means that a test has noticed it."""

AT_IMPORT = ("moderation.audio.kweighting.xǁ_Workǁ__init__", "moderation.audio.kweighting.x__carrying__")
"""Runs once, when its module is imported, which is before a mutant is switched on: no run can tell these apart."""
EQUIVALENT: dict[str, str] = {
    "if total < _BAND_FLOOR:": "differs for a sum of floats that is the floor to the last bit",
    "assert_never(event)": "never reached: the type checker holds that every event has its case",
    "for p, s, pp, ss, ps in zip(power, steepness, heights, slopes, both, ):": "all have one length",
}
"""The changed line as it reads in the mutant, or the one that is gone where nothing took its place; and why it changes
nothing."""


def mutmut(*arguments: str) -> subprocess.CompletedProcess[str]:
    uv = os.environ.get("UV", "uv")
    command = [uv, "run", "--quiet", "--no-sync", "--with", MUTMUT, "mutmut", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def outcomes() -> dict[str, int | None]:
    """Of every mutant by name; None: it was not run."""
    found: dict[str, int | None] = {}
    for meta in sorted(MUTANTS.rglob("*.meta")):
        found |= json.loads(meta.read_text()).get("exit_code_by_key", {})
    return found


def changed_lines(name: str) -> Iterator[str]:
    lines = mutmut("show", name).stdout.splitlines()
    added = [line for line in lines if line.startswith("+") and not line.startswith("+++")]
    gone = [line for line in lines if line.startswith("-") and not line.startswith("---")]
    yield from (line[1:].strip() for line in added or gone)


def judge(names: Sequence[str]) -> bool:
    """Say which of them survived. True: enough were noticed."""
    seen = outcomes()
    left_over = [name for name in names if seen.get(name) in {SURVIVED, NO_TEST, None}]
    equivalent, survivors = list[str](), list[str]()
    for name in left_over:
        same = any(line in EQUIVALENT for line in changed_lines(name))
        (equivalent if same else survivors).append(name)
        sys.stdout.write(f"{'equivalent' if same else 'SURVIVED'}: {name}\n{mutmut('show', name).stdout}\n")
    counted = len(names) - len(equivalent)
    killed = counted - len(survivors)
    share = killed / max(1, counted)
    sys.stdout.write(
        f"{killed} of {counted} mutants noticed ({share:.0%}, bar {BAR:.0%}), "
        f"{len(equivalent)} equivalent, seed {SEED}\n"
    )
    return share >= BAR


def main() -> int:
    mutmut(
        "run", "none.of.them"
    )  # makes the mutants, and learns which test reaches which; it has nothing to run
    names = sorted(name for name in outcomes() if not name.startswith(AT_IMPORT))
    if not names:
        sys.stderr.write("mutmut made no mutants\n")
        return 1
    drawn = random.Random(SEED).sample(names, min(SAMPLE, len(names)))  # noqa: S311  (a sample, not a secret)
    ran = mutmut("run", *drawn)
    if any(outcomes()[name] is None for name in drawn):
        sys.stderr.write(ran.stdout[-2000:] + ran.stderr[-2000:])
        return 1
    return 0 if judge(drawn) else 1


if __name__ == "__main__":
    sys.exit(main())
