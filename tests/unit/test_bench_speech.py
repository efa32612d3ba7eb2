"""What the benchmarks' speakers say is speech of a known level, in packets of 20 ms."""

import av
import numpy as np
import pytest

from bench.speech import LEVEL_DBFS, PACKET_SAMPLES, speech_packets
from local.people.sound import RATE, level_of, speech_like


def test_there_is_a_packet_for_every_20_ms() -> None:
    seconds = speech_like(LEVEL_DBFS).pcm.size / RATE
    assert len(speech_packets()) == pytest.approx(seconds * 50, abs=2)


def test_a_packet_and_the_one_before_fit_into_red() -> None:
    assert all(0 < len(packet) < 1024 for packet in speech_packets())


def test_it_decodes_to_its_level() -> None:
    decoder = av.AudioCodecContext.create("opus", "r")
    decoder.sample_rate, decoder.layout = RATE, "mono"
    frames = [frame for packet in speech_packets() for frame in decoder.decode(av.Packet(packet))]
    assert {frame.samples for frame in frames} == {PACKET_SAMPLES}
    samples = np.concatenate([frame.to_ndarray().ravel() for frame in frames])
    assert level_of(np.round(samples * 32767).astype(np.int16)) == pytest.approx(LEVEL_DBFS, abs=0.5)
