"""A host holds its rooms through faults of LiveKit, of the database and of its own handlers, until it lets go."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from agent.core.host import DISCONNECT_SECONDS, GOODBYE_SECONDS, RETRY_CAP_SECONDS
from agent.core.lease import Known, Lease, RoomName, RoomPull
from agent.core.ports import ConnectionLost
from handlers.facts import Identity, Status
from moderation.roles import Role
from tests.fakes.livekit import FakeParticipant
from tests.fakes.process import LEASE_SECONDS, Outside, Process, serving
from tests.fakes.scene import ADA, NOTHING, SPEAK
from tests.fakes.virtual_time import clock, virtual_time

ONE, TWO = RoomName("one"), RoomName("two")
BUG: Any = object()
"""No handler knows it."""


def outside(*rooms: RoomName) -> Outside:
    """Live rooms, in each of which ADA is a speaker who may not speak yet."""
    made = Outside()
    for room in rooms:
        made.database.live(room)
        made.database.set(room, ADA, role=Role.SPEAKER)
        made.livekit.join(room, ADA, NOTHING)
    return made


def agents_in(world: Outside, room: RoomName) -> list[Identity]:
    return [who for who, member in world.livekit.rooms[room].members.items() if member.agent]


@virtual_time
async def test_a_room_is_claimed_entered_and_made_to_agree_with_the_database() -> None:
    world = outside(ONE)
    async with serving(Process(world), ONE) as process:
        assert [room.held.lease.room for room in process.host.moderated] == [ONE]
        assert world.livekit.member(ONE, ADA).connection.permission == SPEAK
        assert world.database.places[ONE].visits, "what was seen is written"
        process.host.serve(ONE)
        await asyncio.sleep(1)
        assert len(process.inside) == 1, "repeats are harmless"


@virtual_time
async def test_the_lease_outlives_its_term_as_long_as_the_host_runs_and_goes_back_at_the_end() -> None:
    world = outside(ONE)
    async with serving(Process(world), ONE) as process:
        await asyncio.sleep(3 * LEASE_SECONDS)
        assert world.database.places[ONE].epoch == 1
        await process.host.leave_all()
        assert (process.host.rooms, process.host.moderated) == (frozenset(), ())
    assert world.database.places[ONE].expires_at <= world.clock.now(), "nobody waits for it to lapse"
    assert agents_in(world, ONE) == []


@virtual_time
async def test_a_database_that_renews_leases_late_holds_up_no_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """So does one that is flooded with reads: the answer that brings an act comes when the lease has lapsed, and those
    that renew it leave a tenth of it to act in."""
    world = outside(ONE)
    async with serving(Process(world), ONE) as process:
        rows, answer = world.database.places[ONE].rows, process.store.pull

        async def late(rooms: Mapping[Lease, Known]) -> tuple[RoomPull, ...]:
            news = await answer(rooms)
            brings = any(item.pulled is not None and item.pulled.actions for item in news)
            await asyncio.sleep((1.1 if brings else 0.9) * LEASE_SECONDS)
            return news

        monkeypatch.setattr(process.store, "pull", late)
        await asyncio.sleep(4 * LEASE_SECONDS)
        for action in 5 * ("mute", "unmute"):
            asked = world.database.ask(ONE, action, ADA)
            await asyncio.sleep(4 * LEASE_SECONDS)
            assert rows[asked].status == "applied"


@virtual_time
async def test_a_room_that_another_worker_has_is_not_even_entered() -> None:
    world = outside(ONE)
    async with serving(Process(world, "one"), ONE), serving(Process(world, "two"), ONE) as other:
        assert (other.inside[0].sent, other.host.rooms) == ([], frozenset())
        assert len(agents_in(world, ONE)) == 1


@virtual_time
async def test_a_room_of_nothing_is_left_alone_and_one_that_is_over_is_closed() -> None:
    world = outside(ONE, TWO)
    del world.database.places[ONE]
    world.database.places[TWO].status = Status.OVER
    async with serving(Process(world), ONE, TWO) as process:
        assert process.host.rooms == frozenset()
    assert world.livekit.rooms.keys() == {ONE}


@virtual_time
async def test_after_a_lost_connection_the_room_is_entered_anew_under_another_name() -> None:
    world = outside(ONE)
    async with serving(Process(world), ONE) as process:
        process.inboxes[0].fail(ConnectionLost("gone"))
        await asyncio.sleep(1)
        first, second = process.inside
        assert agents_in(world, ONE) == [second.identity]
        assert first.identity != second.identity, "the end of a ghost would end its successor"
        assert world.database.places[ONE].epoch == 2
        assert process.counted("live_room_interruptions_total", cause="connection_lost") == 1
        assert process.counted("live_room_unmoderated_seconds_count") == 1


@virtual_time
async def test_a_room_that_livekit_has_closed_meanwhile_is_not_opened_again() -> None:
    world = outside(ONE)
    async with serving(Process(world), ONE) as process:
        world.livekit.rooms.pop(ONE)
        process.inboxes[0].fail(ConnectionLost("gone"))
        await asyncio.sleep(1)
        assert process.host.rooms == frozenset()
    assert ONE not in world.livekit.rooms


@virtual_time
async def test_while_livekit_is_away_it_is_tried_at_least_every_second_and_at_most_a_few_times() -> None:
    world = outside(ONE)
    process = Process(world)
    process.livekit_away = True
    async with serving(process, ONE):
        await asyncio.sleep(20)
        tried = len(process.inside)
        assert 20 / RETRY_CAP_SECONDS <= tried <= 50 / RETRY_CAP_SECONDS
        process.livekit_away = False
        await asyncio.sleep(2 * RETRY_CAP_SECONDS)
        assert [room.held.lease.room for room in process.host.moderated] == [ONE]


@virtual_time
async def test_a_bug_in_one_room_quarantines_it_ever_longer_and_touches_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = outside(ONE, TWO)
    process = Process(world)
    enter = process.connect
    poisoned = True

    def connect(room: RoomName, *rest: Any) -> FakeParticipant:
        made = enter(room, *rest)
        if room == ONE and poisoned:
            process.inboxes[-1].put(BUG)
        return made

    object.__setattr__(process.shared, "connect", connect)
    async with serving(process, ONE, TWO):
        await asyncio.sleep(60)
        failed = process.counted("live_room_failures_total")
        assert 5 <= failed <= 12, "ever longer pauses"
        assert world.database.places[TWO].epoch == 1
        poisoned = False
        await asyncio.sleep(60)
        assert {room.held.lease.room for room in process.host.moderated} == {ONE, TWO}
    assert "room failed" in caplog.text


@virtual_time
async def test_who_takes_no_more_rooms_keeps_those_that_it_has() -> None:
    world = outside(ONE, TWO)
    async with serving(Process(world), ONE) as process:
        process.host.stop_taking()
        process.host.serve(TWO)
        await asyncio.sleep(1)
        assert process.host.rooms == {ONE}


@virtual_time
async def test_a_handed_over_room_is_never_without_an_agent() -> None:
    world = outside(ONE)
    async with serving(Process(world, "one"), ONE) as old, serving(Process(world, "two")) as new:
        begun, alone = clock(), 0
        handing = asyncio.create_task(old.host.hand_over(20))
        while new.host.moderated == () and clock() - begun < 10:
            if (await new.store.watch(0, None)).lapsing.get(ONE, 1.0) is None:
                new.host.serve(ONE, clock())
            await asyncio.sleep(0.05)
            alone += not agents_in(world, ONE)
        await handing
        assert alone == 0
        assert clock() - begun < 5, "it does not wait for its time to be up"
        assert (old.host.rooms, new.host.rooms) == (frozenset(), {ONE})


@virtual_time
async def test_a_room_that_nobody_takes_is_kept_until_the_time_is_up() -> None:
    world = outside(ONE)
    async with serving(Process(world), ONE) as process:
        begun = clock()
        await process.host.hand_over(20)
        assert clock() - begun == pytest.approx(20)
        assert process.host.rooms == {ONE}


@virtual_time
async def test_a_successor_to_whom_the_database_does_not_answer_leaves_it_to_the_watcher() -> None:
    world = outside(ONE)
    process = Process(world)
    async with serving(process):
        world.database.away = True
        process.host.serve(ONE, clock())
        await asyncio.sleep(1)
        assert process.host.rooms == frozenset()
    assert agents_in(world, ONE) == []


@virtual_time
async def test_neither_a_connection_that_hangs_nor_a_silent_database_holds_up_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = outside(ONE)
    async with serving(Process(world), ONE) as process:
        process.inside[0].disconnect = _never  # type: ignore[method-assign]
        world.database.away = True
        begun = clock()
        with caplog.at_level(logging.WARNING):
            await process.host.leave_all()
        assert clock() - begun <= DISCONNECT_SECONDS + GOODBYE_SECONDS + 0.1
        assert "lease left to lapse" in caplog.text
        assert process.host.ended == 1


async def _never() -> None:
    await asyncio.Event().wait()
