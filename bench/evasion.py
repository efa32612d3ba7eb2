"""`python -m bench.evasion`: how long people are heard who keep the agent from measuring them, or lie about a source.

Each way of shutting the agent out, all at once in one room, until the rule's ladder has taken the right; and each
false source, by people who may publish it and are not muted. What counts is how long a track was there for another
device to receive, which is at least what is heard from it.
"""

import asyncio
import re
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import takewhile

from livekit import rtc

from bench.command import Times, command
from bench.variants import one_core
from local.paths import STATE
from local.people.device import Device
from local.people.evasive import OPEN_SECONDS, SHUT_SECONDS, WAYS, Gate, enciphered, publish
from local.people.hostile import Arena, older_token
from local.people.person import People, Person
from local.people.waiting import until
from local.results import Figure, at_most
from local.stack import Stack
from moderation.rules.policy import Policy
from moderation.rules.steps import Step

CAMERA, SCREEN = rtc.TrackSource.SOURCE_CAMERA, rtc.TrackSource.SOURCE_SCREENSHARE
MICROPHONE, UNKNOWN = rtc.TrackSource.SOURCE_MICROPHONE, rtc.TrackSource.SOURCE_UNKNOWN
PROVEN_SECONDS = 5.0
LADDER_SECONDS = sum(
    rung.cooldown_seconds for rung in takewhile(lambda rung: rung.step is not Step.MUTE, Policy().ladder)
)
"""The time to react that the default ladder gives before it mutes."""
DISGUISED_BAR_MS = 1000.0
WATCH_SECONDS = 1.5
TIMES, FULL_TIMES = 2, 6


@dataclass
class EvasionScore:
    """An entry for each attempt. `incident`: until the row is there; `unmeasured`: until the track is gone."""

    unmeasured: dict[str, float] = field(default_factory=dict)
    """Seconds for each of `WAYS`."""
    incident: list[float] = field(default_factory=list)
    """Seconds."""
    disguised: list[float] = field(default_factory=list)
    """Milliseconds."""


async def shut_outs(people: People, score: EvasionScore) -> None:
    """All of `WAYS` at once in one room, each by a person of its own."""
    arena = await Arena.open(people)
    await enforce(people, arena)
    async with asyncio.TaskGroup() as tasks:
        for name in WAYS:
            tasks.create_task(shut_out(arena, name, score))


async def shut_out(arena: Arena, name: str, score: EvasionScore) -> None:
    """Adds one incident and one unmeasured time. `name`: a key of `WAYS`.

    Raises:
        NotInTimeError: no incident, or the right is not taken.
        AssertionError: the incident is one of another rule.
    """
    person, device = await speaker(arena, encrypting=name == "encrypted")
    gate = Gate(arena.at_host.room, person.id)
    async with WAYS[name](device, arena.host.id):
        entered = time.monotonic()
        await until(f"{name}: a track is there", lambda: gate.first)
        since = max(entered, gate.first) if name == "in mid-speech" else gate.first
        row = await until(f"{name}: an incident", lambda: incident(arena, person), 30.0)
        score.incident.append(time.monotonic() - since)
        assert row["rule"] == "not_measurable", row
        await until(f"{name}: the right is gone", lambda: not device.may_send(), 60.0)
        await until(f"{name}: the track is gone", lambda: gate.closed, 10.0)
        share = SHUT_SECONDS / (SHUT_SECONDS + OPEN_SECONDS) if name == "open now and then" else 1.0
        score.unmeasured[name] = gate.seconds(since) * share
        sys.stdout.write(
            f"{name}: incident {score.incident[-1]:.1f} s, there {score.unmeasured[name]:.1f} s unmeasured\n"
        )
    await device.leave()


async def disguises(stack: Stack, people: People, score: EvasionScore, times: int) -> None:
    """Every false source; each person once, since the second time costs more than the right."""
    video, audio = await Arena.open(people, "video_live"), await Arena.open(people)
    for _ in range(times):
        async with asyncio.TaskGroup() as tasks:
            known = [
                tasks.create_task(disguise(arena, source, picture=picture))
                for arena, source, picture in (
                    (video, CAMERA, False),
                    (video, MICROPHONE, True),
                    (audio, MICROPHONE, True),
                )
            ]
            unknown = [
                tasks.create_task(disguise_by_older_token(stack, audio, picture=picture))
                for picture in (False, True)
            ]
        score.disguised += [task.result() for task in known]
        # Where the agent was faster than the publication, there is nothing to measure.
        score.disguised += [task.result() for task in unknown if task.result()]
    viewer = await (await people.arrive("Vi")).enter(video.session.id)
    gate = Gate(viewer.room, video.host.id)
    await send_for_a_while(video.at_host, SCREEN, picture=False)
    score.disguised.append(seen(gate))


