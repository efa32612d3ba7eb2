"""Sound and pictures of a room, mixed and written as HLS segments and, where wanted, one MP4."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 48_000
DELAY_SECONDS = 0.25
"""Sound that arrives by then is still in its place: what a jitter buffer would wait."""
WIDTH, HEIGHT, FPS = 640, 360, 10
Samples = NDArray[np.int16]


class Mixer:
    """Sums the microphones. Each one's sound follows on, or begins now after a pause."""

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self._done = 0
        self._tracks: dict[str, dict[int, Samples]] = {}
        self._ends: dict[str, int] = {}

    def add(self, track: str, samples: Samples, now: float) -> None:
        """Lay a track's samples (16 bit, mono, `RATE` a second) that ended at `now`, by the monotonic clock."""
        here = round((now - self._begun) * RATE) - len(samples)
        at = self._ends.get(track, here)
        if abs(here - at) > DELAY_SECONDS * RATE:  # after a pause, or behind
            at = here
        at = max(at, self._done)
        self._tracks.setdefault(track, {})[at] = samples
        self._ends[track] = at + len(samples)

    def take(self, now: float) -> Samples:
        """What has become certain since the last call."""
        until = max(self._done, round((now - self._begun - DELAY_SECONDS) * RATE))
        mixed = np.zeros(until - self._done, dtype=np.int32)
        for blocks in self._tracks.values():
            for at in [at for at in blocks if at < until]:
                samples = blocks.pop(at)
                whole = samples[: until - at]
                mixed[at - self._done : at - self._done + len(whole)] += whole
                if len(whole) < len(samples):
                    blocks[until] = samples[len(whole) :]
        self._done = until
        return np.clip(mixed, -32768, 32767).astype(np.int16)


class Writer:
    """One HLS recording below `folder`: `playlist` and segments that begin with `prefix`."""

    def __init__(self, folder: Path, prefix: str, playlist: str, seconds: int, *, video: bool) -> None:
        self.folder, self.playlist = folder, folder / playlist
        options = {
            "hls_time": str(seconds),
            "hls_list_size": "0",
            "hls_playlist_type": "event",
            "hls_flags": "program_date_time",
            "hls_segment_filename": str(folder / f"{prefix}_%05d.ts"),
        }
        self._out = av.open(str(self.playlist), "w", format="hls", options=options)
        self._audio = self._out.add_stream("aac", rate=RATE, layout="mono", bit_rate=64_000)
        self._video = self._out.add_stream("libx264", rate=FPS) if video else None
        if self._video is not None:
            self._video.width, self._video.height, self._video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            self._video.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(FPS * 2)}
        self._samples = 0
        self._frames = 0

    def sound(self, samples: Samples) -> None:
        """Encode samples (16 bit, mono, `RATE` a second) after those before."""
        if not len(samples):
            return
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._samples, Fraction(1, RATE)
        self._samples += len(samples)
        for packet in self._audio.encode(frame):
            self._out.mux(packet)

    def picture(self, latest: "av.VideoFrame | None") -> None:
        """Up to the sound: the newest picture, or black."""
        if self._video is None:
            return
        while self._frames / FPS < self._samples / RATE:
            frame = BLACK if latest is None else latest
            frame = frame.reformat(WIDTH, HEIGHT, "yuv420p")
            frame.pts, frame.time_base = self._frames, Fraction(1, FPS)
            self._frames += 1
            for packet in self._video.encode(frame):
                self._out.mux(packet)

    @property
    def seconds(self) -> float:
        """How much has been written, silence as well."""
        return self._samples / RATE

    def closed_segments(self) -> Mapping[str, float]:
        """Names and lengths of what is complete."""
        if not self.playlist.exists():
            return {}
        lines = self.playlist.read_text().splitlines()
        lengths = [float(line[8:].split(",")[0]) for line in lines if line.startswith("#EXTINF:")]
        names = [line for line in lines if line and not line.startswith("#")]
        return dict(zip(names, lengths, strict=True))

    def close(self) -> None:
        """Write what is still in the encoders, and the end of the file."""
        for stream in (self._audio, self._video):
            for packet in stream.encode(None) if stream is not None else ():
                self._out.mux(packet)
        self._out.close()


def as_jpeg(picture: "av.VideoFrame", width: int, height: int) -> bytes:
    """One picture as a file."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 1)
    frame = picture.reformat(width, height, "yuvj420p")
    frame.pts, frame.time_base = 0, Fraction(1, 1)
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))


def as_mp4(playlist: Path, target: Path) -> None:
    """The same packets in one file."""
    with av.open(str(playlist)) as source, av.open(str(target), "w", format="mp4") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)


def _black() -> "av.VideoFrame":
    picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, dtype=np.uint8)
    picture[:HEIGHT] = 16
    return av.VideoFrame.from_ndarray(picture, format="yuv420p")


BLACK = _black()
