"""The command that makes the baseline says when it was forgotten, and what to do."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.paths import REPOSITORY

COMMAND = REPOSITORY / "livekit-system" / "make_baseline.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the command beside a schema of two files."""
    (tmp_path / "supabase" / "schemas").mkdir(parents=True)
    (tmp_path / "supabase" / "schemas" / "00_first.sql").write_text("create table one ();\n")
    (tmp_path / "supabase" / "schemas" / "10_then.sql").write_text("create table two ();\n")
    shutil.copy(COMMAND, tmp_path)
    assert run(tmp_path).returncode == 0
    return tmp_path


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, folder / COMMAND.name, *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_files_come_in_the_order_of_their_names(folder: Path) -> None:
    (made,) = (folder / "supabase" / "migrations").iterdir()
    text = made.read_text()
    assert (
        text.index("create table one") < text.index("-- schemas/10_then.sql") < text.index("create table two")
    )
    assert run(folder, "--check").returncode == 0


def test_a_forgotten_run_is_told_with_the_command(folder: Path) -> None:
    (folder / "supabase" / "schemas" / "20_more.sql").write_text("create table three ();\n")
    told = run(folder, "--check")
    assert (told.returncode, "run `make baseline`" in told.stderr) == (1, True)
    run(folder)
    assert run(folder, "--check").returncode == 0


def test_a_file_that_went_to_migrations_is_sent_to_schemas(folder: Path) -> None:
    (folder / "supabase" / "migrations" / "20270101000000_new.sql").write_text("")
    assert "move 20270101000000_new.sql to schemas/" in run(folder, "--check").stderr


def test_after_the_first_release_the_baseline_is_frozen(folder: Path) -> None:
    command = folder / COMMAND.name
    command.write_text(command.read_text().replace("RELEASED = False", "RELEASED = True"))
    (folder / "supabase" / "schemas" / "20_more.sql").write_text("create table three ();\n")
    (made,) = (folder / "supabase" / "migrations").iterdir()
    before = made.read_text()
    assert "add a migration" in run(folder).stdout
    assert made.read_text() == before
    assert run(folder, "--check").returncode == 0


def test_rights_are_made_for_everything_that_is_created_and_for_nothing_else(folder: Path) -> None:
    (folder / "supabase" / "schemas" / "20_more.sql").write_text("""
-- Nobody's "grant all on public.profiles to anon;"
create table public.coins (id bigint generated always as identity, note text check (note <> ';'));
create policy "one's own" on public.coins for select to authenticated using (true);
grant select, insert (note) on public.coins
  to authenticated;
create or replace function public.pay(p_a int default 1, p_b numeric(3, 1) = 2, variadic p_c text[] = '{}') returns int
language sql as $$ create table public.not_one (); grant all on public.profiles to anon; select 1 $$;
create view public.rich as select 1 as one;
grant execute on function public.pay(int, numeric, text[]) to service_role;
alter table public.profiles add column x int;
""")
    run(folder)
    text = (folder / "supabase" / "schemas" / "98_rights.sql").read_text()
    named = re.findall(r"^  (\S.*?),?$", text, re.MULTILINE)
    assert [name for name in named if not name.startswith("from ")] == [
        "one", "two", "public.coins", "public.rich", "public.coins_id_seq",
        "public.pay(p_a int, p_b numeric(3, 1), variadic p_c text[])",
    ]  # fmt: skip
    assert re.findall(r"^grant .*", text, re.MULTILINE) == [
        "grant select, insert (note) on public.coins to authenticated;",
        "grant execute on function public.pay(int, numeric, text[]) to service_role;",
    ]
