"""What is deployed fits the worker: manifests, grace periods, ports, variables, and the image's own recipe."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.core import host
from agent.process.settings import Settings
from local.paths import REPOSITORY

DEPLOY = REPOSITORY / "livekit-system" / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
SECRETS = {"LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "SUPABASE_SERVICE_ROLE_KEY"}
SPARE_SECONDS = 10
DEFAULTS = {name.upper(): field.default for name, field in Settings.model_fields.items()}


def manifest(name: str) -> Any:
    return yaml.safe_load((KUBERNETES / f"{name}.yaml").read_text())


@pytest.fixture
def pod() -> Any:
    return manifest("worker")["spec"]["template"]["spec"]


@pytest.fixture
def settings() -> dict[str, str]:
    data: dict[str, str] = manifest("settings")["data"]
    return data


def test_the_worker_is_given_all_that_it_needs_and_nothing_it_does_not_know(settings: dict[str, str]) -> None:
    needed = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    assert needed == (needed & settings.keys()) | SECRETS
    assert settings.keys() <= DEFAULTS.keys()
    Settings(**{name.lower(): value for name, value in settings.items()}, **{s.lower(): "x" for s in SECRETS})  # type: ignore[arg-type]


def test_no_secret_stands_in_a_manifest(settings: dict[str, str]) -> None:
    assert not settings.keys() & SECRETS
    assert all(manifest(path.stem)["kind"] != "Secret" for path in KUBERNETES.glob("*.yaml"))


def test_a_leaving_worker_has_the_time_to_hand_over(pod: Any, settings: dict[str, str]) -> None:
    last_words = host.GOODBYE_SECONDS + host.DISCONNECT_SECONDS
    drain = float(settings["LIVE_DRAIN_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] >= drain + last_words + SPARE_SECONDS
    stop = re.search(r"--stop-timeout=(\d+)", (DEPLOY.parent / "DEPLOYMENT.md").read_text())
    assert stop
    assert int(stop[1]) >= DEFAULTS["LIVE_DRAIN_SECONDS"] + last_words + SPARE_SECONDS


def test_two_workers_and_never_none() -> None:
    spec = manifest("worker")["spec"]
    assert spec["replicas"] >= 2
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert manifest("disruption")["spec"]["maxUnavailable"] < spec["replicas"]


def test_probes_ask_the_pages_that_exist_on_the_port_that_is_set(pod: Any, settings: dict[str, str]) -> None:
    (worker,) = pod["containers"]
    pages = {
        probe: worker[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")
    }
    assert pages == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert worker["ports"] == [{"name": "health", "containerPort": int(settings["LIVE_HEALTH_PORT"])}]
    assert settings["LIVE_HEALTH_HOST"] == "0.0.0.0"  # noqa: S104 - the kubelet asks from outside


def test_the_worker_drains_itself_before_the_kernel_kills_it(pod: Any, settings: dict[str, str]) -> None:
    limit = pod["containers"][0]["resources"]["limits"]["memory"]
    assert float(limit.removesuffix("Gi")) * 1024 >= float(settings["LIVE_MEMORY_LIMIT_MB"]) * 1.25


def test_everything_selects_the_same_pods() -> None:
    labels = manifest("worker")["spec"]["template"]["metadata"]["labels"]
    assert manifest("worker")["spec"]["selector"]["matchLabels"] == labels
    assert manifest("disruption")["spec"]["selector"]["matchLabels"] == labels
    assert manifest("network")["spec"]["podSelector"]["matchLabels"] == labels
    assert manifest("podmonitor")["spec"]["selector"]["matchLabels"] == labels


def test_the_kustomization_has_every_manifest_but_the_operators() -> None:
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml", "podmonitor.yaml"}
    assert set(manifest("kustomization")["resources"]) == files


def test_the_example_environment_names_exactly_what_is_needed() -> None:
    named = re.findall(r"^(\w+)=", (DEPLOY / "production.env.example").read_text(), flags=re.MULTILINE)
    assert set(named) == {
        name.upper() for name, field in Settings.model_fields.items() if field.is_required()
    }


def test_livekit_signs_its_webhooks_with_a_key_it_has() -> None:
    config = yaml.safe_load((DEPLOY / "livekit.yaml").read_text())
    assert config["webhook"]["api_key"] in config["keys"]
    (url,) = config["webhook"]["urls"]
    assert (DEPLOY.parent / "supabase" / "functions" / url.rpartition("/")[2] / "index.ts").exists()


# ---------------------------------------------------------------- the image, as far as it goes without Docker


def instructions(name: str) -> Iterator[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    yield from (
        line.removeprefix(name).strip() for line in joined.splitlines() if line.startswith(name + " ")
    )


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `/app` of the image, made by the Dockerfile's own COPY and `uv sync` lines."""
    app = tmp_path_factory.mktemp("image")
    allowed = (REPOSITORY / ".dockerignore").read_text()
    for line in instructions("COPY"):
        if line.startswith("--from"):
            continue
        *sources, target = line.split()
        for source in sources:
            assert f"!{source}\n" in allowed, f"{source} is copied, and hidden by .dockerignore"
            if (REPOSITORY / source).is_dir():
                shutil.copytree(REPOSITORY / source, app / target)
            else:
                shutil.copy(REPOSITORY / source, app / target)
    (sync,) = (line for line in instructions("RUN") if line.startswith("uv sync"))
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on the PATH; `make test` sets UV")
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    command = [uv, *sync.split()[1:], "--quiet", "--python", sys.executable]
    subprocess.run(command, cwd=app, env=env, timeout=110, check=True)
    return app


