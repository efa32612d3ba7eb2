"""An evening in the example, by taps alone: going live, chat, gifts, hands, moderation, being recorded, calls, and the
end of an account.
"""

import asyncio
import time
from dataclasses import dataclass

from local.people.person import Person
from tests.app.screen import PATIENCE_MS, Screen
from tests.conformance.steps import Failed

DEAD_SIDE_SECONDS = 55.0
"""From the death of a phone to the end of its call: LiveKit takes about 20, and `calls.alone_seconds` is 30."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Two people; the viewer has two devices, `guest` and `second`."""

    host: Screen
    guest: Screen
    second: Screen
    creator: Person
    viewer: Person


async def evening(cast: Cast, *, recording: bool) -> str:
    """What was played; without `recording` the stack has nothing that records."""
    await cast.host.sign_in(cast.creator)
    for device in (cast.guest, cast.second):
        await device.sign_in(cast.viewer)
    await live(cast)
    await talk(cast, recording=recording)
    await ring(cast)
    await two_devices(cast)
    await crossing(cast)
    alone = await lonely(cast)
    await account(cast)
    said = "a broadcast, an audio room, calls (two devices, crossing), and an account deleted; "
    return (
        f"{said}a dead side ended its call after {alone:.0f} s{'' if recording else '; nobody was recorded'}"
    )


async def live(cast: Cast) -> None:
    """A broadcast: seen, talked about, given to, ended."""
    host, guest = cast.host, cast.guest
    await begin(host, "video", "Songs")
    await enter(guest, "Songs")
    await guest.plays()
    await guest.write("draft", "merhaba")
    await guest.tap("say")
    await host.shows("chat", "merhaba")
    await guest.tap("gift-rose")
    for one in (host, guest):
        await one.shows("gift", "Viewer")
    await host.tap("end")
    for one in (host, guest):
        await one.shows("standing")
        await one.tap("back")


async def talk(cast: Cast, *, recording: bool) -> None:
    """An audio room, entered by its link: a hand, a role, a microphone, and what moderation takes away again."""
    host, guest, viewer = cast.host, cast.guest, cast.viewer
    await begin(host, "audio", "Talk")
    await host.shows("hands")
    [room] = await cast.creator.api.rows("live_sessions", title="eq.Talk", select="id")
    await guest.follow(f"/live/{room['id']}")
    await guest.tap("hand")
    await host.shows("hands", viewer.name)
    await host.tap("moderate")
    await host.tap(f"set_role-{viewer.id}")
    await guest.tap("microphone")
    await guest.shows("microphone", "●")
    if recording:
        await recorded(host, guest)
    await host.tap(f"mute-{viewer.id}")
    await host.shows("outcome", "applied")
    await guest.lacks("microphone")
    await host.tap(f"kick-{viewer.id}")
    await guest.shows("standing")
    await guest.tap("back")
    await host.tap("end")
    await host.tap("back")


async def recorded(host: Screen, guest: Screen) -> None:
    """The guest agrees and speaks, withdraws and listens; afterwards they may speak again."""
    await host.tap("record")
    await guest.shows("recorded")
    await guest.shows("answer-by", " s")
    await guest.tap("agree")
    await guest.shows("withdraw")
    await guest.shows("microphone", "●")
    await guest.tap("withdraw")
    await guest.lacks("microphone")
    await host.tap("record")
    await guest.lacks("recorded")
    await guest.shows("microphone")


async def ring(cast: Cast) -> None:
    """A call to a creator who is live, which rings on their screen, whatever that shows."""
    host, guest = cast.host, cast.guest
    await begin(host, "audio", "Ring me")
    await guest.tap(f"call-{cast.creator.id}")
    await host.tap("answer")
    await over(host, guest, by=guest)


async def two_devices(cast: Cast) -> None:
    """It rings on both; the one that answers is in the call, and the other stops ringing and stays out."""
    host, guest, second = cast.host, cast.guest, cast.second
    await begin(guest, "audio", "Ring me too")
    await host.tap(f"call-{cast.viewer.id}")
    for device in (guest, second):
        await device.shows("ringing")
    await second.tap("answer")
    await guest.lacks("ringing")
    await over(host, second, by=host)
    await guest.lacks("together")


async def crossing(cast: Cast) -> None:
    """Both tap at once: one call, and nothing goes on ringing."""
    host, second = cast.host, cast.second
    await asyncio.gather(second.tap(f"call-{cast.creator.id}"), host.tap(f"call-{cast.viewer.id}"))
    for one in (host, second):
        await one.shows("together")
    for one in (host, second, cast.guest):
        await one.lacks("ringing")


async def lonely(cast: Cast) -> float:
    """Seconds from the death of one phone until the other is told that the call is over."""
    begun = time.monotonic()
    await cast.second.dies()
    await cast.host.shows("duration", "s", within_ms=2000 * DEAD_SIDE_SECONDS)
    took = time.monotonic() - begun
    if took > DEAD_SIDE_SECONDS:
        raise Failed(f"a call with a dead side went on for {took:.0f} s")
    await cast.host.tap("back")
    return took


async def account(cast: Cast) -> None:
    """It ends in the app, and what its owner has live ends with it."""
    guest = cast.guest
    await guest.tap("back")
    await cast.host.shows(f"call-{cast.viewer.id}")
    await guest.tap("account")
    await guest.tap("delete-account")
    await guest.shows("delete-sure")
    await guest.tap("delete-account")
    await guest.shows("sign-in")
    await cast.host.lacks(f"call-{cast.viewer.id}")


async def over(*screens: Screen, by: Screen) -> None:
    """Both are in the call; one hangs up, and both read for how long it lasted."""
    for one in screens:
        await one.shows("together")
    await by.tap("hang-up")
    for one in screens:
        await one.shows("duration", "s")
        await one.tap("back")


async def begin(host: Screen, kind: str, title: str) -> None:
    await host.tap("go-live")
    await host.write("title", title)
    await host.tap(f"begin-{kind}")


async def enter(guest: Screen, title: str) -> None:
    await guest.page.get_by_role("button", name=title, exact=True).click(timeout=PATIENCE_MS)
