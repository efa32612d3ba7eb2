"""The oldest Postgres that hosted Supabase has: every test of the database, and Supabase's lint of its functions."""

import json
from pathlib import Path

import asyncpg

from local import migrate
from local.ports import LOOPBACK, claim
from local.postgres import SUPERUSER, url
from tests.conformance import supabase_cli
from tests.conformance.steps import Failed, Skipped, packages, run_tests
from tests.database.server import postgres

BINARIES = Path("/usr/lib/postgresql/15/bin")
CHECKER = "create extension plpgsql_check with schema extensions;"


async def database_suite(_: Path) -> str:
    await packages(["postgresql-15"], BINARIES / "postgres")
    return await run_tests("tests/database", env={"POSTGRES_BIN": str(BINARIES)})


async def lint(folder: Path) -> str:
    """`supabase db lint`, which needs plpgsql_check: Debian has it for its Postgres, the wheel has it not."""
    await packages(["postgresql-15", "postgresql-15-plpgsql-check"], BINARIES / "postgres")
    if not (BINARIES.parent / "lib" / "plpgsql_check.so").exists():
        raise Skipped("postgresql-15-plpgsql-check is not installed")
    try:
        binary = await supabase_cli.find_binary()
    except RuntimeError as error:
        raise Skipped(str(error)) from error
    repository = folder / "app"
    (repository / "supabase").mkdir(parents=True)
    (repository / "supabase" / "config.toml").write_text('project_id = "app"\n')
    ports, data = claim(None), folder / "data"
    data.mkdir()
    with postgres(data, binaries=BINARIES, port=ports.base):
        await migrate.bootstrap(ports.base)
        superuser = await asyncpg.connect(url(ports.base, SUPERUSER))
        await superuser.execute(CHECKER)
        await superuser.close()
        await migrate.migrate(ports.base)
        remote = f"--remote=postgresql://postgres:none@{LOOPBACK}:{ports.base}/postgres"
        ran = await supabase_cli.supabase(binary, repository, "db", "lint", remote, "--fail-on", "error")
    ports.release()
    if ran.code:
        raise Failed(ran.out + ran.err)
    return f"{warnings(ran.out)} warnings, no error"


def warnings(out: str) -> int:
    start = out.find("[")
    found = json.JSONDecoder().raw_decode(out[start:])[0] if start >= 0 else []
    return sum(len(function["issues"]) for function in found)
