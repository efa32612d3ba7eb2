"""`LastSeconds`: the last seconds of one person's sound, kept in memory for a cause. Nobody's is kept without one.

One channel at 16 kHz, the loudest of what a person sends: of two channels the louder, of several tracks at once the
loudest block. A block of 200 ms is 6.25 KiB, so thirty seconds are 0.92 MiB. What is older goes; what a clip has taken
stays with it.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.audio.kweighting import BLOCK_SAMPLES, SAMPLE_RATE

KEPT_RATE: Final = 16_000
STEP: Final = SAMPLE_RATE // KEPT_RATE
KEPT_SAMPLES: Final = BLOCK_SAMPLES // STEP
BLOCK_SECONDS: Final = BLOCK_SAMPLES / SAMPLE_RATE
SAME_SECONDS: Final = BLOCK_SECONDS / 2
"""Blocks of different tracks that end within so much are of the same moment."""
_TAPS: Final = 24
_SPARSE: Final = 8
"""Which of the channels is louder is seen by every eighth sample."""


class Cause(Enum):
    """Why somebody's sound may be kept."""

    SIGN = "sign"
    """A rule's sign is heard of them now that may lead to a step, in a session whose policy acts."""
    STRIKE = "strike"
    """A rule holds something against them, in a session whose policy acts."""
    CASE = "case"
    """A case of theirs is open that a rule, two credible reports or ops made."""


class Block(NamedTuple):
    at: float
    """When it ends."""
    loudness: float
    samples: NDArray[np.int16]


def _low_pass() -> NDArray[np.float32]:
    """A windowed sinc below 7.2 kHz, as three rows: what each of three samples in turn counts for."""
    n = np.arange(_TAPS) - (_TAPS - 1) / 2
    wave = np.sinc(n * 2 * 7200 / SAMPLE_RATE) * np.hamming(_TAPS)
    return np.asarray(wave / wave.sum(), np.float32)


_FILTER: Final = _low_pass()


class LastSeconds:
    """Of one person. `add` what is measured of them."""

    def __init__(self, cause: Cause, seconds: float) -> None:
        if not isinstance(cause, Cause):
            raise TypeError("sound is kept for a cause only")
        self.cause = cause
        self._seconds = seconds
        self._blocks: deque[Block] = deque()
        self._tail = np.zeros(_TAPS - STEP, np.float32)

    @property
    def blocks(self) -> Sequence[Block]:
        """What is kept now, in the order of time."""
        return self._blocks

    def add(self, samples: NDArray[np.int16], at: float) -> Block | None:
        """Take a block in: int16 of shape (9600, 1 or 2), which ends at `at`. None: a louder one of the same moment is
        there."""
        loudest, loudness = _loudest(samples)
        last = self._blocks[-1] if self._blocks else None
        if last is not None and at - last.at < SAME_SECONDS:
            if loudness <= last.loudness:
                return None
            self._blocks.pop()
        block = Block(at, loudness, self._at_16_khz(loudest))
        self._blocks.append(block)
        while self._blocks[0].at <= at - self._seconds:
            self._blocks.popleft()
        return block

    def _at_16_khz(self, channel: NDArray[np.int16]) -> NDArray[np.int16]:
        wave = np.concatenate((self._tail, channel), dtype=np.float32)
        self._tail = wave[-(_TAPS - STEP) :].copy()
        kept = sum(
            np.convolve(wave[phase::STEP], _FILTER[phase::STEP][::-1], "valid")[:KEPT_SAMPLES]
            for phase in range(STEP)
        )
        return np.clip(np.rint(kept), -32768, 32767).astype(np.int16)


def _loudest(samples: NDArray[np.int16]) -> tuple[NDArray[np.int16], float]:
    """The louder channel, and its mean square."""
    some = samples.reshape(BLOCK_SAMPLES, -1)[::_SPARSE].astype(np.float32)
    powers = np.einsum("nc,nc->c", some, some) / len(some)
    channel = int(powers.argmax())
    return samples.reshape(BLOCK_SAMPLES, -1)[:, channel], float(powers[channel])


def joined(blocks: Sequence[Block]) -> tuple[NDArray[np.int16], float]:
    """One sound of what was kept, int16 at 16 kHz, and when it begins. Where nothing came there is silence."""
    begins = blocks[0].at - BLOCK_SECONDS
    whole = np.zeros(round((blocks[-1].at - begins) * KEPT_RATE), np.int16)
    filled = 0
    for block in blocks:
        # Times waver by the network's jitter: what follows closely follows at once.
        wanted = round((block.at - BLOCK_SECONDS - begins) * KEPT_RATE)
        start = filled if wanted - filled < KEPT_SAMPLES // 2 else wanted
        part = block.samples[: len(whole) - start]
        whole[start : start + len(part)] = part
        filled = start + len(part)
    return whole, begins
