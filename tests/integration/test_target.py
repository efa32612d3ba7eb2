"""Tests against a stack that somebody else started: what runs there without leaving a trace, and what is skipped."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from local.paths import REPOSITORY
from local.stack import Stack
from tests.integration.test_doctor import ask
from tests.target import CONSENT, Target

reads = pytest.mark.reads


@reads
async def test_the_doctor_finds_nothing_missing(stack: Stack) -> None:
    code, said = await ask("doctor", stack.env)
    assert code == 0, said


@reads
async def test_the_books_agree(stack: Stack) -> None:
    code, said = await ask("verify", stack.env)
    assert code == 0, said


@reads
@pytest.mark.parametrize(
    "table", ["moderation_actions", "coin_wallets", "live_ops", "agent_rooms", "app_settings"]
)
async def test_somebody_who_is_not_signed_in_reads_nothing_of_ours(stack: Stack, table: str) -> None:
    key = stack.keys.publishable
    async with httpx.AsyncClient(timeout=10) as http:
        answer = await http.get(f"{stack.url}/rest/v1/{table}?limit=1", headers={"apikey": key})
    assert answer.status_code in {401, 403} or answer.json() == []


@reads
@pytest.mark.parametrize("function", ["session-create", "session-token", "call-start", "livekit-webhook"])
async def test_the_edge_functions_are_there_and_refuse_a_stranger(stack: Stack, function: str) -> None:
    async with httpx.AsyncClient(timeout=10) as http:
        answer = await http.post(f"{stack.url}/functions/v1/{function}", json={})
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"]["code"]


def run(file: Path, *tests: str, env: Mapping[str, str]) -> str:
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-p", "no:xdist"]
    ran = subprocess.run(
        [*command, *(str(here / test) for test in tests)],
        env={**os.environ, "TARGET": str(file), "COLUMNS": "300", **env},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.skipif("TARGET" in os.environ, reason="it starts tests with a target of its own")
def test_only_what_leaves_no_trace_runs_without_consent(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# a comment\n" + "".join(f"{name}={value}\n" for name, value in stack.env.items()))
    host = Target(file).host
    said = run(file, "test_target.py", "test_chat.py", env={CONSENT: ""})
    assert "11 passed" in said
    assert f"changes what is there: allow it by {CONSENT}={host}" in said
    said = run(file, "test_gateway_limits.py", env={CONSENT: host})
    assert "stack.realtime is not there" in said


@pytest.mark.skipif("TARGET" in os.environ, reason="it makes targets of its own")
def test_a_target_that_lacks_a_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("SUPABASE_URL=http://127.0.0.1:1\n")
    with pytest.raises(pytest.UsageError, match="lacks LIVEKIT_URL"):
        Target(tmp_path / "env")
    with pytest.raises(pytest.UsageError, match="is not there"):
        Target(tmp_path / "none")
