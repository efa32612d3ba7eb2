"""Every fault as a function of the arena: it breaks, measures, mends, and leaves everything as it found it.

Each returns what it measured; a figure with a bar is one that `make chaos` holds.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from local.people.waiting import until
from local.results import Figure
from tests.chaos.arena import Absences, Arena, Bot, Rights
from tests.chaos.asking import (
    acts_of,
    all_hear,
    count,
    deaf,
    figure,
    foreign_grant,
    holds_nothing,
    registered,
    removals,
    rooms_of,
)
from tests.chaos.contradictions import (
    api_lies,
    api_of_another_region,
    clocks_apart,
    node_killed,
    redis_away,
    redis_lost_its_memory,
)

Fault = Callable[[Arena], Awaitable[list[Figure]]]

ENDING = ("FULL_RECONNECT", "SERVER_LEAVE", "MIGRATION", "NODE_FAILURE", "DISCONNECT_SIGNAL_ON_RESUME")
SCENARIOS = ("SIGNAL_RECONNECT", *ENDING)
SETTLING_SECONDS = 3.0
"""For how long after a simulation the rooms are watched: it begins when the server gets to it."""


async def worker_killed(arena: Arena, bots: Sequence[Bot] | None = None) -> list[Figure]:
    """Each worker in turn, by SIGKILL; the other takes its rooms when their leases run out."""
    seconds = await killed_in_turn(arena, bots or arena.bots)
    return [
        figure("worker_killed.enforced", seconds, "p50", 3.0),
        figure("worker_killed.enforced", seconds, "max", 4.5),
    ]


async def killed_in_turn(arena: Arena, bots: Sequence[Bot]) -> list[float]:
    """SIGKILL to each, which starts again before the next; seconds until rows in its rooms were enforced."""
    seconds: list[float] = []
    for bot in bots:
        rooms = await rooms_of(arena, bot)
        killed_at = time.monotonic()
        await bot.child.kill()
        seconds += await arena.enforced(killed_at, rooms)
        await bot.child.start()
        await arena.settled()
    return seconds


async def all_workers_killed(arena: Arena) -> list[Figure]:
    """Nobody is left; the rooms that one worker finds at its start are its to take."""
    first, *others = arena.bots
    await asyncio.gather(*(bot.child.kill() for bot in arena.bots))
    starting = asyncio.create_task(first.child.start())
    await until("the worker has registered", lambda: registered(first), 30)
    seconds = await arena.enforced(time.monotonic(), arena.places)
    await starting
    await asyncio.gather(*(bot.child.start() for bot in others))
    await arena.settled()
    return [figure("all_workers_killed.enforced_after_registered", seconds, "max", 3.0)]


async def agents_thrown_out(arena: Arena, scenarios: Sequence[str] = SCENARIOS) -> list[Figure]:
    """LiveKit's own simulations, on the connections of all agents at once."""
    measured = []
    for scenario in scenarios:
        async with Absences(arena) as absences:
            begun = time.monotonic()
            await asyncio.gather(*(bot.door(f"/simulate?scenario={scenario}") for bot in arena.bots))
            seconds = await arena.enforced(time.monotonic(), arena.places)
            # The simulation reaches the agents some time after it was asked for.
            await asyncio.sleep(max(0.0, begun + SETTLING_SECONDS - time.monotonic()))
            await until("every room has its agent", arena.no_room_is_alone, 30)
        bar = 1.5 if scenario in ENDING else None
        name = scenario.lower()
        measured += [
            figure(f"{name}.enforced", seconds, "max", 1.5),
            figure(f"{name}.room_alone", [absences.longest], "max", bar),
        ]
        await arena.settled()
    return measured


async def rolling_restart(arena: Arena, bots: Sequence[Bot] | None = None) -> list[Figure]:
    """Each worker is asked to leave and started again, while rows keep coming."""
    seconds: list[float] = []
    async with Absences(arena) as absences:
        restarting = asyncio.create_task(restart_each(arena, bots or arena.bots))
        while not restarting.done():
            seconds += await arena.enforced(time.monotonic(), arena.places)
            await arena.applied(await arena.ask("unmute", arena.places))
            for place in arena.places:
                await place.device.until_may_send()
        late = await restarting
    await arena.settled()
    return [
        figure("rolling_restart.room_alone", [absences.longest], "max", 1.0),
        count("rolling_restart.gaps_over_1s_by_metric", late, 0),
        figure("rolling_restart.enforced", seconds, "p50"),
        figure("rolling_restart.enforced", seconds, "max"),
    ]


