"""A real livekit-server on loopback alone: found on this machine, or built once from its Go module."""

import json
import os
import shutil
import signal
from pathlib import Path

from local import go
from local.paths import machine_cache
from local.ports import LOOPBACK
from local.readiness import http_ok
from local.supervisor import Spec

VERSION = "1.13.5"
MODULE = f"github.com/livekit/livekit-server/cmd/server@v{VERSION}"


async def find_binary() -> Path:
    """`LIVEKIT_SERVER`, the PATH's, the machine cache's, or a build into that cache (90 s, once)."""
    if chosen := os.environ.get("LIVEKIT_SERVER"):
        return Path(chosen)
    if found := shutil.which("livekit-server"):
        return Path(found)
    cached = machine_cache() / f"livekit-server-{VERSION}" / "server"
    if not cached.exists():
        await go.build(
            "livekit-server",
            cached,
            [MODULE],
            version=VERSION,
            takes="about 90 s",
            remedy="install Go, or name the server's binary in LIVEKIT_SERVER",
        )
    return cached


def write_config(
    directory: Path,
    *,
    port: int,
    udp_port: int,
    keys: dict[str, str],
    webhook_url: str | None,
    departure_seconds: int,
    redis_port: int | None = None,
    name: str = "livekit",
) -> Path:
    """Writes the server's configuration (JSON is YAML) and returns its path. With a Redis it is one node of several."""
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
    if redis_port is not None:
        config["redis"] = {"address": f"{LOOPBACK}:{redis_port}"}
        # Only what its API says of an ingress: nobody listens there.
        config["ingress"] = {"rtmp_base_url": f"rtmp://{LOOPBACK}:1935/live"}
    path = directory / f"{name}.json"
    path.write_text(json.dumps(config, indent=2))
    path.chmod(0o600)
    return path


def spec(binary: Path, config: Path, port: int, name: str = "livekit") -> Spec:
    """The livekit-server process; ready when it answers."""

    async def ready() -> bool:
        return await http_ok(port, "/")

    return Spec(
        name=name,
        argv=[binary, "--config", config],
        ready=ready,
        stop_signal=signal.SIGKILL,  # it ignores SIGTERM while people are in a room; nothing is on disk
    )
