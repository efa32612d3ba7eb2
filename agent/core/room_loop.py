"""The loop of one room: the single owner of its `RoomState`."""

import asyncio
import logging

from agent.core.clock import DatabaseClock
from agent.core.envelope import Envelope
from agent.core.held_room import HeldRoom
from agent.core.inbox import Inbox
from agent.core.lease import RoomName
from agent.core.performer import Performer
from agent.core.ports import ConnectionLost, PortError
from agent.core.world import World
from handlers.effects import Leave
from handlers.events import Event, Pulled, Ticked
from handlers.minutes import last_words
from handlers.room import handle
from handlers.state import RoomState

log = logging.getLogger(__name__)

RESTORE_SECONDS = 0.8
"""A connection that LiveKit's client restores by itself is mostly there by then; one that hangs takes fifteen."""


async def moderate(held: HeldRoom, inbox: Inbox, world: World, envelope: Envelope, state: RoomState) -> Leave:
    """Run a room until it ends or is lost. Its news must arrive in `inbox`, the snapshot first.

    `state` is empty at first, and this loop's alone to change.

    Raises:
        InboxOverflow: more came than it could take; rebuild it.
        Exception: what the inbox was failed with; or a decision or an effect failed in a way that nobody foresaw.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            performer = Performer(held, world, envelope, inbox.put, tasks)
            guard = tasks.create_task(_guard(held.lease.room, world), name="connection")
            try:
                return await _decide(inbox, performer, world.shared.clock, state)
            finally:
                guard.cancel()
    except ExceptionGroup as faults:
        if len(faults.exceptions) == 1:
            raise faults.exceptions[
                0
            ] from None  # what interrupted the room, as the one who holds it knows it
        raise
    raise AssertionError  # the group re-raises


async def _decide(inbox: Inbox, performer: Performer, clock: DatabaseClock, state: RoomState) -> Leave:
    try:
        while True:
            event = await _next(inbox, state, clock)
            _log_claims(event)
            for effect in handle(state, event, clock.now()):
                if isinstance(effect, Leave):
                    return effect
                performer.perform(effect)
    finally:
        for effect in last_words(state):
            performer.perform(effect)


async def _guard(room: RoomName, world: World) -> None:
    """Raises ConnectionLost when LiveKit no longer has us in the room, however long its client still hopes."""
    while True:
        await world.inside.restoring.wait()
        await asyncio.sleep(RESTORE_SECONDS)
        if world.inside.restoring.is_set() and not await _still_in(room, world):
            msg = "LiveKit has let go of us while its client was reconnecting"
            raise ConnectionLost(msg)


async def _still_in(room: RoomName, world: World) -> bool:
    try:
        return await world.shared.calls.connected(room, world.inside.identity)
    except PortError:
        return True  # unknown is not absent


def _log_claims(event: Event) -> None:
    if isinstance(event, Pulled):
        for action in event.actions:
            log.info("action claimed", extra={"action_id": action.id, "action": action.action})


async def _next(inbox: Inbox, state: RoomState, clock: DatabaseClock) -> Event:
    """The next event; a deadline that has come goes first, however full the inbox is."""
    deadline = state.next_deadline()
    if deadline is None:
        return await inbox.get(None)
    left = deadline - clock.now()
    return Ticked() if left <= 0 else await inbox.get(left)
