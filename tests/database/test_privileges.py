"""No right of ours rests on default privileges: whatever a project gives new objects, the same rights come out."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg
import pytest

from tests.database.server import add_database, migration_files, throwaway

GIVEN = "alter default privileges for role postgres in schema public {} on {} to anon, authenticated, service_role;"
EVERYTHING = "".join(GIVEN.format("grant all", kind) for kind in ("tables", "sequences", "functions"))
HOSTED = EVERYTHING + (
    "alter default privileges for role postgres in schema public"
    " revoke select, insert, update, delete on tables from anon, authenticated, service_role;"
    "alter default privileges for role postgres in schema public"
    " revoke all on sequences from anon, authenticated, service_role;"
    "alter default privileges for role postgres in schema public"
    " revoke execute on functions from anon, authenticated, service_role;"
)
DEFAULTS: Mapping[str, str] = {"none": "", "everything": EVERYTHING, "hosted": HOSTED}
"""What new objects in `public` get: nothing; all (self-hosted, older projects); and what hosted projects made since
2026-10-30 still give: TRUNCATE, REFERENCES, TRIGGER and MAINTAIN on tables."""
RIGHTS = """
    select kind, name, coalesce(acl, '{}')::text[] as rights from (
      select 'relation' as kind, c.oid::regclass::text as name, c.relacl as acl, c.relnamespace as schema
        from pg_class c where c.relkind in ('r', 'v', 'S')
      union all
      select 'column', c.oid::regclass || '.' || a.attname, a.attacl, c.relnamespace
        from pg_attribute a join pg_class c on c.oid = a.attrelid where a.attnum > 0 and a.attacl is not null
      union all
      select 'function', p.oid::regprocedure::text, p.proacl, p.pronamespace from pg_proc p
    ) o join pg_namespace n on n.oid = o.schema where n.nspname in ('public', 'live')
"""


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """A server with a migrated database for each of the three defaults."""
    with throwaway(files=[]) as socket:
        for name, defaults in DEFAULTS.items():
            add_database(socket, name, migration_files(), first=defaults)
        yield socket


async def rights(socket: Path, database: str) -> dict[tuple[str, str], frozenset[str]]:
    connection = await asyncpg.connect(f"postgresql://postgres@/{database}?host={socket}")
    try:
        rows = await connection.fetch(RIGHTS)
    finally:
        await connection.close()
    return {(row["kind"], row["name"]): frozenset(row["rights"]) for row in rows}


@pytest.mark.parametrize("defaults", ["everything", "hosted"])
async def test_rights_are_the_same_under_any_default_privileges(socket: Path, defaults: str) -> None:
    meant, found = await rights(socket, "none"), await rights(socket, defaults)
    assert len(meant) > 100
    assert {name: found[name] for name in meant if found.get(name) != meant[name]} == {}
    assert found.keys() == meant.keys()
