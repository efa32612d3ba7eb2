"""What can be paged on: Prometheus metrics of this worker, named by Prometheus' conventions, no user in any label.

What is counted as it happens is here; what is read at a scrape, in `agent.process.report`; METRICS.md lists both.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from moderation.rule_names import Rule
from moderation.rules.not_measurable import Shut
from moderation.rules.steps import Step

LATENCY_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.3, 0.5, 1, 2, 5, 10)
OUTAGE_BUCKETS = (0.5, 1, 2, 3, 4.5, 6, 10, 20, 60, 300, 1800)


class Metrics:
    """One registry per worker, so that tests can run several side by side."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.rooms = Gauge(
            "live_rooms_moderated", "Rooms this worker holds the lease of", registry=self.registry
        )
        self.actions = Histogram(
            "live_action_enforce_seconds",
            "Moderation row inserted until LiveKit confirmed",
            ["action", "outcome"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.drift = Counter(
            "live_drift_total", "Permissions found to differ from the database", registry=self.registry
        )
        self.disguises = Counter(
            "live_tracks_disguised_total",
            "Tracks published under a false source, such as sound as a camera",
            registry=self.registry,
        )
        self.hosts_not_measurable = Counter(
            "live_hosts_not_measurable",
            "Incidents of hosts who keep the agent from their sound: ops must act, since no rule may",
            registry=self.registry,
        )
        self.presence_corrections = Counter(
            "live_presence_corrections_total",
            "Visits closed because a listing missed them",
            registry=self.registry,
        )
        self.contradictions = Counter(
            "live_livekit_contradictions",
            "Answers of LiveKit's API that something is not there which we see there: believed by nobody",
            ["kind"],
            registry=self.registry,
        )
        self.wakeups = Counter("live_wakeups_total", "Wake-ups received", registry=self.registry)
        self.wakeups_connected = Gauge(
            "live_wakeups_connected", "1 while the wake-up channel is joined", registry=self.registry
        )
        self.room_failures = Counter(
            "live_room_failures_total", "Rooms whose loop failed and was rebuilt", registry=self.registry
        )
        self.audio_measured = Counter(
            "live_audio_blocks_measured", "Blocks of 200 ms measured", registry=self.registry
        )
        self.audio_dropped = Counter(
            "live_audio_blocks_dropped", "Blocks left out to keep up", registry=self.registry
        )
        self.audio_resubscribed = Counter(
            "live_audio_resubscribed",
            "Sounds subscribed to again because nothing came",
            registry=self.registry,
        )
        self.audio_failures = Counter(
            "live_audio_failures",
            "Failures to measure a sound or to look after a room's, each because of a bug",
            registry=self.registry,
        )
        self.audio_made_up = Counter(
            "live_audio_made_up_seconds",
            "Seconds of audible sound that no rule judges because much of it is lost and made up",
            registry=self.registry,
        )
        self.audio_unheard = Counter(
            "live_audio_unheard_seconds",
            "Seconds of open microphones of which nothing came, without proof that anybody wanted it so",
            registry=self.registry,
        )
        self.audio_shut = Counter(
            "live_audio_unmeasured_seconds",
            "Seconds of sound that publishers provably kept the agent from",
            ["shut"],
            registry=self.registry,
        )
        self.witness_failures = Counter(
            "live_witness_failures", "Witnesses that LiveKit did not let in or lost", registry=self.registry
        )
        self.incidents = Counter(
            "live_incidents", "Steps that the audio rules took", ["rule", "step"], registry=self.registry
        )
        self.bad_policies = Counter(
            "live_bad_policies", "Policies in the database that could not be used", registry=self.registry
        )
        self.levels_dropped = Counter(
            "live_levels_dropped", "Levels that Realtime did not take", registry=self.registry
        )
        self.store_seconds = Histogram(
            "live_store_call_seconds",
            "Database calls",
            ["call", "outcome"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.livekit_seconds = Histogram(
            "live_livekit_call_seconds",
            "LiveKit server API calls",
            ["call", "outcome"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.poll_fallbacks = Counter(
            "live_poll_fallbacks_total",
            "Actions found by the beat that no wake-up had announced",
            registry=self.registry,
        )
        self.last_wakeup = Gauge(
            "live_wakeup_last_timestamp_seconds",
            "When the last wake-up came (Unix time; 0: none yet)",
            registry=self.registry,
        )
        self.leases_lost = Counter(
            "live_leases_lost_total", "Rooms that another worker took from us", registry=self.registry
        )
        self.interruptions = Counter(
            "live_room_interruptions_total",
            "Rooms taken again after a fault outside their handlers",
            ["cause"],
            registry=self.registry,
        )
        self.unmoderated_seconds = Histogram(
            "live_room_unmoderated_seconds",
            "From the last sign of one agent until the next was in, for rooms taken over or taken again",
            buckets=OUTAGE_BUCKETS,
            registry=self.registry,
        )
        self.relay_lag = Histogram(
            "live_relay_lag_seconds",
            "Event written until its packet was sent",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.relay_failures = Counter(
            "live_relay_failures_total", "Batches of events that could not be sent", registry=self.registry
        )
        self.dispatches = Counter(
            "live_dispatches_total", "LiveKit's dispatches, by our answer", ["answer"], registry=self.registry
        )
        self.clips = Counter(
            "live_clips_total",
            "Clips of sound that were to be kept as evidence, by outcome",
            ["outcome"],
            registry=self.registry,
        )
        self.recordings = Gauge(
            "live_recordings_open", "Recordings that this worker sees to", registry=self.registry
        )
        self.recording_parts = Counter(
            "live_recording_parts_total",
            "Parts of recordings: begun, lost, or why one was not begun",
            ["outcome"],
            registry=self.registry,
        )
        self.recording_strays = Counter(
            "live_recording_strays_total",
            "Folders of a store that no recording has: deleted, or refused because too many are unknown",
            ["outcome"],
            registry=self.registry,
        )
        self.recording_begin_seconds = Histogram(
            "live_recording_begin_seconds",
            "From the moment that a recording may begin until it does",
            buckets=OUTAGE_BUCKETS,
            registry=self.registry,
        )
        self.recording_past_wish = Gauge(
            "live_recording_past_wish_seconds",
            "For how long the longest recording goes on that nobody wants any more",
            registry=self.registry,
        )
        self.pages = Counter(
            "live_pages_total",
            "Attempts to call operators by the pager's webhook, by outcome",
            ["outcome"],
            registry=self.registry,
        )
        self.loop_lag = Histogram(
            "live_event_loop_lag_seconds",
            "How much later than asked the event loop turned",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """A series that begins with its first event has no rate for it: what is known before is there at once."""
        for rule in Rule:
            for step in Step:
                self.incidents.labels(rule.value, step.value)
        for counter, values in (
            (self.contradictions, ("agent", "person")),
            (self.audio_shut, tuple(shut.value for shut in Shut)),
            (self.interruptions, ("connection_lost", "inbox_overflow", "no_answer")),
            (self.dispatches, ("accepted", "rejected")),
            (self.pages, ("sent", "failed")),
            (self.recording_parts, ("begun", "lost", "limit", "unanswered", "refused", "gone", "storage")),
            (self.recording_strays, ("deleted", "refused")),
        ):
            for value in values:
                counter.labels(value)
