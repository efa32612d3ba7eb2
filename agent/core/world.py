"""What a room may touch."""

from dataclasses import dataclass

from agent.core.outboxes import Outboxes
from agent.core.ports import HiddenParticipant
from agent.core.puller import Puller
from agent.core.shared import Shared


@dataclass(frozen=True, slots=True)
class World:
    """All that a room may touch."""

    inside: HiddenParticipant
    shared: Shared
    outboxes: Outboxes
    puller: Puller
