"""The rooms that this worker moderates now, and what the answers to their written rows mean for them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.core.held_room import HeldRoom
from agent.core.inbox import Inbox
from agent.core.lease import Finish, Incident, Joined, Lease, Left, RoomFacts, Written
from agent.core.outbox import Outbox
from agent.core.outboxes import Outboxes
from agent.core.puller import Puller
from agent.core.shared import Shared
from handlers.events import PresenceRecorded
from handlers.state import RoomState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Moderated:
    """A room that this worker moderates now. Only the room's own loop changes `state`."""

    held: HeldRoom
    facts: RoomFacts
    inbox: Inbox
    since: float
    """By the database's clock."""
    state: RoomState = field(default_factory=RoomState)


class WrittenRows:
    """Takes the answer to each written row to the room that it was about."""

    def __init__(self, moderated: Mapping[Lease, Moderated], puller: Puller, shared: Shared) -> None:
        self._moderated, self._puller = moderated, puller
        self._store, self._metrics = shared.store, shared.metrics

    def outboxes(self) -> Outboxes:
        """One for each kind of row."""
        store = self._store
        return Outboxes(
            presence=Outbox("presence", store.presence, self._presence_written),
            finishes=Outbox("finishes", store.finish, self._finish_written),
            cursors=Outbox("cursors", store.relayed, lambda row, _: self._puller.relayed(row.lease.room)),
            incidents=Outbox("incidents", store.incidents, self._incident_written),
            minutes=Outbox("minutes", store.minutes, lambda _row, _answer: None),
            media=Outbox("media", store.media, lambda _row, _answer: None),
        )

    def _incident_written(self, row: Incident, answer: Written) -> None:
        if not answer.ok:
            rule = row.effect.decision.rule.value
            log.warning(
                "incident not written", extra={"room": row.lease.room, "rule": rule, "error": answer.error}
            )

    def _presence_written(self, row: Joined | Left, answer: Written) -> None:
        moderated = self._moderated.get(row.lease)
        if answer.person is not None and moderated is not None and isinstance(row, Joined):
            moderated.inbox.put(PresenceRecorded(answer.person))

    def _finish_written(self, row: Finish, answer: Written) -> None:
        self._puller.finished(row.lease, row.effect.action, written=answer.ok)
        moderated, verdict = self._moderated.get(row.lease), row.effect.verdict.value
        where = {"room": row.lease.room, **(moderated.facts.as_key() if moderated else {})}
        what = {"action_id": row.effect.action, "action": answer.action, "outcome": verdict}
        if not answer.ok:
            log.warning("action not finished", extra={**where, **what, "error": answer.error})
        elif answer.enforce_ms is not None:
            log.info("action finished", extra={**where, **what, "enforce_ms": round(answer.enforce_ms, 1)})
            self._metrics.actions.labels(answer.action or "", verdict).observe(answer.enforce_ms / 1000)
