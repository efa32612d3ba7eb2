"""The inbox is bounded and says so; the loop of a room hands out what interrupted it."""

import asyncio

import pytest

from agent.inbox import Inbox, InboxOverflow
from handlers.events import EventsRelayed, LeaseLost, Ticked
from tests.fakes.shell import shell
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
async def test_a_failure_reaches_whoever_waits() -> None:
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
