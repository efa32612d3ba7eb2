"""The self-hosted try-out's database, made by the compose file's own script; and that the file fits what it starts."""

import json
import os
import re
import runpy
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml
from pydantic_settings import BaseSettings

from agent.process.settings import Settings
from local import livekit, postgrest
from local.migrate import migration_files
from local.paths import REPOSITORY
from local.postgres import SUPERUSER
from speech.settings import SpeechSettings
from tests.database.server import postgres, query, tool

DEPLOY = REPOSITORY / "livekit-system" / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
VARIABLE = re.compile(r"\$\{(\w+)")
MAKE_ENV = runpy.run_path(str(DEPLOY / "compose" / "make_env.py"))


def mounts(service: str) -> dict[str, Path]:
    """What of this repository stands where in the container."""
    found = (mount.split(":") for mount in SERVICES[service].get("volumes", []))
    return {where: (DEPLOY / source).resolve() for source, where, *_ in found if source.startswith(".")}


def test_all_that_is_mounted_is_there() -> None:
    assert all(path.exists() for service in SERVICES for path in mounts(service).values())


def test_its_secrets_are_those_that_are_made_for_it() -> None:
    asked = set(VARIABLE.findall((DEPLOY / "compose.yaml").read_text()))
    made = MAKE_ENV["variables"]()
    assert asked == made.keys()
    for key, role in (
        ("SERVICE_ROLE_KEY", "service_role"),
        ("ANON_KEY", "anon"),
        ("SPEECH_TOKEN", "live_speech"),
    ):
        claims = jwt.decode(made[key], made["JWT_SECRET"], algorithms=["HS256"])
        assert claims["role"] == role
    assert len(made["LIVEKIT_API_SECRET"]) >= 32


@pytest.mark.parametrize(("service", "settings"), [("worker", Settings), ("speech", SpeechSettings)])
def test_a_process_is_given_all_that_it_needs_and_knows_every_name(
    service: str, settings: type[BaseSettings]
) -> None:
    given = set(SERVICES[service]["environment"])
    fields = {name.upper(): field for name, field in settings.model_fields.items()}
    assert {name for name, field in fields.items() if field.is_required()} <= given <= fields.keys()


def test_the_versions_are_those_that_the_tests_run() -> None:
    assert SERVICES["livekit"]["image"].endswith(f":v{livekit.VERSION}")
    assert SERVICES["postgrest"]["image"].endswith(f":v{postgrest.VERSION}")


def test_livekit_and_the_gateway_point_at_what_is_there() -> None:
    config = yaml.safe_load((DEPLOY / "compose" / "livekit.yaml").read_text())
    assert config["redis"]["address"].split(":")[0] in SERVICES
    (upstream,) = re.findall(
        r"proxy_pass http://(\w+):\d+/;", (DEPLOY / "compose" / "gateway.conf").read_text()
    )
    assert upstream in SERVICES
    published = {str(port).split(":")[-1].split("/")[0] for port in SERVICES["livekit"]["ports"]}
    assert published == {str(config["port"]), str(config["rtc"]["tcp_port"]), str(config["rtc"]["udp_port"])}


def test_its_script_makes_the_database_that_the_doctor_wants() -> None:
    """The same files in the same order, on an empty Postgres, and a password for PostgREST."""
    with tempfile.TemporaryDirectory(prefix="live-compose-") as directory:
        Path(directory).chmod(0o755)
        with postgres(Path(directory)) as socket:
            folder = socket / "live"
            folder.mkdir()
            for where, path in mounts("postgres").items():
                if where.startswith("/live/"):
                    (folder / Path(where).name).symlink_to(path)
            assert len(list((folder / "migrations").glob("*.sql"))) == len(migration_files())
            path = f"{Path(tool('psql')).parent}:{os.environ['PATH']}"
            env = {
                "PATH": path,
                "PGHOST": str(socket),
                "FOLDER": str(folder),
                "AUTHENTICATOR_PASSWORD": "a-secret",
            }
            script = mounts("postgres")["/docker-entrypoint-initdb.d/10-database.sh"]
            done = subprocess.run(
                ["sh", script], env=env, capture_output=True, text=True, check=False, timeout=60
            )
            assert done.returncode == 0, done.stderr
            contract = json.loads(answer(socket, "select public.live_schema_contract()"))
            assert contract["missing"] == []
            assert (
                answer(
                    socket, "select rolpassword is not null from pg_authid where rolname = 'authenticator'"
                )
                == "t"
            )
            with pytest.raises(RuntimeError, match="already exists"):
                query(socket, "create schema live")


def answer(socket: Path, sql: str) -> str:
    psql = [tool("psql"), "-h", str(socket), "-U", SUPERUSER, "-d", "postgres", "-X", "-At", "-c", sql]
    return subprocess.run(psql, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
