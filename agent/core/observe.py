"""What a client of the database reports about each of its calls."""

from collections.abc import Callable

Observe = Callable[[str, str, float], None]
"""The function, the outcome (`ok`, an HTTP status or SQLSTATE, or `unreachable`), and the seconds that it took."""
UNREACHABLE = "unreachable"


def unobserved(_function: str, _outcome: str, _seconds: float) -> None:
    """For commands, which keep no metrics."""
