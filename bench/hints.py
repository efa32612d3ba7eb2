"""Chat within Realtime's budget, and past it: `python -m bench.hints`.

A live session with a line of chat and a new count each second, four people who read it with the app's own client, and
an audience that the stand-in counts as hosted Realtime does (one message as it is sent, one for each listener). For
100, 1,000 and 10,000 viewers on three plans of Supabase: messages a second, how late a line is, reads of the database
by each viewer. Then others spend the whole budget, so that every message is dropped: no line may be lost, or be more
than 3 s late, and no mute more than 0.5 s, those included that were asked before anybody knew. Figures go to
`.local/results/hints.jsonl`.
"""

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from deno import find_deno_bin
from livekit import rtc

from bench.command import measured
from local.gateway.realtime.limits import PLANS
from local.paths import REPOSITORY, STATE
from local.people.person import OpenSession, People, Person
from local.people.waiting import until
from local.results import Figure, at_most, percentile, say
from local.stack import Stack

CLIENT = REPOSITORY / "livekit-system" / "clients" / "typescript" / "deno.json"
AUDIENCES = (100, 1_000, 10_000)
READERS = 4
CELL_SECONDS, PAST_SECONDS = 6, 14
MUTES = 8
FIRST_MUTES, APART_SECONDS = 6, 0.1
"""One in each of so many rooms, spread over a beat: the first of all that nothing announces."""
LATE_BAR_MS, MUTE_BAR_MS = 3_000.0, 500.0
TOLD_BAR_MS = 2_400.0
"""The app reads within half a second of it, so a line of just before is not late either."""
TOLD_DEADLINE_SECONDS = 10.0
BUDGET = "update app_settings set value = to_jsonb($1::int) where key = 'realtime.messages_per_second'"
LINE = """
    insert into live_messages (session_id, type) values ($1, 'system')
    returning id::text, extract(epoch from created_at) * 1000 as at
"""
HINTS = """
    select (payload ->> 'every_ms')::float as every_ms from realtime.messages
    where topic = 'live:session:' || $1::text and event = 'changed' and inserted_at > $2::timestamp
"""


@dataclass
class Readers:
    """The people with the app's client, in one process."""

    process: Process
    seen: dict[str, list[float]] = field(default_factory=dict)
    """When each line was there, ms since 1970, for each person."""
    reads: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    async def follow(self) -> None:
        """Reads what the process prints until it ends: lines that were seen, and answers to `count`."""
        assert self.process.stdout
        async for text in self.process.stdout:
            said: dict[str, Any] = json.loads(text)
            if "reads" in said:
                self.reads.put_nowait(said["reads"])
            else:
                self.seen.setdefault(said["id"], []).append(said["at"])

    async def count(self) -> int:
        """How often they have read the chat so far, all together."""
        assert self.process.stdin
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()
        return await asyncio.wait_for(self.reads.get(), 10)

    async def have(self, lines: dict[str, float]) -> list[float]:
        """How late each line was for each person, ms, once all have it."""
        await until(
            "every line is there", lambda: all(len(self.seen.get(id_, [])) == READERS for id_ in lines), 15
        )
        return [at - written for id_, written in lines.items() for at in self.seen[id_]]


@asynccontextmanager
async def readers(stack: Stack, session: OpenSession, people: list[Person]) -> AsyncIterator[Readers]:
    """One process of Deno for all of them. It is killed at the end. Deno must be installed."""
    script = REPOSITORY / "bench" / "chat_clients.ts"
    env = stack.env
    process = await asyncio.create_subprocess_exec(
        *(
            find_deno_bin(),
            "run",
            "--quiet",
            "--no-lock",
            f"--config={CLIENT}",
            "--allow-net",
            "--allow-env",
            script,
        ),
        *(
            env["SUPABASE_URL"],
            env["SUPABASE_ANON_KEY"],
            session.id,
            *(one.api.access_token for one in people),
        ),
        stdin=PIPE,
        stdout=PIPE,
    )
    made = Readers(process)
    following = asyncio.create_task(made.follow())
    try:
        yield made
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await asyncio.wait({following})


