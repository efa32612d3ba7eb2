"""A rule is one file and one line in the table: every other place is written from them."""

from dataclasses import fields
from pathlib import Path

import pytest

from moderation.rules.rule import AudioRule, HeardRule
from moderation.rules.steps import CLIMB
from moderation.rules.table import RULES
from tests.rule_lists import FILES, rule_file
from tests.written import REPOSITORY, hold

FOLDER = REPOSITORY / "moderation" / "rules"
OTHERS = {"__init__", "consequences", "judge", "parsing", "policy", "rule", "steps", "table"}
"""Modules there that are no rule."""


@pytest.mark.parametrize("path", FILES, ids=str)
def test_what_follows_from_the_rules_is_written_from_them(path: Path) -> None:
    hold(path, FILES[path](), "tests/unit/test_rule_lists.py, then make baseline")


def test_every_file_of_a_rule_is_in_the_table_under_its_own_name() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - OTHERS == {rule.name for rule in RULES}
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rules_file_has_all_that_belongs_to_it(rule: AudioRule) -> None:
    text = (REPOSITORY / rule_file(rule)).read_text()
    assert "def words(" in text
    assert all(rule.shown), "ops read it in both languages"
    if rule.section is None:
        return
    section = rule.section()
    assert section.enabled is True, "a new deployment observes every rule"
    assert getattr(section, "ceiling", CLIMB[0]) in CLIMB
    assert all("bounds" in f.metadata for f in fields(section) if isinstance(f.default, float))
    if isinstance(rule, HeardRule):
        assert {rule.sign.__module__, rule.breach.__module__} == {f"moderation.rules.{rule.name}"}
