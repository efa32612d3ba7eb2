"""Packets: signed, in order, within LiveKit's size, complete."""

import base64
import json
import uuid
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.core.envelope import (
    MAX_PACKET_BYTES,
    TOPIC_EVENTS,
    TOPIC_LEVELS,
    TOPIC_NOTICE,
    Envelope,
    Signer,
)
from agent.core.lease import Lease, Minute, RoomFacts, RoomName
from agent.core.levels_payload import LEVELS_IN_A_PACKET, levels_payload
from agent.supabase.sound_rows import minute
from handlers.effects import RecordMinute, ShowLevels
from handlers.facts import MICROPHONE, Identity, LiveEvent, Switch, Switches, Track, Weak
from moderation.audio.board import Level
from moderation.audio.stats import AudioMinute
from moderation.roles import Source
from moderation.timestamps import text_of
from tests.fakes.scene import START, live_event

SIGNER = Signer()
ENVELOPE = Envelope(RoomName("room"), RoomFacts("session", "id-1"), SIGNER)


def event(seq: int, size: int) -> LiveEvent:
    return LiveEvent(seq, f"event-{seq}", "gift", "2027-01-15T08:00:00Z", {"text": '"ş' * (size // 3)})


def decoded(raw: str) -> bytes:
    return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))


def opened(packet: bytes) -> dict[str, Any]:
    """The body of a packet whose signature holds."""
    envelope = json.loads(packet)
    assert envelope["kid"] == SIGNER.kid
    key = Ed25519PublicKey.from_public_bytes(decoded(SIGNER.public_key))
    key.verify(decoded(envelope["sig"]), envelope["body"].encode())
    body: dict[str, Any] = json.loads(envelope["body"])
    return body


def test_a_packet_says_where_it_belongs_and_who_it_is_for() -> None:
    (packet,) = ENVELOPE.packets(TOPIC_NOTICE, (live_event(0),), START, to=Identity("ada"))
    body = opened(packet)
    assert (body["v"], body["room"], body["session_id"], body["topic"], body["to"]) == (
        1,
        "room",
        "id-1",
        "live.notice",
        "ada",
    )
    assert body["sent_at"] == "2027-01-15T08:00:00.000Z"
    assert "seq" not in body["events"][0]


def test_many_events_are_split_in_order_and_none_is_lost() -> None:
    packets = list(ENVELOPE.packets(TOPIC_EVENTS, [event(seq, 900) for seq in range(1, 101)], START))
    assert len(packets) > 1
    assert all(len(packet) <= MAX_PACKET_BYTES for packet in packets)
    assert [item["seq"] for packet in packets for item in opened(packet)["events"]] == list(range(1, 101))


@pytest.mark.parametrize("size", [MAX_PACKET_BYTES // 4, MAX_PACKET_BYTES, 40 * MAX_PACKET_BYTES])
def test_an_event_that_fits_no_packet_keeps_its_place_in_the_stream(size: int) -> None:
    packets = list(ENVELOPE.packets(TOPIC_EVENTS, [event(1, 10), event(2, size), event(3, 10)], START))
    assert all(len(packet) <= MAX_PACKET_BYTES for packet in packets)
    items = [item for packet in packets for item in opened(packet)["events"]]
    assert [item["seq"] for item in items] == [1, 2, 3]
    assert (items[1]["payload"] == {"oversize": True}) == (size >= MAX_PACKET_BYTES)


def test_nothing_to_say_is_no_packet() -> None:
    assert list(ENVELOPE.packets(TOPIC_EVENTS, (), START)) == []


def test_a_beacon_tells_how_far_the_stream_is() -> None:
    body = opened(next(ENVELOPE.packets(TOPIC_EVENTS, (), START, last_seq=7)))
    assert (body["last_seq"], body["events"], body["topic"]) == (7, [], "live.events")


def test_a_beacon_says_when_hints_are_missing_and_else_nothing_of_them() -> None:
    def said(*, hints: bool) -> dict[str, Any]:
        return opened(next(ENVELOPE.packets(TOPIC_EVENTS, (), START, last_seq=7, hints=hints)))

    assert said(hints=False)["hints"] is False
    assert "hints" not in said(hints=True)


def test_the_same_seed_is_the_same_key() -> None:
    seed = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
    assert Signer(seed).public_key == Signer(seed).public_key != Signer().public_key


# -- levels ------------------------------------------------------------------------


def test_levels_say_of_everyone_who_is_named_what_is_on() -> None:
    ada, bo, cem = Identity("ada"), Identity("bo"), Identity("cem")
    on, muted = Switches(Switch.ON, Switch.ON), Switches(Switch.MUTED)
    levels = {bo: Level(-20.0, speaking=True), cem: None}
    payload = levels_payload(ShowLevels(levels, {ada: muted, bo: on}, (), watched=True))
    assert all("connection" not in person for person in payload["people"])
    weak = levels_payload(
        ShowLevels(levels, {bo: on}, (), watched=True, weak={ada: Weak.LOST, bo: Weak.POOR})
    )
    assert {person["user_id"]: person.get("connection") for person in weak["people"]} == {
        ada: "lost", bo: "poor", cem: None,
    }  # fmt: skip
    assert [tuple(person.values()) for person in payload["people"]] == [
        (bo, True, -20.0, "on", "on"),
        (cem, False, None, "off", "off"),
        (ada, False, None, "muted", "off"),
    ]
    assert payload["complete"]


def test_levels_show_each_of_somebodys_sounds_where_there_is_room_for_all_of_them() -> None:
    ada, bo = Identity("ada"), Identity("bo")
    loud, quiet = Level(-20.0, speaking=True), Level(-40.0, speaking=False)
    tracks = {
        ada: {Track(Source.MICROPHONE, number): quiet for number in range(LEVELS_IN_A_PACKET)},
        bo: {MICROPHONE: loud, Track(None): quiet},
    }
    payload = levels_payload(ShowLevels({ada: quiet, bo: loud}, {}, (), watched=True, tracks=tracks))
    shown = {person["user_id"]: person.get("tracks") for person in payload["people"]}
    assert shown == {
        ada: None,
        bo: [
            {"source": "microphone", "number": 0, "speaking": True, "level_dbfs": -20.0},
            {"source": "unknown", "number": 0, "speaking": False, "level_dbfs": -40.0},
        ],
    }


def test_a_minute_has_every_sound_of_somebody_where_it_is_not_the_one_microphone() -> None:
    heard = AudioMinute(60.0, 30.0, -20.0, -18.0, -6.0, 0.0, -60.0)
    lease = Lease(RoomName("room"), 1)

    def tracks_of(*tracks: Track) -> list[dict[str, Any]] | None:
        row = minute(Minute(lease, RecordMinute(Identity("bo"), START, heard, dict.fromkeys(tracks, heard))))
        assert (row["talk_seconds"], row["measured"]["heard_seconds"]) == (30.0, 60.0)
        found: list[dict[str, Any]] | None = row["measured"].get("tracks")
        return found

    assert tracks_of(MICROPHONE) is None
    shared = tracks_of(MICROPHONE, Track(Source.SCREEN_SHARE_AUDIO))
    assert shared is not None
    assert [(track["source"], track["talk_seconds"]) for track in shared] == [
        ("microphone", 30.0),
        ("screen_share_audio", 30.0),
    ]
    assert tracks_of(Track(Source.SCREEN_SHARE_AUDIO)) is not None


def test_levels_of_a_crowd_leave_somebody_out_say_so_and_fit_one_packet() -> None:
    crowd = [Identity(str(uuid.uuid4())) for _ in range(LEVELS_IN_A_PACKET + 1)]
    levels = dict.fromkeys(crowd, Level(-60.0, speaking=False))
    switches = dict.fromkeys(crowd, Switches(Switch.MUTED, Switch.MUTED))
    payload = levels_payload(ShowLevels(levels, switches, (), watched=True))
    assert not payload["complete"]
    name, now = str(uuid.uuid4()), text_of(START)
    envelope = Envelope(RoomName(name), RoomFacts("session", name), SIGNER)
    (packet,) = envelope.packets(TOPIC_LEVELS, (LiveEvent(0, name, "levels", now, payload),), START)
    assert opened(packet)["events"][0]["payload"] == payload
