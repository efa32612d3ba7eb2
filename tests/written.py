"""Owns how files that are made from a single source are held to it: the text in its language's standard shape is
compared with the file, or written with WRITE set.
"""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FORMATTERS = {
    ".py": ["ruff", "format", "--config", str(REPOSITORY / "pyproject.toml"), "-"],
    ".ts": ["deno", "fmt", "--ext", "ts", "--line-width", "110", "-"],
}


def shaped(suffix: str, text: str) -> str:
    """The text as the project's formatter for such files leaves it."""
    program, *options = FORMATTERS[suffix]
    return subprocess.run(
        [str(Path(sys.executable).parent / program), *options],
        input=text, check=True, text=True, capture_output=True, timeout=30,
    ).stdout  # fmt: skip


def hold(path: Path, text: str, test: str) -> None:
    """Compare a file with what it should be, or write it with WRITE=1.

    Args:
        path: from the repository's root.
        text: what it should be, in any shape.
        test: the test that holds it, for the message.
    """
    whole = shaped(path.suffix, text) if path.suffix in FORMATTERS else text
    if os.environ.get("WRITE"):
        (REPOSITORY / path).write_text(whole)
    found = (REPOSITORY / path).read_text() if (REPOSITORY / path).exists() else ""
    assert found == whole, f"{path} is written from its source: WRITE=1 uv run pytest {test}"
