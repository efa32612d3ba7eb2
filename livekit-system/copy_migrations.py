"""Copies new migrations of İpelya Live into the app's repository, and says what will be pushed.

    python livekit-system/copy_migrations.py ../app

A Supabase project has one history of migrations, and it is the app's. So they are pushed from there: here the CLI would
miss the app's own and advise to "repair" the history, which would lose it. Files that are there already stay as they
are; one that differs from ours is named, and nothing is copied. Needs Python alone.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

OURS = Path(__file__).parent / "supabase" / "migrations"


def new_and_changed(ours: Path, theirs: Path) -> tuple[list[Path], list[Path]]:
    """Our files that `theirs` has not, and those that it has with other content."""
    files = sorted(ours.glob("*.sql"))
    new = [file for file in files if not (theirs / file.name).exists()]
    changed = [
        file for file in files if file not in new and (theirs / file.name).read_bytes() != file.read_bytes()
    ]
    return new, changed


def copy(app: Path) -> tuple[int, Sequence[str]]:
    """The exit code, and what to print."""
    theirs = app / "supabase" / "migrations"
    if not (app / "supabase").is_dir():
        return 2, [
            f"{app} has no folder supabase/: give the app's repository (`supabase init` makes the folder)"
        ]
    theirs.mkdir(exist_ok=True)
    new, changed = new_and_changed(OURS, theirs)
    if changed:
        names = [f"  {file.name}" for file in changed]
        return 1, [
            "nothing was copied: these migrations differ from ours. One that was pushed never changes:",
            *names,
        ]
    for file in new:
        shutil.copy(file, theirs / file.name)
    if not new:
        return 0, ["nothing new: every migration is there"]
    names = [f"  {file.name}" for file in new]
    return 0, [
        f"copied {len(new)}, to be pushed next:",
        *names,
        f"now, in {app}: supabase db push --include-all",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("app", type=Path, help="the app's repository, which holds supabase/migrations")
    code, lines = copy(parser.parse_args().app)
    print("\n".join(lines), file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
