"""Structured logs: static messages, fields in `extra`, one JSON object a line. No user text, no token, ever."""

import json
import logging

from agent.core.log_fields import bound
from moderation.timestamps import text_of

PLAIN = frozenset(vars(logging.makeLogRecord({})))
"""Attributes of every record: what is not among them came by `extra`."""


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON with the record's fields."""
        line = {
            "at": text_of(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """A line for a person, its fields at the end."""
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        return f"{super().format(record)} {fields}".rstrip()


def _fields(record: logging.LogRecord) -> dict[str, object]:
    own = {name: value for name, value in vars(record).items() if name not in PLAIN and name != "message"}
    return {**bound(), **own}


def configure(level: str, style: str) -> None:
    """Log to stderr. `level`: a name of `logging`'s; `style`: `json`, one object a line, or `text`."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter("%(levelname)-7s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Theirs name every socket, and at DEBUG the key in its address; ours say what matters of them.
    for name in ("livekit", "realtime", "websockets", "httpx", "httpcore", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
