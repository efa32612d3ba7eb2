"""`make mutants`: are the tests of the decisions any good?

A fault is `handlers/` or `moderation/` with one small thing changed on purpose (`>` for `>=`, a constant one higher, an
argument left out). A good suite fails for each of them. There are thousands, so a sample is drawn, the same one for the
same `SEED` and code. A fault that changes nothing is listed below with the reason.

What was learned is kept in `.local/mutants` while no file of ours changes: a run that is stopped goes on where it was.
"""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from local.paths import STATE

REPOSITORY = Path(__file__).parents[2]
MUTMUT = "mutmut==3.8.1"
SAMPLE = int(os.environ.get("SAMPLE", "60"))
SEED = int(os.environ.get("SEED", "1"))
BAR = 0.95

EQUIVALENT: dict[str, str] = {
    "if total < _BAND_FLOOR:": "differs for a sum of floats that is the floor to the last bit",
    "steady = sum(map(abs, changes)) < _STEADY_DB * _BANDS": "differs for a sum that is the bound to the last bit",
    "self.seen = None": "a spectrum is reset before its first look, and that sets it",
    "if s > _STILL and p >= _STILL:": "differs for a sum of floats that is the floor to the last bit",
    "if rail > _BINS:": "the last band twice changes nothing: the rail is never above full scale",
    "if seconds > 0.0 and seconds > rule.grace(section) - GRAIN:": "the grain is there for the last bit",
    "share = _share(power, standing, self._lowest) if (standing) or True else 0.0": "no line has no share",
    "if share <= _GROWN_SHARE:": "differs for a share of floats that is the bound to the last bit",
    "if self._fast.seen % _SLOW != 0:": "which of two looks begins a pair makes no difference",
    "self._counts = np.zeros(_BINS + 1, None)": "the same counts but for their last bits",
    "self.output = np.empty((rows // _BATCH, _BATCH, _ROW), None)": "the same numbers but for their last bits",
    "some = samples.reshape(BLOCK_SAMPLES, -1)[::_SPARSE].astype(None)": "the same powers but for their last bits",
    "self._samples = np.zeros(_SIZE, )": "what is put in is single precision: the same numbers",
    "lufs(windows.short_term[+1]),": "a block has two steps, so the second is the last",
    "self._above = None": "a first step does not stand out of itself, and that sets it",
    "person.retry_at = now + min(FIRST_RETRY_SECONDS * 2 ** min(person.failures - 1, 11), cap)": (
        "the tenth doubling is far above either cap"
    ),
    "low = float(power[_COMB[best, :2, None] - _SIDES].sum())": "the sides are the same on both sides of a line",
    "assert_never(event)": "never reached: the type checker holds that every event has its case",
}
"""The changed line as it reads with the fault, or the one that is gone where nothing took its place; and why it changes
nothing."""


STRICT = re.compile(r",\s*strict=\w+|,\s*(?=\):?)")
"""A `zip` that is not strict any more changes nothing either: everywhere all have one length, which strictness says."""


def changes_nothing(gone: Sequence[str], instead: Sequence[str]) -> bool:
    """Whether the fault is one of those that no test can notice."""
    before, after = (STRICT.sub("", " ".join(lines)) for lines in (gone, instead))
    return before == after or any(line in EQUIVALENT for line in instead or gone)


def state_of_the_code() -> str:
    """The same as long as no file that decides or tests has changed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py", "livekit-system/schemas"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    kept = [path for path in listed.stdout.split() if not path.startswith("tests/mutants/")]
    contents = (
        f"{path}\n".encode() + (REPOSITORY / path).read_bytes()
        for path in kept
        if (REPOSITORY / path).is_file()
    )
    return hashlib.sha256(b"".join(contents)).hexdigest()[:16]


def survey(folder: Path) -> bool:
    """Draw, run what was not run yet, and say which were not noticed. True: enough were."""
    import pytest  # noqa: PLC0415  (these two are there only in the process that `main` starts)

    from tests.mutants import faults, warm  # noqa: PLC0415

    sample = faults.drawn(SAMPLE, SEED)
    outcomes_file = folder / "outcomes.json"
    outcomes: dict[str, str | None] = json.loads(outcomes_file.read_text()) if outcomes_file.exists() else {}

    def work(suite: warm.Warm) -> None:
        broken = [name for name, known in suite.reached.items() if not known.passed]
        sys.stdout.write(
            f"{len(suite.reached)} tests, of which {len(broken)} fail without any fault: {broken[:5]}\n"
        )
        for number, fault in enumerate(sample, 1):
            if fault.name not in outcomes:
                outcomes[fault.name] = suite.notices(fault)
                outcomes_file.write_text(json.dumps(outcomes, indent=1))
                sys.stdout.write(f"{number:3} {fault.name}: {outcomes[fault.name] or 'SURVIVED'}\n")
                sys.stdout.flush()

    code = pytest.main(warm.pytest_arguments(), plugins=[warm.Warm(folder / "reached.jsonl", work)])
    if code != pytest.ExitCode.OK:
        sys.stderr.write(f"the tests could not be collected: {code!r}\n")
        return False
    return judge(sample, outcomes)


def judge(sample: "Sequence[object]", outcomes: dict[str, str | None]) -> bool:
    equivalent = survivors = 0
    for fault in sample:
        if outcomes[fault.name] is not None:
            continue
        gone, instead = fault.lines
        same = changes_nothing(gone, instead)
        equivalent, survivors = equivalent + same, survivors + (not same)
        shown = "\n".join([*(f"  - {line}" for line in gone), *(f"  + {line}" for line in instead)])
        sys.stdout.write(f"{'equivalent' if same else 'SURVIVED'}: {fault.name}\n{shown}\n")
    counted = len(sample) - equivalent
    noticed = counted - survivors
    share = noticed / max(1, counted)
    sys.stdout.write(
        f"{noticed} of {counted} faults noticed ({share:.0%}, bar {BAR:.0%}), {equivalent} equivalent, seed {SEED}\n"
    )
    return share >= BAR


def main() -> int:
    if find_spec("mutmut") is None:
        uv = os.environ.get("UV", "uv")
        command = [uv, "run", "--quiet", "--no-sync", "--with", MUTMUT, "python", "-m", "tests.mutants"]
        return subprocess.run(command, cwd=REPOSITORY, check=False).returncode
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    folder = STATE / "mutants" / state_of_the_code()
    folder.mkdir(parents=True, exist_ok=True)
    return 0 if survey(folder) else 1


if __name__ == "__main__":
    sys.exit(main())
