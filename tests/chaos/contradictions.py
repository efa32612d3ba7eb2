"""Faults in which LiveKit's API says of people who talk on that they are not there, and clocks that do not agree.

What must not happen is judged by what devices could do: no act is `applied` to somebody who may still send, no session
ends and no visit closes for a lie. When it is over, everything that was asked comes true.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from local.people.waiting import until
from local.ports import Offset
from local.results import Figure
from tests.chaos.arena import Arena, Place
from tests.chaos.asking import count, figure

FAULT_SECONDS = 7.0
"""Longer than the agent waits between two tries, and than the host's grace begins."""
ENFORCED_BAR = 8.0
"""An act in doubt is tried again every 5 s at most."""
LIVE = "select count(*) as n from live_sessions where status = 'live' and livekit_room = any($1::text[])"
CLOSED = (
    "select count(*) as n from live_visits where left_at is not null and participant_sid = any($1::text[])"
)
APPLIED = """
    select s.livekit_room as room from moderation_actions a join live_sessions s on s.id = a.session_id
     where a.id = any($1::uuid[]) and a.status = 'applied'
"""


async def contradicted(
    arena: Arena, name: str, begin: Callable[[], Awaitable[object]], end: Callable[[], Awaitable[object]]
) -> list[Figure]:
    """Mutes everybody during the fault. What is written `applied` is compared with what each device may do."""
    rooms = [place.room for place in arena.places]
    sids = [place.device.sid for place in arena.places]
    await begin()
    ids = await arena.ask("mute", arena.places)
    await asyncio.sleep(FAULT_SECONDS)  # the fault itself
    applied = {row["room"] for row in await arena.sql(APPLIED, ids)}
    lied = [place for place in arena.places if place.room in applied and place.device.may_send()]
    ended = len(rooms) - (await arena.sql(LIVE, rooms))[0]["n"]
    closed = (await arena.sql(CLOSED, sids))[0]["n"]
    ended_at = time.monotonic()
    await end()
    moments = await asyncio.gather(
        *(place.device.until_may_not_send(within_seconds=40) for place in arena.places)
    )
    await arena.applied(ids)
    await arena.settled()
    return [
        count(f"{name}.applied_and_may_still_send", len(lied), 0),
        count(f"{name}.sessions_ended", ended, 0),
        count(f"{name}.visits_closed", closed, 0),
        figure(f"{name}.enforced_after", [max(0.0, m - ended_at) for m in moments], "max", ENFORCED_BAR),
    ]


async def api_lies(arena: Arena) -> list[Figure]:
    """A node that answers: nobody by that name, an empty list. The rooms' own connections are well."""

    async def begin() -> None:
        for bot in arena.bots:
            bot.livekit.lie()

    async def end() -> None:
        for bot in arena.bots:
            bot.livekit.restore()

    return await contradicted(arena, "api_lies", begin, end)


async def api_of_another_region(arena: Arena) -> list[Figure]:
    """The API's address leads to another LiveKit with the same key, which has none of the rooms."""
    other = await arena.stack.start_other_livekit()

    async def begin() -> None:
        for bot in arena.bots:
            bot.livekit.ask_elsewhere(arena.stack.ports.of(Offset.OTHER_LIVEKIT))

    async def end() -> None:
        for bot in arena.bots:
            bot.livekit.restore()

    try:
        return await contradicted(arena, "api_of_another_region", begin, end)
    finally:
        await other.stop()


async def redis_lost_its_memory(arena: Arena) -> list[Figure]:
    """Two nodes; their Redis restarts and knows nothing. It is over when the nodes have started again."""
    stack = arena.stack

    async def begin() -> None:
        await stack.redis.restart()

    async def end() -> None:
        await asyncio.gather(stack.livekit.restart(), stack.other_livekit.restart())

    figures = await contradicted(arena, "redis_lost_its_memory", begin, end)
    # People come back by themselves, which takes LiveKit's client as long as it takes: shown, and no bar of ours.
    return [
        Figure(f.name, f.value, f.unit, f.n) if f.name.endswith("enforced_after.max") else f for f in figures
    ]


async def redis_away(arena: Arena) -> list[Figure]:
    """Two nodes; their Redis is gone for some seconds, and back without what it knew."""
    stack = arena.stack

    async def begin() -> None:
        await stack.redis.kill()

    async def end() -> None:
        await stack.redis.start()
        await asyncio.gather(stack.livekit.restart(), stack.other_livekit.restart())

    figures = await contradicted(arena, "redis_away", begin, end)
    return [
        Figure(f.name, f.value, f.unit, f.n) if f.name.endswith("enforced_after.max") else f for f in figures
    ]


async def node_killed(arena: Arena) -> list[Figure]:
    """One of two nodes dies: its rooms are moderated when their people are back on the other, which LiveKit decides."""
    returns = [Return(place) for place in arena.places]
    begun = time.monotonic()
    await arena.stack.other_livekit.kill()
    seconds = await arena.enforced(begun, arena.places)
    late = [
        begun + took - back.at for took, back in zip(seconds, returns, strict=True) if back.at is not None
    ]
    assert late, "LiveKit had put no room on the node that died: this run says nothing"
    await arena.stack.other_livekit.start()
    await arena.settled()
    return [
        figure("node_killed.enforced", seconds, "max"),
        figure("node_killed.enforced_after_return", late, "max", 3.0),
    ]


class Return:
    """When the connection of a room's host, which was lost, stood again (monotonic); None while it was not lost."""

    def __init__(self, place: Place) -> None:
        self.at: float | None = None
        place.device.room.on("reconnected", self._note)

    def _note(self) -> None:
        self.at = time.monotonic()


async def clocks_apart(arena: Arena) -> list[Figure]:
    """The database's clock is half a minute off, LiveKit's is not, and the workers' are off to either side."""
    ahead = arena.stack.database_clock
    seconds = await arena.enforced(time.monotonic(), arena.places)
    await arena.settled()
    place = arena.places[0]
    (kick,) = await arena.ask("kick", [place])
    begun = time.monotonic()
    await until("the kicked one is out", place.device.ended.done, 20)
    gone = time.monotonic() - begun
    await arena.applied([kick])
    place.device = await place.host.enter(place.session.id, await place.host.token(place.session.id))
    await arena.settled()
    name = f"clock_{ahead:+d}s"
    stays = await arena.sql("select left_at < joined_at as wrong from live_visits where left_at is not null")
    return [
        figure(f"{name}.enforced", seconds, "max", 1.5),
        figure(f"{name}.kicked", [gone], "max", 1.0),
        count(f"{name}.visits_that_end_before_they_begin", sum(bool(row["wrong"]) for row in stays), 0),
    ]
