"""DATABASE.md, the clients' type and the database: what is written from the catalog, and names that exist."""

import os
import re
from pathlib import Path

from tests.database.database_types import database_types
from tests.database.world import Json, World
from tests.written import hold, shaped

PAGE = Path(__file__).resolve().parents[2] / "livekit-system" / "DATABASE.md"
MARK = "tests/database/test_database_doc.py -->\n"
TYPES = Path("livekit-system/clients/typescript/src/database_types.ts")
FOREIGN = {"profiles", "creator_subscriptions", "subscriptions"}

TABLES = """
    select c.oid, c.relname as name, c.relkind::text as kind, obj_description(c.oid, 'pg_class') as comment
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') order by c.relname
"""
COLUMNS = """
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
           col_description(a.attrelid, a.attnum) as comment
      from pg_attribute a where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
POLICIES = """
    select p.polname as name, p.polcmd::text as command,
           array(select rolname::text from pg_roles where oid = any(p.polroles) order by 1) as roles
      from pg_policy p where p.polrelid = $1 order by p.polcmd, p.polname
"""
COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}


async def section(world: World, table: Json) -> str:
    """Return the reference of one table: purpose, columns, policies."""
    columns = [
        f"| `{c['name']}` | {c['type']} | {c['comment']} |" for c in await world.rows(COLUMNS, table["oid"])
    ]
    policies = [
        f"- {COMMANDS[p['command']]}, {' and '.join(p['roles'])}: {p['name']}"
        for p in await world.rows(POLICIES, table["oid"])
    ]
    if table["kind"] == "v":
        policies = ["- as the tables it reads"]
    head = [
        f"### `{table['name']}`",
        "",
        table["comment"],
        "",
        "| column | type | meaning |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *columns, "", "Policies:", "", *(policies or ["- none: server code only"]), ""])


async def reference(world: World) -> str:
    tables = [table for table in await world.rows(TABLES) if table["name"] not in FOREIGN]
    return "\n" + "\n".join([await section(world, table) for table in tables])


async def test_the_reference_is_what_the_database_is(world: World) -> None:
    prose, mark, written = PAGE.read_text().partition(MARK)
    actual = await reference(world)
    if os.environ.get("WRITE_DATABASE_MD"):
        PAGE.write_text(prose + mark + actual)
        written = actual
    assert written == actual, (
        "write it anew: WRITE_DATABASE_MD=1 uv run pytest tests/database/test_database_doc.py"
    )


async def test_the_clients_type_is_what_the_database_is(world: World) -> None:
    text = await database_types(world, FOREIGN)
    if os.environ.get("WRITE_DATABASE_MD"):
        (PAGE.parents[1] / TYPES).write_text(shaped(".ts", text))
    hold(TYPES, text, "tests/database/test_database_doc.py, with WRITE_DATABASE_MD=1")


async def test_every_table_is_in_the_overview_and_in_the_diagram(world: World) -> None:
    prose = PAGE.read_text().partition(MARK)[0]
    overview = set(
        re.findall(r"`(\w+)`", prose.partition("## How it is laid out")[2].partition("### Diagram")[0])
    )
    diagram = set(
        re.findall(r"\b([a-z_]{5,})\b(?=.* : )", prose.partition("erDiagram")[2].partition("```")[0])
    )
    tables = {table["name"] for table in await world.rows(TABLES) if table["kind"] == "r"}
    views = {table["name"] for table in await world.rows(TABLES) if table["kind"] == "v"}
    assert tables | views <= overview
    assert tables - FOREIGN <= diagram
    assert diagram <= tables


async def test_the_functions_it_names_exist_with_their_arguments(world: World) -> None:
    prose = PAGE.read_text().partition(MARK)[0].partition("## Functions")[2].partition("## Rules")[0]
    named = {
        name: [argument.strip().rstrip("?") for argument in arguments.split(",") if argument.strip()]
        for name, arguments in re.findall(r"`([a-z_]+)\(([^)]*)\)`", prose)
    }
    real = {
        row["name"]: list(row["arguments"] or [])
        for row in await world.rows(
            "select proname as name, proargnames[1:pronargs] as arguments from pg_proc"
            " where pronamespace = 'public'::regnamespace"
        )
    }
    assert named == {name: real.get(name) for name in named}
    ours = {name for name in real if not name.startswith("agent_") and name != "handle_new_user"}
    assert ours <= set(named)


async def test_the_codes_it_names_are_given_by_the_database(world: World) -> None:
    prose = PAGE.read_text().partition("## Functions")[2].partition("### For server code")[0]
    named = set(re.findall(r"`([a-z_]+)` \d{3}", prose))
    sources = await world.value("select string_agg(prosrc, ' ') from pg_proc where pronamespace = 'live'::regnamespace"
                                " or pronamespace = 'public'::regnamespace")  # fmt: skip
    assert {code for code in named if f"'{code}'" not in sources} == set()
