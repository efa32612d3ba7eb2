"""The self-hosted try-out of `deploy/compose.yaml`, without Docker: each service's own command, environment, files and
health check, as processes in a network of their own, where the services' names lead to them."""

import asyncio
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from local import livekit, postgrest, redis
from local.paths import REPOSITORY
from local.people.waiting import until
from tests.conformance.steps import Failed, Skipped, command, packages
from tests.database.server import other_user, tool

DEPLOY = REPOSITORY / "livekit-system" / "deploy"
VARIABLE = re.compile(r"\$\{(\w+)(?::\?[^}]*)?\}")
ADDRESS = "10.77.0.2"
"""Beside loopback, which LiveKit offers to nobody."""
STEP_SECONDS, READY_SECONDS, DRAIN_SECONDS = 60.0, 60.0, 30.0
NETWORK = """
set -e
ip link set lo up
ip address add {address}/32 dev lo
mount --bind "$1" /etc/hosts
shift
exec "$@"
"""
GATEWAY = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {server}; }}
"""


async def compose(folder: Path) -> str:
    """Start this module again in a network of its own."""
    await packages(["redis-server"], "redis-server")
    await packages(["nginx-light"], "nginx")
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        raise Skipped("a network of its own takes root, unshare and ip")
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {' '.join(services)}\n")
    inside = [sys.executable, "-m", __name__, folder]
    shell = ["unshare", "--net", "--mount", "sh", "-c", NETWORK.format(address=ADDRESS), "network", hosts]
    return (await command([*shell, *inside], seconds=4 * STEP_SECONDS)).splitlines()[-1]


class Services:
    """compose.yaml with its variables, as Compose fills them in."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        text = (DEPLOY / "compose.yaml").read_text()
        filled = VARIABLE.sub(lambda found: variables[found[1]], text)
        self._services: dict[str, Any] = yaml.safe_load(filled)["services"]

    def env(self, name: str) -> dict[str, str]:
        return {key: str(value) for key, value in self._services[name].get("environment", {}).items()}

    def command(self, name: str) -> list[str]:
        given = self._services[name].get("command", [])
        return shlex.split(given) if isinstance(given, str) else given

    def file(self, name: str, where: str) -> Path:
        """What stands at this path in the container."""
        for mount in self._services[name]["volumes"]:
            source, target, *_ = mount.split(":")
            if target == where:
                return (DEPLOY / source).resolve()
        raise KeyError(where)

    async def healthy(self, name: str) -> bool:
        """What its health check says, with the same programs."""
        test: list[str] = self._services[name]["healthcheck"]["test"]
        programs = {"python": sys.executable, "pg_isready": tool("pg_isready")}
        kind, program, *arguments = test
        assert kind == "CMD"
        check = await asyncio.create_subprocess_exec(
            programs.get(program, program), *arguments, stdout=DEVNULL, stderr=DEVNULL
        )
        return await check.wait() == 0


@asynccontextmanager
async def running(
    argv: Sequence[str | Path], env: Mapping[str, str], log: Path, user: str | None = None
) -> AsyncIterator[Process]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env={"PATH": os.environ["PATH"], "HOME": "/tmp", **env},  # noqa: S108 - as in the image
            stdout=output,
            stderr=output,
            cwd=REPOSITORY,
            user=user,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
                try:
                    await asyncio.wait_for(process.wait(), DRAIN_SECONDS)
                except TimeoutError:
                    process.kill()
                    await process.wait()


