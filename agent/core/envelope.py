"""The signed envelope of CONTRACT §8: what a packet from the hidden participant looks like, and proof that we sent it.

A packet from a hidden participant carries no sender, so the signature is all that a client can trust.
"""

import base64
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.core.lease import RoomFacts, RoomName
from handlers.facts import Identity, LiveEvent
from moderation.timestamps import text_of

MAX_PACKET_BYTES = 15 * 1024
"""LiveKit's documented cap for one reliable packet."""
SIGNATURE_LENGTH = 86
"""64 bytes in base64url."""
VERSION = 1
SEPARATOR, END = ",", "]}"
TOPIC_EVENTS = "live.events"
TOPIC_NOTICE = "live.notice"
TOPIC_LEVELS = "live.levels"


def base64url(raw: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def packet(body: str, kid: str, signature: str) -> bytes:
    """What goes on the wire: the body as signed text, the key's id, and the signature in base64url."""
    return _json({"body": body, "kid": kid, "sig": signature}).encode()


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


class Signs(Protocol):
    """Whatever signs now: a key may be replaced between two packets."""

    @property
    def kid(self) -> str:
        """The id of the key that signs now."""

    def sign(self, body: str) -> bytes:
        """The 64 bytes of an Ed25519 signature over the body in UTF-8."""


class Envelope:
    """Packs events of one room into signed packets."""

    def __init__(self, room: RoomName, facts: RoomFacts, signer: Signs) -> None:
        self.subject_id = facts.id
        self._head = {"v": VERSION, "room": room, **facts.as_key()}
        self._signer = signer

    def packets(
        self,
        topic: str,
        events: Sequence[LiveEvent],
        now: float,
        to: Identity | None = None,
        last_seq: int | None = None,
        *,
        hints: bool = True,
    ) -> Iterator[bytes]:
        """Packets in order, as many events to each as fit. An event that fits none keeps its `seq` and loses its
        payload, so that the stream goes on and the client can read the row from the database.

        `last_seq`: how far the stream is; given, at least one packet goes out, if only to say that. `hints`: False says
        that Realtime drops them.
        """
        head = self._opening(topic, now, to, last_seq, hints=hints)
        room = (
            MAX_PACKET_BYTES - len(packet("", self._signer.kid, SIGNATURE_LENGTH * "=")) - _weight(head + END)
        )
        batch: list[str] = []
        left = room
        for event in events:
            text = _item(event)
            if _weight(text) > room:
                text = _item(replace(event, payload={"oversize": True}))
            weight = _weight(text) + len(SEPARATOR)
            if weight > left and batch:
                yield self._signer.sign(head + SEPARATOR.join(batch) + END)
                batch, left = [], room
            batch.append(text)
            left -= weight
        if batch or (last_seq is not None and not events):
            yield self._signer.sign(head + SEPARATOR.join(batch) + END)

    def _opening(
        self, topic: str, now: float, to: Identity | None, last_seq: int | None, *, hints: bool
    ) -> str:
        fields = {
            **self._head,
            "topic": topic,
            **({} if to is None else {"to": to}),
            "sent_at": text_of(now),
            **({} if last_seq is None else {"last_seq": last_seq}),
            **({} if hints else {"hints": False}),
        }
        return _json(fields)[:-1] + ',"events":['


def _weight(text: str) -> int:
    """Bytes that a part of the body takes in the packet, where the body is a JSON string. Parts add up."""
    return len(_json(text).encode()) - len('""')


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""One for all: `json.dumps` makes an encoder for each call, which takes longer than most of what is written."""


def _item(event: LiveEvent) -> str:
    numbered = {"seq": event.seq} if event.seq else {}
    return _json({**numbered, "id": event.id, "type": event.type, "at": event.at, "payload": event.payload})
