"""`python -m demo`: an evening with simulated people in real rooms, checked (HOLD=1 keeps it up)."""

import asyncio
import os
import sys

from demo import evening
from local.migrate import MigrationError
from local.ports import PortsTakenError
from local.supervisor import ChildDiedError

INTERRUPTED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""


def main() -> int:
    """Plays on ports from PORT_BASE, if set. The exit code: 0, 1 when a check or the stack failed, or `INTERRUPTED`."""
    port_base = int(os.environ["PORT_BASE"]) if os.environ.get("PORT_BASE") else None
    try:
        return 0 if asyncio.run(evening.play(port_base)) else 1
    except asyncio.CancelledError:
        return INTERRUPTED
    except (ChildDiedError, MigrationError, PortsTakenError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a person reads it
        return 1


if __name__ == "__main__":
    sys.exit(main())
