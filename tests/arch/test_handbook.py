"""The handbook is true: every snippet is marked, and links, variables, commands, files and alerts exist.

A mark stands in the line above a snippet, or once for all snippets of a language near the top of a page:

    <!-- run: path/of/the/test.py -->          a test runs it, or the very same commands
    <!-- checked: path/of/the/test.py -->      it parses, and what it names exists
    <!-- not run: why; … -->
    <!-- all ts, checked: path/of/the/test -->
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from agent.process.settings import Settings
from local.paths import REPOSITORY
from orchestrator.settings import AssistantSettings
from speech.settings import SpeechSettings

HANDBOOK = REPOSITORY / "livekit-system"
FUNCTIONS = HANDBOOK / "supabase" / "functions"
PAGES = sorted(
    [
        *REPOSITORY.glob("README*.md"),
        REPOSITORY / "CONTRIBUTING.md",
        *HANDBOOK.glob("*.md"),
        *HANDBOOK.glob("decisions/*.md"),
        *HANDBOOK.glob("*/README.md"),
        *HANDBOOK.glob("clients/*/README.md"),
        *HANDBOOK.glob("examples/*/README.md"),
    ]
)
SETTINGS = {*Settings.model_fields, *AssistantSettings.model_fields, *SpeechSettings.model_fields}
KNOWN_VARIABLES = {name.upper() for name in SETTINGS} | {
    "SUPABASE_JWT_SECRET",  # for `python -m speech token` alone
    "SUPABASE_ANON_KEY",  # clients and edge functions
    "SUPABASE_SECRET_KEYS",
    "SUPABASE_PUBLISHABLE_KEYS",
    "LIVE_PUBLIC_LIVEKIT_URL",
    "LIVEKIT_SERVER",  # where `make` finds the server
    "LIVEKIT_AGENT_NAME",  # must not be set
}
OWN_TOOLS = re.compile(r"^(?:\.venv/bin/)?python -m (agent|local|orchestrator)\b ?([a-z-]*)")
MARK = re.compile(r"<!-- (?:all (?P<language>\w+), )?(?P<kind>run|checked|not run): (?P<says>.+?) -->")
FENCE = re.compile(r"^ *```(\w+)[^\n]*\n(.*?)^ *```$", flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    page: str
    line: int
    language: str
    text: str
    mark: re.Match[str] | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def snippets() -> list[Snippet]:
    found = []
    for page in PAGES:
        text = page.read_text()
        whole = {m["language"]: m for m in MARK.finditer(text) if m["language"]}
        for fence in FENCE.finditer(text):
            line = text.count("\n", 0, fence.start()) + 1
            above = text[: fence.start()].rstrip("\n").rpartition("\n")[2]
            mark = MARK.search(above) or whole.get(fence[1])
            found.append(Snippet(str(page.relative_to(REPOSITORY)), line, fence[1], fence[2], mark))
    return found


SNIPPETS = snippets()


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", "")).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)}


@pytest.mark.parametrize("snippet", SNIPPETS, ids=str)
def test_a_snippet_says_how_far_to_trust_it(snippet: Snippet) -> None:
    assert snippet.mark, f"{snippet}: no mark above it"
    if snippet.mark["kind"] != "not run":
        assert (REPOSITORY / snippet.mark["says"]).exists(), snippet.mark["says"]


@pytest.mark.parametrize("snippet", [s for s in SNIPPETS if s.language in {"json", "yaml"}], ids=str)
def test_data_parses(snippet: Snippet) -> None:
    (json.loads if snippet.language == "json" else yaml.safe_load)(snippet.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"(?<!!)\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if fragment:
            assert fragment in anchors(file), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_variables_that_a_page_names_are_read_by_something(page: Path) -> None:
    named = set(re.findall(r"\b(?:LIVE|LIVEKIT|SUPABASE)_[A-Z][A-Z_]*[A-Z]\b", page.read_text()))
    assert named <= KNOWN_VARIABLES


@pytest.mark.parametrize("snippet", [s for s in SNIPPETS if s.language == "sh"], ids=str)
def test_commands_of_this_repository_exist(snippet: Snippet) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE))
    parser = {
        name: (REPOSITORY / name / "__main__.py").read_text() for name in ("agent", "local", "orchestrator")
    }
    for line in snippet.text.splitlines():
        command = line.split("#")[0].strip()
        if command.startswith("make "):
            assert command.split()[1] in targets, line
        if tool := OWN_TOOLS.match(command.partition(" -- ")[2] or command):
            assert not tool[2] or f'"{tool[2]}"' in parser[tool[1]], line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_in_passing_exist(page: Path) -> None:
    """`folder/file.ext` in backticks, from the repository's root or from the handbook's."""
    for name in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|ts|sql|yaml|json|toml|md))`", page.read_text()):
        assert any((base / name).exists() for base in (REPOSITORY, HANDBOOK, FUNCTIONS, page.parent)), name


def test_each_alert_has_a_section_and_each_section_an_alert() -> None:
    rules = yaml.safe_load((HANDBOOK / "monitoring" / "alerts.yaml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    sections = re.findall(r"^### (\w+)$", (HANDBOOK / "RUNBOOK.md").read_text(), flags=re.MULTILINE)
    assert sorted(sections) == sorted(alerts)
