"""schemas/ says what the database is, and migrations/ brings one there: both end in the same catalogs."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from local import migrate
from local.migrate import SCHEMAS, MigrationError, migration_files
from local.postgres import SUPERUSER
from tests.database.catalog import catalog
from tests.database.server import add_database, throwaway


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """A server with a database made from each of the two folders."""
    with throwaway(files=[]) as socket:
        add_database(socket, "schemas", sorted(SCHEMAS.glob("*.sql")))
        add_database(socket, "migrations", migration_files())
        yield socket


@asynccontextmanager
async def connected(socket: Path, database: str, user: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(f"postgresql://{user}@/{database}?host={socket}")
    try:
        yield connection
    finally:
        await connection.close()


async def test_both_folders_end_in_the_same_database(socket: Path) -> None:
    async with connected(socket, "schemas") as first, connected(socket, "migrations") as second:
        meant, found = await catalog(first), await catalog(second)
    assert len(meant) > 1000
    things = sorted(meant.keys() | found.keys())
    assert [(t, meant.get(t), found.get(t)) for t in things if meant.get(t) != found.get(t)] == []


@pytest.mark.parametrize(
    "change",
    [
        "comment on column public.live_roles.rank is 'Something else.'",
        "alter table public.live_roles alter column rank drop not null",
        "alter table public.live_roles disable row level security",
        "grant select on public.live_ops to anon",
        "grant select (note) on public.live_ops to authenticated",
        "grant execute on function public.send_gift to anon",
        "drop trigger wake_for_actions on public.moderation_actions",
        'alter policy "live topics" on realtime.messages using (true)',
        "update public.live_roles set can_subscribe = false where role = 'viewer'",
        "alter function public.send_gift security invoker",
        "create index on public.live_gifts (gift_code)",
    ],
)
async def test_the_comparison_sees_it(socket: Path, change: str) -> None:
    """Proves that the comparison above is not blind to what it is for."""
    async with connected(socket, "schemas", SUPERUSER) as connection:
        before = await catalog(connection)
        async with connection.transaction():
            await connection.execute(change)
            assert await catalog(connection) != before


async def test_a_fault_in_the_baseline_is_told_with_the_file_that_it_came_from(
    socket: Path, tmp_path: Path
) -> None:
    """Nobody looks for line 7412 of a file that is made."""
    file = tmp_path / "20261123000000_live_baseline.sql"
    file.write_text(
        "-- Made.\n\n-- schemas/00_fine.sql\nselect 1;\n\n-- schemas/10_wrong.sql\nselect 2;\nselect nonsense;\n"
    )
    with pytest.raises(MigrationError, match=r"schemas/10_wrong\.sql:2: column \"nonsense\" does not exist"):
        await migrate.apply(f"postgresql://postgres@/postgres?host={socket}", [file])
