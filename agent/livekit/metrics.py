"""What is counted on LiveKit's side, as ports: `agent.process.metrics` has the real ones."""

from typing import Protocol

from agent.core.metrics import Counter, Histogram, Labelled


class SoundMetrics(Protocol):
    """Metrics of the sounds that are measured, and of those that cannot be."""

    @property
    def audio_measured(self) -> Counter: ...
    @property
    def audio_dropped(self) -> Counter: ...
    @property
    def audio_resubscribed(self) -> Counter: ...
    @property
    def audio_failures(self) -> Counter: ...
    @property
    def audio_made_up(self) -> Counter: ...
    @property
    def audio_unheard(self) -> Counter: ...
    @property
    def audio_shut(self) -> Labelled[Counter]:
        """Label: how the publisher keeps the agent out."""

    @property
    def witness_failures(self) -> Counter: ...


class CallMetrics(Protocol):
    """Metrics of LiveKit's server API."""

    @property
    def livekit_seconds(self) -> Labelled[Histogram]:
        """Labels: the call, the outcome."""


class DispatchMetrics(Protocol):
    """Metrics of LiveKit's dispatches."""

    @property
    def dispatches(self) -> Labelled[Counter]:
        """Label: our answer."""
