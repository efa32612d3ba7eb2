"""How a person ends a command that runs until it is ended."""

import asyncio
import signal


def stop_signal() -> asyncio.Event:
    """Set at Ctrl-C or SIGTERM, however often they come: stopping is bounded, and nothing is left behind."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping
