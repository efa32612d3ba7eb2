"""What differs from project to project on hosted Supabase: who is logged in, and which functions the platform has."""

import re

import asyncpg
import pytest

from local.migrate import SCHEMAS
from local.paths import REPOSITORY
from local.postgres import SUPERUSER
from tests.database.world import World

HANDBOOK = (REPOSITORY / "livekit-system").glob("*.md")
ANOTHER_SEND = """
    create function realtime.send(payload json, event text, topic text, private boolean default true) returns void
    language sql as 'select 1 / 0';
    grant execute on function realtime.send(json, text, text, boolean) to postgres;
"""
IMMUTABLE = """
    select n.nspname || '.' || p.proname as name, p.prosrc as source
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname in ('live', 'public') and p.provolatile = 'i'
"""
NOT_IMMUTABLE = re.compile(
    r"\blive\.refuse\(|\braise\b|clock_timestamp|\bnow\(|live\.setting|\bpublic\.\w+\s|auth\.uid"
)


async def test_a_postgres_that_is_too_old_is_refused_by_the_first_file(world: World) -> None:
    """As it would be if this server's version were too old."""
    [first, *_] = sorted(SCHEMAS.glob("*.sql"))
    sql = first.read_text()
    assert "< 150000" in sql
    superuser = await asyncpg.connect(world.dsn)
    try:
        with pytest.raises(asyncpg.RaiseError, match="needs Postgres 15 or newer; this is") as refused:
            await superuser.execute(sql.replace("< 150000", "< 1000000"))
        assert "Upgrade the project" in str(refused.value.hint)  # type: ignore[attr-defined]
    finally:
        await superuser.close()


@pytest.mark.parametrize(
    ("user", "role", "trusted"),
    [
        ("postgres", "none", True),
        ("postgres", "postgres", True),  # how the Supabase CLI's login roles come in
        ("postgres", "service_role", True),
        ("postgres", "authenticated", False),
        ("authenticator", "none", False),
        ("authenticator", "authenticated", False),
        ("authenticator", "service_role", True),
    ],
)
async def test_who_counts_as_trusted(world: World, user: str, role: str, trusted: bool) -> None:
    connection = await asyncpg.connect(world.dsn, user=user, timeout=10)
    try:
        await connection.execute(f"set session role {role}")
        if (user, role) == ("authenticator", "none"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetchval("select live.is_service()")
        else:
            assert await connection.fetchval("select live.is_service()") is trusted
    finally:
        await connection.close()


async def test_another_function_of_the_platforms_by_that_name_makes_no_call_ambiguous(world: World) -> None:
    """Some releases of Realtime had two `realtime.send`."""
    scene = await world.live()
    await world.claim(scene.room)
    connection = await asyncpg.connect(world.dsn, user=SUPERUSER, timeout=10)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(ANOTHER_SEND)
        await connection.execute("select public.agent_offer('w', '[]')")
        await connection.execute("update live_sessions set title = 'Another' where id = $1", scene.id)
        with pytest.raises(asyncpg.AmbiguousFunctionError):
            await connection.execute("select realtime.send('{}', 'offer', 'live:wake', true)")
        await transaction.rollback()
    finally:
        await connection.close()


async def test_no_function_that_may_refuse_or_read_says_that_it_is_immutable(world: World) -> None:
    found = await world.rows(IMMUTABLE)
    assert found
    wrong = [row["name"] for row in found if NOT_IMMUTABLE.search(row["source"])]
    assert wrong == []


def test_nothing_leads_to_repairing_the_history() -> None:
    """It hides migrations that are there: the handbook speaks of it only to say never."""
    for page in HANDBOOK:
        text = " ".join(page.read_text().split())
        for found in re.finditer("migration repair", text):
            assert "never" in text[max(0, found.start() - 200) : found.start()].lower(), page.name
