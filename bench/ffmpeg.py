"""FFmpeg's own loudness meter (`-af ebur128`) on samples in memory: the judge of ours. PyAV carries the filter."""

from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
import av.filter
import numpy as np
from numpy.typing import NDArray

from local.people.sound import RATE

STEP_SECONDS = 0.1
CHUNK = 4_800


@dataclass(frozen=True)
class FfmpegLoudness:
    """LUFS."""

    integrated: float
    short_term: NDArray[np.float64]
    """At the end of every 100 ms, of the last 3 s; what was before the beginning counts as silence."""


def ebur128(samples: NDArray[np.int16]) -> FfmpegLoudness:
    """What FFmpeg says of these. `samples`: (n, 2) at 48 kHz, at least 100 ms."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="s16", layout="stereo", time_base=Fraction(1, RATE))
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    for start in range(0, len(samples) - CHUNK + 1, CHUNK):
        chunk = np.ascontiguousarray(samples[start : start + CHUNK]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(chunk, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = RATE, start
        graph.push(frame)
    graph.push(None)
    integrated, short_term = -70.0, []
    for frame in _pulled(graph):
        integrated = float(frame.metadata["lavfi.r128.I"])
        short_term.append(float(frame.metadata["lavfi.r128.S"]))
    return FfmpegLoudness(integrated, np.array(short_term))


def _pulled(graph: av.filter.Graph) -> list[av.AudioFrame]:
    frames: list[av.AudioFrame] = []
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return frames
        assert isinstance(frame, av.AudioFrame)
        frames.append(frame)
