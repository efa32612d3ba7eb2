"""`python -m agent doctor`, `verify` and `status` against a stack of their own, which they may break."""

import os
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from local import livekit, recorder
from local.lane import PASSWORD, lane_url, over_port
from local.paths import REPOSITORY
from local.stack import Stack

LOOP = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broken(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack whose database the tests of this file take apart."""
    async with Stack(Path(tmp_path_factory.mktemp("doctor"))) as running:
        yield running


async def ask(command: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Run a command with exactly this environment; its exit code and all that it printed."""
    process = await create_subprocess_exec(
        sys.executable,
        "-m",
        "agent",
        command,
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], **env},
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, (out + err).decode()


@LOOP
async def test_a_complete_system_is_well(broken: Stack) -> None:
    code, said = await ask("doctor", broken.env)
    assert code == 0, said
    assert "every table, column, function and policy is there" in said
    assert f"LiveKit: server {livekit.VERSION}" in said
    for found in (
        "functions: all",
        "Realtime: delivers from the database and from a worker",
        "nobody is ops",
    ):
        assert found in said
    assert said.strip().endswith("All is well: a worker can start.")
    code, said = await ask("verify", broken.env)
    assert (code, said.strip()) == (0, "The books agree.")


@LOOP
async def test_a_worker_that_only_polls_is_not_asked_for_realtime(broken: Stack) -> None:
    code, said = await ask("doctor", {**broken.env, "LIVE_REALTIME": "false"})
    assert code == 0, said
    assert "Realtime: switched off by LIVE_REALTIME, so the worker polls" in said
    assert "nobody is ops" in said


@LOOP
async def test_a_lane_of_its_own_is_tried_out(broken: Stack) -> None:
    url = await lane_url(broken.database_url)
    code, said = await ask("doctor", {**broken.env, "LIVE_DATABASE_URL": url})
    assert code == 0, said
    assert "own lane: signed in as live_agent" in said
    assert "LISTEN gets through" in said
    owner = {**broken.env, "LIVE_DATABASE_URL": broken.database_url}
    code, said = await ask("doctor", owner)
    assert code == 0, said
    assert "may do more than a worker needs" in said
    assert "is not set" in (await ask("doctor", broken.env))[1]


@LOOP
@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda url: over_port(url, 9), "does not answer"),
        (lambda url: url.replace("live_agent", "nobody_of_ours"), "own lane:"),
    ],
    ids=["address", "role"],
)
async def test_a_lane_that_does_not_open_is_told(
    broken: Stack, wrong: Callable[[str], str], advice: str
) -> None:
    url = wrong(await lane_url(broken.database_url))
    code, said = await ask("doctor", {**broken.env, "LIVE_DATABASE_URL": url})
    assert code == 1
    assert advice in said
    assert PASSWORD not in said


@LOOP
async def test_the_account_that_stores_recordings_is_tried_out(broken: Stack) -> None:
    assert "nothing can be recorded" in (await ask("doctor", broken.env))[1]
    env = {**broken.env, **recorder.environment(broken.keys)}
    code, said = await ask("doctor", env)
    assert (code, "cannot sign in" in said) == (1, True), said
    assert recorder.PASSWORD not in said
    await recorder.create_account(broken.url, broken.keys)
    code, said = await ask("doctor", env)
    assert (code, "stored as an account of their own" in said) == (0, True), said


@LOOP
async def test_all_faults_of_the_environment_are_told_at_once_and_no_secret(broken: Stack) -> None:
    env = {**broken.env, "LIVEKIT_URL": "not a url", "LIVE_BEAT_SECONDS": "-1", "LIVE_BEET": "1"}
    del env["LIVEKIT_API_SECRET"]
    code, said = await ask("doctor", env)
    assert code == 2
    for name in ("LIVEKIT_URL", "LIVE_BEAT_SECONDS", "LIVEKIT_API_SECRET", "LIVE_BEET"):
        assert name in said
    assert broken.env["SUPABASE_SERVICE_ROLE_KEY"] not in said


