"""`python -m bench.tokens`: what the doors give to somebody who is banned, muted or demoted while no agent is awake.

The worker is stopped where it stands (SIGSTOP), so nothing but the tokens keeps anybody silent. Every door is asked
twice: before the act, when it must give the right, and after it. Anyone who gets a token enters with it, and LiveKit
says what they may publish."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from livekit import api, rtc

from bench.command import Times, command
from bench.variants import one_core
from local import results
from local.paths import STATE
from local.people.api import Json, RequestRefused
from local.people.hostile import server_api
from local.people.person import OpenSession, People, Person
from local.results import Figure, at_most
from local.stack import Stack

TIMES, FULL_TIMES = 2, 8
SOURCES = {*map(str.lower, api.TrackSource.keys())} - {"unknown"}
SOUND, PICTURE = {"microphone", "screen_share_audio"}, {"camera", "screen_share"}
SCOPES = ("session", "creator", "platform")
Door = Callable[[], Awaitable[Json]]


@dataclass
class Tally:
    """How often a door was asked, what it gave when it should, and what it gave when it should not."""

    rightful: int = 0
    withheld: list[str] = field(default_factory=list)
    asked: int = 0
    despite: list[str] = field(default_factory=list)


@dataclass
class Night:
    """A stack whose worker sleeps, its people, and LiveKit's own word."""

    stack: Stack
    people: People
    ops: Person
    livekit: api.LiveKitAPI
    tally: Tally = field(default_factory=Tally)

    async def rights(self, door: Door) -> set[str]:
        """The sources that LiveKit lets somebody publish who enters with what this door gives; none when it refuses."""
        try:
            join = (await door())["join"]
        except RequestRefused:
            return set()
        room = rtc.Room()
        await room.connect(join["url"], join["token"])
        try:
            who = api.RoomParticipantIdentity(room=room.name, identity=join["identity"])
            may = (await self.livekit.room.get_participant(who)).permission
        finally:
            await room.disconnect()
        named = {api.TrackSource.Name(source).lower() for source in may.can_publish_sources}
        return (named or SOURCES) if may.can_publish else set()

    async def before(self, what: str, doors: Iterable[Door]) -> None:
        """Each door must give a right; one that gives none is a fault of this case, named `what`."""
        for door in doors:
            self.tally.rightful += 1
            if not await self.rights(door):
                self.tally.withheld.append(what)

    async def after(self, what: str, doors: Iterable[Door], forbidden: set[str] = SOURCES) -> None:
        """No door may give a source of `forbidden`; one that does is a fault of this case, named `what`."""
        for door in doors:
            self.tally.asked += 1
            if taken := await self.rights(door) & forbidden:
                self.tally.despite.append(f"{what}: {', '.join(sorted(taken))}")


async def opened(night: Night) -> tuple[Person, OpenSession, list[Door]]:
    """A host, their session, and the doors to it."""
    host = await night.people.arrive("Host", creator=True)
    session = await host.open_session("video_live")
    return host, session, [
        lambda: host.api.call("session-start", session_id=session.id),
        lambda: host.api.call("session-token", session_id=session.id),
    ]  # fmt: skip


def anew(host: Person) -> Door:
    """The door by which a host asks for another session."""
    return lambda: host.api.call("session-create", type="video_live", access_type="public", title="Another")


async def hosts(night: Night) -> None:
    """Every act against a host, and what ends a session."""
    for scope in SCOPES:
        host, session, doors = await opened(night)
        await night.before("a host", doors)
        await night.ops.ask("ban", session.id, host, params={"scope": scope})
        await night.after(f"banned, {scope}", [*doors, *([anew(host)] if scope == "platform" else [])])
    for act, params, forbidden in (
        ("mute", {}, SOUND),
        ("camera_off", {}, PICTURE),
        ("set_role", {"role": "viewer"}, SOURCES),
        ("end_session", {}, SOURCES),
    ):
        host, session, doors = await opened(night)
        await night.before("a host", doors)
        target = None if act == "end_session" else host
        await night.ops.ask(act, session.id, target, params=params)
        await night.after(act, doors, forbidden)
    host, _, doors = await opened(night)
    await night.people.service.update("profiles", {"is_creator": False}, id=f"eq.{host.id}")
    await night.after("approval withdrawn", [*doors, anew(host)])
    host, _, doors = await opened(night)
    await night.people.service.delete_account(host.id)
    await night.after("account deleted", [*doors, anew(host)])


