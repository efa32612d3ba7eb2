"""`python -m bench.hostile`: what clients of bad will get through, measured by a listener in the room.

Every attack of `local.people.hostile`, many times, against a real room. Prints the distributions and holds the bars.
"""

import asyncio
import statistics
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from livekit import rtc

from bench.command import Times, command
from bench.variants import one_core
from local.paths import STATE
from local.people.hostile import (
    FULL_RECONNECT,
    SIGNAL_RECONNECT,
    Arena,
    come_back,
    forge,
    grant_behind_our_back,
    hammering,
    heard_ms,
    intrude,
    livekit_calls,
    moment,
    mute_at_the_server,
    older_token,
    talk_through,
)
from local.people.person import People
from local.results import Figure, at_most, percentile
from local.stack import Stack

AFTER_ROW_BAR_MS = 150.0
OUT_BAR_MS, OUT_WITHOUT_WEBHOOKS_BAR_MS = 300.0, 3500.0
CALLS_BAR = 4.0
GROWTH_BAR = 1.5
WATCH_SECONDS = 0.8
TIMES, FULL_TIMES = 12, 30
CAMERA = rtc.TrackSource.SOURCE_CAMERA


@dataclass
class HostileScore:
    """Milliseconds by attack, and calls of LiveKit's API by attempt."""

    livekit_alone: list[float] = field(default_factory=list)
    confirmed: list[float] = field(default_factory=list)
    heard_after_row: list[float] = field(default_factory=list)
    heard_on_return: list[float] = field(default_factory=list)
    heard_disguised: list[float] = field(default_factory=list)
    heard_after_grant: list[float] = field(default_factory=list)
    heard_of_banned: list[float] = field(default_factory=list)
    out: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    forged: int = 0


async def floor(stack: Stack, arena: Arena, score: HostileScore, times: int) -> None:
    """What LiveKit and the listener's own buffers take without us."""
    person, device, _ = await arena.speaker()
    for _turn in range(times):
        score.livekit_alone.append(await mute_at_the_server(stack.env, arena, person, device))
    await device.leave()


async def revocations(arena: Arena, score: HostileScore, times: int) -> None:
    """Muted or demoted in the middle of a word, with a client that publishes again and again."""
    person, device, _ = await arena.speaker()
    ear = arena.at_host.ear(person.id)
    for turn in range(times):
        async with hammering(device):
            match turn % 3:
                case 0:
                    silenced = await talk_through(ear, lambda: arena.order("mute", person), WATCH_SECONDS)
                case 1:
                    silenced = await talk_through(ear, lambda: arena.order("mute_all", None), WATCH_SECONDS)
                case _:
                    silenced = await talk_through(
                        ear, lambda: arena.order("set_role", person, role="listener"), WATCH_SECONDS
                    )
        score.confirmed.append(silenced.confirmed_ms)
        score.heard_after_row.append(silenced.heard_ms)
        if turn % 3 == 2:
            await arena.promote(person)
        else:
            await arena.order("unmute" if turn % 3 == 0 else "unmute_all", person if turn % 3 == 0 else None)
        await device.until_may_send()
    await device.leave()


async def returns(stack: Stack, arena: Arena, score: HostileScore, times: int) -> None:
    """A muted speaker comes back with refreshed and with older tokens, from a second device, and by reconnecting."""
    person, device, thief = await arena.speaker()
    await arena.order("unmute", person)
    await arena.order(
        "camera_off", person
    )  # any change makes LiveKit hand out a token with what may be done now
    stolen = [await thief.with_rights(), older_token(stack.env, arena.session.room, person.id)]
    await arena.order("mute", person)
    begun = await livekit_calls(stack)
    for turn in range(times):  # the first one finds the other device still there
        score.heard_on_return.append(await come_back(arena, person, stolen[turn % 2], WATCH_SECONDS))
    score.calls.append((await livekit_calls(stack) - begun) / times)
    await device.leave()

    person, device, _ = await arena.speaker()
    ear = arena.at_host.ear(person.id)
    await device.speak()
    await ear.until_heard()
    row = await arena.order("mute", person)
    for kind in (SIGNAL_RECONNECT, FULL_RECONNECT):
        await device.room.simulate_scenario(kind)
        await asyncio.sleep(WATCH_SECONDS)
    await asyncio.sleep(2 * WATCH_SECONDS)
    score.heard_on_return.append(heard_ms(ear, moment(row["created_at"]) + AFTER_ROW_BAR_MS / 1000))
    await device.leave()


async def disguises(people: People, score: HostileScore, times: int) -> None:
    """A muted speaker with a camera publishes sound as a camera."""
    arena = await Arena.open(people, "video_live")
    for _ in range(times):
        person, device, _ = await arena.speaker()
        ear = arena.at_host.ear(person.id)
        row = await arena.order("mute", person)
        async with hammering(device, CAMERA):
            await asyncio.sleep(2 * WATCH_SECONDS)
        score.heard_disguised.append(heard_ms(ear, moment(row["created_at"])))
        await device.leave()