def seen(gate: Gate) -> float:
    """Milliseconds for which the gate let a track through. Raises AssertionError when there was none."""
    passed = 1000 * gate.seconds()
    assert passed > 0.0, "nothing was published, so nothing is measured"
    return passed


async def disguise(arena: Arena, source: rtc.TrackSource.ValueType, *, picture: bool) -> float:
    """Milliseconds for which another device could receive sound, or a `picture`, that was published as `source`."""
    person, device = await speaker(arena)
    gate = Gate(arena.at_host.room, person.id)
    await send_for_a_while(device, source, picture=picture)
    await device.leave()
    return seen(gate)


async def disguise_by_older_token(stack: Stack, arena: Arena, *, picture: bool) -> float:
    """A source that has no name, with a token that once allowed everything."""
    person, device = await speaker(arena)
    await device.leave()
    token = older_token(stack.env, arena.session.room, person.id)
    gate = Gate(arena.at_host.room, person.id)
    async with Device({**arena.session.join, "token": token}, arena.at_host.subject, person.api) as again:
        await send_for_a_while(again, UNKNOWN, picture=picture)
    return 1000 * gate.seconds()


async def send_for_a_while(device: Device, source: rtc.TrackSource.ValueType, *, picture: bool) -> None:
    """Publishes for `WATCH_SECONDS` and stops; LiveKit's refusal is no error."""
    sending = asyncio.create_task(publish(device, WATCH_SECONDS, source, picture=picture))
    await asyncio.wait({sending}, timeout=WATCH_SECONDS)
    sending.cancel()
    await asyncio.wait({sending})


async def speaker(arena: Arena, *, encrypting: bool = False) -> tuple[Person, Device]:
    """Somebody who may send, with a device that encrypts end to end if `encrypting`."""
    person = await arena.people.arrive("Mallory")
    join = await person.token(arena.session.id)
    encryption = enciphered() if encrypting else None
    device = await Device(join, arena.at_host.subject, person.api, encryption=encryption).connect()
    await arena.promote(person)
    await device.until_may_send()
    return person, device


async def incident(arena: Arena, person: Person) -> dict[str, object] | None:
    """The first row about this person in the arena's session, as PostgREST has it; None when there is none."""
    where = {"session_id": f"eq.{arena.session.id}", "user_id": f"eq.{person.id}"}
    rows = await arena.people.service.rows("moderation_incidents", **where)
    return rows[0] if rows else None


async def enforce(people: People, arena: Arena) -> None:
    """The default ladder, and no other rule than ours: the tones that are sent would break several."""
    quiet = {name: {"enabled": False} for name in ("too_loud", "scream", "clipping", "howl", "noise")}
    policy = {"mode": "enforce", **quiet, "dead_air": {"enabled": False}}
    await people.service.update("live_sessions", {"moderation": policy}, id=f"eq.{arena.session.id}")


def judge(score: EvasionScore) -> list[Figure]:
    """Figures `hostile.*.max`. Raises ValueError when one of the lists is empty."""
    return [
        most("hostile.unmeasured_incident", score.incident, PROVEN_SECONDS, "s"),
        *each_way(score.unmeasured),
        most("hostile.disguised_heard", score.disguised, DISGUISED_BAR_MS, "ms"),
    ]


def each_way(unmeasured: Mapping[str, float]) -> list[Figure]:
    """`hostile.unmeasured_heard.max` with its bar, and each way's seconds. Raises ValueError without any."""
    name, bar = "hostile.unmeasured_heard", PROVEN_SECONDS + LADDER_SECONDS
    ways = {re.sub(r"[ -]", "_", way): seconds for way, seconds in unmeasured.items()}
    each = [Figure(f"{name}.{way}", round(seconds, 2), "s") for way, seconds in ways.items()]
    return [most(name, list(unmeasured.values()), bar, "s"), *each]


def most(name: str, taken: Sequence[float], bar: float, unit: str) -> Figure:
    """`<name>.max` with its bar; `taken` is in `unit`."""
    return at_most(f"{name}.max", max(taken), bar, unit, len(taken))


async def measure(port_base: int | None, times: int) -> list[Figure]:
    """One worker. `times`: how many attempts of each false source. `port_base`: None for the stack's own choice."""
    score = EvasionScore()
    async with AsyncExitStack() as opened:
        stack = await opened.enter_async_context(Stack(STATE / "bench-evasion", port_base))
        people = await opened.enter_async_context(People(stack.env))
        await stack.start_worker("worker", one_core())
        await disguises(stack, people, score, times)
        await shut_outs(people, score)
    return judge(score)


if __name__ == "__main__":
    sys.exit(command("evasion", __doc__, measure, Times(TIMES, FULL_TIMES, "attempts of each false source")))
