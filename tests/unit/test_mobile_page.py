"""MOBILE-INTEGRATION.md is followed by `make app-test`: nothing that it shows is left out.

Its step `fresh` runs the commands in the order of `turns` and writes the files of `files`; its step `check` compiles
those files beside the example.
"""

import re
import shlex

from tests.app.__main__ import PARTS
from tests.app.fresh import turns
from tests.app.page import PAGE, files

TEXT = PAGE.read_text()
FENCE = re.compile(r"^ *(?:```|~~~)(.*)$", re.MULTILINE)
PROGRAMS = {"npx create-expo-app", "npm install", "npx expo prebuild"}
"""Each is run for real; a new one belongs here once it has been seen to run in `make app-test`."""


def said_commands() -> list[str]:
    """Every line that a person would type, whatever it is marked as."""
    opened, lines, found = "", TEXT.splitlines(), []
    for line in lines:
        if match := FENCE.match(line):
            opened = "" if opened else match[1].strip() or "text"
        elif opened in {"sh", "bash", "console", "shell", "text"}:
            found.append(line)
    return found


def program(command: str) -> str:
    words = [word for word in shlex.split(command) if not word.startswith("-")]
    named = words[:3] if words[:2] == ["npx", "expo"] else words[:2]
    return " ".join(named).partition("@")[0]


def test_every_command_of_the_page_is_run_by_the_step_that_follows_it() -> None:
    run = [line for turn in turns() for line in turn.block.splitlines()]
    assert run == said_commands()
    commands = "\n".join(run).replace("\\\n", " ").splitlines()
    assert {program(command) for command in commands} == PROGRAMS
    assert [turn.in_app for turn in turns()] == [False, *[True] * (len(turns()) - 1)]
    assert "fresh" in {part.name for part in PARTS}


def test_every_snippet_of_the_page_is_written_and_compiled() -> None:
    fences = [language.strip() for language in FENCE.findall(TEXT)][::2]
    assert set(fences) == {"sh", "json", "tsx", "ts"}
    assert len(files()) == len([language for language in fences if language != "sh"])


def test_what_the_app_needs_is_named_with_its_version() -> None:
    packages = [
        word
        for turn in turns()
        for word in shlex.split(turn.block.replace("\\\n", " "))
        if re.match(r"(@[\w-]+/)?[\w-]+@", word)
    ]
    assert len(packages) > 10
    assert [word for word in packages if not re.search(r"@\d+\.\d+\.\d+$", word)] == []
