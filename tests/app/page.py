"""What MOBILE-INTEGRATION.md says to run, and which files it says to write."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.paths import REPOSITORY

PAGE = REPOSITORY / "livekit-system" / "MOBILE-INTEGRATION.md"
COMMAND = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^```tsx?\n// (?P<name>[\w./-]+\.tsx?)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
DATA = re.compile(r"^`(?P<name>[\w.]+\.json)`:\n\n```json\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```tsx?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Written:
    """A snippet of the page that is a file of the app."""

    name: str
    text: str


def commands() -> list[str]:
    """The page's shell blocks, in order."""
    return COMMAND.findall(PAGE.read_text())


def files() -> list[Written]:
    """The page's snippets that name their file, and `app.json`. Code that names none would be compiled by nobody."""
    text = PAGE.read_text()
    code = [Written(m["name"], m["text"]) for m in FILE.finditer(text)]
    if len(code) != len(CODE.findall(text)):
        raise AssertionError(f"{PAGE.name}: a snippet does not name its file in its first line")
    return [*code, *(Written(m["name"], m["text"]) for m in DATA.finditer(text))]


def write_into(folder: Path) -> None:
    """The code alone, for a compiler that runs beside it."""
    shutil.rmtree(folder, ignore_errors=True)
    for file in files():
        if not file.name.endswith(".json"):
            (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.name).write_text(file.text)