async def grants(stack: Stack, arena: Arena, score: HostileScore, times: int) -> None:
    """Somebody else's API call gives a muted speaker everything."""
    person, device, _ = await arena.speaker()
    ear = arena.at_host.ear(person.id)
    row = await arena.order("mute", person)
    for _ in range(times):
        since = (
            moment(row["created_at"]) if not score.heard_after_grant else asyncio.get_running_loop().time()
        )
        async with hammering(device):
            await grant_behind_our_back(stack.env, arena.session.room, person.id)
            await asyncio.sleep(2 * WATCH_SECONDS)
        score.heard_after_grant.append(heard_ms(ear, since))
    await device.leave()


async def intrusions(stack: Stack, arena: Arena, score: HostileScore, times: int, within: float) -> None:
    """A banned speaker comes back again and again with tokens that once were good."""
    person, device, thief = await arena.speaker()
    stolen = [await thief.with_rights(), older_token(stack.env, arena.session.room, person.id)]
    await arena.order("ban", person)
    await device.until_ended()
    begun = await livekit_calls(stack)
    for turn in range(times):
        seen = await intrude(arena, person, stolen[turn % 2], within)
        score.out.append(seen.out_ms)
        score.heard_of_banned.append(seen.heard_ms)
    score.calls.append((await livekit_calls(stack) - begun) / times)


async def forgeries(arena: Arena, score: HostileScore) -> None:
    """Somebody sends packets as if they were the agent's."""
    person = await arena.people.arrive("Mallory")
    device = await person.enter(arena.session.id)
    for topic in ("live.events", "live.notice", "live.levels"):
        await forge(device, topic)
    await asyncio.sleep(WATCH_SECONDS)
    score.forged += sum(b"forged" in packet.data for packet in arena.at_host.packets)
    await device.leave()


def spread(name: str, ms: Sequence[float], bar: float) -> list[Figure]:
    """p50, p99 and the most of `ms`; the bar is for the p99 alone. Raises ValueError when `ms` is empty."""
    return [
        middle(name, ms),
        at_most(f"{name}.p99", percentile(ms, 99), bar, n=len(ms)),
        Figure(f"{name}.max", round(max(ms), 1), "ms", len(ms)),
    ]


def middle(name: str, ms: Sequence[float]) -> Figure:
    """`<name>.p50`, without a bar."""
    return Figure(f"{name}.p50", round(statistics.median(ms), 1), "ms", len(ms))


def judge(prompt: HostileScore, late: HostileScore) -> list[Figure]:
    """`prompt`: with webhooks; `late`: without, and only its `out` counts. Raises ValueError when a list is empty."""
    half = len(prompt.out) // 2
    growth = statistics.median(prompt.out[half:]) / max(1.0, statistics.median(prompt.out[:half]))
    return [
        middle("hostile.livekit_alone", prompt.livekit_alone),
        middle("hostile.row_confirmed", prompt.confirmed),
        *spread("hostile.heard_after_row", prompt.heard_after_row, AFTER_ROW_BAR_MS),
        *spread("hostile.heard_on_return", prompt.heard_on_return, AFTER_ROW_BAR_MS),
        *spread("hostile.heard_under_false_source", prompt.heard_disguised, AFTER_ROW_BAR_MS),
        *spread("hostile.heard_after_foreign_grant", prompt.heard_after_grant, AFTER_ROW_BAR_MS),
        *spread("hostile.banned_out", prompt.out, OUT_BAR_MS),
        *spread("hostile.banned_heard", prompt.heard_of_banned, AFTER_ROW_BAR_MS),
        *spread("hostile.banned_out_without_webhooks", late.out, OUT_WITHOUT_WEBHOOKS_BAR_MS),
        at_most("hostile.banned_out.growth", growth, GROWTH_BAR, "ratio", len(prompt.out)),
        at_most(
            "hostile.api_calls_per_attempt.max", max(prompt.calls), CALLS_BAR, "calls", len(prompt.calls)
        ),
        at_most("hostile.forged_packets.delivered", prompt.forged, 0, "packets", 3),
    ]


async def measure(port_base: int | None, times: int) -> list[Figure]:
    """Two stacks, the second without webhooks.

    `times`: attempts of each kind. `port_base`: None for the stack's own choice.
    """
    prompt, late = HostileScore(), HostileScore()
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(Stack(STATE / "bench-hostile", port_base))
        people = await opened.enter_async_context(People(stack.env))
        await stack.start_worker("worker", one_core())
        arena = await Arena.open(people)
        await floor(stack, arena, prompt, max(2, times // 3))
        await revocations(arena, prompt, times)
        await returns(stack, arena, prompt, times)
        await intrusions(stack, arena, prompt, times, within=25)
        await forgeries(arena, prompt)
        await grants(stack, arena, prompt, max(2, times // 5))
        await disguises(people, prompt, max(2, times // 5))
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(Stack(STATE / "bench-hostile", port_base, webhooks=False))
        people = await opened.enter_async_context(People(stack.env))
        await stack.start_worker("worker", one_core())
        await intrusions(stack, await Arena.open(people), late, max(3, times // 3), within=25)
    return judge(prompt, late)


if __name__ == "__main__":
    sys.exit(command("hostile", __doc__, measure, Times(TIMES, FULL_TIMES, "attempts of each kind")))
