"""What the benchmarks' speakers say, encoded once: forty encoders would disturb what is measured. Pure."""

from functools import cache

import av

from local.people.sound import RATE, speech_like

LEVEL_DBFS = -20.0
PACKET_SAMPLES = RATE // 50
"""20 ms, as WebRTC has it."""
BITS_A_SECOND = 48_000
"""What LiveKit's clients aim at unless told otherwise; with its pauses this speech takes 33,000."""


@cache
def speech_packets() -> tuple[bytes, ...]:
    """Opus packets of 20 ms to be looped: some seconds of something like speech, mono."""
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "s16"
    encoder.bit_rate = BITS_A_SECOND
    encoder.options = {"application": "voip", "frame_duration": "20", "vbr": "constrained"}
    pcm = speech_like(LEVEL_DBFS).pcm
    packets = list[bytes]()
    for at in range(0, pcm.size - PACKET_SAMPLES + 1, PACKET_SAMPLES):
        frame = av.AudioFrame.from_ndarray(
            pcm[at : at + PACKET_SAMPLES].reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = RATE, at
        packets += map(bytes, encoder.encode(frame))
    packets += map(bytes, encoder.encode(None))
    return tuple(packets)
