"""The environment of the assistants' server, read once, checked whole."""

import os
from difflib import get_close_matches
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from orchestrator.names_elsewhere import READ_ELSEWHERE

IDENTITIES = (
    "LIVE_ASSISTANT_ACCESS_TOKEN",
    "LIVE_ASSISTANT_REFRESH_TOKEN",
    "LIVE_ASSISTANT_EMAIL with LIVE_ASSISTANT_PASSWORD",
    "LIVE_ASSISTANT_SERVICE_ROLE=true with SUPABASE_SERVICE_ROLE_KEY",
)


class AssistantSettingsError(Exception):
    """One or more variables are missing or wrong. The message names each; it never holds a value."""


class AssistantSettings(BaseSettings):
    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True)

    supabase_url: str = Field(pattern=r"^https?://")
    supabase_anon_key: SecretStr = Field(min_length=1)
    supabase_service_role_key: SecretStr | None = None

    livekit_url: str | None = Field(default=None, pattern=r"^(ws|http)s?://")
    livekit_api_key: str | None = None
    livekit_api_secret: SecretStr | None = None

    live_assistant_access_token: SecretStr | None = None
    live_assistant_refresh_token: SecretStr | None = None
    live_assistant_email: str | None = None
    live_assistant_password: SecretStr | None = None
    live_assistant_service_role: bool = Field(
        default=False, description="act with the service role, past row-level security; stdio only"
    )
    live_assistant_model_confirmation: bool = Field(
        default=False,
        description="let a client that cannot ask a person act on the model's word alone",
    )
    live_worker_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("http://127.0.0.1:8081",), description="health ports of the workers, separated by commas"
    )
    live_store_timeout: float = Field(default=5.0, gt=0, description="seconds for one database call")
    live_api_timeout: float = Field(default=2.0, gt=0, description="seconds for LiveKit and for a worker")
    live_confirmation_seconds: float = Field(default=120.0, ge=10, le=900)
    live_log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("live_worker_urls", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        return tuple(part.strip().rstrip("/") for part in given.split(",") if part.strip())

    @model_validator(mode="after")
    def _complete(self) -> "AssistantSettings":
        if (self.live_assistant_email is None) != (self.live_assistant_password is None):
            raise ValueError("LIVE_ASSISTANT_EMAIL and LIVE_ASSISTANT_PASSWORD belong together")
        if self.live_assistant_service_role and self.supabase_service_role_key is None:
            raise ValueError("LIVE_ASSISTANT_SERVICE_ROLE needs SUPABASE_SERVICE_ROLE_KEY")
        if sum(self._identities()) > 1:
            raise ValueError(f"say in one way only whom to act for: {', or '.join(IDENTITIES)}")
        return self

    def _identities(self) -> tuple[bool, ...]:
        return (
            self.live_assistant_access_token is not None,
            self.live_assistant_refresh_token is not None,
            self.live_assistant_email is not None,
            self.live_assistant_service_role,
        )

    @property
    def names_somebody(self) -> bool:
        """Whether the environment says for whom to act."""
        return any(self._identities())

    @property
    def has_livekit(self) -> bool:
        """Whether LiveKit can be asked too."""
        return bool(self.livekit_url and self.livekit_api_key and self.livekit_api_secret)

    def secrets(self) -> tuple[str, ...]:
        """Every secret of the environment: what no answer and no log may contain."""
        found = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in found if isinstance(value, SecretStr))


def load_settings() -> AssistantSettings:
    """Read the environment.

    Raises:
        AssistantSettingsError: names every faulty variable at once.
    """
    faults = [f"  {name}: {_unknown(name)}" for name in sorted(os.environ) if _is_unknown(name)]
    try:
        settings = AssistantSettings()  # type: ignore[call-arg]  # the environment fills the fields
    except ValidationError as error:
        faults = [*_explain(error), *faults]
    else:
        if not faults:
            return settings
    raise AssistantSettingsError("\n".join(["the environment is not right:", *faults]))


def _is_unknown(name: str) -> bool:
    """Ours by its beginning, and nothing reads it: a slip of the pen would leave a default in force in silence."""
    return name.startswith("LIVE_") and name not in _known() | READ_ELSEWHERE


def _known() -> frozenset[str]:
    return frozenset(field.upper() for field in AssistantSettings.model_fields)


def _unknown(name: str) -> str:
    near = get_close_matches(name, _known(), n=1)
    return "is not known" + (f"; is {near[0]} meant?" if near else "")


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        name = "_".join(str(part) for part in fault["loc"]).upper()
        what = "is not set" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
        lines.append(f"  {name}: {what}" if name else f"  {what}")
    return lines