async def make_database(services: Services, data: Path, user: str | None) -> None:
    """What Postgres' image does on an empty volume: the cluster with its password, then the script that is mounted."""
    env, password = services.env("postgres"), data.parent / "password"
    password.write_text(env["POSTGRES_PASSWORD"])
    if user:
        shutil.chown(password, user)
    script = services.file("postgres", "/docker-entrypoint-initdb.d/10-database.sh")
    initdb = [tool("initdb"), "-D", data, "-U", env["POSTGRES_USER"], f"--pwfile={password}"]
    by_password = ["--auth-host=scram-sha-256", "--auth-local=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    await as_user(user, [*initdb, *by_password], {})
    control = [tool("pg_ctl"), "-D", data, "-w", "-l", data.parent / "first.log"]
    await as_user(user, [*control, "-o", f"-c listen_addresses= -k {data.parent}", "start"], {})
    mounted = mount_all(services, data.parent)
    path = f"{Path(tool('psql')).parent}:{os.environ['PATH']}"
    given = {**env, "PATH": path, "PGHOST": str(data.parent), "FOLDER": str(mounted)}
    await command(["sh", script], env=given, seconds=STEP_SECONDS)
    await as_user(user, [*control, "-m", "fast", "stop"], {})


def mount_all(services: Services, folder: Path) -> Path:
    """A folder that holds what the container has below /live."""
    mounted = folder / "live"
    mounted.mkdir()
    for name in ("bootstrap.sql", "existing_app.sql", "migrations"):
        (mounted / name).symlink_to(services.file("postgres", f"/live/{name}"))
    return mounted


async def as_user(user: str | None, argv: Sequence[str | Path], env: Mapping[str, str]) -> None:
    drop: list[str] = []
    if user:
        known = pwd.getpwnam(user)
        drop = ["setpriv", f"--reuid={known.pw_uid}", f"--regid={known.pw_gid}", "--clear-groups"]
    await command([*drop, *argv], env=env, seconds=STEP_SECONDS, cwd=Path("/"))


async def inside(folder: Path) -> str:
    """All services, in the order of what they depend on, until the worker is ready; then the doctor, and the end."""
    variables = json.loads(
        await command([sys.executable, "-c", MADE], env={"FILE": str(DEPLOY)}, seconds=STEP_SECONDS)
    )
    services, user = Services(variables), other_user()
    state = folder / "database"
    state.mkdir()
    if user:
        shutil.chown(state, user)
    await make_database(services, state / "data", user)
    async with AsyncExitStack() as up:

        async def start(
            name: str,
            argv: Sequence[str | Path],
            *,
            runs_as: str | None = None,
            more: Mapping[str, str] = MappingProxyType({}),
        ) -> Process:
            log, env = folder / f"{name}.log", {**services.env(name), **more}
            return await up.enter_async_context(running(argv, env, log, runs_as))

        _, *settings = services.command("postgres")
        sockets = ["-D", state / "data", "-k", state]
        await start("postgres", [tool("postgres"), *sockets, *settings], runs_as=user)
        await until("Postgres is healthy", lambda: services.healthy("postgres"), READY_SECONDS)
        await start("postgrest", [await postgrest.find_binary()])
        gateway = folder / "nginx.conf"
        server = services.file("gateway", "/etc/nginx/conf.d/default.conf")
        gateway.write_text(GATEWAY.format(folder=folder, server=server))
        await start("gateway", ["nginx", "-c", gateway])
        await start("redis", [redis.find_binary(), *services.command("redis")[1:], "--dir", folder])
        await until("Redis is healthy", lambda: services.healthy("redis"), READY_SECONDS)
        config = services.file("livekit", "/etc/livekit.yaml")
        assert services.command("livekit") == ["--config", "/etc/livekit.yaml"]
        await start("livekit", [await livekit.find_binary(), "--config", config])
        worker = await start("worker", [sys.executable, "-m", "agent", "start"])
        await until("the worker is healthy", lambda: services.healthy("worker"), READY_SECONDS)
        scripted = {"LIVE_SPEECH_STT": "speech.scripted:ScriptedSpeech"}
        await start("speech", [sys.executable, "-m", "speech"], more=scripted)
        await until("the speech process is healthy", lambda: services.healthy("speech"), READY_SECONDS)
        well = await look(services)
        worker.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(worker.wait(), DRAIN_SECONDS)
        if code or await services.healthy("worker"):
            raise Failed(f"the worker ended with {code} after SIGTERM")
    return (
        f"seven services by their own commands; {well} findings of the doctor ok, the edge functions missing"
    )


async def look(services: Services) -> int:
    """How many of the doctor's findings are good. All are but the edge functions, which compose.yaml has not."""
    doctor = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "agent", "doctor"),
        env={"PATH": os.environ["PATH"], **services.env("worker")},
        stdout=PIPE,
        cwd=REPOSITORY,
    )
    said = (await doctor.communicate())[0].decode().splitlines()
    faults = [line for line in said if line.startswith("FAIL") and not line.startswith("FAIL  function ")]
    well = sum(line.startswith("ok") for line in said)
    if faults or not well:
        raise Failed("\n".join(faults or said))
    return well


MADE = """
import json, os, runpy
made = runpy.run_path(os.path.join(os.environ["FILE"], "compose", "make_env.py"))
print(json.dumps(made["variables"]()))
"""

if __name__ == "__main__":
    sys.stdout.write(asyncio.run(inside(Path(sys.argv[1]))) + "\n")
