"""Owns how the rules of `moderation/rules/table.py` are written in other languages.

`WRITE=1 pytest tests/unit/test_rule_lists.py` writes them; then `make baseline` takes the database's file in.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from moderation.rules.rule import AudioRule
from moderation.rules.table import RULES

HOW = "Written from moderation/rules/{} by tests/unit/test_rule_lists.py."


def python() -> str:
    return "\n".join(
        [
            f'"""The names of rules. {HOW.format("table.py")}"""',
            "from enum import StrEnum",
            "class Rule(StrEnum):",
            *(f"    {rule.name.upper()} = {json.dumps(rule.name)}" for rule in RULES),
        ]
    )


def shape(section: type[Any]) -> dict[str, Any]:
    """A section as the database has it: a number as [default, lowest, highest], anything else as its default."""
    return {
        field.name: [field.default, *field.metadata["bounds"]]
        if "bounds" in field.metadata
        else field.default
        for field in fields(section)
    }


def sql() -> str:
    parts = ",\n".join(
        f"    {json.dumps(rule.name)}: {json.dumps(shape(rule.section))}"
        for rule in RULES
        if rule.section is not None
    )
    return f"""-- {HOW.format("")}
-- Owns: each audio rule's own part of the policy.

create function live.rule_shapes() returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return '{{
{parts}
  }}'::jsonb;
end;
$$;
comment on function live.rule_shapes() is
  'Each audio rule''s own part of the policy: a number as [default, lowest, highest], anything else as its default.';
"""


def console() -> str:
    names = "\n".join(f"  | {json.dumps(rule.name)}" for rule in RULES)
    return f"""// {HOW.format("")}

export type Rule =
{names};

/** What ops call each rule. */
export const RULE_NAMES: Record<"en" | "tr", Record<Rule, string>> = {{
  en: {{ {shown("en")} }},
  tr: {{ {shown("tr")} }},
}};

/** What holds where no policy is known. */
export const POLICY_DEFAULTS = {json.dumps(defaults())} as const;
"""


def shown(language: str) -> str:
    names = [(rule.name, getattr(rule.shown, language)) for rule in RULES]
    return ", ".join(f"{name}: {json.dumps(words, ensure_ascii=False)}" for name, words in names)


def defaults() -> dict[str, Any]:
    """Those fields of the policy that the console shows."""
    loud = next(rule for rule in RULES if rule.name == "too_loud")
    assert loud.section is not None
    return {"mode": "observe", "too_loud": {"threshold_lufs": loud.section().threshold_lufs}}


def rule_file(rule: AudioRule) -> str:
    """Where all that belongs to it stands."""
    return f"moderation/rules/{rule.name}.py"


FILES: Mapping[Path, Callable[[], str]] = {
    Path("moderation/rule_names.py"): python,
    Path("livekit-system/supabase/schemas/06_policy_sections.sql"): sql,
    Path("livekit-system/console/src/model/rules.ts"): console,
}
