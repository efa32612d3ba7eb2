"""The stand-in for Egress: how it names channels, signs requests, mixes sound, and what its files hold."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
from livekit.protocol.egress import S3Upload

from local.egress import messages
from local.egress.media import DELAY_SECONDS, RATE, Mixer, Writer, as_mp4
from local.egress.psrpc import channel
from local.egress.s3 import Credentials, address, signed
from local.redis import find_binary


def test_a_request_is_signed_as_in_amazons_own_example() -> None:
    # "Example: GET Bucket Lifecycle", Amazon S3 API Reference, Signature Calculations for the Authorization Header.
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
    url = "https://examplebucket.s3.amazonaws.com/?lifecycle="
    now = datetime(2013, 5, 24, tzinfo=UTC)
    headers = signed("GET", url, hashlib.sha256(b"").hexdigest(), credentials, now)
    assert headers["authorization"].endswith(
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )


def test_channels_are_named_as_psrpc_names_them() -> None:
    assert channel("EgressInternal", "StartEgress", "", "REQ") == "EgressInternal|StartEgress|REQ"
    assert channel("EgressHandler", "StopEgress", "EG_a", "REQ") == "EgressHandler|StopEgress|EG_a|REQ"


def test_a_message_comes_out_as_it_went_in() -> None:
    request = messages.StartEgress(egress_id="EG_a")
    request.room_composite.room_name = "evening"
    content = messages.packed(messages.Request(request_id="R", raw_request=request.SerializeToString()))
    back = messages.unpacked(messages.Request, content)
    assert messages.StartEgress.FromString(back.raw_request).room_composite.room_name == "evening"


def test_two_microphones_are_summed_and_a_pause_stays_a_pause() -> None:
    mixer, block = Mixer(0.0), np.full(RATE // 50, 100, dtype=np.int16)
    for n in range(10):
        mixer.add("a", block, (n + 1) * 0.02)
    for n in range(5):
        mixer.add("b", block, (n + 6) * 0.02)
    mixer.add("a", block, 1.0)
    mixed = mixer.take(1.0 + DELAY_SECONDS)
    twentieths = mixed.reshape(-1, RATE // 50).mean(axis=1)
    assert twentieths[:10].tolist() == [100] * 5 + [200] * 5
    assert twentieths[10:49].tolist() == [0] * 39
    assert twentieths[49] == 100


@pytest.mark.parametrize("video", [False, True])
def test_what_is_written_plays_for_as_long_as_it_was_recorded(tmp_path: Path, *, video: bool) -> None:
    writer = Writer(tmp_path, "segment", "index.m3u8", 4, video=video)
    for _ in range(100):
        writer.sound(np.zeros(RATE // 10, dtype=np.int16))
        writer.picture(None)
    assert sum(writer.closed_segments().values()) == pytest.approx(8, abs=0.1)
    writer.close()
    as_mp4(writer.playlist, tmp_path / "whole.mp4")
    with av.open(str(tmp_path / "whole.mp4")) as file:
        assert {stream.type for stream in file.streams} == ({"audio", "video"} if video else {"audio"})
        assert file.duration is not None
        assert file.duration / 1e6 == pytest.approx(10, abs=0.2)


def test_a_redis_is_there() -> None:
    assert find_binary().exists()


@pytest.mark.parametrize(
    ("path_style", "url"),
    [(True, "https://s3.example.com/shows"), (False, "https://shows.s3.example.com")],
)
def test_the_bucket_is_in_the_path_or_in_the_hosts_name(*, path_style: bool, url: str) -> None:
    place = S3Upload(endpoint="https://s3.example.com/", bucket="shows", force_path_style=path_style)
    assert address(place) == url
