"""What is counted while rooms are moderated, as ports: `agent.process.metrics` has the real ones."""

from typing import Protocol, TypeVar, assert_never

from handlers.effects import Metric

Kind_co = TypeVar("Kind_co", covariant=True)


class Counter(Protocol):
    def inc(self, amount: float = 1) -> None:
        """Count so many more."""


class Gauge(Protocol):
    def set(self, value: float) -> None:
        """How much it is now."""


class Histogram(Protocol):
    def observe(self, amount: float) -> None:
        """`amount`: seconds, as for every histogram here."""


class Labelled(Protocol[Kind_co]):
    """One metric for each combination of its labels' values."""

    def labels(self, *values: str) -> Kind_co:
        """The one with these values, in the order of its labels."""


class RoomMetrics(Protocol):
    """Metrics of the room's loop and of what feeds it."""

    @property
    def rooms(self) -> Gauge: ...
    @property
    def actions(self) -> Labelled[Histogram]:
        """Labels: the action, the outcome."""

    @property
    def drift(self) -> Counter: ...
    @property
    def disguises(self) -> Counter: ...
    @property
    def hosts_not_measurable(self) -> Counter: ...
    @property
    def presence_corrections(self) -> Counter: ...
    @property
    def contradictions(self) -> Labelled[Counter]:
        """Label: what LiveKit's API missed."""

    @property
    def room_failures(self) -> Counter: ...
    @property
    def interruptions(self) -> Labelled[Counter]:
        """Label: the cause."""

    @property
    def unmoderated_seconds(self) -> Histogram: ...
    @property
    def incidents(self) -> Labelled[Counter]:
        """Labels: the rule, the step."""

    @property
    def bad_policies(self) -> Counter: ...
    @property
    def poll_fallbacks(self) -> Counter: ...
    @property
    def leases_lost(self) -> Counter: ...
    @property
    def relay_lag(self) -> Histogram: ...
    @property
    def relay_failures(self) -> Counter: ...


def count(metrics: RoomMetrics, metric: Metric) -> None:
    """One more of what the handlers count."""
    match metric:
        case Metric.DRIFT_FOUND:
            metrics.drift.inc()
        case Metric.PRESENCE_CORRECTED:
            metrics.presence_corrections.inc()
        case Metric.LISTING_CONTRADICTED:
            metrics.contradictions.labels("person").inc()
        case Metric.TRACK_DISGUISED:
            metrics.disguises.inc()
        case Metric.HOST_NOT_MEASURABLE:
            metrics.hosts_not_measurable.inc()
        case _:
            assert_never(metric)