@LOOP
@pytest.mark.parametrize(
    ("variable", "value", "advice"),
    [
        ("LIVEKIT_API_SECRET", "wrong-secret-with-32-or-more-characters", "check LIVEKIT_API_KEY"),
        ("LIVEKIT_URL", "ws://127.0.0.1:1", "check LIVEKIT_URL"),
        ("SUPABASE_SERVICE_ROLE_KEY", "sb_secret_wrong", "check SUPABASE_SERVICE_ROLE_KEY"),
        ("SUPABASE_URL", "http://127.0.0.1:1", "check SUPABASE_URL"),
    ],
)
async def test_a_wrong_address_or_key_is_named(broken: Stack, variable: str, value: str, advice: str) -> None:
    code, said = await ask("doctor", {**broken.env, variable: value})
    assert code == 1
    assert advice in said
    assert value not in said or variable.endswith("_URL")


@LOOP
@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ('drop policy "signed-in people read the keys" on public.relay_keys', "policy public.relay_keys"),
        ("drop function public.agent_overview()", "function public.agent_overview()"),
        (
            "alter table public.live_audio_stats drop column peak_dbfs cascade",
            "column public.live_audio_stats.peak_dbfs",
        ),
        ("drop table public.live_level_watches cascade", "table public.live_level_watches"),
    ],
)
async def test_what_is_missing_is_named_with_its_remedy(broken: Stack, damage: str, named: str) -> None:
    database = await asyncpg.connect(broken.database_url)
    try:
        await database.execute(damage)
        code, said = await ask("doctor", broken.env)
        assert code == 1
        assert named in said
        assert "supabase db push" in said
        assert await database.fetchval("select count(*) from public.agent_rooms") == 0
    finally:
        await database.close()


@LOOP
async def test_books_that_disagree_are_told_row_by_row(broken: Stack) -> None:
    database = await asyncpg.connect(broken.database_url)
    try:
        creator = await database.fetchval(
            "insert into auth.users (id, email) values (gen_random_uuid(), 'books@example.com') returning id"
        )
        session = await database.fetchval(
            "insert into public.live_sessions"
            " (creator_id, type, access_type, title, livekit_room, status, viewer_count)"
            " values ($1, 'audio_room', 'public', 'Books', 'books', 'live', 7) returning id",
            creator,
        )
        code, said = await ask("verify", broken.env)
        assert code == 1
        assert f"live_sessions.viewer_count {session}: expected 0, found 7" in said
    finally:
        await database.close()


@LOOP
async def test_status_says_when_no_worker_is_here(broken: Stack) -> None:
    code, said = await ask("status", {**broken.env, "LIVE_HEALTH_PORT": "1"})
    assert code == 2
    assert "no worker answers" in said
    assert said.strip().endswith("Could not look: there is no worker to ask here.")


@LOOP
async def test_that_the_books_could_not_be_read_is_not_that_they_disagree(broken: Stack) -> None:
    code, said = await ask("verify", {**broken.env, "SUPABASE_URL": "http://127.0.0.1:1"})
    assert code == 2
    assert "Traceback" not in said
    assert said.strip().endswith("whether the books agree is not known.")


@LOOP
async def test_an_address_of_something_else_is_told_by_what_is_wrong_with_it(broken: Stack) -> None:
    livekit_by_http = broken.livekit_url.replace("ws", "http", 1)
    for variable, value, told in (
        ("SUPABASE_URL", livekit_by_http, "is not Supabase's API"),
        ("LIVEKIT_URL", broken.livekit_url.replace("ws", "wss", 1), "LIVEKIT_URL"),
    ):
        code, said = await ask("doctor", {**broken.env, variable: value})
        assert code == 1
        assert told in said, said
        assert "migrations are not applied" not in said


@LOOP
async def test_functions_that_are_not_there_are_named(broken: Stack) -> None:
    broken.functions.pause()
    try:
        code, said = await ask("doctor", broken.env)
    finally:
        broken.functions.resume()
    assert code == 1
    assert "function ops-listen: does not answer" in said
