"""What hearing a track costs: `python -m bench.audio`.

Two voices in two channels at 48 kHz, 200 ms at a time, through our meter with all measures on, and through pyloudnorm
asked for the short-term loudness of the last 3 s at each block, as one would use it on a stream. Interleaved in one
run, so that whatever else the machine does hits both. Time is the thread's own, in microseconds for 100 ms of sound.
Costs are medians; the two are compared by their least disturbed rounds. A voice that is sent in one channel costs less,
since the second is the same; it is shown beside.
"""

import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pyloudnorm  # type: ignore[import-untyped]

from agent.livekit.native import Tap
from local import sounds
from local.results import Figure, at_most, conclude
from moderation.audio.kweighting import SAMPLE_RATE
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter
from moderation.audio.stats import MinuteStats
from moderation.escalation import Record, escalate
from moderation.rules.judge import Watch, judge
from moderation.rules.policy import Mode, Policy
from moderation.rules.rule import Subject

BLOCK_BAR_US = 120.0
"""For 100 ms of a speaker in two channels."""
TIMES_CHEAPER_BAR = 10.0
MEMORY_BAR_KIB = 80.0
_ROUNDS, _BLOCKS = 120, 50
_TRACKS, _TENS_A_MINUTE = 10, 6
_WINDOW = 3 * SAMPLE_RATE
_TENTHS_PER_BLOCK = BLOCK_SECONDS / 0.1


def spent_us(work: Callable[[], None], blocks: int) -> float:
    """Microseconds for 100 ms of sound."""
    begun = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - begun) / 1000.0 / blocks / _TENTHS_PER_BLOCK


class TutorialListener:
    """Our side: the meter alone, and everything that follows from its measurements."""

    def __init__(self) -> None:
        self.meter, self.clock = TrackMeter(), 0.0
        self.watch, self.record, self.stats = Watch(), Record(), MinuteStats()
        self.policy, self.subject = Policy(mode=Mode.ENFORCE), Subject("speaker")

    def measure(self, blocks: sounds.Blocks) -> None:
        """The meter alone. `blocks`: int16, `BLOCK_SECONDS` each."""
        for block in blocks:
            self.clock += BLOCK_SECONDS
            self.meter.push(block, self.clock)

    def follow(self, blocks: sounds.Blocks) -> None:
        """The meter, the statistics, the rules and the ladder, as a worker runs them for a speaker."""
        for block in blocks:
            self.clock += BLOCK_SECONDS
            measurement = self.meter.push(block, self.clock)
            if measurement is None:
                continue
            self.stats.add(measurement)
            self.watch, verdicts = judge(self.watch, measurement, self.subject, self.policy)
            for verdict in verdicts:
                self.record, _ = escalate(self.record, verdict, self.subject.role, self.policy)


def ask_pyloudnorm(signal: sounds.Signal, meter: pyloudnorm.Meter, windows: int) -> None:
    """Asks `windows` times for the last 3 s, one block later each time. `signal`: (samples, 2) at 48 kHz."""
    for i in range(windows):
        start = i * sounds.BLOCK_SAMPLES
        meter.integrated_loudness(signal[start : start + _WINDOW])


def memory_of_a_track(blocks: sounds.Blocks) -> float:
    """Bytes that one track's state takes after a minute, a block that waits to be measured included: the mean of
    several, after one that has paid for what all share."""
    before, kept = 0, list[tuple[TutorialListener, Tap]]()
    tracemalloc.start()
    for _ in range(1 + _TRACKS):
        before = before or (tracemalloc.get_traced_memory()[0] if kept else 0)
        listener, tap = TutorialListener(), Tap(cast("Any", None))
        for _ in range(_TENS_A_MINUTE):
            listener.follow(blocks)
        tap.add(0.0, bytearray(blocks[0].tobytes()))
        kept.append((listener, tap))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / _TRACKS


def two_voices() -> sounds.Signal:
    """(samples, 2) at `SAMPLE_RATE`, `_BLOCKS` blocks long: a different voice in each channel."""
    voices = [
        sounds.speech(-20.0, _BLOCKS * BLOCK_SECONDS, SAMPLE_RATE, np.random.default_rng(i)) for i in (1, 2)
    ]
    return np.stack(voices, axis=1)


def measured() -> list[Figure]:
    """Figures `audio.*`, in microseconds for 100 ms of sound, and one of memory in KiB. Takes no stack."""
    signal = two_voices()
    blocks, one_voice = sounds.as_blocks(signal), sounds.as_blocks(np.stack([signal[:, 0]] * 2, axis=1))
    alone, whole, single = TutorialListener(), TutorialListener(), TutorialListener()
    peer = pyloudnorm.Meter(SAMPLE_RATE, block_size=3.0)
    windows = 10
    measuring, following, sent_in_one, asking = [], [], [], []
    for _ in range(_ROUNDS):
        measuring.append(spent_us(lambda: alone.measure(blocks), _BLOCKS))
        following.append(spent_us(lambda: whole.follow(blocks), _BLOCKS))
        sent_in_one.append(spent_us(lambda: single.measure(one_voice), _BLOCKS))
        asking.append(spent_us(lambda: ask_pyloudnorm(signal, peer, windows), windows))
    cheaper = min(asking) / min(measuring)
    n = _ROUNDS * _BLOCKS
    return [
        at_most("audio.block.p50", statistics.median(measuring), BLOCK_BAR_US, "us", n),
        Figure("audio.block_of_one_channel.p50", statistics.median(sent_in_one), "us", n),
        Figure("audio.block_with_rules_and_stats.p50", statistics.median(following), "us", n),
        Figure("audio.pyloudnorm_short_term.p50", statistics.median(asking), "us", _ROUNDS * windows),
        Figure(
            "audio.times_cheaper_than_pyloudnorm.best",
            cheaper,
            "x",
            n,
            TIMES_CHEAPER_BAR,
            cheaper >= TIMES_CHEAPER_BAR,
        ),
        Figure("audio.core_share_per_speaker", statistics.median(following) / 1e3, "%", n),
        at_most("audio.memory_per_track", memory_of_a_track(blocks) / 1024.0, MEMORY_BAR_KIB, "KiB", _TRACKS),
    ]


if __name__ == "__main__":
    sys.exit(conclude("audio", measured()))
