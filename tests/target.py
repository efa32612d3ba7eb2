"""A stack that somebody else started: `make test TARGET=<env file>` runs the integration tests against it.

The file has KEY=value lines, as `make up` writes them. What a test needs beyond addresses and keys is not there, and
the test is skipped with that for its reason. A test that changes anything runs only with consent: TARGET_CONSENT has
to be the host of SUPABASE_URL.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest

CONSENT = "TARGET_CONSENT"
NEEDED = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "SUPABASE_URL", "SUPABASE_ANON_KEY")
OPTIONAL = ("SUPABASE_SERVICE_ROLE_KEY", "DATABASE_URL")


def named(environment: Mapping[str, str] = os.environ) -> "Target | None":
    """The target that the environment names, if it names one."""
    return Target(Path(environment["TARGET"])) if environment.get("TARGET") else None


class Absent:
    """Something that only a stack of one's own has: a test that asks for it is skipped."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        pytest.skip(f"against a foreign stack: {self._what}.{name} is not there")


class TargetKeys(Absent):
    """The keys that the file names."""

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__("stack.keys")
        self.publishable = env["SUPABASE_ANON_KEY"]
        if "SUPABASE_SERVICE_ROLE_KEY" in env:
            self.secret = env["SUPABASE_SERVICE_ROLE_KEY"]


class Target(Absent):
    """In the place of `local.stack.Stack`.

    Raises:
        pytest.UsageError: the file is not there, or lacks a name.
    """

    def __init__(self, file: Path) -> None:
        super().__init__("stack")
        self.env = read(file)
        if missing := [name for name in NEEDED if not self.env.get(name)]:
            raise pytest.UsageError(f"{file} lacks {', '.join(missing)}")
        self.url, self.livekit_url = self.env["SUPABASE_URL"], self.env["LIVEKIT_URL"]
        self.keys = TargetKeys(self.env)
        self.worker = Absent("the worker")
        """One has to run there; nothing of it is in our hands."""
        if "DATABASE_URL" in self.env:
            self.database_url = self.env["DATABASE_URL"]

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def why_not(self, item: pytest.Item, environment: Mapping[str, str] = os.environ) -> str | None:
        """Why a test does not run against this stack; None when it may."""
        if "stack" not in getattr(item, "fixturenames", ()):
            return "asks no stack: run it without TARGET"
        if item.get_closest_marker("reads") or environment.get(CONSENT) == self.host:
            return None
        return f"changes what is there: allow it by {CONSENT}={self.host}"


def read(file: Path) -> dict[str, str]:
    """KEY=value lines; empty lines and comments are passed over."""
    if not file.exists():
        raise pytest.UsageError(f"TARGET names {file}, which is not there")
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def as_stack(target: Target) -> Any:
    """For fixtures that promise a Stack."""
    return target
