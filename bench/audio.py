"""What hearing a microphone costs: `python -m bench.audio`.

The same speech, 200 ms at a time, through our meter with all measures on, and through pyloudnorm asked for the
short-term loudness of the last 3 s at each block, as one would use it on a stream. Interleaved in one run, so that
whatever else the machine does hits both. Time is the thread's own, in microseconds a block. Costs are medians; the two
are compared by their least disturbed rounds.
"""

import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pyloudnorm  # type: ignore[import-untyped]

from local import sounds
from local.results import Figure, say, write
from moderation.audio.kweighting import SAMPLE_RATE
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter
from moderation.audio.stats import MinuteStats
from moderation.escalation import Record, escalate
from moderation.rules.judge import Subject, Watch, judge
from moderation.rules.policy import Mode, Policy

BLOCK_BAR_US = 200.0
TIMES_CHEAPER_BAR = 10.0
_ROUNDS, _BLOCKS = 120, 50
_WINDOW = 3 * SAMPLE_RATE


def spent_us(work: Callable[[], None], times: int) -> float:
    begun = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - begun) / 1000.0 / times


class Listener:
    """Our side: the meter alone, and everything that follows from its measurements."""

    def __init__(self) -> None:
        self.meter, self.clock = TrackMeter(), 0.0
        self.watch, self.record, self.stats = Watch(), Record(), MinuteStats()
        self.policy, self.subject = Policy(mode=Mode.ENFORCE), Subject("speaker")

    def measure(self, blocks: sounds.Blocks) -> None:
        for block in blocks:
            self.clock += BLOCK_SECONDS
            self.meter.push(block, self.clock)

    def follow(self, blocks: sounds.Blocks) -> None:
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
    for i in range(windows):
        start = i * sounds.BLOCK_SAMPLES
        meter.integrated_loudness(signal[start : start + _WINDOW])


def memory_of_a_meter(blocks: sounds.Blocks) -> int:
    """Bytes that one track's state takes after a minute."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    listener = Listener()
    for _ in range(6):
        listener.follow(blocks)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before


def main() -> int:
    signal = sounds.speech(-20.0, _BLOCKS * BLOCK_SECONDS, SAMPLE_RATE, np.random.default_rng(1))
    blocks = sounds.as_blocks(signal)
    alone, whole = Listener(), Listener()
    peer = pyloudnorm.Meter(SAMPLE_RATE, block_size=3.0)
    windows = 10
    measuring, following, asking = [], [], []
    for _ in range(_ROUNDS):
        measuring.append(spent_us(lambda: alone.measure(blocks), _BLOCKS))
        following.append(spent_us(lambda: whole.follow(blocks), _BLOCKS))
        asking.append(spent_us(lambda: ask_pyloudnorm(signal, peer, windows), windows))
    ours, theirs = statistics.median(measuring), statistics.median(asking)
    cheaper = min(asking) / min(measuring)
    n = _ROUNDS * _BLOCKS
    found = [
        Figure("audio.block.p50", ours, "us", n, BLOCK_BAR_US, ours <= BLOCK_BAR_US),
        Figure("audio.block_with_rules_and_stats.p50", statistics.median(following), "us", n),
        Figure("audio.pyloudnorm_short_term.p50", theirs, "us", _ROUNDS * windows),
        Figure(
            "audio.times_cheaper_than_pyloudnorm.best",
            cheaper,
            "x",
            n,
            TIMES_CHEAPER_BAR,
            cheaper >= TIMES_CHEAPER_BAR,
        ),
        Figure("audio.core_share_per_speaker", statistics.median(following) / BLOCK_SECONDS / 1e4, "%", n),
        Figure("audio.memory_per_track", memory_of_a_meter(blocks) / 1024.0, "KiB", 1),
    ]
    for figure in found:
        bar = "" if figure.bar is None else f"bar {figure.bar:g}: {'held' if figure.held else 'MISSED'}"
        say(f"{figure.name:42}{figure.value:10.2f} {figure.unit:4} n={figure.n:<6} {bar}")
    write("audio", found)
    return 1 if any(figure.held is False for figure in found) else 0


if __name__ == "__main__":
    sys.exit(main())
