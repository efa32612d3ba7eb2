"""The page for moderators names every rule, and the limits that the database gives to the presets."""

import json
import re
from pathlib import Path

from moderation.rule_names import Rule

HANDBOOK = Path(__file__).resolve().parents[2] / "livekit-system"
PAGE = (HANDBOOK / "HEARING.md").read_text()
POLICY_SQL = next((HANDBOOK / "supabase/schemas").glob("*_moderation_policy.sql")).read_text()


def cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def test_every_rule_has_its_line() -> None:
    named = {cells(line)[0] for line in PAGE.splitlines() if line.startswith("| `")}
    assert {rule.value for rule in Rule} <= named


def test_the_limits_are_those_of_the_presets() -> None:
    found = re.search(r"function live\.policy_presets\(\).*?return '(\{.*?)'::jsonb", POLICY_SQL, re.DOTALL)
    assert found is not None
    presets = json.loads(found[1])
    header = next(cells(line) for line in PAGE.splitlines() if line.startswith("| | `talk`"))
    assert set(header[1:]) == set(presets)
    written = {
        name: {
            field: json.loads(cells(line)[header.index(name)])
            for line in PAGE.splitlines()
            if "." in (field := cells(line)[0]) and line.startswith("| `")
        }
        for name in presets
    }
    flat = {
        name: {f"{rule}.{field}": value for rule, fields in preset.items() for field, value in fields.items()}
        for name, preset in presets.items()
    }
    assert written == flat
