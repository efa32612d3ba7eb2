"""One frame of a camera: subscribed to at the lowest layer, taken, let go. Nobody is filmed in between."""

import asyncio
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from livekit import rtc
from numpy.typing import NDArray

FRAME_SECONDS = 4.0
"""How long a first frame may take."""
WIDEST = 640
ON_THE_WALL = 320
"""Pixels: a frame of it is 10 to 20 KB."""
SPOT, BLACK = 8, 12.0
"""Pixels each way of a spot, whose mean noise does not raise; and of 255, as the console judges a film."""
Picture = NDArray[np.uint8]
"""Of shape (height, width, 3): red, green, blue."""


class Classifier(Protocol):
    """How likely a picture is one that a person has to look at."""

    name: str

    def score(self, picture: Picture) -> float:
        """From 0 to 1. Called in a thread."""


async def one_frame(publication: rtc.RemoteTrackPublication, subscribed: asyncio.Event) -> Picture | None:
    """The next frame of a camera; None: none came in time. `subscribed` is set when LiveKit says that it is."""
    publication.set_subscribed(True)
    try:
        if publication.simulcasted:
            publication.set_video_quality(rtc.VideoQuality.VIDEO_QUALITY_LOW)
        async with asyncio.timeout(FRAME_SECONDS):
            await subscribed.wait()
            if publication.track is None:
                return None
            stream = rtc.VideoStream(publication.track, format=rtc.VideoBufferType.RGB24, capacity=1)
            try:
                async for event in stream:
                    return picture_of(event.frame)
            finally:
                await stream.aclose()
    except TimeoutError:
        return None
    finally:
        publication.set_subscribed(False)
    return None


def is_black(picture: Picture) -> bool:
    """Whether no spot of a picture is light: as a lens cap or a pocket, and not as a room at night."""
    height, width = (side // SPOT * SPOT for side in picture.shape[:2])
    spots = picture[:height, :width].reshape(height // SPOT, SPOT, width // SPOT, SPOT, 3)
    return bool(spots.mean(axis=(1, 3)).max(initial=0.0) < BLACK)


def picture_of(frame: rtc.VideoFrame) -> Picture:
    """A copy that is ours."""
    return np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.width, 3).copy()


def jpeg(picture: Picture, widest: int = WIDEST) -> bytes:
    """As a file, at most so many pixels wide."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    width = min(frame.width, widest) & ~1
    height = max(2, round(frame.height * width / frame.width)) & ~1
    scaled = frame.reformat(width=width, height=height, format="yuvj420p")
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = scaled.time_base = Fraction(1)
    scaled.pts = 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(scaled), *encoder.encode(None)))
