"""The environment is refused whole and by name; neither it nor a log line gives a secret away."""

import base64
import json
import logging
import re
from pathlib import Path

import pytest

from agent.process.log import JsonFormatter, TextFormatter
from agent.process.settings import (
    AGENT_NAMES,
    READ_ELSEWHERE,
    Settings,
    SettingsError,
    known_names,
    load_settings,
    unknown_names,
)
from agent.supabase.client import BadAnswer, _error_of
from local.paths import REPOSITORY
from orchestrator.settings import AssistantSettings
from tests.written import hold

GOOD = {
    "LIVEKIT_URL": "wss://livekit.example",
    "LIVEKIT_API_KEY": "key",
    "LIVEKIT_API_SECRET": "very-secret-one",
    "SUPABASE_URL": "https://supabase.example",
    "SUPABASE_SERVICE_ROLE_KEY": "very-secret-two",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing but what a worker needs."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in AGENT_NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_five_variables_are_enough() -> None:
    assert load_settings().livekit_url == "wss://livekit.example"


def test_the_beat_follows_the_lane_and_fits_twice_into_any_lease(environment: pytest.MonkeyPatch) -> None:
    assert load_settings().beat_seconds == 0.86
    environment.setenv("LIVE_DATABASE_URL", "postgresql://live_agent@db.example/postgres")
    assert load_settings().beat_seconds == 0.6
    environment.setenv("LIVE_LEASE_SECONDS", "1")
    assert load_settings().beat_seconds == 0.5
    environment.setenv("LIVE_BEAT_SECONDS", "0.4")
    assert load_settings().beat_seconds == 0.4


def test_all_faults_are_told_at_once_by_name_and_without_values(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("LIVEKIT_URL")
    environment.setenv("SUPABASE_URL", "very-secret-three")
    environment.setenv("LIVE_API_RATE", "very-secret-four")
    environment.setenv("LIVE_BEAT_SECONDS", "2.5")
    environment.setenv("LIVE_RELAY_KEY", "very-secret-five")
    with pytest.raises(SettingsError) as fault:
        load_settings()
    told = str(fault.value)
    for name in ("LIVEKIT_URL", "SUPABASE_URL", "LIVE_API_RATE", "LIVE_BEAT_SECONDS", "LIVE_RELAY_KEY"):
        assert f"  {name}: " in told
    assert "very-secret" not in told


def test_a_name_of_ours_that_nothing_reads_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("LIVE_BEAT_SECOND", "very-secret-six")
    environment.setenv("LIVE_XYZZY", "1")
    environment.setenv("LIVELY", "1")
    with pytest.raises(SettingsError) as fault:
        load_settings()
    assert "  LIVE_BEAT_SECOND: is not known; is LIVE_BEAT_SECONDS meant?" in str(fault.value)
    assert "  LIVE_XYZZY: is not known\n" in str(fault.value) + "\n"
    assert "LIVELY" not in str(fault.value)
    assert "very-secret" not in str(fault.value)


def test_a_name_that_another_program_reads_may_stand_there(environment: pytest.MonkeyPatch) -> None:
    for name in READ_ELSEWHERE:
        environment.setenv(name, "1")
    load_settings()


def test_every_name_that_anything_reads_is_known() -> None:
    read = {name.upper() for name in AssistantSettings.model_fields}
    for file in (REPOSITORY / "livekit-system" / "supabase" / "functions").rglob("*.ts"):
        read |= set(re.findall(r"\bLIVE_[A-Z_]+\b", file.read_text()))
    assert "LIVE_PUBLIC_LIVEKIT_URL" in read
    assert unknown_names(read) == []


def test_the_assistants_server_knows_the_names_that_others_read() -> None:
    elsewhere = known_names() - {name.upper() for name in AssistantSettings.model_fields}
    hold(
        Path("orchestrator/names_elsewhere.py"),
        '"""Names of ours that other programs read. tests/unit/test_agent_settings_and_log.py writes it."""'
        f"\n\nREAD_ELSEWHERE = frozenset({sorted(elsewhere)!r})\n",
        "tests/unit/test_agent_settings_and_log.py",
    )


@pytest.mark.parametrize("name", ["LIVEKIT_AGENT_NAME", "LIVEKIT_AGENT_NAME_OVERRIDE"])
def test_a_name_that_would_turn_automatic_dispatch_off_is_refused(
    name: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(name, "bot")
    environment.delenv("SUPABASE_URL")
    with pytest.raises(SettingsError) as fault:
        load_settings()
    assert f"{name}: must not be set: LiveKit would offer this worker no room by itself" in str(fault.value)
    assert "SUPABASE_URL: is not set" in str(fault.value)


@pytest.mark.parametrize(
    ("url", "own", "rate"),
    [
        ("wss://app-x1.livekit.cloud", None, 8.0),
        ("wss://livekit.example", None, 50.0),
        ("wss://livekit.cloud.example", None, 50.0),
        ("wss://app-x1.livekit.cloud", "3", 3.0),
    ],
)
def test_livekit_cloud_is_called_within_its_limit(
    url: str, own: str | None, rate: float, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("LIVEKIT_URL", url)
    if own is not None:
        environment.setenv("LIVE_API_RATE", own)
    assert load_settings().api_rate == rate


def test_a_relay_key_is_a_seed_of_32_bytes(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("LIVE_RELAY_KEY", base64.urlsafe_b64encode(bytes(32)).decode().rstrip("="))
    assert load_settings().live_relay_key is not None


@pytest.mark.parametrize(
    ("cpus", "why"),
    [("2", "these cores only: 0, 1"), ("1-0", "names no core"), ("one", "should match pattern")],
)
def test_cores_that_are_not_there_are_refused(environment: pytest.MonkeyPatch, cpus: str, why: str) -> None:
    environment.setattr("agent.process.settings.usable_cpus", lambda: frozenset({0, 1}))
    environment.setenv("LIVE_CPUS", cpus)
    with pytest.raises(SettingsError, match=f"LIVE_CPUS: .*{why}"):
        load_settings()


@pytest.mark.usefixtures("environment")
def test_settings_can_be_shown_without_their_secrets() -> None:
    assert "very-secret" not in repr(load_settings()) + str(load_settings().model_dump())


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter("%(message)s")])
def test_a_log_line_holds_its_fields_and_no_settings_secret(
    formatter: logging.Formatter, environment: pytest.MonkeyPatch
) -> None:
    del environment
    record = logging.makeLogRecord({"msg": "started", "room": "r-1", "settings": load_settings()})
    line = formatter.format(record)
    assert "r-1" in line
    assert "very-secret" not in line
    if isinstance(formatter, JsonFormatter):
        assert json.loads(line)["message"] == "started"


def test_what_people_wrote_stays_out_of_the_databases_errors() -> None:
    """PostgREST's details hold the refused row."""
    body = json.dumps(
        {
            "code": "23514",
            "message": "violates check",
            "hint": None,
            "details": "Failing row contains (hello)",
        }
    )
    error = str(_error_of("agent_presence", BadAnswer(400, body)))
    assert "violates check" in error
    assert "hello" not in error
