"""The production image, built from the Dockerfile without Docker and run as in production: as nobody, read-only, with
no capabilities. Its base is made by mmdebstrap."""

import asyncio
import os
import re
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.paths import REPOSITORY
from local.people.waiting import until
from local.readiness import http_ok
from local.stack import Stack
from tests.conformance.steps import Failed, command, packages

BASE = re.compile(r"^ARG BASE=(\S+)$", re.MULTILINE)
HEALTH = re.compile(r'--health-cmd \\\n  "python -c \\"(.+?)\\""')
AGENT = ("-m", "agent")
NAME = "localhost/base"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
OWN_CERTIFICATES = CERTIFICATES.exists()
"""A network that looks into its connections has one of its own among them."""
PYTHON = "python3,python3-venv,python3-pip,ca-certificates"
BUILD_SECONDS = 900.0
DOCTOR_SECONDS, READY_SECONDS, DRAIN_SECONDS = 60.0, 60.0, 20.0
USER = 10001
ENTER = """
set -e
mount --rbind "$1" "$1"
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/tmp"
mount -o remount,bind,ro "$1"
root=$1; shift
exec chroot "$root" setpriv --reuid={user} --regid={user} --clear-groups --no-new-privs --bounding-set=-all "$@"
"""


class Image:
    """buildah's storage in a folder of our own, so that nothing stays on the machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._buildah = ["buildah", "--root", str(folder / "store"), "--runroot", str(folder / "run")]

    async def buildah(self, *arguments: str | Path) -> str:
        env = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
        return (await command([*self._buildah, *arguments], env=env, seconds=BUILD_SECONDS)).strip()

    async def make_base(self) -> None:
        """In the place of the Dockerfile's, which is named by a digest that only its registry has."""
        found = BASE.search((REPOSITORY / "Dockerfile").read_text())
        assert found, "the Dockerfile names no base"
        system = self._folder / "base.tar"
        suite = "bookworm" if "bookworm" in found[1] else "trixie"
        await command(
            ["mmdebstrap", "--variant=minbase", f"--include={PYTHON}", suite, system], seconds=BUILD_SECONDS
        )
        made = (await self.buildah("from", "scratch")).splitlines()[-1]
        await self.buildah("add", "-q", made, system, "/")
        if OWN_CERTIFICATES:
            await self.buildah("add", "-q", made, CERTIFICATES, str(CERTIFICATES))
        await self.buildah("run", made, "--", "ln", "-sf", "/usr/bin/python3", "/usr/local/bin/python")
        for name, value in (
            ("PIP_BREAK_SYSTEM_PACKAGES", "1"),
            ("PIP_CERT", CERTIFICATES),
            ("SSL_CERT_FILE", CERTIFICATES),
        ):
            await self.buildah("config", "--env", f"{name}={value}", made)
        await self.buildah("commit", "-q", "--rm", made, NAME)

    async def build(self) -> Path:
        """The image's root folder."""
        base = ("--build-arg", f"BASE={NAME}")
        await self.buildah("bud", "--pull-never", "--format", "docker", *base, "-t", "worker", REPOSITORY)
        container = (await self.buildah("from", "--pull-never", "worker")).splitlines()[-1]
        await self.hold_health_check()
        return Path((await self.buildah("mount", container)).splitlines()[-1])

    async def hold_health_check(self) -> None:
        """Docker's format has it. OCI's has no place for one, so there it is said at the start: see `healthy`."""
        if '"Healthcheck"' not in await self.buildah("inspect", "--type", "image", "worker"):
            raise Failed("the image in Docker's format has no health check")

    async def remove(self) -> None:
        """Its mounts, or the folder could not be removed."""
        await self.buildah("umount", "--all")
        await self.buildah("rm", "--all")
        await self._unmount(self._folder / "store" / "overlay")

    async def _unmount(self, folder: Path) -> None:
        """buildah binds its store onto itself, and leaves it so."""
        if await asyncio.to_thread(folder.is_mount):
            await command(["umount", folder], seconds=BUILD_SECONDS)


def inside(root: Path, env: Mapping[str, str], *arguments: str) -> Sequence[str]:
    """The worker's Python in the image, with this environment and no other."""
    variables = [f"{name}={value}" for name, value in env.items()]
    worker = ["/usr/bin/env", "-i", "--chdir=/app", *variables, "PYTHONDONTWRITEBYTECODE=1", "HOME=/tmp"]
    enter = ENTER.format(user=USER)
    shell = ["unshare", "--mount", "sh", "-c", enter, "enter", str(root)]
    return [*shell, *worker, "/app/.venv/bin/python", *arguments]


async def image(folder: Path) -> str:
    await packages(["mmdebstrap", "buildah"], "buildah")
    await packages(["mmdebstrap", "buildah"], "mmdebstrap")
    made = Image(folder)
    try:
        await made.make_base()
        return await run(await made.build(), folder)
    finally:
        await made.remove()


async def healthy(root: Path, env: Mapping[str, str]) -> bool:
    """What DEPLOYMENT gives to those who run an image in OCI's format says: in the image, with its own environment."""
    (said,) = HEALTH.findall((REPOSITORY / "livekit-system" / "DEPLOYMENT.md").read_text())
    check = await asyncio.create_subprocess_exec(*inside(root, env, "-c", said), cwd="/", stderr=DEVNULL)
    return await check.wait() == 0


async def run(root: Path, folder: Path) -> str:
    async with Stack(folder / "stack") as stack:
        said = await command(inside(root, stack.env, *AGENT, "doctor"), seconds=DOCTOR_SECONDS, cwd=Path("/"))
        port = stack.ports.worker(0)
        env = {**stack.env, "LIVE_HEALTH_PORT": str(port)}
        worker = await asyncio.create_subprocess_exec(
            *inside(root, env, *AGENT, "start"), cwd="/", stderr=DEVNULL
        )
        try:
            await until("the worker is ready", lambda: http_ok(port, "/readyz"), READY_SECONDS)
            if not await healthy(root, env):
                raise Failed("a worker that is ready is not healthy")
            os.kill(worker.pid, signal.SIGTERM)
            async with asyncio.timeout(DRAIN_SECONDS):
                code = await worker.wait()
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
    if code:
        raise Failed(f"the worker ended with {code} after SIGTERM")
    if await healthy(root, env):
        raise Failed("a worker that has ended is still healthy")
    return f"{said.count('ok ')} findings of the doctor are ok; ready, healthy in either format, drained by SIGTERM"
