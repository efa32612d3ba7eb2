"""From an app's repository to a doctor that says ok, by the handbook and with the real Supabase CLI."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from deno import find_deno_bin

from local.migrate import EXISTING_APP, MIGRATIONS
from local.paths import REPOSITORY
from local.stack import Stack
from tests.conformance import supabase_cli, typed_rows
from tests.conformance.management_api import PROJECT, management_api
from tests.conformance.supabase_cli import Ran, supabase
from tests.integration.test_doctor import ask

LOOP = pytest.mark.asyncio(loop_scope="module")
SYSTEM = REPOSITORY / "livekit-system"
COPY = SYSTEM / "copy_migrations.py"
TOKEN = {"SUPABASE_ACCESS_TOKEN": "sbp_" + "0" * 40}


def copy_into(app: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, COPY, app], capture_output=True, text=True, timeout=30, check=False
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def binary() -> Path:
    try:
        return await supabase_cli.find_binary()
    except RuntimeError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new repository with a migration of its own."""
    folder = tmp_path_factory.mktemp("app")
    migrations = folder / "supabase" / "migrations"
    migrations.mkdir(parents=True)
    (folder / "supabase" / "config.toml").write_text('project_id = "app"\n')
    shutil.copy(EXISTING_APP, migrations / "20250101000000_app.sql")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def empty(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A project as Supabase gives it: nobody has pushed anything."""
    async with Stack(Path(tmp_path_factory.mktemp("cli")), migrations=[]) as running:
        yield running


class Project:
    """The CLI in the app's repository, pointed at the project's database."""

    def __init__(self, binary: Path, app: Path, stack: Stack) -> None:
        self.binary, self.app = binary, app
        self.remote = "--remote=" + stack.database_url.replace("postgres@", "postgres:none@")

    async def run(self, *arguments: str) -> Ran:
        ran = await supabase(self.binary, self.app, *arguments, self.remote)
        assert ran.code == 0, ran.out + ran.err
        return ran


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def project(binary: Path, app: Path, empty: Stack) -> Project:
    """The app's own history is pushed, then ours beside it."""
    ours = Project(binary, app, empty)
    await ours.run("db", "push", "--yes")
    copied = copy_into(app)
    assert copied.returncode == 0, copied.stderr
    assert f"copied {len(list(MIGRATIONS.glob('*.sql')))}, to be pushed next:" in copied.stdout
    pushed = await ours.run("db", "push", "--include-all", "--yes")
    assert max(MIGRATIONS.glob("*.sql")).name in pushed.out + pushed.err
    return ours


@LOOP
async def test_the_doctor_says_ok_after_the_push(project: Project, empty: Stack) -> None:
    await project.run("db", "push", "--include-all", "--yes")  # once more is harmless
    code, said = await ask("doctor", empty.env)
    assert code == 0, said
    assert "every table, column, function and policy is there" in said


@LOOP
async def test_the_history_is_one_and_whole(project: Project) -> None:
    listed = (await project.run("migration", "list", "--output-format", "json")).out
    for file in (project.app / "supabase" / "migrations").glob("*.sql"):
        assert listed.count(file.name.split("_")[0]) >= 2, f"{file.name} is not on both sides: {listed}"


@LOOP
async def test_supabases_advisors_find_nothing(project: Project) -> None:
    ran = await project.run("db", "advisors")
    assert "No issues found" in ran.out + ran.err


@LOOP
async def test_console_and_client_read_what_is_there(project: Project, tmp_path: Path) -> None:
    types, program = tmp_path / "database.types.ts", tmp_path / "check.ts"
    said = (await project.run("gen", "types", "--schema", "public")).out
    types.write_text(said[said.index("export type Json") :])
    program.write_text(typed_rows.check(types))
    deno = [find_deno_bin(), "check", "--quiet", "--no-lock", f"--config={typed_rows.CONSOLE / 'deno.json'}"]
    checked = await asyncio.to_thread(
        subprocess.run, [*deno, program], capture_output=True, text=True, timeout=120, check=False
    )
    assert checked.returncode == 0, checked.stderr
    program.write_text(program.read_text().replace('Tables["live_messages"]', 'Tables["live_gifts"]'))
    broken = await asyncio.to_thread(
        subprocess.run, [*deno, program], capture_output=True, text=True, timeout=120, check=False
    )
    assert broken.returncode != 0, "the check finds nothing"


@LOOP
async def test_what_was_pushed_is_never_overwritten(app: Path, project: Project) -> None:
    migrations = project.app / "supabase" / "migrations"
    assert "nothing new" in copy_into(app).stdout
    file = min(migrations.glob("20261123*.sql"))
    before = file.read_text()
    file.write_text(before + "-- edited\n")
    refused = copy_into(app)
    file.write_text(before)
    assert refused.returncode == 1
    assert file.name in refused.stderr


def test_a_folder_that_is_no_repository_of_supabase_is_refused(tmp_path: Path) -> None:
    refused = copy_into(tmp_path)
    assert refused.returncode == 2
    assert "has no folder supabase/" in refused.stderr


@LOOP
async def test_every_function_is_deployed_with_all_that_it_imports(binary: Path, tmp_path: Path) -> None:
    copy = tmp_path / "livekit-system"
    shutil.copytree(
        SYSTEM / "supabase", copy / "supabase", ignore=shutil.ignore_patterns("node_modules", ".temp")
    )
    async with management_api(tmp_path) as (api, profile):
        ran = await supabase(
            binary,
            copy,
            *("functions", "deploy", "--use-api", "--yes", f"--remote={PROJECT}", "--profile", profile),
            env=TOKEN,
        )
        assert ran.code == 0, ran.out + ran.err
    functions = {path.parent.name for path in (SYSTEM / "supabase" / "functions").glob("*/index.ts")}
    assert api.uploads.keys() == functions
    assert {one["slug"] for one in api.listed} == functions
    assert all(
        "_shared/" in sent and '"verify_jwt":false' in sent.replace(" ", "") for sent in api.uploads.values()
    )
