"""The figures of the process for Prometheus: nothing about a person."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0)


class Counts:
    """Since the process began."""

    def __init__(self) -> None:
        self.transcribed = 0
        self.dropped = 0
        """Windows that waited too long behind others, or whose speaker was flagged no more."""
        self.failed = 0
        self.waited = _seconds("waiting", "From the end of a window until the engine begins with it")
        self.took = _seconds("engine", "What the engine takes for a window")
        self.flagged = _seconds("flag", "From the last word of a window until the database has its flag")


class SpeechReport(Collector):
    """Collected when somebody asks. `counts`: of the engine; `rooms`, `told_age`: asked for each time."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self.rooms = 0
        self.told_age = 0.0
        """Seconds since the database said last where to listen."""

    def collect(self) -> Iterator[Metric]:
        """Of the moment."""
        done = CounterMetricFamily(
            "live_speech_windows", "Windows of speech, by what became of them", labels=["outcome"]
        )
        for outcome in ("transcribed", "dropped", "failed"):
            done.add_metric([outcome], getattr(self._counts, outcome))
        yield done
        yield GaugeMetricFamily(
            "live_speech_rooms", "Rooms that this process listens or looks in", self.rooms
        )
        age = "Since the database said last where to listen; after 8 s nobody is listened to"
        yield GaugeMetricFamily("live_speech_told_age_seconds", age, self.told_age)


def _seconds(name: str, says: str) -> Histogram:
    return Histogram(f"live_speech_{name}_seconds", says, buckets=SECONDS, registry=None)


def registry_of(report: SpeechReport, counts: Counts) -> CollectorRegistry:
    """All figures of a process."""
    registry = CollectorRegistry()
    registry.register(report)
    for histogram in (counts.waited, counts.took, counts.flagged):
        registry.register(histogram)
    return registry
