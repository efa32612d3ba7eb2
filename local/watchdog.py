"""Ends the stack's processes when their supervisor dies without a word (SIGKILL, a crash).

A process of its own, started by `supervisor.py`, outside the terminal's process group. It is told over its
standard input what runs (`+pid signal`), what ended (`-pid`) and which folders are for this run alone (`/path`);
when that closes, what is left is signalled and those folders are removed.
Only the standard library: it must start in milliseconds.
"""

import os
import shutil
import signal
import sys
import time

GRACE_SECONDS = 3.0


def main() -> None:
    """Wait for the end of its parent, then end what that has left."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    alive: dict[int, int] = {}
    folders: list[str] = []
    for line in sys.stdin:
        match line[0]:
            case "+":
                pid, signal_number = map(int, line[1:].split())
                alive[pid] = signal_number
            case "-":
                alive.pop(int(line[1:]), None)
            case _:
                folders.append(line.rstrip("\n"))
    end(alive)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def end(alive: dict[int, int]) -> None:
    """Signals every process group as it wants to be stopped, and kills what has not gone after the grace."""
    left = [pid for pid, signal_number in alive.items() if signal_group(pid, signal_number)]
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.02)  # orphans are init's children: their end can be polled, not awaited
        left = [pid for pid in left if signal_group(pid, 0)]
    for pid in left:
        signal_group(pid, signal.SIGKILL)


def signal_group(pid: int, signal_number: int) -> bool:
    """Whether there was still somebody to signal."""
    try:
        os.killpg(pid, signal_number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
