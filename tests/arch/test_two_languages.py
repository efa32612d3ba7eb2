"""A Turkish page says the same as the English one: the same headings by level, the same code and links."""

import re
from pathlib import Path

import pytest

from local.paths import REPOSITORY

HANDBOOK = REPOSITORY / "livekit-system"
TURKISH = sorted(HANDBOOK.glob("*.tr.md"))
FENCE = re.compile(r"^ *```\w+[^\n]*\n.*?^ *```$", re.MULTILINE | re.DOTALL)
INFORMAL = re.compile(r"\b(?:sen|senin|sana|yapın|açın|bekleyin|deneyin|kullanın|verin|çağırın)\b")


def levels(text: str) -> list[str]:
    return re.findall(r"^(#+) ", FENCE.sub("", text), flags=re.MULTILINE)


def english(page: Path) -> str:
    return page.with_name(page.name.replace(".tr.md", ".md")).read_text()


def test_there_are_pages_to_compare() -> None:
    assert {page.name for page in TURKISH} == {
        f"{name}.tr.md" for name in ("MOBILE-INTEGRATION", "OPS", "PRIVACY", "RUNBOOK")
    }


@pytest.mark.parametrize("page", TURKISH, ids=lambda page: page.name)
def test_a_turkish_page_has_the_same_headings_code_and_links(page: Path) -> None:
    turkish, original = page.read_text(), english(page)
    assert levels(turkish) == levels(original)
    assert FENCE.findall(turkish) == FENCE.findall(original)
    links = re.compile(r"\]\(([^)]+)\)")
    # A table that is written from the database stays in one language, and the Turkish page leads there.
    assert set(links.findall(original)) - set(links.findall(turkish)) == set()


@pytest.mark.parametrize("page", TURKISH, ids=lambda page: page.name)
def test_turkish_is_formal(page: Path) -> None:
    assert INFORMAL.findall(page.read_text()) == []