@dataclass
class Audience:
    """The session with those who read, and the numbers that the stand-in of Realtime is given."""

    stack: Stack
    database: asyncpg.Connection
    session: OpenSession
    host: Person
    ops: Person
    readers: Readers
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """The room was told, by LiveKit, that hints are dropped."""

    def hear(self, packet: rtc.DataPacket) -> None:
        """A data packet of the host's device; sets `told` when it says that hints are dropped."""
        if (
            packet.topic == "live.events"
            and json.loads(json.loads(packet.data)["body"]).get("hints") is False
        ):
            self.told.set()

    async def talk(self, seconds: int) -> dict[str, float]:
        """A line and a new count each second; when each was written, ms since 1970."""
        lines = {}
        begun = time.monotonic()
        for second in range(seconds):
            row = await self.database.fetchrow(LINE, self.session.id)
            lines[row["id"]] = float(row["at"])
            await self.database.execute(
                "update live_sessions set viewer_count = viewer_count + $2 where id = $1",
                self.session.id,
                1 if second % 2 else -1,
            )
            await asyncio.sleep(max(0.0, begun + second + 1 - time.monotonic()))
        return lines

    async def with_audience(self, viewers: int, plan: str) -> None:
        """`viewers` include those who read; the others are numbers only. `plan`: a key of `PLANS`."""
        await self.database.execute(BUDGET, PLANS[plan].messages_per_second)
        await self.database.execute(
            "update live_sessions set viewer_count = $2 where id = $1", self.session.id, viewers
        )
        await self.database.execute("delete from live.held_hints")
        await self.database.execute("update live.session_hints set told_at = '-infinity'")
        await self.stack.realtime.audience(f"live:session:{self.session.id}", viewers - READERS)
        await self.stack.realtime.plan(plan, idle_seconds=60)

    async def mutes(self) -> list[float]:
        """Milliseconds from the row until LiveKit has it."""
        return [
            await enforced_ms(self.ops, "unmute" if n % 2 else "mute", self.session.id, self.host)
            for n in range(MUTES)
        ]


async def enforced_ms(ops: Person, action: str, session: str, person: Person) -> float:
    """Milliseconds from the row until LiveKit has it. `session`: an id."""
    return float((await (await ops.ask(action, session, person)).applied())["enforce_ms"])


async def live_hosts(people: People) -> list[tuple[Person, str]]:
    """`FIRST_MUTES` people, each alone on the air, and their sessions' ids. A worker must run."""
    hosts = []
    for _ in range(FIRST_MUTES):
        host = await people.arrive("Bo", creator=True)
        session = await host.open_session("audio_room")
        device = await host.enter(session.id, session.join)
        await device.until_may_send()
        await host.until_on_record(session.id)
        hosts.append((host, session.id))
    return hosts


async def first_mutes(ops: Person, hosts: list[tuple[Person, str]]) -> list[float]:
    """Milliseconds of a mute of each, asked one after the other within a beat."""

    async def later(n: int, host: Person, session: str) -> float:
        await asyncio.sleep(n * APART_SECONDS)
        return await enforced_ms(ops, "mute", session, host)

    return await asyncio.gather(*(later(n, host, session) for n, (host, session) in enumerate(hosts)))


