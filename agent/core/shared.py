"""What all rooms of a process share of the outside."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.core.clock import DatabaseClock
from agent.core.envelope import Signs
from agent.core.inbox import Inbox
from agent.core.lease import RoomName
from agent.core.metrics import RoomMetrics
from agent.core.ports import ClipSink, HiddenParticipant, Recorders, RoomCalls, Screen, Store
from handlers.facts import Identity


@dataclass(frozen=True, slots=True)
class Shared:
    store: Store
    calls: RoomCalls
    connect: Callable[[RoomName, Identity, Inbox], HiddenParticipant]
    """Makes the hidden participant of a room, under this identity; what it sees goes into the inbox."""
    screen: Screen
    signer: Signs
    clips: ClipSink
    recorder: Recorders
    clock: DatabaseClock
    metrics: RoomMetrics
