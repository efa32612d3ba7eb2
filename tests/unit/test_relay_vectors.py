"""The simulated people's relay gives the shared vectors the verdicts and the order that they state."""

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.people.relay_packet import (
    Body,
    Packet,
    PacketContext,
    PacketEvent,
    PacketSubject,
    Refusal,
    Verdict,
    judge,
    parse_keys,
    parse_time,
)
from local.people.relay_sequence import EventSequence

VECTORS = Path(__file__).parents[2] / "livekit-system" / "clients" / "vectors"
PACKETS: dict[str, Any] = json.loads((VECTORS / "packets.json").read_text())
SEQUENCES: dict[str, Any] = json.loads((VECTORS / "sequences.json").read_text())


def payload_of(vector: dict[str, Any]) -> bytes:
    if "payload" in vector:
        return str(vector["payload"]).encode()
    return base64.b64decode(vector["payload_base64"])


def context_of(vector: dict[str, Any]) -> PacketContext:
    about = PACKETS["context"] | vector.get("context", {})
    now = parse_time(about["now"])
    assert now is not None
    keys = parse_keys(PACKETS["keys"])
    return PacketContext(
        about["room"], PacketSubject(**about["subject"]), about["identity"], now.timestamp(), keys
    )


def as_stated(verdict: Verdict) -> dict[str, Any]:
    if isinstance(verdict, Body):
        return {"outcome": "accepted", "ids": [event.id for event in verdict.events]}
    if isinstance(verdict, Refusal):
        return {"outcome": "refused", "reason": verdict.value}
    return {"outcome": "unknown_key", "kid": verdict.kid}


@pytest.mark.parametrize("vector", PACKETS["packets"], ids=lambda vector: vector["name"])
def test_a_packet_gets_its_verdict(vector: dict[str, Any]) -> None:
    packet = Packet(payload_of(vector), vector["topic"], vector.get("from_participant", False))
    assert as_stated(judge(packet, context_of(vector))) == vector["expect"]


def event(seq: int, identifier: str | None = None, *, oversize: bool = False) -> PacketEvent:
    payload = {"oversize": True} if oversize else {}
    return PacketEvent(seq, identifier or f"e{seq}", "gift", datetime(2026, 11, 23, tzinfo=UTC), payload)


@pytest.mark.parametrize("case", SEQUENCES["cases"], ids=lambda case: case["name"])
def test_a_stream_comes_out_in_order(case: dict[str, Any]) -> None:
    sequence = EventSequence(case["start_after"])
    for step in case["steps"]:
        if "offer" in step:
            offered = event(step["offer"], step.get("id"), oversize=step.get("oversize", False))
            assert sequence.offer(offered) == step["answer"]
        elif "latest" in step:
            sequence.note_latest(step["latest"])
        else:
            sequence.fill(event(seq) for seq in step["fill"])
        assert [[emitted.seq, emitted.source.value] for emitted in sequence.take()] == step["emitted"]
    end = {"position": sequence.position, "behind": sequence.behind, "missing": sequence.missing}
    assert end == case["end"]


def test_the_vectors_are_what_their_script_writes() -> None:
    subprocess.run([sys.executable, VECTORS / "generate.py", "--check"], check=True, timeout=30)
