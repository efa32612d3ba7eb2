"""`python -m speech`: hears flagged speakers' words and looks at cameras' frames, where ops have switched it on."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import uuid

from agent.process.log import configure
from speech.settings import SpeechSettings, SpeechSettingsError, load_speech_settings
from speech.token import minted


def main() -> int:
    """Run, or print a token; the exit code."""
    if sys.argv[1:] == ["token"]:
        return _token()
    if sys.argv[1:]:
        sys.stderr.write(f"usage: python -m speech [token]\n\n{__doc__}\n")
        return 2
    try:
        settings = load_speech_settings()
        configure(settings.live_log_level, settings.live_log_format)
        asyncio.run(_until_told(settings))
    except SpeechSettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _token() -> int:
    """Print LIVE_SPEECH_TOKEN; the secret is needed here and nowhere else."""
    secret = os.environ.get("SUPABASE_JWT_SECRET")
    if not secret:
        sys.stderr.write("SUPABASE_JWT_SECRET is missing: the project's JWT secret, for this command alone\n")
        return 2
    sys.stdout.write(f"{minted(secret)}\n")
    return 0


async def _until_told(settings: SpeechSettings) -> None:
    from speech.running import run  # noqa: PLC0415  (nobody waits for LiveKit's libraries to read a help text)

    worker = f"speech-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await run(settings, worker)


if __name__ == "__main__":
    sys.exit(main())
