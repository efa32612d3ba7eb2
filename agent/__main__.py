"""`python -m agent`: the worker's commands."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from agent.process.log import configure
from agent.process.scheduling import parse_cpus, settle
from agent.process.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from agent.process.commands import CommandAnswer


def main() -> int:
    """Run the command that was named; its exit code."""
    arguments = _parser().parse_args()
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    configure(settings.live_log_level, settings.live_log_format)
    return int(arguments.command(settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m agent", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, command, what in (
        ("start", _start, "moderate rooms until SIGTERM"),
        ("doctor", _doctor, "check environment, LiveKit, Supabase and the schema; says what to mend"),
        ("status", _status, "what the worker on this machine does now"),
        ("verify", _verify, "balance the books: coins, presence, streams, actions"),
    ):
        commands.add_parser(name, help=what).set_defaults(command=command)
    return parser


# Imported where they are needed: nobody waits for LiveKit's libraries to read a help text.


def _start(settings: Settings) -> int:
    settle(parse_cpus(settings.live_cpus))
    from agent.process.worker import run  # noqa: PLC0415

    asyncio.run(run(settings))
    return 0


def _doctor(settings: Settings) -> int:
    from agent.process.commands import doctor  # noqa: PLC0415

    return _tell(doctor, settings)


def _status(settings: Settings) -> int:
    from agent.process.commands import status  # noqa: PLC0415

    return _tell(status, settings)


def _verify(settings: Settings) -> int:
    from agent.process.commands import verify  # noqa: PLC0415

    return _tell(verify, settings)


def _tell(ask: Callable[[Settings], Awaitable["CommandAnswer"]], settings: Settings) -> int:
    """Print the findings and what they come to; the exit code says the same."""

    async def answer() -> "CommandAnswer":
        return await ask(settings)

    findings, sentence, code = asyncio.run(answer())
    for well, words in findings:
        print(f"{'ok  ' if well else 'FAIL'}  {words}")
    print(sentence)
    return code


if __name__ == "__main__":
    sys.exit(main())
