"""The folder of one stack: held by one process at a time, with a secret that outlives a restart."""

import fcntl
import secrets
from pathlib import Path
from typing import IO


def lock(directory: Path) -> IO[str]:
    """Holds the directory for this process until closed; raises RuntimeError when another stack has it."""
    directory.mkdir(parents=True, exist_ok=True)
    handle = (directory / "lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise RuntimeError(f"a stack runs already in {directory}") from None
    return handle


def kept_secret(directory: Path) -> str:
    """What the stack's keys are derived from: made up at the first start in this directory, kept for the next ones."""
    file = directory / "secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file.read_text().strip()
