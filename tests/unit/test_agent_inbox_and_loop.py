"""The inbox is bounded and says so; the loop of a room hands out what interrupted it."""

import asyncio

import pytest

from agent.core.inbox import Inbox, InboxOverflow
from agent.core.ports import ConnectionLost
from agent.core.room_loop import RESTORE_SECONDS
from handlers.events import EventsRelayed, LeaseLost, Ticked
from tests.fakes.scene import NOTHING
from tests.fakes.shell import ROOM, shell
from tests.fakes.virtual_time import clock, virtual_time


@virtual_time
async def test_events_come_in_order_and_the_deadline_when_none_comes() -> None:
    inbox = Inbox()
    inbox.put(EventsRelayed(1))
    inbox.put(EventsRelayed(2))
    assert [await inbox.get(1.0), await inbox.get(1.0)] == [EventsRelayed(1), EventsRelayed(2)]
    before = clock()
    assert await inbox.get(7.5) == Ticked()
    assert clock() - before == pytest.approx(7.5)


@virtual_time
async def test_one_event_too_many_is_not_lost_silently() -> None:
    inbox = Inbox(limit=2)
    for seq in range(3):
        inbox.put(EventsRelayed(seq))
    with pytest.raises(InboxOverflow):
        await inbox.get(None)


@virtual_time
async def test_a_failure_reaches_anyone_who_waits() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get(None))
    await asyncio.sleep(0)
    inbox.fail(ConnectionError("over"))
    with pytest.raises(ConnectionError):
        await waiting


@virtual_time
async def test_the_loop_raises_what_interrupted_it_as_itself() -> None:
    """As a group of one it would pass for a bug of the handlers, be counted as one, and quarantine the room."""
    room = shell()
    room.inbox.fail(InboxOverflow("too many"))
    with pytest.raises(InboxOverflow):
        await room.moderate()


@virtual_time
async def test_a_lost_lease_ends_the_loop_in_good_order() -> None:
    room = shell()
    room.inbox.put(LeaseLost())
    assert (await room.moderate()).closed is False


@virtual_time
async def test_a_connection_that_hangs_is_given_up_once_livekit_has_let_go_of_it() -> None:
    room = shell()
    room.livekit.join(ROOM, room.inside.identity, NOTHING, agent=True)
    moderating = asyncio.create_task(room.moderate())
    await asyncio.sleep(0)
    room.inside.restoring.set()
    await asyncio.sleep(10 * RESTORE_SECONDS)
    assert not moderating.done(), "it is in the room: its client has only lost the way to signal"

    room.livekit.leave(ROOM, room.inside.identity)
    room.actions.away = True
    await asyncio.sleep(10 * RESTORE_SECONDS)
    assert not moderating.done(), "unknown is not absent"

    room.actions.away = False
    with pytest.raises(ConnectionLost):
        await moderating


@virtual_time
async def test_a_connection_that_comes_back_in_time_is_kept() -> None:
    room = shell()
    moderating = asyncio.create_task(room.moderate())
    await asyncio.sleep(0)
    room.inside.restoring.set()
    await asyncio.sleep(RESTORE_SECONDS / 2)
    room.inside.restoring.clear()
    await asyncio.sleep(10 * RESTORE_SECONDS)
    room.inbox.put(LeaseLost())
    assert (await moderating).closed is False
