"""What the agent puts on the wire is what clients accept: the two halves of the relay, packet by packet."""

from collections.abc import Iterable

from agent.core.envelope import MAX_PACKET_BYTES, Envelope, Signer
from agent.core.lease import RoomFacts, RoomName
from handlers.facts import Identity, LiveEvent
from local.people.relay_packet import (
    EVENTS,
    NOTICE,
    Body,
    Packet,
    PacketContext,
    PacketSubject,
    judge,
    parse_keys,
)
from local.people.relay_sequence import EventSequence

NOW = 1_795_435_200.123  # 2026-11-23T12:00:00.123Z
SIGNER = Signer()
KEY = {
    "kid": SIGNER.kid,
    "public_key": SIGNER.public_key,
    "not_before": "2026-11-23T00:00:00+00:00",
    "not_after": "2026-11-24T00:00:00+00:00",
}
CONTEXT = PacketContext("room-1", PacketSubject("session", "session-1"), "me", NOW, parse_keys([KEY]))
ENVELOPE = Envelope(RoomName("room-1"), RoomFacts("session", "session-1"), SIGNER)


def live_event(seq: int, note: str = "Gökçe 🎁") -> LiveEvent:
    return LiveEvent(seq, f"e{seq}", "gift", "2026-11-23T12:00:00.100123+00:00", {"note": note})


def accepted(packets: Iterable[bytes], topic: str) -> list[Body]:
    verdicts = [judge(Packet(packet, topic, from_participant=False), CONTEXT) for packet in packets]
    bodies = [verdict for verdict in verdicts if isinstance(verdict, Body)]
    assert bodies == verdicts
    return bodies


def test_a_long_batch_arrives_whole_and_in_order() -> None:
    sent = tuple(live_event(seq, "ş" * 900) for seq in range(1, 51))
    bodies = accepted(ENVELOPE.packets(EVENTS, sent, NOW), EVENTS)
    assert 1 < len(bodies) < 50
    received = [event for body in bodies for event in body.events]
    assert [(e.seq, e.id, e.type, e.payload) for e in received] == [
        (e.seq, e.id, e.type, e.payload) for e in sent
    ]


def test_each_packet_is_as_full_as_it_may_be_and_tells_how_far_the_stream_is() -> None:
    for text in ("x", '"\\', "ş", "\x01\n", "🎁"):
        sent = tuple(live_event(seq, text * 60) for seq in range(1, 201))
        packets = list(ENVELOPE.packets(EVENTS, sent, NOW, last_seq=200))
        (one,) = ENVELOPE.packets(EVENTS, sent[-1:], NOW, last_seq=200)
        (two,) = ENVELOPE.packets(EVENTS, sent[-2:], NOW, last_seq=200)
        assert max(map(len, packets)) <= MAX_PACKET_BYTES
        assert min(map(len, packets[:-1])) + len(two) - len(one) > MAX_PACKET_BYTES
        assert {body.last_seq for body in accepted(packets, EVENTS)} == {200}


def test_a_stream_without_news_tells_only_how_far_it_is() -> None:
    (body,) = accepted(ENVELOPE.packets(EVENTS, (), NOW, last_seq=7), EVENTS)
    assert (body.events, body.last_seq) == ((), 7)
    assert list(ENVELOPE.packets(NOTICE, (), NOW)) == []


def test_a_notice_reaches_its_reader() -> None:
    notice = LiveEvent(0, "n1", "warning", "2026-11-23T12:00:00.123Z", {"text": {"en": "a", "tr": "b"}})
    (body,) = accepted(ENVELOPE.packets(NOTICE, (notice,), NOW, to=Identity("me")), NOTICE)
    assert [(event.seq, event.id) for event in body.events] == [(None, "n1")]


def test_an_event_too_large_to_travel_is_left_to_the_database() -> None:
    sequence = EventSequence(0)
    for body in accepted(ENVELOPE.packets(EVENTS, (live_event(1, "x" * 20_000), live_event(2)), NOW), EVENTS):
        for event in body.events:
            assert sequence.offer(event) is None
    assert list(sequence.take()) == []
    assert sequence.behind
