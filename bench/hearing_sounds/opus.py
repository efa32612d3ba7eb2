"""What Opus leaves of a sound: encoded and decoded as LiveKit's clients do."""

import av
import numpy as np
from numpy.typing import NDArray

from local.people.sound import RATE
from local.sounds import Signal, as_int16

_FRAME = RATE // 50


def through_opus(signal: Signal, kbps: int = 32, application: str = "voip") -> NDArray[np.int16]:
    """One channel at 48 kHz, 1.0 = full scale; int16 comes back, a few milliseconds later."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "s16"
    encoder.bit_rate = kbps * 1000
    encoder.options = {"application": application, "compression_level": "5"}
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = RATE, "mono"
    pcm, heard = as_int16(signal), []
    for at in range(0, len(pcm) - _FRAME + 1, _FRAME):
        frame = av.AudioFrame.from_ndarray(pcm[None, at : at + _FRAME], format="s16", layout="mono")
        frame.sample_rate = RATE
        heard += [
            decoded.to_ndarray() for packet in encoder.encode(frame) for decoded in decoder.decode(packet)
        ]
    heard += [decoded.to_ndarray() for packet in encoder.encode(None) for decoded in decoder.decode(packet)]
    return np.concatenate([samples.reshape(-1) for samples in heard]).astype(np.int16)
