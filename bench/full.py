"""Whether the long rounds are wanted: `FULL=1`. Without it, all of them take a quarter of an hour at most."""

import os


def full() -> bool:
    """An empty `FULL` and `0` mean no."""
    return os.environ.get("FULL", "") not in {"", "0"}
