"""Many claims go in few calls, and what is wrong with one room or one asker is not another's."""

import asyncio
from collections.abc import Sequence

from agent.core.lease import RoomName
from agent.core.ports import Refused, Unavailable
from agent.supabase.claims import CALLS_AT_ONCE, Asked, Claims
from handlers.facts import Identity

BOT = Identity("agent-1")
ROOMS = [RoomName(f"room-{n:02}") for n in range(20)]


class Database:
    """Answers when `open` is set: each room with its own name, unless it is a broken one."""

    def __init__(self, broken: RoomName | None = None) -> None:
        self.calls: list[list[RoomName]] = []
        self.open = asyncio.Event()
        self.busy = asyncio.Event()
        self.broken = broken

    async def ask(self, asked: Sequence[Asked]) -> Sequence[str]:
        rooms = [one.room for one in asked]
        self.calls.append(rooms)
        if len(self.calls) == CALLS_AT_ONCE:
            self.busy.set()
        await self.open.wait()
        if self.broken in rooms:
            raise Refused(self.broken)
        return rooms


async def test_twenty_rooms_at_once_take_few_calls_and_each_gets_its_own_answer() -> None:
    database = Database()
    claims = Claims(database.ask)
    asking = [asyncio.create_task(claims.claim(room, BOT)) for room in ROOMS]
    await database.busy.wait()
    database.open.set()
    assert await asyncio.gather(*asking) == ROOMS
    assert len(database.calls) == CALLS_AT_ONCE + 1
    assert sorted(room for call in database.calls for room in call) == ROOMS


async def test_a_room_that_is_refused_spoils_no_other() -> None:
    database = Database(broken=ROOMS[7])
    claims = Claims(database.ask)
    asking = [asyncio.create_task(claims.claim(room, BOT)) for room in ROOMS]
    database.open.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [room for room, answer in zip(ROOMS, answers, strict=True) if answer != room] == [ROOMS[7]]
    assert isinstance(answers[7], Refused)
    assert database.calls.count([ROOMS[7]]) == 1


async def test_one_who_gives_up_is_not_asked_for_and_holds_nobody_up() -> None:
    database = Database()
    claims = Claims(database.ask)
    asking = [asyncio.create_task(claims.claim(room, BOT)) for room in ROOMS]
    await database.busy.wait()
    for given_up in (asking[0], asking[-1]):  # one whose call is under way, one who waits for the next
        given_up.cancel()
    await asyncio.sleep(0)
    database.open.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert answers[1:-1] == ROOMS[1:-1]
    assert not any(ROOMS[-1] in call for call in database.calls)


async def test_where_nobody_answers_each_asker_is_told() -> None:
    async def ask(_: Sequence[Asked]) -> Sequence[str]:
        await asyncio.sleep(0)
        raise Unavailable("away")

    claims = Claims(ask)
    answers = await asyncio.gather(*(claims.claim(room, BOT) for room in ROOMS), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unavailable}
