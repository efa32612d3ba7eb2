"""What a tunnel of 75 s costs a person with the packages, and nobody else. Part of `bench.app`."""

import asyncio
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.app_screen import AppScreen, screen
from local import chromium, tunnel
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.sound import tone
from local.results import Figure, at_most
from local.stack import Stack

DARK_SECONDS = 75.0
LIGHT_SECONDS = 2.0
LOST_BAR = 0.0
VOICE_DBFS = -23.0


@dataclass(frozen=True, slots=True)
class Evening:
    """A room, who is in it, and the screen of the one in the tunnel."""

    room: OpenSession
    host: Person
    stage: Device
    """The host's."""
    friend: Person
    dark: Person
    viewer: AppScreen


async def pass_by(people: People, now: Evening) -> Person:
    """What happens while somebody is in a tunnel: lines, gifts, another's hand, one's own role, and another voice.

    Returns who speaks in the end; before the dark the host did.
    """
    room, friend = now.room, now.friend
    voice = await people.arrive("Voice")
    for n in range(15):
        await friend.api.insert(
            "live_messages", {"id": str(uuid.uuid4()), "session_id": room.id, "body": f"line {n}"}
        )
        await friend.send_gift(room.id, "rose")
        if n == 7:
            await friend.raise_hand(room.id)
            await now.host.ask("set_role", room.id, now.dark, params={"role": "co_host"})
            await now.stage.hush()
            await take_the_word(now, voice)
        await asyncio.sleep(DARK_SECONDS / 20)
    return voice


async def take_the_word(now: Evening, voice: Person) -> None:
    """Somebody enters, comes on stage and sounds until the end."""
    device = await voice.enter(now.room.id)
    await voice.raise_hand(now.room.id)
    await now.host.ask("set_role", now.room.id, voice, params={"role": "speaker"})
    # LiveKit and the agent tell changes, and this sound has none.
    await device.speak(tone(VOICE_DBFS))


async def lost(people: People, now: Evening, voice: Person) -> tuple[int, int, list[str]]:
    """How much of what is so the viewer's screen lacks, or has twice; of how much; and what."""
    where = {"session_id": f"eq.{now.room.id}"}
    lines = {row["id"] for row in await people.service.rows("live_messages", select="id", **where)}
    given = {row["id"] for row in await people.service.rows("live_gifts", select="id", **where)}
    watches = await people.service.rows("live_level_watches", user_id=f"eq.{now.dark.id}", **where)
    view = await now.viewer.call("view")
    seen_lines, seen_gifts = (
        await now.viewer.call("lines"),
        [gift["id"] for gift in await now.viewer.call("gifts")],
    )
    faults = [f"line {one}" for one in lines ^ set(seen_lines)] + [
        f"gift {one}" for one in given ^ set(seen_gifts)
    ]
    faults += ["twice"] * (len(seen_lines) - len(set(seen_lines)) + len(seen_gifts) - len(set(seen_gifts)))
    levels = view["levels"]
    held = {
        "hand": now.friend.id in view["hands"],
        "role": view["role"] == "co_host",
        "right": view["may"]["microphone"],
        "levels are asked for": any(
            datetime.fromisoformat(row["expires_at"]) > datetime.now(UTC) for row in watches
        ),
        # The agent's word, which only staff has. LiveKit's says nothing of a steady sound to somebody who comes late.
        "the level of who is heard": measured(levels.get(voice.id)),
        "the level of who is silent": not sounds(levels.get(now.host.id)),
    }
    faults += [what for what, is_so in held.items() if not is_so]
    return len(faults), len(lines) + len(given) + len(held), faults


def sounds(level: dict[str, Any] | None) -> bool:
    """Whether a person's line of the screen's levels, None without one, shows them as speaking."""
    return level is not None and bool(level["speaking"])


def measured(level: dict[str, Any] | None) -> bool:
    """Whether the screen shows the agent's measure of the sound that is played."""
    return level is not None and level["dbfs"] is not None and abs(level["dbfs"] - VOICE_DBFS) < 3.0


async def in_a_tunnel(stack: Stack, people: People, script: str) -> list[Figure]:
    """Figure `app.tunnel.lost`: what the screen lacks, or has twice, `LIGHT_SECONDS` after the light is back.

    Raises:
        RuntimeError: nothing was missed in the dark, so the network was not cut.
    """
    host, friend, dark = (
        await people.arrive("Host", creator=True),
        await people.arrive("Friend", coins=2000),
        await people.arrive("Dark"),
    )
    room = await host.open_session("audio_room", "public", "In a tunnel")
    stage = await host.enter(room.id, room.join)
    await friend.enter(room.id)
    await friend.until_on_record(room.id)
    await stage.speak()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            chromium.launched(tunnel.wrapped(Path(folder), chromium.found())) as browser,
            screen(browser, stack, dark, script) as viewer,
        ):
            await viewer.enter(room)
            await viewer.until("role", lambda view: view["role"] is not None)
            await viewer.until("the host speaks", lambda view: sounds(view["levels"].get(host.id)))
            # So that the role is given at once, and is no invitation.
            await dark.raise_hand(room.id)
            now = Evening(room, host, stage, friend, dark, viewer)
            with tunnel.ready() as mouth:
                mouth.enter()
                begun = time.monotonic()
                voice = await pass_by(people, now)
                await asyncio.sleep(max(0.0, DARK_SECONDS - (time.monotonic() - begun)))
                missed = (await lost(people, now, voice))[0]
                mouth.leave()
                await asyncio.sleep(LIGHT_SECONDS)
                count, of, faults = await lost(people, now, voice)
    if missed == 0:
        raise RuntimeError("it was not dark in the tunnel")
    sys.stdout.write(f"missed in the dark: {missed}; after {LIGHT_SECONDS:g} s of light: {faults[:8]}\n")
    return [at_most("app.tunnel.lost", count, LOST_BAR, "of what is so", of)]