async def restart_each(arena: Arena, bots: Sequence[Bot]) -> float:
    """How many take-overs took longer than a second, by the metric of those who took over."""
    before = {bot.name: await long_gaps(bot) for bot in arena.bots}
    late = 0.0
    for bot in bots:
        await bot.child.restart()
        before[bot.name] = 0
        for taker in arena.bots:
            late += (gaps := await long_gaps(taker)) - before[taker.name]
            before[taker.name] = gaps
    return late


async def long_gaps(bot: Bot) -> float:
    gaps = await bot.series("live_room_unmoderated_seconds_bucket")
    return gaps.get('{le="+Inf"}', 0.0) - gaps.get('{le="1.0"}', 0.0)


async def postgres_restarted(arena: Arena) -> list[Figure]:
    removed = await removals(arena)
    await arena.stack.postgres.restart()
    seconds = await arena.enforced(time.monotonic(), arena.places)
    await arena.settled()
    return [
        figure("postgres_restarted.enforced_after_answer", seconds, "max", 2.0),
        count("postgres_restarted.removed", await removals(arena) - removed, 0),
    ]


async def gateway_away(arena: Arena, seconds_away: float = 60.0) -> list[Figure]:
    """No data API, no Realtime, no webhooks. Postgres goes on, so that rows can be inserted meanwhile."""
    muted, rejoined, pending = arena.places[0], arena.places[1], arena.places[2:]
    await arena.enforced(time.monotonic(), [muted, rejoined])
    join = await rejoined.host.token(rejoined.session.id)
    before = await arena.holdings()
    went_at = time.monotonic()
    await arena.stack.gateway.stop()
    await asyncio.sleep(seconds_away / 2)  # the fault itself: leases have long run out by then

    taken_back = await foreign_grant(arena, muted)
    await rejoined.device.leave()
    rejoined.device = await rejoined.host.enter(rejoined.session.id, join)
    rejoined_at = time.monotonic()
    kept_muted = await rejoined.device.until_may_not_send(within_seconds=30) - rejoined_at

    await asyncio.sleep(max(0.0, went_at + seconds_away - time.monotonic()))
    ids = await arena.ask("mute", pending)
    await arena.stack.gateway.start()
    back_at = time.monotonic()
    moments = await asyncio.gather(*(place.device.until_may_not_send() for place in pending))
    await arena.applied(ids)
    after = await arena.holdings()
    await arena.settled()
    replaced = sum(before[room].bot != after[room].bot for room in before)
    return [
        figure("gateway_away.foreign_grant_taken_back", [taken_back], "max", 1.0),
        figure("gateway_away.rejoined_is_muted", [kept_muted], "max", 3.5),
        figure("gateway_away.pending_applied_after_return", [m - back_at for m in moments], "max", 2.0),
        count("gateway_away.agents_replaced", replaced, 0),
    ]


async def livekit_restarted(arena: Arena) -> list[Figure]:
    """Rooms live in LiveKit's memory: they are gone, and come back with the people's own reconnects."""
    back: dict[str, float] = {}
    hears: list[Callable[[], object]] = []
    for place in arena.places:
        hears.append(lambda room=place.room: back.setdefault(room, time.monotonic()))  # type: ignore[misc]
        place.device.room.on("reconnected", hears[-1])
    await arena.stack.livekit.restart()
    await until("everybody is back", lambda: len(back) == len(arena.places), 40)
    seconds = await arena.enforced(back, arena.places)
    for place, hear in zip(arena.places, hears, strict=True):
        place.device.room.off("reconnected", hear)
    await arena.settled()
    return [figure("livekit_restarted.enforced_after_human_back", seconds, "max", 3.0)]


async def worker_stopped(arena: Arena, seconds_stopped: float = 10.0) -> list[Figure]:
    """SIGSTOP, with a grant in flight that arrives after its successor has muted; then SIGCONT."""
    bot = arena.bots[0]
    rooms = await rooms_of(arena, bot, at_least=2)
    hasty, others = rooms[0], rooms[1:]
    await arena.enforced(time.monotonic(), [hasty])
    acts = await acts_of(bot)
    bot.livekit.stall()
    (grant,) = await arena.ask("unmute", [hasty])
    await until("the grant is in flight", lambda: b"/UpdateParticipant" in bot.livekit.held)
    stopped_at = time.monotonic()
    bot.child.pause()
    seconds = await arena.enforced(stopped_at, others)
    await arena.applied([grant])
    await arena.enforced(time.monotonic(), [hasty])
    await asyncio.sleep(max(0.0, stopped_at + seconds_stopped - time.monotonic()))

    rights, arrived_at = Rights(hasty.device), time.monotonic()
    bot.livekit.restore()
    await rights.given()
    repaired = await rights.taken_back() - arrived_at
    woken_at = time.monotonic()
    bot.child.resume()
    await until("the woken one has left", lambda: holds_nothing(arena, bot), 10)
    left = time.monotonic() - woken_at
    begun = await acts_of(bot) - acts
    await arena.settled()
    return [
        figure("worker_stopped.enforced", seconds, "max", 4.5),
        figure("worker_stopped.in_flight_repaired", [repaired], "max", 1.0),
        figure("worker_stopped.woken_has_left", [left], "max"),
        # The one that was in flight is told as timed out when it wakes.
        count("worker_stopped.acts_begun", begun, 1),
    ]


