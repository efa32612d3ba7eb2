"""Effects carried out: the lease's gate, outcomes for every failure, and that what is urgent never queues."""

import asyncio

import pytest

from agent.core.answers import failure_of
from agent.core.envelope import TOPIC_EVENTS, TOPIC_NOTICE
from agent.core.lease import RoomName
from agent.core.performer import CONCURRENT_CALLS
from agent.core.ports import LeaseLapsed, Refused, TargetGone, Unavailable
from handlers.effects import CloseRoom, Relay, RemoveParticipant, Resync, SetPermission
from handlers.events import (
    EventsNotRelayed,
    EventsRelayed,
    Failure,
    ParticipantNotRemoved,
    ParticipantRemoved,
    PermissionNotSet,
    PermissionSet,
    RoomClosed,
    RoomSynced,
)
from handlers.facts import Identity, Sid
from handlers.notice_types import NoticeType
from handlers.notices import notice
from moderation.desired import Permission
from tests.fakes.scene import ADA, BO, NOTHING, SPEAK, live_event
from tests.fakes.shell import ROOM, Shell, shell
from tests.fakes.virtual_time import virtual_time

SID = Sid("sid")
GRANT = SetPermission(ADA, SID, SPEAK, revokes=False)
REVOKE = SetPermission(ADA, SID, NOTHING, revokes=True)
GONE = notice(ADA, NoticeType.REMOVED, None)
BAN = RemoveParticipant(ADA, SID, ban=True, notice=GONE)
KICK = RemoveParticipant(ADA, SID, ban=False, notice=GONE)
RELAY = Relay((live_event(1), live_event(2)), last_seq=2)


def room_with_ada() -> Shell:
    room = shell()
    room.livekit.join(ROOM, ADA, NOTHING)
    return room


@virtual_time
async def test_each_effect_is_answered_by_its_outcome() -> None:
    room = room_with_ada()
    assert await room.perform(GRANT) == [PermissionSet(ADA, SID, SPEAK)]
    assert room.livekit.member(ROOM, ADA).connection.permission == SPEAK
    assert await room.perform(RELAY) == [EventsRelayed(2)]
    assert await room.perform(KICK) == [ParticipantRemoved(ADA, SID)]
    assert await room.perform(Resync(doubt=True)) == [RoomSynced((), listed=True)]
    assert await room.perform(CloseRoom()) == [RoomClosed()]


@virtual_time
async def test_a_list_tells_beside_itself_whom_the_room_shows() -> None:
    room = room_with_ada()
    list(room.livekit.batch(ROOM))
    ((_, ada),) = room.livekit.view(ROOM)
    assert await room.perform(Resync(doubt=True)) == [
        RoomSynced(((ADA, ada),), listed=True, shown=frozenset({ada.sid}))
    ]


@virtual_time
async def test_a_list_that_does_not_even_know_our_agent_is_no_answer_and_is_counted() -> None:
    room = room_with_ada()
    room.livekit.forgotten = True
    assert await room.perform(Resync(doubt=True)) == []
    assert room.world.shared.metrics.contradictions.labels("agent")._value.get() == 1


@virtual_time
async def test_anyone_who_is_removed_is_told_before() -> None:
    room = room_with_ada()
    await room.perform(BAN)
    assert [(topic, to) for topic, _, to in room.inside.sent] == [(TOPIC_NOTICE, (ADA,))]
    assert [who for who, _ in room.livekit.removed] == [ADA]


@virtual_time
async def test_past_the_lease_nothing_is_begun() -> None:
    room = room_with_ada()
    await asyncio.sleep(3.0)
    assert await room.perform(GRANT, REVOKE, KICK, BAN, RELAY, CloseRoom()) != []
    assert room.livekit.member(ROOM, ADA).connection.permission == NOTHING
    assert room.inside.sent == []
    assert not room.livekit.removed


@virtual_time
async def test_past_the_lease_known_revocations_go_on_only_while_the_database_is_away() -> None:
    room = room_with_ada()
    await room.perform(GRANT)
    await asyncio.sleep(3.0)
    room.puller.reachable = False
    assert await room.perform(REVOKE) == [PermissionSet(ADA, SID, NOTHING)]
    for denied in (GRANT, KICK, RELAY):
        (answer,) = await room.perform(denied)
        assert isinstance(answer, PermissionNotSet | ParticipantNotRemoved | EventsNotRelayed)
    assert await room.perform(BAN) == [ParticipantRemoved(ADA, SID)]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (TargetGone("no"), Failure.GONE),
        (Refused("no"), Failure.PERMANENT),
        (Unavailable("no"), Failure.RETRYABLE),
        (LeaseLapsed("no"), Failure.LAPSED),
    ],
)
def test_an_adapters_error_says_what_follows(error: Exception, failure: Failure) -> None:
    assert failure_of(error) is failure  # type: ignore[arg-type]


@virtual_time
async def test_a_listing_that_fails_says_nothing() -> None:
    room = room_with_ada()
    room.actions.away = True
    assert await room.perform(Resync(doubt=True)) == []


@virtual_time
async def test_the_view_from_inside_costs_no_call() -> None:
    room = room_with_ada()
    room.actions.away = True
    assert await room.perform(Resync(doubt=False)) == [RoomSynced(())]


@virtual_time
async def test_a_removal_does_not_queue_behind_a_crowd_of_grants() -> None:
    room = room_with_ada()
    room.livekit.join(ROOM, BO, NOTHING)
    answered, done = room.actions.set_permission, asyncio.Event()

    async def slow(name: RoomName, who: Identity, permission: Permission, *, urgent: bool) -> None:
        await done.wait()
        await answered(name, who, permission, urgent=urgent)

    room.actions.set_permission = slow  # type: ignore[method-assign, assignment]
    crowd = [SetPermission(BO, SID, SPEAK, revokes=False)] * (CONCURRENT_CALLS * 2)
    work = asyncio.create_task(room.perform(*crowd, BAN, RELAY))
    await asyncio.sleep(1.0)
    assert {type(event) for event in room.reported} == {ParticipantRemoved, EventsRelayed}
    done.set()
    await work
    assert TOPIC_EVENTS in {topic for topic, _, _ in room.inside.sent}
