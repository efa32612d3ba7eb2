"""What the faults ask the workers, the database and the room; and how they write down what they measured."""

import statistics
import time
from collections.abc import Sequence

from local.results import Figure
from tests.chaos.arena import Arena, Bot, Place, Rights


def figure(name: str, seconds: Sequence[float], statistic: str, bar: float | None = None) -> Figure:
    value = round(statistics.median(seconds) if statistic == "p50" else max(seconds), 3)
    held = None if bar is None else value <= bar
    return Figure(f"chaos.{name}.{statistic}", value, "s", len(seconds), bar, held)


def count(name: str, value: float, bar: float | None = None) -> Figure:
    return Figure(f"chaos.{name}.count", value, "1", 1, bar, None if bar is None else value <= bar)


async def rooms_of(arena: Arena, bot: Bot, at_least: int = 1) -> list[Place]:
    """Rooms of this worker; when it has too few, the other one is restarted, so that it gets all of them."""
    if len(rooms := await arena.held_by(bot)) < at_least:
        for other in arena.bots:
            if other is not bot:
                await other.child.restart()
        await arena.settled()
        rooms = await arena.held_by(bot)
    assert len(rooms) >= at_least
    return rooms


async def foreign_grant(arena: Arena, place: Place) -> float:
    """Somebody else gives a muted host the right to speak; seconds until it is gone again."""
    rights, granted_at = Rights(place.device), time.monotonic()
    await arena.grant(place)
    await rights.given()
    return await rights.taken_back() - granted_at


async def registered(bot: Bot) -> bool:
    return (await bot.reasons()).get("registered", False)


async def removals(arena: Arena) -> int:
    rows = await arena.sql("select count(*) as n from live_visits where leave_reason = 'participant_removed'")
    return int(rows[0]["n"])


async def acts_of(bot: Bot) -> float:
    """How many permissions and removals this worker has sent to LiveKit."""
    calls = await bot.series("live_livekit_call_seconds_count")
    return sum(n for labels, n in calls.items() if '"set_permission"' in labels or '"remove"' in labels)


async def holds_nothing(arena: Arena, bot: Bot) -> bool:
    """None of its agents is in a room that another holds."""
    return not await arena.held_by(bot) and await arena.no_room_is_alone()


async def deaf(bot: Bot) -> bool:
    return await bot.figure("live_wakeups_connected") == 0


async def all_hear(arena: Arena) -> bool:
    return not any([await deaf(bot) for bot in arena.bots])