async def cell(room: Audience, viewers: int, plan: str) -> list[Figure]:
    """Figures `hints.<plan>.<viewers>.*` over `CELL_SECONDS` of talk; `plan` is a key of `PLANS`."""
    await room.with_audience(viewers, plan)
    begun, reads = time.monotonic(), await room.readers.count()
    since = await room.database.fetchval("select now() at time zone 'utc'")
    lines = await room.talk(CELL_SECONDS)
    late = await room.readers.have(lines)
    seconds = time.monotonic() - begun
    used = await room.stack.realtime.used()
    hints = [float(row["every_ms"]) for row in await room.database.fetch(HINTS, room.session.id, since)]
    # What a hint costs is spent over the interval that follows it.
    rate = (used["counted"] - len(hints) * (viewers + 1)) / seconds
    rate += (viewers + 1) * 1000 / max(hints) if hints else 0
    each = (await room.readers.count() - reads) / seconds / READERS
    name = f"hints.{plan}.{viewers}"
    every = f"one per {max(hints) / 1000:.2f} s" if hints else "none"
    say(
        f"  {viewers:>6} {plan:<5} hints {every:<16} {rate:7.1f} messages/s  late p50 {percentile(late, 50):5.0f} ms"
    )
    return [
        at_most(f"{name}.messages", rate, PLANS[plan].messages_per_second, "1/s"),
        at_most(f"{name}.dropped", used["dropped"], 0, "messages"),
        Figure(f"{name}.line_late.p50", round(percentile(late, 50)), "ms", len(late)),
        at_most(f"{name}.line_late.max", max(late), LATE_BAR_MS, n=len(late)),
        Figure(f"{name}.reads_by_viewer", round(each, 2), "1/s", READERS),
    ]


async def past_the_budget(room: Audience, people: People) -> list[Figure]:
    """Somebody else has spent the whole of it: every message is dropped."""
    hosts = await live_hosts(people)
    await room.with_audience(100, "free")
    room.told.clear()
    spent = time.monotonic()
    await room.stack.realtime.plan("free", spent=1_000_000)
    first = await first_mutes(room.ops, hosts)
    await asyncio.wait_for(room.told.wait(), TOLD_DEADLINE_SECONDS)
    told = 1000 * (time.monotonic() - spent)
    talking = asyncio.create_task(room.talk(PAST_SECONDS))
    mutes = await room.mutes()
    lines = await talking
    late = await room.readers.have(lines)
    used = await room.stack.realtime.used()
    assert used["dropped"] > 0, "nothing was dropped: the budget was not spent"
    lost = sum(len(room.readers.seen.get(id_, [])) < READERS for id_ in lines)
    return [
        at_most("hints.past_budget.room_told.max", told, TOLD_BAR_MS),
        at_most("hints.past_budget.lines_lost", lost, 0, "lines", len(lines)),
        Figure("hints.past_budget.line_late.p50", round(percentile(late, 50)), "ms", len(late)),
        at_most("hints.past_budget.line_late.max", max(late), LATE_BAR_MS, n=len(late)),
        Figure("hints.past_budget.first_mute.p50", round(percentile(first, 50)), "ms", len(first)),
        at_most("hints.past_budget.first_mute.max", max(first), MUTE_BAR_MS, n=len(first)),
        Figure("hints.past_budget.mute.p50", round(percentile(mutes, 50)), "ms", len(mutes)),
        at_most("hints.past_budget.mute.max", max(mutes), MUTE_BAR_MS, n=len(mutes)),
    ]


async def measure() -> list[Figure]:
    """One worker and `READERS` people who read. Needs Deno. Figures `hints.*`."""
    async with (
        Stack(STATE / "bench-hints", fault_hooks=True) as stack,
        People(stack.env) as people,
    ):
        await stack.start_worker("worker")
        ops, host = await people.arrive("Ops", ops=True), await people.arrive("Ada", creator=True)
        audience = [await people.arrive(f"Reader{n}") for n in range(READERS)]
        session = await host.open_session("audio_room")
        device = await host.enter(session.id, session.join)
        for person in audience:
            await person.enter(session.id, await person.token(session.id))
        database = await asyncpg.connect(stack.database_url)
        async with readers(stack, session, audience) as reading:
            room = Audience(stack, database, session, host, ops, reading)
            device.room.on("data_received", room.hear)
            await reading.have(await room.talk(1))
            figures = []
            for plan in PLANS:
                for viewers in AUDIENCES:
                    figures += await cell(room, viewers, plan)
            figures += await past_the_budget(room, people)
        await database.close()
    return figures


if __name__ == "__main__":
    sys.exit(measured("hints", measure()))
