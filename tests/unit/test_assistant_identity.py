"""For whom the assistants' server acts: said in exactly one way, renewed in time, and never told to anybody."""

import asyncio
import logging
import sys
from datetime import UTC, datetime

import pytest
from supabase_auth.types import Session as AuthSession
from supabase_auth.types import User

from orchestrator.__main__ import _Format
from orchestrator.errors import SignInError
from orchestrator.identity import Auth, SignedIn
from orchestrator.settings import AssistantSettings, AssistantSettingsError, load_settings

ENV = {"SUPABASE_URL": "http://127.0.0.1:1", "SUPABASE_ANON_KEY": "sb_publishable_x"}
SECRET = "a-very-secret-value"  # noqa: S105 - of this test alone


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in AssistantSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def settings_of(monkeypatch: pytest.MonkeyPatch, **env: str) -> AssistantSettings:
    for name, value in {**ENV, **env}.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_every_fault_of_the_environment_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssistantSettingsError) as error:
        settings_of(monkeypatch, SUPABASE_URL="nowhere", SUPABASE_ANON_KEY="", LIVE_LOG_LEVEL="LOUD")
    assert all(name in str(error.value) for name in ("SUPABASE_URL", "SUPABASE_ANON_KEY", "LIVE_LOG_LEVEL"))


def test_a_name_of_ours_that_nothing_reads_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"LIVE_ASSISTANT_SERVICE_ROL": SECRET, "LIVE_XYZZY": SECRET, "LIVELY": "1"}
    with pytest.raises(AssistantSettingsError) as error:
        settings_of(monkeypatch, LIVE_LOG_LEVEL="LOUD", **wrong)
    assert "  LIVE_ASSISTANT_SERVICE_ROL: is not known; is LIVE_ASSISTANT_SERVICE_ROLE meant?" in str(
        error.value
    )
    assert "  LIVE_XYZZY: is not known\n" in str(error.value) + "\n"
    assert "LIVE_LOG_LEVEL" in str(error.value)
    assert "LIVELY" not in str(error.value)
    assert SECRET not in str(error.value)


def test_what_the_worker_reads_may_stand_in_the_same_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings_of(monkeypatch, LIVE_BEAT_SECONDS="0.6", LIVE_PUBLIC_LIVEKIT_URL="wss://live.example")


@pytest.mark.parametrize(
    "env",
    [
        {"LIVE_ASSISTANT_ACCESS_TOKEN": SECRET, "LIVE_ASSISTANT_REFRESH_TOKEN": SECRET},
        {"LIVE_ASSISTANT_EMAIL": "a@example.com"},
        {"LIVE_ASSISTANT_PASSWORD": SECRET},
        {"LIVE_ASSISTANT_SERVICE_ROLE": "true"},
        {
            "LIVE_ASSISTANT_SERVICE_ROLE": "true",
            "SUPABASE_SERVICE_ROLE_KEY": SECRET,
            "LIVE_ASSISTANT_ACCESS_TOKEN": SECRET,
        },
    ],
)
def test_whom_to_act_for_is_said_in_one_way_and_completely(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str]
) -> None:
    with pytest.raises(AssistantSettingsError) as error:
        settings_of(monkeypatch, **env)
    assert SECRET not in str(error.value)


def test_the_service_key_alone_makes_nobody_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(
        monkeypatch, SUPABASE_SERVICE_ROLE_KEY=SECRET, LIVE_WORKER_URLS="http://a/, http://b"
    )
    assert not settings.names_somebody
    assert settings.live_worker_urls == ("http://a", "http://b")
    assert SECRET in settings.secrets()
    assert SECRET not in repr(settings)


class Renewing(Auth):
    """Auth that gives out a token with a lifetime at each refresh, and takes a refresh token once."""

    def __init__(self, lifetime: int) -> None:
        self.lifetime, self.given = lifetime, 0

    def answer(self) -> AuthSession:
        self.given += 1
        user = User(
            id="u1", app_metadata={}, user_metadata={}, aud="authenticated", created_at=datetime.now(UTC)
        )
        return AuthSession(
            access_token=f"access-{self.given}",
            refresh_token=f"refresh-{self.given}",
            expires_in=self.lifetime,
            token_type="bearer",  # noqa: S106 - a kind, no secret
            user=user,
        )

    async def refresh(self, refresh_token: str) -> AuthSession:
        await asyncio.sleep(0)
        if refresh_token != f"refresh-{self.given}":
            raise SignInError("used")
        return self.answer()


async def test_a_token_is_renewed_before_it_ends_and_once_for_all_who_wait() -> None:
    auth = Renewing(0)
    session = SignedIn(auth, auth.answer())
    auth.lifetime = 3600
    assert await asyncio.gather(*(session.token() for _ in range(5))) == ["access-2"] * 5
    assert session.id == "u1"
    assert session.secrets() == ("access-2", "refresh-2")


def test_the_log_has_no_words_of_an_error() -> None:
    error = ValueError(SECRET)
    try:
        raise error
    except ValueError:
        record = logging.LogRecord(
            "mcp.server", logging.ERROR, "f", 1, "failed %s", (SECRET,), sys.exc_info()
        )
    line = _Format().format(record)
    assert '"error": "ValueError"' in line
    assert SECRET not in line
