"""`python -m local`: the local cloud for a person."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from local import console, latency, livekit, postgrest, redis, sample_logins
from local.migrate import MigrationError
from local.paths import STATE
from local.ports import DEFAULT_BASE, Offset, PortsTakenError
from local.signals import stop_signal
from local.stack import Stack
from local.supervisor import ChildDiedError

INTERRUPTED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""


async def up(state: Path, port_base: int, *, worker: bool = True) -> None:
    """Runs the stack and a worker until Ctrl-C or SIGTERM; writes `env` below `state`."""
    begun = time.monotonic()
    stopping = stop_signal()
    if not (recording := redis.is_there()):
        say("NOTHING CAN BE RECORDED: no redis-server on this machine, so LiveKit has no Egress")
    async with Stack(state / "up", port_base, recording=recording) as stack:
        write_env(state / "env", stack.env)
        await sample_logins.create(stack)
        if worker:
            await stack.start_worker("worker")
        say(summary(stack, state / "env", time.monotonic() - begun))
        # Not waited for: its first build fetches packages.
        page = asyncio.create_task(console.keep_open(stack.ports.of(Offset.CONSOLE), stack.env, say))
        ended = asyncio.create_task(stack.wait())
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait([ended, stopped], return_when="FIRST_COMPLETED")
        stopped.cancel()
        say("\nstopping …")
        page.cancel()
        await asyncio.wait({page})


def summary(stack: Stack, env_file: Path, seconds: float) -> str:
    """What a person needs who has just brought it up: addresses, logins, where the logs are. `seconds`: it took."""
    lines = [f"up in {seconds:.1f} s; logs in {stack.directory / 'logs'}", ""]
    lines += [f"  {name:<26}{value}" for name, value in stack.env.items()]
    lines += ["", f"sign in with the password {sample_logins.PASSWORD} as"]
    lines += [f"  {login.email:<26}{login.what}" for login in sample_logins.LOGINS]
    lines += ["", "the example app beside it: livekit-system/examples/expo/README.md"]
    lines += ["", f"the addresses and keys are in {env_file} too; Ctrl-C stops it all"]
    return "\n".join(lines)


def write_env(path: Path, env: Mapping[str, str]) -> None:
    """KEY=value lines, readable by their owner alone."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in env.items()))


def say(text: str) -> None:
    """A line for the person at the terminal, at once."""
    print(text, flush=True)  # noqa: T201 - a person reads it


async def fetch() -> None:
    """Fetches and builds the servers that no wheel brings.

    Raises:
        RuntimeError: one of them could not be had.
    """
    await postgrest.find_binary()
    await livekit.find_binary()


def main() -> int:
    """Run the command that was named."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="run the local cloud until Ctrl-C (PORT_BASE moves its ports)")
    commands.add_parser("fetch", help="fetch and build what the stack runs, once for this machine")
    commands.add_parser("latency", help="time 50 mutes and unmutes from row to room")
    command = parser.parse_args().command
    port_base = int(os.environ["PORT_BASE"]) if os.environ.get("PORT_BASE") else None
    try:
        if command == "fetch":
            asyncio.run(fetch())
            return 0
        if command == "latency":
            return 0 if asyncio.run(latency.measure(port_base)) else 1
        asyncio.run(up(STATE, port_base or DEFAULT_BASE))
    except asyncio.CancelledError:
        return INTERRUPTED
    except (ChildDiedError, MigrationError, PortsTakenError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a person reads it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