async def guests(night: Night) -> None:
    """Anyone who is not a host has no right by token, and no token when banned."""
    _, session, _ = await opened(night)
    for act, params in (("mute", {}), *(("ban", {"scope": scope}) for scope in SCOPES)):
        for role in ("viewer", "co_host"):
            guest = await night.people.arrive("Guest")
            seat = {"session_id": session.id, "user_id": guest.id, "role": role}
            await night.people.service.insert("live_participants", seat)
            await night.ops.ask(act, session.id, guest, params=params)
            door: Door = lambda who=guest: who.api.call("session-token", session_id=session.id)  # type: ignore[misc]  # noqa: E731
            await night.after(f"a {role}, {act}", [door])


async def calls(night: Night) -> None:
    """Both sides of a call, at every door of it, banned, deleted or hung up."""
    for act in ("ban", "delete", "end"):
        for side in ("caller", "callee"):
            caller, callee = await night.people.arrive("Ada"), await night.people.arrive("Bo")
            call = (await caller.call(callee, "video"))["call"]["id"]
            who = caller if side == "caller" else callee
            doors: list[Door] = [lambda who=who, call=call: who.api.call("call-token", call_id=call)]  # type: ignore[misc]
            answer: Door = lambda callee=callee, call=call: callee.answer(call, accept=True)  # type: ignore[misc]  # noqa: E731
            await night.before("answering", [answer])
            await night.before(f"a {side}", doors)
            other = await night.people.arrive("Cy")
            if act == "end":
                await caller.hang_up(call)
            else:
                await (shut_out(night, who) if act == "ban" else night.people.service.delete_account(who.id))
                doors.append(lambda who=who, other=other: who.call(other, "video"))  # type: ignore[misc]
            await night.after(f"a {side}, {act}", [*doors, *([answer] if side == "callee" else [])])


async def shut_out(night: Night, person: Person) -> None:
    """Writes the row of a platform-wide ban by ops; no agent needs to be awake for the database to know it."""
    row = {"action": "ban", "target_user_id": person.id, "params": {"scope": "platform"}}
    await night.ops.api.insert("moderation_actions", row)


@asynccontextmanager
async def asleep(port_base: int | None) -> AsyncIterator[Night]:
    """A night: the worker is up, and then stopped where it stands."""
    async with AsyncExitStack() as entered:
        stack = await entered.enter_async_context(Stack(STATE / "bench-tokens", port_base))
        people = await entered.enter_async_context(People(stack.env))
        worker = await stack.start_worker("worker", one_core())
        night = Night(
            stack,
            people,
            await people.arrive("Ops", ops=True),
            await entered.enter_async_context(server_api(stack.env)),
        )
        worker.pause()
        try:
            yield night
        finally:
            worker.resume()


def judge(tally: Tally) -> list[Figure]:
    """Two figures, both with the bar 0: tokens that should not have been given, and tokens withheld in error."""
    return [
        at_most("hostile.tokens_despite_ban_or_mute.count", len(tally.despite), 0, "tokens", tally.asked),
        at_most("hostile.tokens_rightful_withheld.count", len(tally.withheld), 0, "tokens", tally.rightful),
    ]


async def measure(port_base: int | None, times: int) -> list[Figure]:
    """`times`: rounds of all cases. The faults are printed. `port_base`: None for the stack's own choice."""
    async with asleep(port_base) as night:
        for _ in range(times):
            await hosts(night)
            await guests(night)
            await calls(night)
    for line in (*night.tally.despite, *night.tally.withheld):
        results.say(line)
    return judge(night.tally)


if __name__ == "__main__":
    sys.exit(command("tokens", __doc__, measure, Times(TIMES, FULL_TIMES, "rounds of all cases")))
