"""Realtime's frames: Phoenix' messages as objects (vsn 1.0.0, supabase-py) or lists (2.0.0, supabase-js)."""

import json
from dataclasses import dataclass
from typing import Any

VERSIONS = frozenset({"1.0.0", "2.0.0"})
USER_BROADCAST_PUSH = 3
JSON_ENCODING = 1


class MalformedFrameError(ValueError):
    """Bytes that are no frame, or one that the stand-in does not know."""


@dataclass(frozen=True)
class Frame:
    """One message. From the server, `ref` is set only in a reply to the client's message of that ref."""

    topic: str
    event: str
    payload: dict[str, Any]
    ref: str | None = None
    join_ref: str | None = None

    def encode(self, version: str) -> str:
        """As text, by the protocol's version: an array in 2.0.0, an object in 1.0.0."""
        if version == "2.0.0":
            return json.dumps([self.join_ref, self.ref, self.topic, self.event, self.payload])
        body = {"topic": self.topic, "event": self.event, "payload": self.payload}
        return json.dumps(body | {"ref": self.ref, "join_ref": self.join_ref})


def decode(data: str | bytes, version: str) -> Frame:
    """
    Raises:
        MalformedFrameError: see there.
    """
    try:
        if isinstance(data, bytes):
            return _decode_push(data)
        message = json.loads(data)
        if version == "2.0.0":
            join_ref, ref, topic, event, payload = message
        else:
            topic, event, payload = message["topic"], message["event"], message["payload"]
            join_ref, ref = message.get("join_ref"), message.get("ref")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise MalformedFrameError(f"not a frame of version {version}: {error}") from error
    if not (isinstance(topic, str) and isinstance(event, str)):
        raise MalformedFrameError("topic and event must be text")
    return Frame(topic, event, payload if isinstance(payload, dict) else {}, ref, join_ref)


def _decode_push(data: bytes) -> Frame:
    """A broadcast in binary: kind, five lengths, encoding, what the lengths are of, payload."""
    kind, *lengths, encoding = data[:7]
    if kind != USER_BROADCAST_PUSH or encoding != JSON_ENCODING:
        raise MalformedFrameError(f"binary frame of kind {kind}, encoding {encoding} is not supported")
    parts, at = [], 7
    for length in lengths:
        parts.append(data[at : at + length].decode())
        at += length
    join_ref, ref, topic, event, _metadata = parts
    payload = {"type": "broadcast", "event": event, "payload": json.loads(data[at:])}
    return Frame(topic, "broadcast", payload, ref or None, join_ref or None)
