# ruff: noqa: E501, INP001 - a table reads best with one case to a line; a script, not a package
"""Writes packets.json, the signed packets with their verdicts that every client of the relay must agree on.

The keys are made from public constants: they are for tests alone and sign nothing real. Ed25519 is
deterministic, so the same script writes the same bytes; `--check` says whether the file is up to date.

    uv run python livekit-system/clients/vectors/generate.py [--check]
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TARGET = Path(__file__).with_name("packets.json")
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493  # L of RFC 8032, section 5.1

ROOM = "room-7"
SESSION = "5e551000-0000-4000-8000-000000000001"
OTHER_SESSION = "5e551000-0000-4000-8000-000000000002"
CALL = "ca110000-0000-4000-8000-000000000001"
ME = "11111111-0000-4000-8000-000000000001"
SOMEONE = "22222222-0000-4000-8000-000000000002"
NOW = "2026-11-23T12:00:00.000Z"

Json = dict[str, Any]


def signing_key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_key(number: int) -> str:
    return b64(signing_key(number).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def key_row(kid: str, number: int, **changes: str | None) -> Json:
    validity = {"not_before": "2026-11-23T00:00:00+00:00", "not_after": "2026-11-24T00:00:00+00:00"}
    return {"kid": kid, "public_key": public_key(number), **validity, "revoked_at": None, **changes}


KEYS = [
    key_row("test-current", 1),
    key_row("test-successor", 2, not_before="2026-11-23T11:59:59+00:00"),
    key_row("test-revoked", 3, revoked_at="2026-11-23T11:00:00+00:00"),
    key_row("test-expired", 4, not_after="2026-11-23T11:00:00+00:00"),
    key_row("test-future", 5, not_before="2026-11-23T13:00:00+00:00"),
    key_row("test-ending", 6, not_after="2026-11-23T11:59:50.000000+00:00"),
]
SIGNERS = {row["kid"]: number for number, row in enumerate(KEYS, start=1)}


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def gift(seq: Any = 8, **changes: Any) -> Json:
    payload = {"gift_id": f"9f700000-0000-4000-8000-{seq!s:0>12}", "sender_id": SOMEONE, "sender_name": "Gökçe 🎁",
               "gift_code": "rose", "quantity": 1, "coins": 10}  # fmt: skip
    at = "2026-11-23T11:59:59.900123+00:00"
    return {
        "seq": seq,
        "id": f"e0000000-0000-4000-8000-{seq!s:0>12}",
        "type": "gift",
        "at": at,
        "payload": payload,
    } | changes


def warning(**changes: Any) -> Json:
    text = {"en": "You are too loud.", "tr": "Sesiniz çok yüksek."}
    payload = {"text": text, "rule": "too_loud", "strikes": 1}
    return {
        "id": "a0000000-0000-4000-8000-000000000001",
        "type": "warning",
        "at": NOW,
        "payload": payload,
    } | changes


def levels() -> Json:
    entry = {"user_id": SOMEONE, "speaking": True, "level_dbfs": -21.5, "microphone": "on", "camera": "off"}
    payload = {"people": [entry], "complete": True}
    return {"id": "b0000000-0000-4000-8000-000000000001", "type": "levels", "at": NOW, "payload": payload}


def body(*events: Any, drop: tuple[str, ...] = (), **changes: Any) -> str:
    whole = {"v": 1, "room": ROOM, "session_id": SESSION, "topic": "live.events",
             "sent_at": "2026-11-23T11:59:59.950Z", "events": list(events)} | changes  # fmt: skip
    return compact({name: value for name, value in whole.items() if name not in drop})


def notice(*events: Any, **changes: Any) -> str:
    return body(*(events or (warning(),)), **({"topic": "live.notice", "to": ME} | changes))


def signature(text: str, kid: str) -> bytes:
    return signing_key(SIGNERS[kid]).sign(text.encode("utf-8", "replace"))


def envelope(text: str, kid: str = "test-current", **changes: Any) -> str:
    return compact({"body": text, "kid": kid, "sig": b64(signature(text, kid))} | changes)


def case(name: str, expect: Json, payload: str | bytes, topic: str = "live.events", **more: Any) -> Json:
    raw = (
        {"payload_base64": base64.b64encode(payload).decode()}
        if isinstance(payload, bytes)
        else {"payload": payload}
    )
    return {"name": name, "topic": topic, **raw, **more, "expect": expect}


def accepted(*ids: str) -> Json:
    return {"outcome": "accepted", "ids": list(ids)}


def refused(reason: str) -> Json:
    return {"outcome": "refused", "reason": reason}


GIFT_8, GIFT_9 = gift(8)["id"], gift(9)["id"]
WARNING, LEVELS = warning()["id"], levels()["id"]
IN_CALL = {"subject": {"kind": "call", "id": CALL}}


def good() -> list[Json]:
    in_call = notice(drop=("session_id",), call_id=CALL)
    return [
        case("one gift", accepted(GIFT_8), envelope(body(gift()))),
        case("two events in one packet", accepted(GIFT_8, GIFT_9), envelope(body(gift(8), gift(9)))),
        case("a beacon: no events, the latest seq", accepted(), envelope(body(last_seq=9))),
        case("a type this client does not know", accepted(GIFT_8), envelope(body(gift(type="fireworks")))),
        case("unknown fields are ignored", accepted(GIFT_8), envelope(body(gift(colour="red"), hop=2), extra=1)),
        case("the successor's key, known already", accepted(GIFT_8), envelope(body(gift()), "test-successor")),
        case("an old event is still an event", accepted(GIFT_8),
             envelope(body(gift(), sent_at="2026-11-23T11:00:00.000Z"))),
        case("addressed to me by name", accepted(GIFT_8), envelope(body(gift(), to=ME))),
        case("a notice to me", accepted(WARNING), envelope(notice()), "live.notice"),
        case("a notice of exactly 30 s", accepted(WARNING), envelope(notice(sent_at="2026-11-23T11:59:30.000Z")),
             "live.notice"),
        case("levels", accepted(LEVELS), envelope(body(levels(), topic="live.levels")), "live.levels"),
        case("a notice in a call", accepted(WARNING), envelope(in_call), "live.notice", context=IN_CALL),
        case("at the size limit", accepted(GIFT_8), padded(15 * 1024)),
    ]  # fmt: skip


def padded(size: int) -> str:
    bare = len(envelope(body(gift(), pad="")).encode())
    return envelope(body(gift(), pad="x" * (size - bare)))


def foreign() -> list[Json]:
    good_body, other = body(gift()), body(gift(9))
    sig = signature(good_body, "test-current")
    raised = sig[:32] + (int.from_bytes(sig[32:], "little") + GROUP_ORDER).to_bytes(32, "little")
    flipped = bytes([sig[0] ^ 1]) + sig[1:]
    return [
        case("from a visible participant, though well signed", refused("visible_sender"), envelope(good_body),
             from_participant=True),
        case("over the size limit", refused("oversize"), padded(15 * 1024 + 1)),
        case("a kid nobody knows", {"outcome": "unknown_key", "kid": "test-unknown"},
             envelope(good_body, kid="test-current").replace("test-current", "test-unknown")),
        case("a revoked key", refused("revoked_key"), envelope(good_body, "test-revoked")),
        case("an expired key", refused("expired_key"), envelope(good_body, "test-expired")),
        case("a key not valid yet", refused("key_not_yet_valid"), envelope(good_body, "test-future")),
        case("a key just over, for a packet sent before that", accepted(GIFT_8),
             envelope(body(gift(), sent_at="2026-11-23T11:59:49.000Z"), "test-ending")),
        case("a key just over, for a packet sent after that", refused("expired_key"), envelope(good_body, "test-ending")),
        case("sent before its key was valid", refused("key_not_yet_valid"),
             envelope(body(gift(), sent_at="2026-11-22T23:00:00.000Z"))),
        case("signed by another key", refused("bad_signature"),
             envelope(good_body, sig=b64(signature(good_body, "test-successor")))),
        case("the signature of another body", refused("bad_signature"),
             envelope(good_body, sig=b64(signature(other, "test-current")))),
        case("a changed amount", refused("bad_signature"),
             envelope(good_body).replace('\\"coins\\":10', '\\"coins\\":99')),
        case("a flipped bit in the signature", refused("bad_signature"), envelope(good_body, sig=b64(flipped))),
        case("a malleated signature (S + L)", refused("bad_signature"), envelope(good_body, sig=b64(raised))),
        case("a signature of zeros", refused("bad_signature"), envelope(good_body, sig=b64(bytes(64)))),
    ]  # fmt: skip


def misdirected() -> list[Json]:
    in_call = notice(drop=("session_id",), call_id=CALL)
    events_in_call = body(gift(), drop=("session_id",), call_id=CALL)
    return [
        case("another room", refused("wrong_room"), envelope(body(gift(), room="room-8"))),
        case("another session", refused("wrong_session"), envelope(body(gift(), session_id=OTHER_SESSION))),
        case("no session", refused("wrong_session"), envelope(body(gift(), drop=("session_id",)))),
        case("a session and a call at once", refused("wrong_session"), envelope(body(gift(), call_id=CALL))),
        case("a call's notice in a session", refused("wrong_session"), envelope(in_call), "live.notice"),
        case("a session's notice in a call", refused("wrong_session"), envelope(notice()), "live.notice", context=IN_CALL),
        case("events in a call", refused("wrong_topic"), envelope(events_in_call), context=IN_CALL),
        case("a notice replayed as an event", refused("wrong_topic"), envelope(notice())),
        case("an event replayed as a notice", refused("wrong_topic"), envelope(body(gift(), to=ME)), "live.notice"),
        case("a notice to someone else", refused("wrong_recipient"), envelope(notice(to=SOMEONE)), "live.notice"),
        case("a notice to nobody", refused("wrong_recipient"), envelope(notice(drop=("to",))), "live.notice"),
        case("an event to someone else", refused("wrong_recipient"), envelope(body(gift(), to=SOMEONE))),
        case("a notice of more than 30 s", refused("stale"), envelope(notice(sent_at="2026-11-23T11:59:29.999Z")),
             "live.notice"),
        case("levels of more than 30 s", refused("stale"),
             envelope(body(levels(), topic="live.levels", sent_at="2026-11-23T11:58:00.000Z")), "live.levels"),
        case("a notice from the future", refused("future"), envelope(notice(sent_at="2026-11-23T12:00:30.001Z")),
             "live.notice"),
        case("the next version", refused("unsupported_version"), envelope(body(gift(), v=2))),
        case("the version as text", refused("unsupported_version"), envelope(body(gift(), v="1"))),
    ]  # fmt: skip


def malformed() -> list[Json]:
    text, bad = body(gift()), refused("malformed")
    whole = envelope(text)
    lone = body(gift(payload={"note": "\ud800"}))
    events: list[tuple[str, Any]] = [
        ("an event without seq", {k: v for k, v in gift().items() if k != "seq"}),
        ("an event with seq 0", gift(seq=0)),
        ("an event with a negative seq", gift(seq=-1)),
        ("an event with a broken seq", gift(seq=8.5)),
        ("an event with seq as text", gift(seq="8")),
        ("an event with seq beyond 2^53", gift(seq=2**53)),
        ("an event without id", gift(id="")),
        ("an event with a long id", gift(id="x" * 129)),
        ("an event without type", gift(type=None)),
        ("an event with a list as payload", gift(payload=[])),
        ("an event with a vague time", gift(at="yesterday")),
        ("an event with a date alone", gift(at="2026-11-23")),
        ("an event with an impossible time", gift(at="2026-13-45T99:00:00Z")),
        ("an event on a day that is in no calendar", gift(at="2026-02-30T12:00:00Z")),
        ("an event that is null", None),
    ]
    return [
        case("nothing at all", bad, ""),
        case("not JSON", bad, "hello"),
        case("a JSON list", bad, "[]"),
        case("bytes that are not UTF-8", bad, b"\xff" + whole.encode()),
        case("a byte-order mark", bad, b"\xef\xbb\xbf" + whole.encode()),
        case("cut short", bad, whole[:-1]),
        case("no body", bad, compact({"kid": "test-current", "sig": "x"})),
        case("a body that is an object", bad, envelope(text, body=json.loads(text))),
        case("an empty kid", bad, envelope(text, kid="test-current").replace("test-current", "")),
        case("a padded signature", bad, envelope(text, sig=b64(signature(text, "test-current")) + "==")),
        case("a signature in the other alphabet", bad, envelope(text, sig="+/" + "A" * 84)),
        case("a short signature", bad, envelope(text, sig="AAAA")),
        case("stray bits after the signature", bad, envelope(text, sig="A" * 85 + "B")),
        case("half a surrogate pair", bad, json.dumps({"body": lone, "kid": "test-current",
                                                       "sig": b64(signature(lone, "test-current"))})),
        case("a signed body that is not JSON", bad, envelope("hello")),
        case("a signed body that is a list", bad, envelope("[]")),
        case("a signed body with NaN", bad, envelope(body(gift(payload={"coins": float("nan")})))),
        case("no sent_at", bad, envelope(body(gift(), drop=("sent_at",)))),
        case("events that are no list", bad, envelope(body(events={}))),
        case("a last_seq as text", bad, envelope(body(last_seq="9"))),
        case("a notice with a seq", bad, envelope(notice(warning(seq=1))), "live.notice"),
        *(case(name, bad, envelope(body(event))) for name, event in events),
        case("one bad event spoils its packet", bad, envelope(body(gift(8), gift(9, id="")))),
    ]  # fmt: skip


def document() -> str:
    vectors = {
        "about": "Written by generate.py. TEST KEYS ONLY: their private halves are public constants.",
        "context": {"room": ROOM, "subject": {"kind": "session", "id": SESSION}, "identity": ME, "now": NOW},
        "keys": KEYS,
        "packets": [*good(), *foreign(), *misdirected(), *malformed()],
    }
    return json.dumps(vectors, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        return 0 if TARGET.read_text() == document() else 1
    TARGET.write_text(document())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
