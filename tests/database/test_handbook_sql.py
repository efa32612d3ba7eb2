"""The handbook's SQL is understood by the real schema: each statement is parsed and planned, none is executed."""

import re
from pathlib import Path

import pytest

from tests.database.world import World

REPOSITORY = Path(__file__).resolve().parents[2]
MARK = "<!-- checked: tests/database/test_handbook_sql.py -->"
PAGES = sorted((REPOSITORY / "livekit-system").glob("*.md"))
WHOLE_PAGE = MARK.replace("<!-- ", "<!-- all sql, ")
FENCE = r"```sql\n(.*?)^```$"


def statements() -> list[tuple[str, str]]:
    """Page and statement; what stands in angle brackets for a value is null here."""
    found = []
    for page in PAGES:
        text = page.read_text()
        marked = FENCE if WHOLE_PAGE in text else re.escape(MARK) + "\n" + FENCE
        for snippet in re.findall(marked, text, flags=re.MULTILINE | re.DOTALL):
            bare = re.sub(r"--[^\n]*", "", re.sub(r"'<[^'>]*>'", "null", snippet))
            found += [(page.name, part.strip()) for part in re.split(r";\s*\n", bare) if part.strip()]
    return found


STATEMENTS = statements()


def test_there_is_sql_in_the_handbook() -> None:
    assert {page for page, _ in STATEMENTS} >= {"RUNBOOK.md", "DEPLOYMENT.md"}


@pytest.mark.parametrize(("page", "statement"), STATEMENTS, ids=[page for page, _ in STATEMENTS])
async def test_the_schema_understands_it(page: str, statement: str, world: World) -> None:
    del page
    await (await world.owner()).prepare(statement)
