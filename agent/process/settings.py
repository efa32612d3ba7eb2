"""The environment, read once, checked whole.

Everything of our own begins with `LIVE_` and has a default that is right for a small production.
"""

import base64
import os
from collections.abc import Iterable
from difflib import get_close_matches
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from agent.process.scheduling import parse_cpus, usable_cpus
from agent.supabase.pager import Receiver, key_of
from agent.supabase.recording_place import S3_PATH, PlaceSettings

PREFIX = "LIVE_"
BEAT_SECONDS = 0.86
"""Over Supabase's API: with a glance between two of them an idle worker stays within three calls a second."""
OWN_LANE_BEAT_SECONDS = 0.6
SEED_BYTES = 32
CLOUD = ".livekit.cloud"
CLOUD_RATE, OWN_RATE = 8.0, 50.0
"""Calls a second. LiveKit Cloud allows about 1,000 a minute to a project; two workers share it."""
READ_ELSEWHERE = frozenset(
    {
        "LIVE_PUBLIC_LIVEKIT_URL",  # the edge functions
        "LIVE_WORKER_URLS",  # the assistants' server, from here on
        "LIVE_CONFIRMATION_SECONDS",
        "LIVE_ASSISTANT_ACCESS_TOKEN",
        "LIVE_ASSISTANT_REFRESH_TOKEN",
        "LIVE_ASSISTANT_EMAIL",
        "LIVE_ASSISTANT_PASSWORD",
        "LIVE_ASSISTANT_SERVICE_ROLE",
        "LIVE_ASSISTANT_MODEL_CONFIRMATION",
        "LIVE_SPEECH_TOKEN",  # the speech process
        "LIVE_SPEECH_STT",
        "LIVE_SPEECH_STT_OPTIONS",
        "LIVE_SPEECH_VAD",
        "LIVE_SPEECH_VAD_OPTIONS",
        "LIVE_SPEECH_PICTURES",
        "LIVE_SPEECH_ROOMS",
        "LIVE_SPEECH_CAMERAS",
        "LIVE_SPEECH_HEALTH_PORT",
        "LIVE_TEST_EXAMPLES",  # the tests
    }
)
"""Names of our own that other programs read: they may stand in the same environment."""
AGENT_NAMES = ("LIVEKIT_AGENT_NAME", "LIVEKIT_AGENT_NAME_OVERRIDE")


