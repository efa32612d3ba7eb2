"""`python -m bench.app`: what a person with the packages waits for, and what a tunnel costs them.

Chromium on the real stack. First frame: from the tap to the host's picture, page and libraries loaded. Mute: from the
moderator's tap until the last sound at a hearer. Gift: from the tap until the host's screen shows it. Tunnel: 75 s in
which the network takes everything and says nothing; 2 s after the light returns, chat, gifts, hands, role and right are
held against the database, levels against who speaks. Meanwhile one phone of a call dies, and its call ends. The tunnel
needs root on Linux (`iptables`); without it that figure is left out.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Any

from bench.app_screen import PATIENCE, AppScreen, screen
from bench.command import measured
from bench.dead_side import dead_side
from bench.full import full
from bench.in_a_tunnel import in_a_tunnel
from local import chromium, tunnel
from local.paths import STATE
from local.people.person import OpenSession, People
from local.people.waiting import until
from local.results import Figure, spread
from local.stack import Stack

FRAMES, MUTES, GIFTS = (40, 20, 25) if full() else (10, 8, 15)
FRAME_BARS, MUTE_BARS, GIFT_BARS = {50: 500.0}, {50: 150.0}, {50: 90.0}
QUIET_SECONDS = 0.4


async def first_frames(host: AppScreen, viewer: AppScreen, show: OpenSession) -> list[Figure]:
    """Figures `app.first_frame`: milliseconds from asking for the show until its first frame.

    The first visit does not count.
    """
    await host.enter(show, join=show.join)
    await host.call("camera")
    taken = [await viewer.call("firstFrame", viewer.visit(show)) for _ in range(FRAMES + 1)]
    # The first one loads what the page has not needed yet.
    return spread("app.first_frame", taken[1:], FRAME_BARS)


async def gifts(viewer: AppScreen, host: AppScreen) -> list[Figure]:
    """The viewer is in the host's session."""
    taken = []
    for _ in range(GIFTS):
        sent = await viewer.call("give")

        async def shown(sent: Any = sent) -> float | None:
            return next((gift["at"] for gift in await host.call("gifts") if gift["id"] == sent["id"]), None)

        taken.append(await until("the gift", shown, PATIENCE) - sent["at"])
    return spread("app.gift_to_shown", taken, GIFT_BARS)


async def mutes(host: AppScreen, speaker: AppScreen) -> list[Figure]:
    """The speaker has raised a hand and is on stage; the host listens."""
    taken = []
    await host.call("listen")
    for _ in range(MUTES):
        await speaker.until("may speak", lambda view: view["may"]["microphone"])
        await speaker.call("publishTone")
        begun = await host.page.evaluate("Date.now()")

        async def heard(begun: float = begun) -> bool:
            return bool((await host.call("sound"))["last"] > begun)

        await until("the tone is heard", heard, PATIENCE)
        tapped = await host.call("act", "mute", speaker.person.id)

        async def silent(tapped: float = tapped) -> float | None:
            sound = await host.call("sound")
            quiet = sound["now"] - sound["last"] > 1000 * QUIET_SECONDS
            return float(sound["last"]) if quiet and sound["now"] > tapped else None

        taken.append(max(0.0, await until("silence", silent, PATIENCE) - tapped))
        await host.call("act", "unmute", speaker.person.id)
    return spread("app.mute_to_silence", taken, MUTE_BARS)


async def together(stack: Stack, people: People, script: str) -> list[Figure]:
    """Figures of what two people with a connection wait for: first frames, gifts and mutes."""
    async with AsyncExitStack() as opened:
        browser = await opened.enter_async_context(chromium.launched())
        host_person = await people.arrive("Host", creator=True)
        viewer_person = await people.arrive("Viewer", coins=3000)
        host = await opened.enter_async_context(screen(browser, stack, host_person, script))
        viewer = await opened.enter_async_context(screen(browser, stack, viewer_person, script))
        show = await host_person.open_session("video_live", "public", "A picture")
        figures = await first_frames(host, viewer, show)
        await viewer.enter(show)
        figures += await gifts(viewer, host)
        await host_person.end_session(show.id)
        talk = await host_person.open_session("audio_room", "public", "A tone")
        host = await opened.enter_async_context(screen(browser, stack, host_person, script))
        speaker = await opened.enter_async_context(screen(browser, stack, viewer_person, script))
        await host.enter(talk, join=talk.join)
        await speaker.enter(talk)
        await viewer_person.raise_hand(talk.id)
        await host_person.ask("set_role", talk.id, viewer_person, params={"role": "speaker"})
        return [*figures, *await mutes(host, speaker)]


async def measure() -> list[Figure]:
    """Needs a Chromium. Figures `app.*`; that of the tunnel only where `tunnel.possible()`."""
    script = chromium.bundled("tests/app_page.ts", STATE)
    async with Stack(STATE / "bench-app") as stack:
        await stack.start_worker("worker")
        async with People(stack.env) as people:
            figures = await together(stack, people, script)
            # Both are long waits, of other people.
            waits = [dead_side(people)]
            if tunnel.possible():
                waits.append(in_a_tunnel(stack, people, script))
            else:
                sys.stdout.write("no tunnel here: it needs root, iptables and setpriv\n")
            for waited in await asyncio.gather(*waits):
                figures += waited
    return figures


if __name__ == "__main__":
    sys.exit(measured("app", measure()))
