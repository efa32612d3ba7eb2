"""Roles and ranks are rows of `live_roles`: nothing that runs repeats their names as a list, or a rank as a number."""

import re
from collections.abc import Iterator
from pathlib import Path

from local.paths import REPOSITORY
from tests.database import action_lists, role_lists

SYSTEM = REPOSITORY / "livekit-system"
OWNER = SYSTEM / "supabase" / "schemas" / "04_roles.sql"
PLACES = {
    ".sql": [SYSTEM / "supabase" / "schemas"],
    ".py": [REPOSITORY / name for name in ("agent", "handlers", "moderation", "orchestrator")],
    ".ts": [
        SYSTEM / "console" / "src",
        SYSTEM / "clients" / "typescript" / "src",
        SYSTEM / "supabase" / "functions",
    ],
    ".tsx": [SYSTEM / "console" / "src"],
}
"""Tests, benchmarks and the demo's evening are left out: they say who plays what, and what is expected."""

WRITTEN = {*role_lists.FILES, *action_lists.FILES}
ROWS = re.findall(r"^  \('\w+', '(\w+)', (\d+),", OWNER.read_text(), re.MULTILINE)
ROLE = "|".join({role for role, _ in ROWS})
RANK = "|".join({rank for _, rank in ROWS} | {"100"})
FAULTS = {
    "names of roles in a list": re.compile(rf"""(["'])({ROLE})\1\s*(?:,|\||or)\s*(["'])(?!\2\3)({ROLE})\3"""),
    "names of roles as keys": re.compile(rf"""\b({ROLE})["']?: [^\n]*,\s*["']?(?!\1)({ROLE})["']?:"""),
    "a rank as a number": re.compile(
        rf"(?i)rank[^\n;'\"]{{0,60}}(?<![.\w])({RANK})\b(?!\.)|\b({RANK})\s*[<>]=?[^\n]{{0,20}}rank"
    ),
}
COMMENT = {
    ".sql": r"--[^\n]*",
    ".py": r"#[^\n]*",
    ".ts": r"//[^\n]*|/\*.*?\*/",
    ".tsx": r"//[^\n]*|/\*.*?\*/",
}


def faults(suffix: str, text: str) -> Iterator[str]:
    code = re.sub(COMMENT[suffix], "", text, flags=re.DOTALL if "/" in COMMENT[suffix] else re.NOFLAG)
    for kind, pattern in FAULTS.items():
        yield from (f"{kind}: {found[0]}" for found in pattern.finditer(code))


def files() -> Iterator[Path]:
    for suffix, folders in PLACES.items():
        for path in (path for folder in folders for path in sorted(folder.rglob(f"*{suffix}"))):
            aside = path == OWNER or {"_tests", "node_modules"} & set(path.parts)
            if not aside and path.relative_to(REPOSITORY) not in WRITTEN:
                yield path


def test_roles_and_ranks_have_one_owner() -> None:
    found = {
        str(path.relative_to(REPOSITORY)): list(faults(path.suffix, path.read_text())) for path in files()
    }
    assert len(found) > 100
    assert {path: said for path, said in found.items() if said} == {}


def test_the_search_finds_each_kind() -> None:
    for suffix, text in [
        (".sql", "where p.role in ('host', 'co_host')"),
        (".sql", "when p_rank >= 30 then"),
        (".sql", "where 30 <= p_rank"),
        (".sql", "select case when live.is_ops(u) then live.rank_of(a, b) else 10 end"),
        (".py", 'STAFF = {"host", "moderator"}'),
        (".py", "STAFF_RANK = 30"),
        (".ts", 'type Role = "host" | "co_host";'),
        (".ts", "const RANK = { host: 5, co_host: 4 };"),
    ]:
        assert list(faults(suffix, text)), text
    for suffix, text in [
        (".sql", "-- rank 30\nselect p.role = 'host'"),
        (".ts", "/** 30 is a rank */ rank >= HOST_RANK"),
        (".py", "rank: int"),
    ]:
        assert not list(faults(suffix, text)), text
