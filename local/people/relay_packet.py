"""Judges one relayed packet: is it from our agent, for this room, session and person, and of now?

The Python half of `livekit-system/clients/typescript/src/packet.ts`; both pass the same vectors. Pure.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EVENTS, NOTICE, LEVELS = "live.events", "live.notice", "live.levels"
TOPICS = frozenset({EVENTS, NOTICE, LEVELS})

MAX_PACKET_BYTES = 15 * 1024
MAX_AGE_SECONDS = 30.0
CLOCK_SKEW_SECONDS = 30.0
SERVER_SKEW_SECONDS = 5.0
MAX_SAFE_INTEGER = 2**53 - 1
_MAX_ID_LENGTH = 128
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")

Json = Mapping[str, Any]


class Refusal(StrEnum):
    """Why a packet, or an event within one, was refused."""

    VISIBLE_SENDER = "visible_sender"
    OVERSIZE = "oversize"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    REVOKED_KEY = "revoked_key"
    KEY_NOT_YET_VALID = "key_not_yet_valid"
    EXPIRED_KEY = "expired_key"
    BAD_SIGNATURE = "bad_signature"
    UNSUPPORTED_VERSION = "unsupported_version"
    WRONG_ROOM = "wrong_room"
    WRONG_SESSION = "wrong_session"
    WRONG_TOPIC = "wrong_topic"
    WRONG_RECIPIENT = "wrong_recipient"
    STALE = "stale"
    FUTURE = "future"
    REPEAT = "repeat"
    QUEUE_FULL = "queue_full"


@dataclass(frozen=True, slots=True)
class PacketSubject:
    """Whose packets these are. A call has notices only."""

    kind: Literal["session", "call"]
    id: str


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A row of `relay_keys`; times in seconds since the epoch."""

    kid: str
    public_key: Ed25519PublicKey
    not_before: float
    not_after: float
    revoked: bool

    def refusal(self, now: float) -> Refusal | None:
        """Why it signs nothing now (seconds since the epoch); None: it may."""
        if self.revoked:
            return Refusal.REVOKED_KEY
        if now < self.not_before - CLOCK_SKEW_SECONDS:
            return Refusal.KEY_NOT_YET_VALID
        return Refusal.EXPIRED_KEY if now > self.not_after + CLOCK_SKEW_SECONDS else None

    def sent_refusal(self, sent_at: float) -> Refusal | None:
        """Why it cannot have signed what was sent then (seconds since the epoch); None: it can."""
        if sent_at < self.not_before - SERVER_SKEW_SECONDS:
            return Refusal.KEY_NOT_YET_VALID
        return Refusal.EXPIRED_KEY if sent_at > self.not_after + SERVER_SKEW_SECONDS else None


Keys = Mapping[str, SigningKey]


def parse_keys(rows: Iterable[Json]) -> Keys:
    """Reads rows of `relay_keys`. Raises ValueError: simulated people doubt packets, not their own stack."""
    keys = {}
    for row in rows:
        not_before, not_after = parse_time(row["not_before"]), parse_time(row["not_after"])
        raw = decode_base64url(row["public_key"])
        if raw is None or not_before is None or not_after is None:
            raise ValueError(f"relay key {row['kid']} cannot be read")
        public_key = Ed25519PublicKey.from_public_bytes(raw)
        revoked = row.get("revoked_at") is not None
        keys[row["kid"]] = SigningKey(
            row["kid"], public_key, not_before.timestamp(), not_after.timestamp(), revoked
        )
    return keys


@dataclass(frozen=True, slots=True)
class Packet:
    payload: bytes
    topic: str
    from_participant: bool


@dataclass(frozen=True, slots=True)
class PacketContext:
    room: str
    subject: PacketSubject
    identity: str
    now: float
    keys: Keys


@dataclass(frozen=True, slots=True)
class PacketEvent:
    """`seq` is None for notices and levels; `at` is UTC."""

    seq: int | None
    id: str
    type: str
    at: datetime
    payload: Json


@dataclass(frozen=True, slots=True)
class Body:
    topic: str
    sent_at: float
    last_seq: int | None
    events: tuple[PacketEvent, ...]


@dataclass(frozen=True, slots=True)
class UnknownKey:
    kid: str


Verdict = Body | Refusal | UnknownKey


class _MalformedError(ValueError):
    pass


def judge(packet: Packet, context: PacketContext) -> Verdict:
    """Nothing of the body is believed, or even parsed, before its signature holds."""
    if packet.from_participant:
        return Refusal.VISIBLE_SENDER
    if len(packet.payload) > MAX_PACKET_BYTES:
        return Refusal.OVERSIZE
    try:
        text, kid, signature = _parse_envelope(packet.payload)
        key = context.keys.get(kid)
        return UnknownKey(kid) if key is None else _judge_signed(text, signature, key, packet.topic, context)
    except _MalformedError:
        return Refusal.MALFORMED


