"""What this worker does at this moment: for `/readyz`, `/status`, and the metrics that are read at a scrape.

Reads what the parts know and changes nothing. It names rooms, sessions and actions, never people.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agent.core.announced import DEAF_AFTER
from agent.core.clock import DatabaseClock
from agent.core.host import Host
from agent.core.moderated import Moderated
from agent.core.puller import Puller
from agent.core.relay_key import RelayKey
from agent.core.wakes import Hints
from agent.core.watcher import Watcher
from agent.livekit.api_budget import ApiBudget
from agent.livekit.dispatches import Dispatches
from agent.livekit.hearing import Hearing
from agent.process.readiness import Conditions
from handlers.state import OpenAction
from moderation.timestamps import text_of


@dataclass(frozen=True, slots=True)
class Parts:
    """What a report reads."""

    name: str
    """The worker's."""
    key: RelayKey
    host: Host
    puller: Puller
    watcher: Watcher
    dispatches: Dispatches
    hearing: Hearing
    wakeups: Hints | None
    """None: switched off."""
    budget: ApiBudget
    clock: DatabaseClock
    memory_limit_mb: float


class Report(Collector):
    def __init__(self, parts: Parts) -> None:
        self._parts, self._started_at = parts, time.time()

    def conditions(self) -> Conditions:
        """Whether each condition of `REASONS` holds now."""
        parts = self._parts
        return {
            "registered": parts.dispatches.registered,
            "key_published": parts.key.published,
            "taking_rooms": parts.host.taking,
            "database": parts.puller.reachable,
            "wakeups": parts.wakeups is None
            or (parts.wakeups.joined and parts.puller.announced.unannounced < DEAF_AFTER),
            "leases": parts.puller.lease_left is None or parts.puller.lease_left > 0,
        }

    def status(self) -> Mapping[str, Any]:
        """What `/status` answers, ready for JSON."""
        parts = self._parts
        return {
            "worker": parts.name,
            "since": text_of(self._started_at, "seconds"),
            "kid": parts.key.kid,
            "conditions": self.conditions(),
            "unmoderated": {room: round(s, 1) for room, s in parts.watcher.unmoderated.items()},
            "outboxes": {box.kind: box.waiting for box in parts.host.outboxes.all()},
            "hearing": sorted(sounds.room for sounds in parts.hearing.rooms),
            "rooms": [self._room(room) for room in parts.host.moderated],
        }

    def _room(self, room: Moderated) -> Mapping[str, Any]:
        now, state = self._parts.clock.now(), room.state
        return {
            "room": room.held.lease.room,
            **room.facts.as_key(),
            "epoch": room.held.lease.epoch,
            "since": text_of(room.since, "seconds"),
            "people": sum(1 for _ in state.connected()),
            "lease_left_s": round(room.held.valid_until - self._parts.clock.monotonic(), 1),
            "relayed_seq": state.relayed_seq,
            "relay_backlog": len(state.relaying) + len(state.backlog),
            "open_actions": [
                {"id": open_.action.id, "action": open_.action.action, "age_s": round(_age(open_, now), 1)}
                for open_ in state.actions.values()
            ],
        }

    def collect(self) -> Iterator[Metric]:
        """The state that nobody counts, for Prometheus: health, rooms, lane."""
        yield _by("worker", "live_worker_info", "This worker (always 1)", {self._parts.name: 1})
        yield from self._collect_health()
        yield from self._collect_rooms()
        yield from self._collect_queues()

    def _collect_health(self) -> Iterator[Metric]:
        yield _by("condition", "live_ready", "1 while this condition of readiness holds", self.conditions())
        limit = self._parts.memory_limit_mb * 2**20
        yield _gauge("live_memory_limit_bytes", "Resident memory past which the worker drains", limit)
        looked = "When all rooms were last compared with their leases (Unix time)"
        yield _gauge("live_watch_last_timestamp_seconds", looked, self._parts.watcher.looked_at)
        left = "Until the first of our leases lapses (no line without rooms)"
        yield _gauge("live_lease_left_seconds", left, self._parts.puller.lease_left)

    def _collect_rooms(self) -> Iterator[Metric]:
        rooms, alone, now = (
            self._parts.host.moderated,
            self._parts.watcher.unmoderated,
            self._parts.clock.now(),
        )
        ages = [_age(open_, now) for room in rooms for open_ in room.state.actions.values()]
        people = sum(1 for room in rooms for _ in room.state.connected())
        backlog = sum(len(room.state.relaying) + len(room.state.backlog) for room in rooms)
        yield _gauge("live_rooms_unmoderated", "Running rooms that no worker moderates", len(alone))
        longest = "For how long the first of them is known to be alone"
        yield _gauge("live_rooms_unmoderated_longest_seconds", longest, max(alone.values(), default=0))
        yield _gauge("live_people", "People in the rooms that this worker moderates", people)
        yield _gauge("live_actions_open", "Rows claimed and not true yet", len(ages))
        yield _gauge("live_actions_open_oldest_seconds", "Age of the oldest of them", max(ages, default=0))
        orphans = "Rooms with a name of ours that the database does not know (the worker that sweeps)"
        yield _gauge("live_rooms_orphaned", orphans, self._parts.watcher.orphans)
        swept = self._parts.watcher.swept
        circuits = "Rules that only observe in a session, past their ceiling there (the worker that sweeps)"
        yield _gauge("live_rule_circuits_open", circuits, swept.open_circuits)
        automatic = (
            "Actions that rules asked for within an hour, on the whole platform (the worker that sweeps)"
        )
        yield _gauge("live_automatic_actions", automatic, swept.automatic)
        ceiling = "How many of them wake somebody: limits.automatic_per_hour"
        yield _gauge("live_automatic_actions_limit", ceiling, swept.automatic_limit)
        yield _gauge(
            "live_cases_open", "Cases that no human has decided (the worker that sweeps)", swept.open_cases
        )
        waits = "For how long the longest critical case has waited that nobody has claimed (the worker that sweeps)"
        yield _gauge("live_case_critical_waiting_seconds", waits, swept.grave_case_waits)
        minutes = "Minutes recorded this month: 0 in the limit, 1 past the warning, 2 used up (the worker that sweeps)"
        yield _gauge("live_recording_minutes_level", minutes, swept.recording_minutes)
        unheard = "Rooms in which a speech process is wanted and none listens (the worker that sweeps)"
        yield _gauge("live_speech_rooms_unheard", unheard, swept.unheard_rooms)
        unlisted = "Rooms with people or workers in them that LiveKit does not list"
        yield _gauge("live_rooms_unlisted", unlisted, self._parts.watcher.unlisted)
        closed = CounterMetricFamily("live_rooms_orphaned_closed", "Such rooms that were closed")
        closed.add_metric([], self._parts.watcher.orphans_closed)
        yield closed
        unclaimed = self._parts.watcher.unclaimed
        due = "Rows of all running rooms that nobody has claimed though they are due"
        yield _gauge("live_actions_unclaimed", due, unclaimed.actions)
        oldest = "For how long the first of them has been due, as of the last look"
        yield _gauge("live_actions_unclaimed_oldest_seconds", oldest, unclaimed.oldest_seconds)
        yield _gauge("live_relay_backlog_events", "Events that are not on the wire yet", backlog)

    def _collect_queues(self) -> Iterator[Metric]:
        boxes = self._parts.host.outboxes.all()
        waiting = {box.kind: box.waiting for box in boxes}
        yield _by("kind", "live_outbox_rows", "Rows that wait for the database", waiting)
        dropped = CounterMetricFamily(
            "live_outbox_dropped", "Rows given up because the queue was full", labels=["kind"]
        )
        refused = CounterMetricFamily(
            "live_outbox_refused", "Rows that the database refused for good", labels=["kind"]
        )
        for box in boxes:
            dropped.add_metric([box.kind], box.dropped)
            refused.add_metric([box.kind], box.refused)
        yield dropped
        yield refused
        waits = "LiveKit server API calls that wait for LIVE_API_RATE"
        yield _gauge("live_livekit_calls_waiting", waits, self._parts.budget.waiting)


def _gauge(name: str, what: str, value: float | None) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)


def _by(label: str, name: str, what: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=[label])
    for own, value in values.items():
        family.add_metric([own], float(value))
    return family


def _age(open_: OpenAction, now: float) -> float:
    return max(0.0, now - open_.action.created_at_ms / 1000)