class SettingsError(Exception):
    """One or more variables are missing or wrong. The message names each; it never holds a value."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True)

    livekit_url: str = Field(pattern=r"^(ws|http)s?://", description="where the worker reaches LiveKit")
    livekit_api_key: str = Field(min_length=1)
    livekit_api_secret: SecretStr = Field(min_length=1)
    supabase_url: str = Field(pattern=r"^https?://")
    supabase_service_role_key: SecretStr = Field(min_length=1)

    live_worker_id: str = Field(
        default="", description="unique per process; default: host name, pid and start"
    )
    live_lease_seconds: float = Field(default=2.4, ge=1, le=60)
    live_beat_seconds: float | None = Field(
        default=None,
        ge=0.1,
        le=20,
        description="renewing leases, polling; default: 0.86, on a lane of its own 0.6",
    )
    live_watch_seconds: float = Field(default=2.0, ge=0.2, le=60, description="looking for unmoderated rooms")
    live_drain_seconds: float = Field(default=20.0, ge=0, le=3600)
    live_memory_limit_mb: float = Field(
        default=1500.0, gt=0, description="resident MiB; past it the worker drains"
    )
    live_watchdog_seconds: float = Field(
        default=15.0, ge=2, description="a loop stuck for longer ends the process"
    )
    live_cpus: str = Field(
        default="",
        pattern=r"^(\d+(-\d+)?(,\d+(-\d+)?)*)?$",
        description="the cores to keep to, as in 0,2-3; one core a worker is cheapest. Default: all",
    )
    live_health_host: str = "127.0.0.1"
    live_health_port: int = Field(default=8081, ge=0, le=65535)
    live_api_rate: float | None = Field(
        default=None,
        gt=0,
        description="LiveKit server API calls a second. Default: 50; where the address is LiveKit Cloud's, what it "
        "allows, shared by two workers",
    )
    live_api_burst: int = Field(default=100, ge=1)
    live_api_timeout: float = Field(default=2.0, gt=0, description="seconds for one LiveKit server API call")
    live_store_timeout: float = Field(default=5.0, gt=0, description="seconds for one database call")
    live_database_url: SecretStr | None = Field(
        default=None,
        description="the worker's own lane: postgresql://live_agent:…, direct or through a pooler in session mode",
    )
    live_realtime: bool = Field(default=True, description="false: poll only")
    live_relay_key: SecretStr | None = Field(default=None, description="Ed25519 seed, base64url")
    live_pager_url: str = Field(
        default="",
        pattern=r"^(https?://.+)?$",
        description="the webhook that calls operators; default: nobody is called",
    )
    live_pager_secret: SecretStr | None = Field(
        default=None, validate_default=True, description="whsec_ and base64; signs what goes to it"
    )
    live_log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    live_log_format: str = Field(default="json", pattern=r"^(json|text)$")

    recording_s3_endpoint: str = Field(
        default="",
        pattern=r"^(https?://.+)?$",
        description="where recordings are stored; default: Supabase's Storage",
    )
    recording_s3_region: str = "us-east-1"
    recording_s3_bucket: str = Field(default="recordings", min_length=1)
    recording_s3_path_style: bool = Field(
        default=True, description="false: the bucket is a part of the host's name, as some stores want it"
    )
    recording_s3_access_key: str = Field(
        default="",
        description="without one nothing is recorded; at Supabase with an account: the project's reference",
    )
    recording_s3_secret: SecretStr | None = Field(
        default=None, description="at Supabase with an account: the anon key"
    )
    recording_s3_email: str = Field(
        default="",
        description="the account that stores recordings in Supabase's Storage, and may do nothing else",
    )
    recording_s3_password: SecretStr | None = None

    @property
    def recording_place(self) -> PlaceSettings:
        """Where recordings are stored."""
        secret, password = self.recording_s3_secret, self.recording_s3_password
        return PlaceSettings(
            endpoint=self.recording_s3_endpoint or self.supabase_url.rstrip("/") + S3_PATH,
            region=self.recording_s3_region,
            bucket=self.recording_s3_bucket,
            path_style=self.recording_s3_path_style,
            access_key=self.recording_s3_access_key,
            secret="" if secret is None else secret.get_secret_value(),
            email=self.recording_s3_email,
            password="" if password is None else password.get_secret_value(),
        )

    @property
    def api_rate(self) -> float:
        """LiveKit server API calls a second that this worker may make."""
        if self.live_api_rate is not None:
            return self.live_api_rate
        host = urlsplit(self.livekit_url).hostname or ""
        return CLOUD_RATE if host.endswith(CLOUD) else OWN_RATE

    @property
    def pager(self) -> Receiver | None:
        """The webhook that calls operators; None: there is none."""
        if not self.live_pager_url or self.live_pager_secret is None:
            return None
        return Receiver(self.live_pager_url, key_of(self.live_pager_secret.get_secret_value()))

    @field_validator("live_pager_secret")
    @classmethod
    def _signs(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if secret is not None:
            key_of(secret.get_secret_value())
        elif info.data.get("live_pager_url"):
            msg = "is needed with LIVE_PAGER_URL: the receiver must be able to tell that a page is ours"
            raise ValueError(msg)
        return secret

    @property
    def database_url(self) -> str | None:
        """Of the worker's own lane; None: it calls the database over Supabase's API."""
        return None if self.live_database_url is None else self.live_database_url.get_secret_value()

    @property
    def beat_seconds(self) -> float:
        """Between two renewals of the leases."""
        if self.live_beat_seconds is not None:
            return self.live_beat_seconds
        usual = BEAT_SECONDS if self.live_database_url is None else OWN_LANE_BEAT_SECONDS
        return min(usual, self.live_lease_seconds / 2)

    @field_validator("live_beat_seconds")
    @classmethod
    def _beats_fit_the_lease(cls, beat: float | None, info: ValidationInfo) -> float | None:
        lease = info.data.get("live_lease_seconds")
        if lease is not None and beat is not None and beat * 2 > lease:
            msg = "must be at most half of LIVE_LEASE_SECONDS, or one late beat loses every room"
            raise ValueError(msg)
        return beat

    @field_validator("live_cpus")
    @classmethod
    def _are_there(cls, cpus: str) -> str:
        usable, named = usable_cpus(), parse_cpus(cpus)
        if cpus and not named:
            msg = "names no core"
            raise ValueError(msg)
        if usable is not None and not named <= usable:
            msg = f"this process may use these cores only: {', '.join(map(str, sorted(usable)))}"
            raise ValueError(msg)
        return cpus

    @field_validator("live_database_url")
    @classmethod
    def _is_of_postgres(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and urlsplit(url.get_secret_value()).scheme not in ("postgresql", "postgres"):
            msg = "must begin with postgresql://"
            raise ValueError(msg)
        return url

    @field_validator("live_relay_key")
    @classmethod
    def _is_a_seed(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not is_seed(key.get_secret_value()):
            msg = "must be 32 bytes in base64url"
            raise ValueError(msg)
        return key


def is_seed(text: str) -> bool:
    """Whether this is an Ed25519 seed (32 bytes) in base64url."""
    try:
        return len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) == SEED_BYTES
    except ValueError:
        return False


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: names every faulty variable at once.
    """
    named = [name for name in AGENT_NAMES if os.environ.get(name)]
    faults = [
        f"  {name}: must not be set: LiveKit would offer this worker no room by itself" for name in named
    ]
    faults += [f"  {name}: {_unknown(name)}" for name in unknown_names(os.environ)]
    try:
        settings = Settings()  # type: ignore[call-arg]  # the environment fills the fields
    except ValidationError as error:
        faults = [*_explain(error), *faults]
    else:
        if not faults:
            return settings
    raise SettingsError("the environment is not right:\n" + "\n".join(faults))


def unknown_names(names: Iterable[str]) -> list[str]:
    """Those that begin as ours do and that nothing reads: a slip of the pen leaves a default in force in silence."""
    return sorted(name for name in names if name.startswith(PREFIX) and name not in known_names())


def known_names() -> frozenset[str]:
    """What anything of ours reads."""
    return READ_ELSEWHERE | {field.upper() for field in Settings.model_fields}


def _unknown(name: str) -> str:
    near = get_close_matches(name, known_names(), n=1)
    return "is not known" + (f"; is {near[0]} meant?" if near else "")


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        name = "_".join(str(part) for part in fault["loc"]).upper()
        what = "is not set" if fault["type"] == "missing" else fault["msg"]
        lines.append(f"  {name}: {what}" if name else f"  {what}")
    return lines
