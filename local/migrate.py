"""Brings an empty Postgres to what a Supabase project with this application is, by SQL files in order."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import asyncpg

from local import postgres
from local.paths import REPOSITORY, SUPABASE

PLATFORM = Path(__file__).parent / "sql" / "bootstrap.sql"
EXISTING_APP = Path(__file__).parent / "existing_app.sql"
SCHEMAS = SUPABASE / "schemas"
MIGRATIONS = SUPABASE / "migrations"
BASELINE = REPOSITORY / "livekit-system" / "make_baseline.py"
SOURCE = re.compile(r"^-- (schemas/\S+)$", re.MULTILINE)
TIMEOUT_SECONDS = 60.0


class MigrationError(RuntimeError):
    """A file was refused by Postgres; the message says where and why."""


async def bootstrap(port: int) -> None:
    """What hosted Supabase brings along: roles, schemas, `auth`, `realtime`. As the superuser."""
    await apply(postgres.url(port, postgres.SUPERUSER), [PLATFORM])


async def migrate(port: int, files: Sequence[Path] | None = None) -> None:
    """These files, or the existing app's tables and then our migrations; as `postgres`."""
    if files is None:
        files = [EXISTING_APP, *await asyncio.to_thread(migration_files)]
    await apply(postgres.url(port), files)


def migration_files() -> list[Path]:
    """Our migrations in the order in which Supabase applies them: what is deployed, and never behind `schemas/`.

    Raises:
        MigrationError: `schemas/` has changed since the baseline was made.
    """
    checked = subprocess.run(  # noqa: S603  (our own)
        [sys.executable, BASELINE, "--check"], capture_output=True, text=True, timeout=10, check=False
    )
    if checked.returncode:
        raise MigrationError(checked.stderr.strip())
    return sorted(MIGRATIONS.glob("*.sql"))


async def apply(database_url: str, files: Iterable[Path]) -> None:
    """Runs each file in a transaction of its own, then makes PostgREST read the schema again.

    Raises:
        MigrationError: with file, line and Postgres' message; earlier files stay applied.
    """
    connection = await asyncpg.connect(database_url, timeout=10, command_timeout=TIMEOUT_SECONDS)
    try:
        for file in files:
            await _apply_file(connection, file)
        await connection.execute("notify pgrst, 'reload schema'")
    finally:
        await connection.close()


async def _apply_file(connection: asyncpg.Connection, file: Path) -> None:
    sql = await asyncio.to_thread(file.read_text)
    try:
        async with connection.transaction():
            await connection.execute(sql)
    except asyncpg.PostgresError as error:
        raise MigrationError(_explain(file, sql, error)) from error


def _explain(file: Path, sql: str, error: asyncpg.PostgresError) -> str:
    parts = error.as_dict()
    position = parts.get("position")
    name: Path | str = file.relative_to(REPOSITORY) if file.is_relative_to(REPOSITORY) else file
    start = 0
    if position:
        for source in SOURCE.finditer(sql, 0, int(position)):
            name, start = source[1], source.end() + 1
    line = f":{sql.count(chr(10), start, int(position)) + 1}" if position else ""
    extra = [f"{key}: {parts[key]}" for key in ("detail", "hint", "context") if parts.get(key)]
    return "\n  ".join([f"{name}{line}: {parts.get('message')} ({parts.get('sqlstate')})", *extra])