def _judge_signed(text: str, signature: str, key: SigningKey, topic: str, context: PacketContext) -> Verdict:
    if (untrusted := key.refusal(context.now)) is not None:
        return untrusted
    if not _is_signed(text, signature, key.public_key.public_bytes_raw()):
        return Refusal.BAD_SIGNATURE
    misdirected = _misdirection(_parse_object(text), topic, context)
    if misdirected is not None:
        return misdirected
    body = _parse_body(text, topic)
    return key.sent_refusal(body.sent_at) or _age_refusal(body, context.now) or body


# What is remembered is the same for everybody in the room: ten phones open a packet ten times, one process once.


@lru_cache(maxsize=64)
def _is_signed(text: str, signature: str, public_key: bytes) -> bool:
    raw = decode_base64url(signature)
    if raw is None or len(raw) != 64:
        raise _MalformedError
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(raw, text.encode())
    except UnicodeEncodeError as error:
        raise _MalformedError from error
    except InvalidSignature:
        return False
    return True


def _misdirection(raw: Json, topic: str, context: PacketContext) -> Refusal | None:
    if raw.get("v") != 1:
        return Refusal.UNSUPPORTED_VERSION
    if raw.get("room") != context.room:
        return Refusal.WRONG_ROOM
    subjects = {kind: raw[f"{kind}_id"] for kind in ("session", "call") if f"{kind}_id" in raw}
    if subjects != {context.subject.kind: context.subject.id}:
        return Refusal.WRONG_SESSION
    if raw.get("topic") != topic or (context.subject.kind == "call" and topic != NOTICE):
        return Refusal.WRONG_TOPIC
    if raw.get("to") != context.identity and ("to" in raw or topic == NOTICE):
        return Refusal.WRONG_RECIPIENT
    return None


def _age_refusal(body: Body, now: float) -> Refusal | None:
    age_ms = round((now - body.sent_at) * 1000)
    if body.topic == EVENTS or abs(age_ms) <= MAX_AGE_SECONDS * 1000:
        return None
    return Refusal.STALE if age_ms > 0 else Refusal.FUTURE


@lru_cache(maxsize=64)
def _parse_envelope(payload: bytes) -> tuple[str, str, str]:
    try:
        raw = _parse_object(payload.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _MalformedError from error
    body, kid, signature = raw.get("body"), raw.get("kid"), raw.get("sig")
    if not (isinstance(body, str) and isinstance(kid, str) and isinstance(signature, str)):
        raise _MalformedError
    if not 0 < len(kid) <= _MAX_ID_LENGTH:
        raise _MalformedError
    return body, kid, signature


@lru_cache(maxsize=64)
def _parse_body(text: str, topic: str) -> Body:
    raw = _parse_object(text)
    sent_at, last_seq, events = parse_time(raw.get("sent_at")), raw.get("last_seq"), raw.get("events")
    if sent_at is None or not (last_seq is None or _is_count(last_seq)) or not isinstance(events, list):
        raise _MalformedError
    return Body(topic, sent_at.timestamp(), last_seq, tuple(_parse_event(event, topic) for event in events))


def _parse_event(raw: Any, topic: str) -> PacketEvent:
    if not isinstance(raw, dict) or not isinstance(raw.get("payload"), dict):
        raise _MalformedError
    seq, identifier, kind, at = raw.get("seq"), raw.get("id"), raw.get("type"), parse_time(raw.get("at"))
    if not (isinstance(identifier, str) and 0 < len(identifier) <= _MAX_ID_LENGTH):
        raise _MalformedError
    if not (isinstance(kind, str) and kind) or at is None:
        raise _MalformedError
    if not (_is_count(seq) and seq != 0 if topic == EVENTS else seq is None):
        raise _MalformedError
    return PacketEvent(seq, identifier, kind, at, raw["payload"])


def parse_row(row: Json) -> PacketEvent:
    """Reads a row of `live_events`."""
    return _parse_event({**row, "at": row["created_at"]}, EVENTS)


@lru_cache(maxsize=64)
def _parse_object(text: str) -> Json:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _MalformedError from error
    if not isinstance(value, dict):
        raise _MalformedError
    return value


def _refuse_constant(name: str) -> None:
    raise _MalformedError(name)


def parse_time(value: Any) -> datetime | None:
    """ISO 8601 with a zone, cut to milliseconds, as UTC; None for anything else."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    seconds, fraction, zone = match.groups(default="")
    try:
        return datetime.fromisoformat(f"{seconds}.{fraction[:3]:0<3}{zone}").astimezone(UTC)
    except ValueError:
        return None


def decode_base64url(text: str) -> bytes | None:
    """Strict base64url without padding; None for anything that does not encode back to the same text."""
    if not _BASE64URL.fullmatch(text):
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return data if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SAFE_INTEGER