async def realtime_half_open(arena: Arena) -> list[Figure]:
    """Connections stay open and carry nothing: polling goes on, and the channel is built anew."""
    serving = [bot for bot in arena.bots if await arena.held_by(bot)]
    await arena.stack.realtime.stall()
    try:
        begun = time.monotonic()
        polled = await arena.enforced(begun, arena.places)
        await arena.settled()
        while not all([await deaf(bot) for bot in serving]):
            await arena.enforced(time.monotonic(), arena.places)
            await arena.settled()
            assert time.monotonic() - begun < 20, "a deaf channel was never distrusted"
        noticed = time.monotonic() - begun
    finally:
        await arena.stack.realtime.restore()
    restored_at = time.monotonic()
    await until("wake-ups flow again", lambda: all_hear(arena), 30)
    heard = time.monotonic() - restored_at
    woken = await arena.enforced(time.monotonic(), arena.places)
    await arena.settled()
    return [
        figure("realtime_half_open.enforced_by_polling", polled, "max", 1.5),
        figure("realtime_half_open.noticed", [noticed], "max"),
        figure("realtime_half_open.rebuilt_after_return", [heard], "max"),
        figure("realtime_half_open.enforced_after", woken, "p50"),
    ]


async def slow_calls(arena: Arena) -> list[Figure]:
    """Half a second, then one and a half, for every call to the database: slower, and nobody loses a room."""
    before, measured = await arena.holdings(), []
    for delay in (0.25, 0.75):
        for bot in arena.bots:
            bot.database.delay = delay
        await asyncio.sleep(4)  # the fault itself, for longer than a lease
        seconds = await arena.enforced(time.monotonic(), arena.places)
        for bot in arena.bots:
            bot.database.restore()
        measured.append(figure(f"slow_calls_{2 * delay:g}s.enforced", seconds, "max"))
        await arena.settled()
    after = await arena.holdings()
    replaced = sum(before[room].bot != after[room].bot for room in before)
    return [*measured, count("slow_calls.agents_replaced", replaced, 0)]


FULL_DISK = """
create schema if not exists chaos;
create table if not exists chaos.disk (is_full boolean not null);
create or replace function chaos.write() returns trigger language plpgsql security definer as $$
begin
  if exists (select from chaos.disk where is_full) then
    raise exception 'could not extend file: No space left on device' using errcode = '53100';
  end if;
  return new;
end $$;
create or replace trigger disk before insert or update on agent_rooms for each row execute function chaos.write();
create or replace trigger disk before insert or update on live_visits for each row execute function chaos.write();
create or replace trigger disk before insert or update on moderation_actions
  for each row execute function chaos.write();
truncate chaos.disk;
insert into chaos.disk values (true);
"""


async def disk_full(arena: Arena, seconds_full: float = 6.0) -> list[Figure]:
    """Every write of presence, actions and leases fails with 53100, reads go on."""
    before = await arena.holdings()
    muted = arena.places[0]
    await arena.enforced(time.monotonic(), [muted])
    await arena.execute(FULL_DISK)
    try:
        await asyncio.sleep(seconds_full)  # the fault itself
        taken_back = await foreign_grant(arena, muted)
    finally:
        await arena.execute("update chaos.disk set is_full = false")
    seconds = await arena.enforced(time.monotonic(), arena.places[1:])
    after = await arena.holdings()
    await arena.settled()
    replaced = sum(before[room].bot != after[room].bot for room in before)
    return [
        figure("disk_full.foreign_grant_taken_back", [taken_back], "max", 1.0),
        figure("disk_full.enforced_after", seconds, "max", 2.0),
        count("disk_full.agents_replaced", replaced, 0),
    ]


