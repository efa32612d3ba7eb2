"""What the gateway is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local.gateway.keys import Keys
from local.gateway.realtime.limits import PLANS, Plan


@dataclass(frozen=True)
class GatewaySettings:
    """Addresses of the services behind the gateway, its own port and keys.

    `storage_folder` holds the files of Storage. `fault_hooks` opens `/_local/`, by which tests break Realtime on
    purpose. `token_seconds` is how long an access token lives. `plan` bounds Realtime.
    """

    port: int
    keys: Keys
    auth_database_url: str
    realtime_database_url: str
    storage_database_url: str
    storage_folder: Path
    rest_url: str
    functions_url: str
    token_seconds: int = 3600
    fault_hooks: bool = False
    plan: Plan = PLANS["free"]

    @property
    def url(self) -> str:
        """Where apps reach the gateway."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Raises KeyError for a variable that is missing."""
        return cls(
            port=int(env["GATEWAY_PORT"]),
            keys=Keys.derive(
                env["GATEWAY_JWT_SECRET"],
                secret_names=env.get("GATEWAY_SECRET_KEYS", "default").split(","),
                signing_names=env.get("GATEWAY_SIGNING_KEYS", "first").split(","),
                legacy=env.get("GATEWAY_LEGACY_KEYS", "1") == "1",
            ),
            auth_database_url=env["GATEWAY_AUTH_DATABASE_URL"],
            realtime_database_url=env["GATEWAY_REALTIME_DATABASE_URL"],
            storage_database_url=env["GATEWAY_STORAGE_DATABASE_URL"],
            storage_folder=Path(env["GATEWAY_STORAGE_FOLDER"]),
            rest_url=env["GATEWAY_REST_URL"],
            functions_url=env["GATEWAY_FUNCTIONS_URL"],
            token_seconds=int(env.get("GATEWAY_TOKEN_SECONDS", "3600")),
            fault_hooks=env.get("GATEWAY_FAULT_HOOKS") == "1",
            plan=PLANS[env.get("GATEWAY_REALTIME_PLAN", "free")],
        )
