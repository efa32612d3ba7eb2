"""`python -m bench.accounts`: accounts that are deleted in the middle of a show, and coins through every kind of show.

Deletions are measured in real rooms, from the sign-in service's request to the end of the last connection. Coins are
counted: what was topped up and adjusted is, at the end of all scenarios, in wallets and in creators' earnings.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from livekit import api

from bench.coins import Coins, coins_through_every_show
from bench.command import Times, command
from bench.variants import one_core
from local.paths import STATE
from local.people.device import Device
from local.people.hostile import Arena, last_heard_ms, server_api
from local.people.person import People, Person
from local.people.waiting import until
from local.results import Figure, at_most
from local.stack import Stack

OUT_BAR_MS = 3000.0
TIMES, FULL_TIMES = 5, 20
WITHIN_SECONDS = 20.0


@dataclass
class AccountScore:
    """Milliseconds from the request to delete."""

    host_room_closed: list[float] = field(default_factory=list)
    speaker_out: list[float] = field(default_factory=list)
    call_closed: list[float] = field(default_factory=list)


async def delete(people: People, person: Person) -> float:
    """Returns when the request was sent."""
    begun = time.monotonic()
    await people.service.delete_account(person.id)
    return begun


async def all_out(devices: Sequence[Device], begun: float) -> float:
    """How long after `begun` the last of these connections was over."""
    for device in devices:
        await device.until_ended(WITHIN_SECONDS)
    return 1000 * (max(device.ended_at for device in devices) - begun)


async def host_deleted(stack: Stack, people: People, score: AccountScore) -> None:
    """The host goes on sending: nobody else can end this show."""
    arena = await Arena.open(people)
    fan = await people.arrive("Fan")
    at_fan = await fan.enter(arena.session.id)
    await arena.at_host.speak()
    await at_fan.ear(arena.host.id).until_heard()
    begun = await delete(people, arena.host)
    out = await all_out([arena.at_host, at_fan], begun)
    async with server_api(stack.env) as livekit:

        async def closed() -> bool:
            found = await livekit.room.list_rooms(api.ListRoomsRequest(names=[arena.session.room]))
            return not found.rooms

        await until("the room is closed", closed, WITHIN_SECONDS)
    score.host_room_closed.append(max(out, 1000 * (time.monotonic() - begun)))


async def speaker_deleted(people: People, score: AccountScore) -> None:
    """Adds one to `score.speaker_out`: milliseconds until the connection is over and the host hears nothing."""
    arena = await Arena.open(people)
    person, device, _ = await arena.speaker()
    ear = arena.at_host.ear(person.id)
    await device.speak()
    await ear.until_heard()
    begun = await delete(people, person)
    out = await all_out([device], begun)
    await ear.until_silent()
    score.speaker_out.append(max(out, last_heard_ms(ear, begun)))
    await arena.at_host.leave()


async def party_deleted(people: People, score: AccountScore, *, caller: bool) -> None:
    """Adds one to `score.call_closed`: milliseconds until both devices are out. `caller`: which side is deleted."""
    ada, bora = await people.arrive("Ada"), await people.arrive("Bora")
    ringing = await ada.call(bora)
    call = ringing["call"]["id"]
    answered = await bora.answer(call, accept=True)
    devices = [await ada.enter_call(call, ringing["join"]), await bora.enter_call(call, answered["join"])]
    begun = await delete(people, ada if caller else bora)
    score.call_closed.append(await all_out(devices, begun))


async def deletions(stack: Stack, people: People, times: int) -> AccountScore:
    """Each kind `times` times, one after the other; calls lose the caller and the callee by turns."""
    score = AccountScore()
    for turn in range(times):
        await host_deleted(stack, people, score)
        await speaker_deleted(people, score)
        await party_deleted(people, score, caller=turn % 2 == 0)
    return score


def judge(score: AccountScore, coins: Coins) -> list[Figure]:
    """Figures `hostile.deleted_*` and `coins.*`; every list of the score must have at least one entry."""
    return [
        longest("hostile.deleted_host_room_closed.max", score.host_room_closed),
        longest("hostile.deleted_speaker_out.max", score.speaker_out),
        longest("hostile.deleted_call_party_closed.max", score.call_closed),
        at_most("coins.created_or_lost.total", coins.created_or_lost, 0, "coins", coins.moved),
        at_most("coins.wrongly_kept_or_returned.total", coins.misplaced, 0, "coins", coins.scenarios),
        at_most("coins.book_faults.count", coins.faults, 0, "faults", coins.scenarios),
    ]


def longest(name: str, ms: Sequence[float]) -> Figure:
    """`<name>`, the longest of `ms`, held by `OUT_BAR_MS`. Raises ValueError when `ms` is empty."""
    return at_most(name, max(ms), OUT_BAR_MS, n=len(ms))


async def measure(port_base: int | None, times: int) -> list[Figure]:
    """Starts a stack and one worker.

    `times`: how many deletions of each kind. `port_base`: None for the stack's own choice.
    """
    async with Stack(STATE / "bench-accounts", port_base) as stack, People(stack.env) as people:
        await stack.start_worker("worker", one_core())
        return judge(
            await deletions(stack, people, times), await coins_through_every_show(people, stack.database_url)
        )


if __name__ == "__main__":
    sys.exit(command("accounts", __doc__, measure, Times(TIMES, FULL_TIMES, "deletions of each kind")))
