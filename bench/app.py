"""`python -m bench.app`: what a person with the packages waits for, and what a tunnel costs them.

Chromium on the real stack. First frame: from the tap to the host's picture, page and libraries loaded. Mute: from the
moderator's tap until the last sound at a hearer. Gift: from the tap until the host's screen shows it. Tunnel: 75 s in
which the network takes everything and says nothing; 2 s after the light returns, chat, gifts, hands, role and right are
held against the database. Meanwhile one phone of a call dies, and its call ends. The tunnel needs root on Linux
(`iptables`); without it that figure is left out.
"""

import asyncio
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from bench.command import measured
from bench.dead_side import dead_side
from bench.full import full
from local import chromium, tunnel
from local.paths import STATE
from local.people.person import OpenSession, People, Person
from local.people.waiting import until
from local.results import Figure, at_most, spread
from local.stack import Stack

FRAMES, MUTES, GIFTS = (40, 20, 25) if full() else (10, 8, 15)
FRAME_BARS, MUTE_BARS, GIFT_BARS = {50: 500.0}, {50: 150.0}, {50: 90.0}
DARK_SECONDS = 75.0
LIGHT_SECONDS = 2.0
QUIET_SECONDS = 0.4
LOST_BAR = 0.0
PATIENCE = 30.0


class AppScreen:
    """One person's page."""

    def __init__(self, page: Page, stack: Stack, person: Person) -> None:
        self.page, self._stack, self.person = page, stack, person

    def visit(self, session: OpenSession, **more: Any) -> dict[str, Any]:
        """The options with which the page's script enters `session`; `more` are added, or replace some."""
        return {
            "url": self._stack.url,
            "key": self._stack.keys.publishable,
            "accessToken": self.person.api.access_token,
            "userId": self.person.id,
            "sessionId": session.id,
            **more,
        }

    async def call(self, name: str, *args: Any) -> Any:
        """What the function `app.<name>` of `tests/app_page.ts` answers. Raises Playwright's Error when it throws."""
        return await self.page.evaluate(f"(args) => app.{name}(...args)", list(args))

    async def enter(self, session: OpenSession, **more: Any) -> None:
        """Returns when the page is connected. Raises NotInTimeError after `PATIENCE` seconds."""
        await self.call("enter", self.visit(session, **more))
        await self.until("connected", lambda view: view["phase"] == "connected")

    async def until(self, what: str, holds: Any) -> None:
        """Waits until `holds`, given the page's view (a dict), is true. `what` is for the message of NotInTimeError."""

        async def there() -> bool:
            return bool(holds(await self.call("view")))

        await until(f"{self.person.name}: {what}", there, PATIENCE)


@asynccontextmanager
async def screen(browser: Browser, stack: Stack, person: Person, script: str) -> AsyncIterator[AppScreen]:
    """A browser context of its own, with camera and microphone, and the page's `script` in it."""
    context = await browser.new_context(permissions=["camera", "microphone"])
    try:
        page = await context.new_page()
        await page.goto(stack.livekit_url.replace("ws", "http", 1))
        await page.add_script_tag(content=script)
        yield AppScreen(page, stack, person)
    finally:
        await context.close()


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


async def evening(room: OpenSession, friend: Person, host: Person, dark: Person) -> None:
    """What happens while somebody is in a tunnel: lines, gifts, another's hand, one's own role."""
    for n in range(15):
        await friend.api.insert(
            "live_messages", {"id": str(uuid.uuid4()), "session_id": room.id, "body": f"line {n}"}
        )
        await friend.send_gift(room.id, "rose")
        if n == 7:
            await friend.raise_hand(room.id)
            await host.ask("set_role", room.id, dark, params={"role": "speaker"})
        await asyncio.sleep(DARK_SECONDS / 20)


async def lost(
    people: People, room: OpenSession, viewer: AppScreen, friend: Person
) -> tuple[int, int, list[str]]:
    """How much of what the database says the viewer's screen lacks, or has twice; of how much; and what."""
    where = {"session_id": f"eq.{room.id}"}
    lines = {row["id"] for row in await people.service.rows("live_messages", select="id", **where)}
    given = {row["id"] for row in await people.service.rows("live_gifts", select="id", **where)}
    view = await viewer.call("view")
    seen_lines, seen_gifts = await viewer.call("lines"), [gift["id"] for gift in await viewer.call("gifts")]
    faults = [f"line {one}" for one in lines ^ set(seen_lines)] + [
        f"gift {one}" for one in given ^ set(seen_gifts)
    ]
    faults += ["twice"] * (len(seen_lines) - len(set(seen_lines)) + len(seen_gifts) - len(set(seen_gifts)))
    if friend.id not in view["hands"]:
        faults.append("hand")
    if view["role"] != "speaker":
        faults.append("role")
    if not view["may"]["microphone"]:
        faults.append("right")
    return len(faults), len(lines) + len(given) + 3, faults


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
    await host.enter(room.id, room.join)
    await friend.enter(room.id)
    await friend.until_on_record(room.id)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            chromium.launched(tunnel.wrapped(Path(folder), chromium.found())) as browser,
            screen(browser, stack, dark, script) as viewer,
        ):
            await viewer.enter(room)
            await viewer.until("role", lambda view: view["role"] is not None)
            # So that the role is given at once, and is no invitation.
            await dark.raise_hand(room.id)
            with tunnel.ready() as mouth:
                mouth.enter()
                begun = time.monotonic()
                await evening(room, friend, host, dark)
                await asyncio.sleep(max(0.0, DARK_SECONDS - (time.monotonic() - begun)))
                missed = (await lost(people, room, viewer, friend))[0]
                mouth.leave()
                await asyncio.sleep(LIGHT_SECONDS)
                count, of, faults = await lost(people, room, viewer, friend)
    if missed == 0:
        raise RuntimeError("it was not dark in the tunnel")
    sys.stdout.write(f"missed in the dark: {missed}; after {LIGHT_SECONDS:g} s of light: {faults[:8]}\n")
    return [at_most("app.tunnel.lost", count, LOST_BAR, "of what the database has", of)]


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
