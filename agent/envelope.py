"""The signed envelope of CONTRACT §8: what a packet from the hidden participant looks like, and proof that we sent it.

A packet from a hidden participant carries no sender, so the signature is all that a client can trust.
"""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.ports import RoomFacts, RoomName
from handlers.events import Identity, LiveEvent

MAX_PACKET_BYTES = 15 * 1024
"""LiveKit's documented cap for one reliable packet."""
SIGNATURE_LENGTH = 86
"""64 bytes in base64url."""
VERSION = 1
TOPIC_EVENTS = "live.events"
TOPIC_NOTICE = "live.notice"
TOPIC_LEVELS = "live.levels"


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def packet(body: str, kid: str, signature: str) -> bytes:
    return json.dumps(
        {"body": body, "kid": kid, "sig": signature}, ensure_ascii=False, separators=(",", ":")
    ).encode()


class Signer:
    """An Ed25519 key of this process. Only its public half ever leaves."""

    def __init__(self, seed: str | None = None) -> None:
        """`seed`: 32 bytes in base64url, from the environment; None makes a key that lives as long as the process.

        Raises:
            ValueError: the seed is not 32 bytes.
        """
        raw = (
            secrets.token_bytes(32)
            if seed is None
            else base64.urlsafe_b64decode(seed + "=" * (-len(seed) % 4))
        )
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = base64url(public)
        self.kid = self.public_key[:16]

    def sign(self, body: str) -> bytes:
        """The packet: body, key id and signature over the body's UTF-8 bytes."""
        return packet(body, self.kid, base64url(self._key.sign(body.encode())))


class Envelope:
    """Packs events of one room into signed packets."""

    def __init__(self, room: RoomName, facts: RoomFacts, signer: Signer) -> None:
        self.subject_id = facts.id
        self._head = {"v": VERSION, "room": room, **facts.as_key()}
        self._signer = signer

    def packets(
        self, topic: str, events: Sequence[LiveEvent], now: float, to: Identity | None = None
    ) -> Iterator[bytes]:
        """Packets in order, as many events to each as fit. An event that fits none keeps its `seq` and loses its
        payload, so that the stream goes on and the client can read the row from the database."""
        batch: list[Mapping[str, Any]] = []
        for event in events:
            item = _item(event)
            if self._fits(topic, [*batch, item], now, to):
                batch.append(item)
                continue
            if batch:
                yield self._pack(topic, batch, now, to)
            batch = [item if self._fits(topic, [item], now, to) else {**item, "payload": {"oversize": True}}]
        if batch:
            yield self._pack(topic, batch, now, to)

    def beacon(self, last_seq: int, now: float) -> bytes:
        """A packet without events: it says how far the stream is."""
        head = {**self._head, "topic": TOPIC_EVENTS, "sent_at": iso_milliseconds(now), "last_seq": last_seq}
        return self._signer.sign(json.dumps({**head, "events": []}, separators=(",", ":")))

    def _fits(self, topic: str, events: Sequence[Mapping[str, Any]], now: float, to: Identity | None) -> bool:
        return (
            len(packet(self._body(topic, events, now, to), self._signer.kid, SIGNATURE_LENGTH * "="))
            <= MAX_PACKET_BYTES
        )

    def _pack(
        self, topic: str, events: Sequence[Mapping[str, Any]], now: float, to: Identity | None
    ) -> bytes:
        return self._signer.sign(self._body(topic, events, now, to))

    def _body(self, topic: str, events: Sequence[Mapping[str, Any]], now: float, to: Identity | None) -> str:
        body = {
            **self._head,
            "topic": topic,
            **({} if to is None else {"to": to}),
            "sent_at": iso_milliseconds(now),
            "events": events,
        }
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _item(event: LiveEvent) -> Mapping[str, Any]:
    numbered = {"seq": event.seq} if event.seq else {}
    return {**numbered, "id": event.id, "type": event.type, "at": event.at, "payload": event.payload}


def iso_milliseconds(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
