"""Makes the baseline migration from the SQL of each subject, supabase/schemas/NN_subject.sql, in order of name.

    python livekit-system/make_baseline.py            # or `make baseline`: after every change below schemas/
    python livekit-system/make_baseline.py --check    # was it forgotten? Tests and stack ask this

Nothing is released yet, so migrations/ holds this one file and it may change. With the first release set RELEASED: the
baseline is frozen then, a change is a new migration beside the same change in schemas/, and the comparison of the two
catalogs (tests/database/test_schemas.py) holds that they agree. Needs Python alone.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

RELEASED = False
SUPABASE = Path(__file__).parent / "supabase"
BASELINE = "20261123000000_live_baseline.sql"
COMMAND = "make baseline"
HEAD = f"-- Made from schemas/ by `{COMMAND}`: edit there. After a conflict here, run it again.\n"


def baseline(schemas: Path) -> str:
    """The text of the baseline: every file of `schemas` under a line that names it."""
    files = sorted(schemas.glob("*.sql"))
    return HEAD + "".join(f"\n-- schemas/{file.name}\n{file.read_text(encoding='utf-8')}" for file in files)


def faults(supabase: Path) -> Sequence[str]:
    """What is wrong with migrations/, in words that say what to do; nothing once there is a release."""
    if RELEASED:
        return []
    migrations = supabase / "migrations"
    strays = sorted(file.name for file in migrations.glob("*.sql") if file.name != BASELINE)
    if strays:
        return [f"nothing is released yet: move {name} to schemas/NN_subject.sql" for name in strays]
    made = migrations / BASELINE
    if not made.exists() or made.read_text(encoding="utf-8") != baseline(supabase / "schemas"):
        return [f"migrations/{BASELINE} is not what schemas/ says: run `{COMMAND}`"]
    return []


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 when it is out of date"
    )
    if parser.parse_args().check:
        found = faults(SUPABASE)
        print("\n".join(found), end="\n" if found else "", file=sys.stderr)
        return 1 if found else 0
    if RELEASED:
        print("the baseline is released and frozen: add a migration, and edit schemas/ too", file=sys.stderr)
        return 1
    (SUPABASE / "migrations").mkdir(exist_ok=True)
    (SUPABASE / "migrations" / BASELINE).write_text(baseline(SUPABASE / "schemas"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
