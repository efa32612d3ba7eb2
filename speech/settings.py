"""The environment of the speech process, read once, checked whole."""

import importlib
from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

NAME = r"^[\w.]+:\w+$"


class SpeechSettingsError(Exception):
    """One or more variables are missing or wrong. The message names each; it never holds a value."""


class SpeechSettings(BaseSettings):
    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True)

    livekit_url: str = Field(pattern=r"^(ws|http)s?://")
    livekit_api_key: str = Field(min_length=1)
    livekit_api_secret: SecretStr = Field(min_length=1)
    supabase_url: str = Field(pattern=r"^https?://")
    supabase_anon_key: SecretStr = Field(min_length=1, description="the project's publishable key")

    live_speech_token: SecretStr = Field(min_length=1, description="of the role live_speech")
    live_speech_stt: str = Field(
        default="speech.whisper:Whisper",
        pattern=NAME,
        description="module:Class of LiveKit Agents' STT interface",
    )
    live_speech_stt_options: dict[str, Any] = Field(
        default_factory=dict, description="its arguments, as JSON"
    )
    live_speech_vad: str = Field(
        default="livekit.agents.inference:VAD", pattern=NAME, description="as STT, of the VAD interface"
    )
    live_speech_vad_options: dict[str, Any] = Field(default_factory=dict)
    live_speech_pictures: str = Field(
        default="",
        pattern=r"^([\w.]+:\w+)?$",
        description="module:Class of a classifier; default: none is looked at",
    )
    live_speech_rooms: int = Field(default=50, ge=1, le=200)
    live_speech_cameras: int = Field(default=2, ge=1, le=50, description="how many are looked at together")
    live_speech_health_port: int = Field(default=8083, ge=0, le=65535)
    live_health_host: str = "127.0.0.1"
    live_store_timeout: float = Field(default=5.0, gt=0, description="seconds for one database call")
    live_log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    live_log_format: str = Field(default="json", pattern=r"^(json|text)$")


def load_speech_settings() -> SpeechSettings:
    """Raises SpeechSettingsError, naming every variable that is missing or wrong."""
    try:
        return SpeechSettings()  # type: ignore[call-arg]  # read from the environment
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()]
        raise SpeechSettingsError("\n".join(problems)) from None


def made(name: str, options: Mapping[str, Any]) -> Any:
    """An instance of `module:Class`. Raises SpeechSettingsError where it is not installed."""
    module, _, made_of = name.partition(":")
    try:
        return getattr(importlib.import_module(module), made_of)(**options)
    except (ImportError, AttributeError) as error:
        raise SpeechSettingsError(
            f"{name} is not there ({error}): install it, or `uv sync --group speech`"
        ) from error
