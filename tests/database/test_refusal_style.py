"""Refusals of the database read alike: a sentence with a capital and an end, which says what is so or what to do."""

import re
from pathlib import Path

SCHEMAS = Path(__file__).parents[2] / "livekit-system" / "supabase" / "schemas"
REFUSAL = re.compile(r"live\.refuse\(\s*\d+\s*,\s*(?:'(\w+)'|\w+)\s*,\s*(?:format\(\s*)?'((?:[^']|'')*)'")


def refusals() -> list[tuple[str, str, str]]:
    return [
        (path.name, code, message.replace("''", "'"))
        for path in sorted(SCHEMAS.glob("*.sql"))
        for code, message in REFUSAL.findall(path.read_text())
    ]


def test_each_is_a_sentence() -> None:
    found = refusals()
    assert len(found) > 100, "refusals are read"
    odd = [one for one in found if not re.fullmatch(r"(?:[A-Z]|%s).*[.?]", one[2])]
    assert odd == []


def test_what_is_for_the_ops_team_is_refused_in_one_place() -> None:
    assert [name for name, code, _ in refusals() if code == "ops_only"] == ["03_settings_ops.sql"]