def test_the_image_holds_all_that_the_worker_imports(image: Path) -> None:
    ran = subprocess.run(
        [".venv/bin/python", "-c", "import agent.process.worker, agent.process.commands"],
        cwd=image,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert not (image / "local").exists()
    assert not (image / "demo").exists()
    installed = {path.name for path in image.glob(".venv/lib/*/site-packages/*")}
    assert not installed & {"pytest", "psycopg2", "mcp", "playwright"}


def test_the_images_command_starts_the_worker_and_names_what_is_missing(image: Path) -> None:
    (entry,), (command,) = (list(instructions(name)) for name in ("ENTRYPOINT", "CMD"))
    argv = [*json.loads(entry), *json.loads(command)]
    ran = subprocess.run(
        [".venv/bin/" + argv[0], *argv[1:]],
        cwd=image,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert "SUPABASE_SERVICE_ROLE_KEY: is not set" in ran.stderr


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_images_health_check_follows_healthz(status: int, healthy: bool, image: Path) -> None:
    (check,) = instructions("HEALTHCHECK")
    argv = json.loads(check[check.index("[") :])
    server = f"""
import http.server, os, subprocess, sys, threading
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status} if self.path == '/healthz' else 404)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(('127.0.0.1', 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ['LIVE_HEALTH_PORT'] = str(server.server_port)
sys.exit(subprocess.run([sys.executable, *{argv[1:]!r}], stderr=subprocess.DEVNULL).returncode)
"""
    ran = subprocess.run(
        [image / ".venv/bin/python", "-c", server], cwd=image, env={}, timeout=30, check=False
    )
    assert (ran.returncode == 0) == healthy


def test_the_image_runs_as_nobody_and_is_stopped_gently() -> None:
    assert "live" in instructions("USER")
    assert "SIGTERM" in instructions("STOPSIGNAL")
    uid = re.search(r"--uid (\d+)", DOCKERFILE)
    assert uid
    assert manifest("worker")["spec"]["template"]["spec"]["securityContext"]["runAsUser"] == int(uid[1])


def test_the_schemas_call_nothing_that_the_oldest_postgres_has_not() -> None:
    """Postgres looks at the body of a function when it is called, so applying the migrations to 15 proves nothing."""
    newer = r"\b(pg_input_is_valid|pg_input_error_info|any_value|array_sample|array_shuffle|json_table)\("
    folder = REPOSITORY / "livekit-system" / "supabase" / "schemas"
    assert [
        path.name for path in folder.glob("*.sql") if re.search(newer, path.read_text(), re.IGNORECASE)
    ] == []


def test_functions_depend_on_exact_versions_all_the_way_down() -> None:
    """The lock is not uploaded with them, so a package's own dependencies would be whatever is newest that day."""
    functions = REPOSITORY / "livekit-system" / "supabase" / "functions"
    lock = json.loads((functions / "deno.lock").read_text())
    deployed = [file for file in functions.rglob("*.ts") if "_tests" not in file.parts]
    packages = {
        name for file in deployed for name in re.findall(r"[\"'](?:npm|jsr):([^\"']+)[\"']", file.read_text())
    }
    others = {
        url for file in deployed for url in re.findall(r"from [\"'](https?://[^\"']+)[\"']", file.read_text())
    }
    assert packages, "none was found"
    assert others == set()
    for name in packages:
        assert re.fullmatch(r"(@[\w.-]+/)?[\w.-]+@\d+\.\d+\.\d+", name), f"{name} names no exact version"
        assert "dependencies" not in lock["npm"][name], f"{name} brings packages of any version"


# ---------------------------------------------------------------- the speech process


SPEECH_DOCKERFILE = (DEPLOY / "speech.Dockerfile").read_text()


def test_the_speech_image_is_made_as_the_workers() -> None:
    """One base by its digest, one uv, the same user; and the groups that the process needs."""
    for line in (
        *re.findall(r"^ARG BASE=\S+$", DOCKERFILE, flags=re.MULTILINE),
        *re.findall(r"^RUN (?:pip|useradd) .+$", DOCKERFILE, flags=re.MULTILINE),
    ):
        assert f"{line}\n" in SPEECH_DOCKERFILE
    assert "uv sync --frozen --no-default-groups --group speech\n" in SPEECH_DOCKERFILE
    allowed = (REPOSITORY / ".dockerignore").read_text()
    copied = re.findall(r"^COPY (\w+) \w+$", SPEECH_DOCKERFILE, flags=re.MULTILINE)
    assert "speech" in copied
    assert all(f"!{source}\n" in allowed for source in copied)


def test_the_speech_process_imports_only_what_its_image_has() -> None:
    copied = set(re.findall(r"^COPY (\w+) \w+$", SPEECH_DOCKERFILE, flags=re.MULTILINE))
    program = (
        "import sys, speech.running, speech.whisper, speech.open_nsfw;"
        " print(*{name.partition('.')[0] for name in sys.modules})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ours = {path.name for path in REPOSITORY.iterdir() if (path / "__init__.py").exists()}
    assert ours & set(ran.stdout.split()) <= copied
