"""Moments as text: ISO 8601 in UTC, as packets, rows, logs and reports write them."""

from datetime import UTC, datetime


def text_of(seconds: float, precision: str = "milliseconds") -> str:
    """`2027-01-15T08:00:00.000Z`. `seconds`: since the epoch; `precision`: `milliseconds` or `seconds`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def seconds_of(moment: str) -> float:
    """Seconds since the epoch of a `timestamptz` as JSON writes it.

    Raises:
        ValueError: it is no moment.
    """
    return datetime.fromisoformat(moment).timestamp()
