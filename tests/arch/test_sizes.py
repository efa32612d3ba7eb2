"""A file fits in the head: one that is written by hand is split by subject before it grows past a limit."""

import subprocess

import pytest

from local.paths import REPOSITORY

MADE = (
    "livekit-system/supabase/schemas/98_rights.sql",
    "livekit-system/clients/typescript/src/database_types.ts",
)
"""Written by a command."""
LIMITS = {
    "livekit-system/supabase/schemas/*.sql": 300,
    **{f"{folder}/**/*.py": 310 for folder in ("agent", "demo", "orchestrator", "speech")},
    **{f"{folder}/**/*.py": 350 for folder in ("bench", "local")},
    "handlers/**/*.py": 300,
    "moderation/**/*.py": 320,
    "tests/**/*.py": 570,
    "livekit-system/supabase/functions/**/*.ts": 300,
    "livekit-system/clients/typescript/src/*.ts": 320,
    "livekit-system/console/src/**/*.ts": 470,
    "livekit-system/console/src/**/*.tsx": 300,
}
"""Lines that a file may have: 300 or so. The console's texts and the tests of one long story may have more."""


def lines(pattern: str) -> dict[str, int]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", f":(glob){pattern}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return {
        name: len((REPOSITORY / name).read_text().splitlines())
        for name in listed
        if not name.startswith(MADE) and (REPOSITORY / name).is_file()
    }


@pytest.mark.parametrize("pattern", LIMITS)
def test_a_file_fits_in_the_head(pattern: str) -> None:
    found = lines(pattern)
    assert found
    too_long = {name: count for name, count in found.items() if count > LIMITS[pattern]}
    assert too_long == {}, "split it by subject"
