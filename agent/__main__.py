"""`python -m agent`: the worker's commands."""

import argparse
import asyncio
import sys

from agent.log import configure
from agent.settings import Settings, SettingsError, load_settings


def main() -> int:
    arguments = _parser().parse_args()
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  (a command's answer)
        return 2
    configure(settings.live_log_level, settings.live_log_format)
    return int(arguments.command(settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m agent", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    start = commands.add_parser("start", help="moderate rooms until SIGTERM")
    start.set_defaults(command=_start)
    return parser


def _start(settings: Settings) -> int:
    # Imported here: the other commands need neither LiveKit nor a second of loading it.
    from agent.worker import run  # noqa: PLC0415

    asyncio.run(run(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
