"""A file fits in the head: one that is written by hand is split by subject before it grows past a limit."""

import subprocess

import pytest

from local.paths import REPOSITORY

MADE = ("livekit-system/supabase/schemas/98_rights.sql", "livekit-system/supabase/migrations/")
"""Written by a command."""
LIMITS = {
    "livekit-system/supabase/schemas/*.sql": 300,
}
"""Lines that a file may have, by what `git ls-files` knows of a folder."""


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
