"""A tunnel for one browser on this machine: what it sends and what is sent to it is dropped, and nothing says so.

The browser runs with a group of its own; `iptables` marks its connections and, in the dark, drops both directions of
them. Other programs notice nothing. Root on Linux alone can dig one.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GROUP = 40_777
MARK = "0x1ab"
MARKING = ["-t", "mangle", "{verb}", "OUTPUT", "-o", "lo", "-m", "owner", "--gid-owner", str(GROUP)]
MARKED = ["-j", "CONNMARK", "--set-mark", MARK]
DROPPING = ["{verb}", "OUTPUT", "-o", "lo", "-m", "connmark", "--mark", MARK, "-j", "DROP"]


def possible() -> bool:
    """Whether a tunnel can be dug here: root on Linux, with iptables and setpriv."""
    if os.geteuid() != 0 or not (shutil.which("iptables") and shutil.which("setpriv")):
        return False
    try:
        with ready():
            return True
    except subprocess.CalledProcessError:
        return False


def wrapped(folder: Path, program: str) -> str:
    """A script in `folder` that starts the program in the tunnel's group."""
    script = folder / "in-the-tunnel"
    script.write_text(f'#!/bin/sh\nexec setpriv --regid {GROUP} --clear-groups {shlex.quote(program)} "$@"\n')
    script.chmod(0o755)
    return str(script)


class Mouth:
    def __init__(self) -> None:
        self.dark = False

    def enter(self) -> None:
        """From now on nothing comes in or goes out."""
        iptables(DROPPING, "-I")
        self.dark = True

    def leave(self) -> None:
        """Everything does again."""
        if self.dark:
            iptables(DROPPING, "-D")
        self.dark = False


@contextmanager
def ready() -> Iterator[Mouth]:
    """Rules for as long as it lasts; none is left, nor of a run before that was killed. One at a time on a machine.

    Raises:
        subprocess.CalledProcessError: this kernel has not what it takes.
    """
    for left in (DROPPING, [*MARKING, *MARKED]):
        with suppress(subprocess.CalledProcessError):
            while True:  # until there is none: then it fails
                iptables(left, "-D")
    iptables([*MARKING, *MARKED], "-A")
    mouth = Mouth()
    try:
        yield mouth
    finally:
        mouth.leave()
        iptables([*MARKING, *MARKED], "-D")


def iptables(rule: list[str], verb: str) -> None:
    """Apply a rule by this verb (`-A`, `-I`, `-D`). Raises CalledProcessError."""
    argv = ["iptables", "-w", *(part.format(verb=verb) for part in rule)]
    subprocess.run(argv, check=True, capture_output=True, timeout=20)  # noqa: S603  (our own)
