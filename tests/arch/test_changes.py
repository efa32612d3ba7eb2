"""How many files written by hand a change touches, and what fails until each of them is done.

A new item of a list (an action, a rule, a notice, a role, …) must be written wherever every item of that list stands
today. So those files are found, not declared: production files that name all of them, generated ones left out.
The table goes to `.local/results/changes.jsonl`; `python -m tests.arch.test_changes` prints it with the files.
"""

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from agent.process.settings import Settings
from handlers.actions import CONDITIONS
from handlers.notice_types import NoticeType
from local import results
from moderation.roles import Role
from moderation.rule_names import Rule
from tests.message_lists import EVENTS

REPOSITORY = Path(__file__).parents[2]
SYSTEM = REPOSITORY / "livekit-system"
FUNCTIONS = SYSTEM / "supabase" / "functions"
PRODUCTION = re.compile(
    r"(agent|handlers|moderation|orchestrator|speech)/.*\.py"
    r"|livekit-system/(schemas|supabase/schemas|supabase/functions(?!/_tests)|console/src|clients/typescript/src)/.*"
    r"\.(sql|tsx?|json)"
    r"|livekit-system/supabase/config\.toml"
)
GENERATED = re.compile(r"(written|made|generated) (by|from) .*(\btests/|`make |make_)", re.IGNORECASE)
"""In a file's first lines, of the file itself."""
BARS = {"action": 5, "rule": 2, "notice": 2, "role": 1}

TYPES, TESTS = "the type checker", "tests"
GUARDS: Mapping[str, Mapping[str, str]] = {
    "action": {
        "livekit-system/supabase/schemas/14_live_actions.sql": "tests/database/test_live_actions.py",
        "livekit-system/supabase/schemas/32_action_effects.sql": "tests/database/test_live_actions.py",
        "handlers/actions.py": "tests/unit/test_handlers_actions.py",
        "livekit-system/console/src/texts/en.ts": TYPES,
        "livekit-system/console/src/texts/tr.ts": TYPES,
    },
    "event": {
        "livekit-system/schemas/events.json": "tests/database/test_room_events.py",
        "livekit-system/supabase/schemas/….sql": "tests/unit/test_message_lists.py",
    },
    "rule": {
        "moderation/rules/table.py": "tests/unit/test_rule_lists.py",
        "moderation/rules/….py": "tests/unit/test_rule_lists.py",
    },
    "notice": {
        "livekit-system/schemas/notices.json": TYPES,
        "handlers/….py": "tests/unit/test_message_lists.py",
    },
    "role": {"livekit-system/supabase/schemas/04_roles.sql": "tests/database/test_live_roles.py"},
}
"""What fails until a file is done."""


@functools.cache
def production() -> Mapping[str, str]:
    """The text of every production file that people write, by path."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split()
    texts = {name: (REPOSITORY / name).read_text() for name in listed if PRODUCTION.fullmatch(name)}
    return {name: text for name, text in texts.items() if not is_generated(text)}


def is_generated(text: str) -> bool:
    return GENERATED.search("\n".join(text.splitlines()[:3])) is not None


@functools.cache
def lowered() -> Mapping[str, str]:
    return {name: text.lower() for name, text in production().items()}


def naming_all(items: Collection[str]) -> set[str]:
    """Files in which each of these words stands, also as a part of a name, as in `do_mute`."""
    left = set(production())
    for item in map(str.lower, items):
        word = re.compile(rf"(?<![a-z]){re.escape(item)}(?![a-z])")
        # Few files have the letters, and fewer the word: `in` is a hundred times faster than the look behind.
        left = {name for name in left if item in lowered()[name] and word.search(lowered()[name])}
    return left


def events() -> dict[str, list[str]]:
    """The types of `live.events`, and the fields of each one's payload, from their list."""
    return {kind: [name.rstrip("?") for name in entry["payload"]] for kind, entry in EVENTS.entries().items()}


def edge_functions() -> list[str]:
    return sorted(path.parent.name for path in FUNCTIONS.glob("*/index.ts"))


@functools.cache
def touched() -> Mapping[str, set[str]]:
    """By kind of change, the files that it touches. `…`: a file of its own, or the one that writes the item."""
    own = {f"livekit-system/supabase/functions/…/{name}" for name in ("index.ts", "handler.ts")}
    counted = "poll_fallbacks"  # an ordinary metric of the worker
    return {
        "action": naming_all(CONDITIONS),
        "rule": naming_all([rule.value for rule in Rule]) | {"moderation/rules/….py"},
        "event": naming_all(events()) | {"livekit-system/supabase/schemas/….sql"},
        "event_field": naming_all(events()["gift"]),
        "notice": naming_all([kind.value for kind in NoticeType]) | {"handlers/….py"},
        "role": naming_all([role.value for role in Role]),
        "setting": naming_all([name for name in Settings.model_fields if name.startswith("live_")]),
        "metric": naming_all([counted]),
        "edge_function": naming_all(edge_functions()) | own,
    }


def figures() -> list[results.Figure]:
    return [
        results.at_most(f"changes.{kind}.files", len(files), BARS[kind], "files", n=len(files))
        if kind in BARS
        else results.Figure(f"changes.{kind}.files", len(files), "files", n=len(files))
        for kind, files in touched().items()
    ]


def test_the_table_is_measured_and_every_bar_holds() -> None:
    measured = figures()
    results.write("changes", measured)
    assert all(figure.n > 0 for figure in measured), "a list that stands nowhere is no list"
    missed = [figure for figure in measured if figure.held is False]
    assert missed == [], touched()


@pytest.mark.parametrize("kind", sorted(GUARDS))
def test_something_fails_until_each_file_is_done(kind: str) -> None:
    assert touched()[kind] <= GUARDS[kind].keys(), "a place that nothing watches"
    for guard in GUARDS[kind].values():
        if guard != TYPES:
            tree = ast.parse((REPOSITORY / guard).read_text())
            assert any(
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
                for node in ast.walk(tree)
            )


if __name__ == "__main__":
    for changed, names in touched().items():
        sys.stdout.write(f"{changed}: {len(names)}\n" + "".join(f"  {name}\n" for name in sorted(names)))
