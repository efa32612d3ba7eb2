"""`python -m orchestrator`: serve assistants over stdio, or over streamable HTTP."""

import argparse
import asyncio
import json
import logging
import sys
import traceback

from orchestrator.errors import SignInError
from orchestrator.settings import IDENTITIES, AssistantSettings, AssistantSettingsError, load_settings

LOGGED = ("tool", "outcome", "ms")
EPILOG = f"""\
environment:
  SUPABASE_URL, SUPABASE_ANON_KEY            the project
  LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET
                                             optional; without them LiveKit is not looked at
  LIVE_WORKER_URLS                           health ports of the workers, separated by commas
  LIVE_ASSISTANT_MODEL_CONFIRMATION=true     let clients that cannot ask a person act on the model's word alone
stdio acts for one person, named in exactly one of these ways:
  {f"{chr(10)}  ".join(IDENTITIES)}
http acts for the one who sends a request, by the access token in its Authorization header.
"""


log = logging.getLogger("orchestrator")


def main() -> int:
    """Serve until told to stop. The exit code: 2 when a setting is wrong, which is said on stderr."""
    arguments = _parser().parse_args()
    try:
        settings = load_settings()
        _check_identity(settings, http=arguments.transport == "http")
    except AssistantSettingsError as error:
        print(error, file=sys.stderr)
        return 2
    _configure_log(settings.live_log_level)
    if settings.live_assistant_model_confirmation:
        log.warning("clients that cannot ask a person may act on a model's word alone")
    try:
        asyncio.run(_serve(settings, arguments))
    except SignInError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m orchestrator",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("transport", nargs="?", choices=("stdio", "http"), default="stdio")
    parser.add_argument(
        "--host", default="127.0.0.1", help="http: address to listen on (default %(default)s)"
    )
    parser.add_argument("--port", type=int, default=8090, help="http: port (default %(default)s)")
    parser.add_argument("--public-url", help="http: how clients reach it, where that is not host and port")
    return parser


def _check_identity(settings: AssistantSettings, *, http: bool) -> None:
    if http and settings.names_somebody:
        raise AssistantSettingsError(
            "over http everybody brings their own access token: unset LIVE_ASSISTANT_…"
        )
    if not http and not settings.names_somebody:
        raise AssistantSettingsError(f"say whom to act for: {', or '.join(IDENTITIES)}")


async def _serve(settings: AssistantSettings, arguments: argparse.Namespace) -> None:
    # Imported where they are needed: nobody waits for LiveKit's libraries to read a help text.
    from orchestrator.serving import serve_http, serve_stdio  # noqa: PLC0415

    if arguments.transport == "stdio":
        await serve_stdio(settings)
    else:
        await serve_http(settings, arguments.host, arguments.port, arguments.public_url)


class _Format(logging.Formatter):
    """One JSON object a line; of our own messages the fields, of a library's the static text only."""

    def format(self, record: logging.LogRecord) -> str:
        own = record.name.startswith("orchestrator")
        line = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage() if own else record.msg,
        }
        line |= {name: getattr(record, name) for name in LOGGED if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            # Not the words of the error, which may hold what users wrote.
            where = traceback.extract_tb(record.exc_info[2])[-1]
            line |= {"error": record.exc_info[0].__name__, "where": f"{where.filename}:{where.lineno}"}
        return json.dumps(line, default=str)


def _configure_log(level: str) -> None:
    """To stderr: over stdio, stdout belongs to the protocol."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Format())
    logging.basicConfig(level=level, handlers=[handler])
    for library in ("mcp", "uvicorn", "aiohttp"):
        logging.getLogger(library).setLevel(max(logging.WARNING, logging.getLevelName(level)))


if __name__ == "__main__":
    sys.exit(main())