async def poison_room(arena: Arena) -> list[Figure]:
    """One room's handlers crash again and again; the others never notice."""
    ill, others = arena.places[0], arena.places[1:]
    before = await arena.holdings()
    for bot in arena.bots:
        await bot.door(f"/poison?room={ill.room}")
    seconds = []
    for _ in range(3):
        seconds += await arena.enforced(time.monotonic(), others)
        await arena.applied(await arena.ask("unmute", others))
        for place in others:
            await place.device.until_may_send()
    after = await arena.holdings()
    for bot in arena.bots:
        await bot.door(f"/cure?room={ill.room}")
    recovered = await arena.enforced(time.monotonic(), [ill])
    await arena.settled()
    touched = sum(before[place.room] != after[place.room] for place in others)
    return [
        figure("poison_room.others_enforced", seconds, "max", 1.0),
        count("poison_room.others_touched", touched, 0),
        figure("poison_room.enforced_after_cure", recovered, "max"),
    ]


async def loop_stuck(arena: Arena) -> list[Figure]:
    """One worker's event loop stands still with all its connections open."""
    bot = arena.bots[0]
    rooms = await rooms_of(arena, bot)
    stuck_at = time.monotonic()
    await bot.child.kill(signal.SIGCONT)  # harmless; says that its end is no surprise
    await bot.door("/block")
    seconds = await arena.enforced(stuck_at, rooms)
    code = await asyncio.wait_for(bot.child.wait(), 20)
    ended = time.monotonic() - stuck_at
    assert code == 70, f"the watchdog ends it with 70, not {code}"
    await bot.child.start()
    await arena.settled()
    return [
        figure("loop_stuck.enforced", seconds, "max", 4.5),
        figure("loop_stuck.process_ended", [ended], "max"),
    ]


async def cut_from_database(arena: Arena) -> list[Figure]:
    """One worker's line to the database is half-open: the other takes its rooms, and it lets go."""
    bot = arena.bots[0]
    rooms = await rooms_of(arena, bot)
    bot.database.stall()
    seconds = await arena.enforced(time.monotonic(), rooms)
    bot.database.restore()
    restored_at = time.monotonic()
    await until("it has left those rooms", arena.no_room_is_alone, 10)
    left = time.monotonic() - restored_at
    await arena.settled()
    return [
        figure("cut_from_database.enforced", seconds, "max", 4.5),
        figure("cut_from_database.has_left", [left], "max"),
    ]


async def cut_from_livekit(arena: Arena) -> list[Figure]:
    """One worker cannot reach LiveKit at all: it gives its rooms up to the one that can."""
    bot = arena.bots[0]
    rooms = await rooms_of(arena, bot)
    bot.livekit.cut()
    seconds = await arena.enforced(time.monotonic(), rooms)
    bot.livekit.restore()
    await arena.settled()
    return [figure("cut_from_livekit.enforced", seconds, "max")]


TABLE: Sequence[tuple[str, Fault]] = (
    ("one worker SIGKILLed", worker_killed),
    ("both workers killed, one starts again", all_workers_killed),
    ("agents forced through LiveKit's simulated scenarios", agents_thrown_out),
    ("rolling restart", rolling_restart),
    ("Postgres restarted", postgres_restarted),
    ("gateway away for 60 s", gateway_away),
    ("LiveKit restarted", livekit_restarted),
    ("worker stopped for 10 s, then continued", worker_stopped),
    ("Realtime half-open", realtime_half_open),
    ("slow database calls", slow_calls),
    ("disk full", disk_full),
    ("a room that crashes its handlers", poison_room),
    ("event loop stuck", loop_stuck),
    ("one worker cut from the database, half-open", cut_from_database),
    ("one worker cut from LiveKit", cut_from_livekit),
    ("LiveKit's API says that nobody is there", api_lies),
    ("LiveKit's API is another region's", api_of_another_region),
)
APART: Sequence[tuple[str, dict[str, Any], Sequence[tuple[str, Fault]]]] = (
    (
        "two LiveKit nodes that share a Redis",
        {"nodes": 2, "rooms": 6},
        (
            ("one node killed", node_killed),
            ("Redis restarted, its memory lost", redis_lost_its_memory),
            ("Redis away, its memory lost", redis_away),
        ),
    ),
    (
        "the database half a minute ahead",
        {"database_clock": 30, "rooms": 3},
        (("clocks apart", clocks_apart),),
    ),
    (
        "the database half a minute behind",
        {"database_clock": -30, "rooms": 3},
        (("clocks apart", clocks_apart),),
    ),
)
"""Faults that need an arena of their own, and what it is made with."""
