"""`make mutants`: small faults are put into `handlers/` and `moderation/`, one at a time, and the tests must notice.

Of all mutants that mutmut makes, a sample is run, always the same for the same code. A mutant that changes nothing that
anybody can see is equivalent: it stands in `equivalent_mutants.json` with the reason, and does not count.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from local.paths import REPOSITORY
from local.results import Figure, report, say, write

SAMPLE = int(os.environ.get("SAMPLE", "60"))
SEED = 1
BAR = 0.95
EQUIVALENT: Mapping[str, str] = json.loads(Path(__file__).with_name("equivalent_mutants.json").read_text())
SURVIVED = 0
NOT_RUN = None
MUTMUT = [sys.executable, "-m", "mutmut"]


def mutants() -> Iterator[tuple[str, int | None]]:
    """Each mutant's name, and the exit code of its tests: 0, it survived."""
    for path in sorted((REPOSITORY / "mutants").rglob("*.meta")):
        yield from json.loads(path.read_text())["exit_code_by_key"].items()


def mutmut(*arguments: str) -> int:
    return subprocess.run([*MUTMUT, *arguments], cwd=REPOSITORY, check=False).returncode


def sample(names: Sequence[str]) -> list[str]:
    return sorted(random.Random(SEED).sample(sorted(names), min(SAMPLE, len(names))))  # noqa: S311


def main() -> int:
    mutmut("run", "none.at.all")  # makes them, and learns which test runs which function
    chosen = sample([name for name, _ in mutants()])
    mutmut("run", *chosen)
    codes = dict(mutants())
    ran = [name for name in chosen if codes[name] is not NOT_RUN and name not in EQUIVALENT]
    survivors = [name for name in ran if codes[name] == SURVIVED]
    for name in survivors:
        mutmut("show", name)
    killed = 1 - len(survivors) / len(ran) if ran else 0.0
    figure = Figure("mutants.killed.share", round(killed, 3), "of 1", len(ran), BAR, killed >= BAR)
    say(f"{len(survivors)} of {len(ran)} survived: {', '.join(survivors) or 'none'}")
    say(report([figure]))
    write("mutants", [figure])
    return 0 if figure.held else 1


if __name__ == "__main__":
    sys.exit(main())
