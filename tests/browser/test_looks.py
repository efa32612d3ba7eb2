"""Every page in light and dark, English and Turkish, on a desk and on a phone."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import expect

from local.people.person import OpenSession, People, Person
from local.people.sound import speech_like, tone
from local.stack import Stack
from tests.browser.desk import ConsolePage, Desk, tick
from tests.browser.looks import faults

pytestmark = pytest.mark.usefixtures("worker")

DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": DESK},
    "dark-tr": {"color_scheme": "dark", "viewport": DESK, "locale": "tr-TR"},
    "phone": {"color_scheme": "dark", "viewport": PHONE, "has_touch": True},
    "phone-light-tr": {"color_scheme": "light", "viewport": PHONE, "has_touch": True, "locale": "tr-TR"},
}
PAGES = {
    "rooms": ("rooms", ".lc-rooms"),
    "wall": ("wall", ".lc-tile"),
    "cases": ("cases", ".lc-tool"),
    "case": ("cases/{case}", "[data-clip], [data-feed=evidence]"),
    "appeals": ("appeals", "[data-appeal]"),
    "words": ("words", "[data-word]"),
    "people": ("people", "main input"),
    "calls": ("calls", "[data-feed=calls]"),
    "recordings": ("recordings", "[data-usage]"),
    "mine": ("mine", "[data-feed=bans]"),
    "shift": ("shift", "[data-feed=listens]"),
    "audit": ("audit", ".lc-table td"),
    "policy": ("policy", "[data-section=ladder]"),
    "keys": ("keys", "kbd"),
    "switches": ("switches", ".lc-switch"),
    "reports": ("reports", ".lc-chart"),
    "person": ("people/{person}", "[data-ban]"),
    "room": ("rooms/{room}", '.lc-meter:not([data-dbfs=""])'),
}
"""Of each route, as somebody of ops who leads sees it: its address, and what is there when it is. The room is last: one
acts in it."""
TO_CREATORS = {
    "rooms": ".lc-rooms",
    "mine": "[data-feed=own-sessions]",
    "recordings": "main h1",
    "words": "main h1",
}
WORDS = {
    "en": "Your sound has been too loud for 2 s: -5.9 LUFS; the limit here is -9.0. Please speak more softly.",
    "tr": "Sesiniz 2 saniyedir çok yüksek: -5,9 LUFS; buradaki sınır -9,0. Lütfen daha alçak sesle konuşun.",
}


class Scene(NamedTuple):
    ops: Person
    host: Person
    session: OpenSession
    speaker: Person
    case: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(stack: Stack) -> AsyncIterator[Scene]:
    """A room with a bit of everything, and a quiet one beside it."""
    async with People(stack.env) as people:
        host = await people.arrive("Onur", creator=True)
        session = await host.open_session("audio_room", "public", "Gece sohbeti")
        at_host = await host.enter(session.id, session.join)
        await at_host.speak(speech_like(-20))
        guests = [await people.arrive(name, coins=1_000) for name in ("Ayşe", "Tuna", "Umut")]
        devices = [await guest.enter(session.id) for guest in guests]
        for guest in guests:
            await guest.raise_hand(session.id)
        speaker = guests[0]
        await (await host.ask("set_role", session.id, speaker, params={"role": "speaker"})).applied()
        await devices[0].speak(tone(-14))
        await guests[1].send_gift(session.id, "rose", 3)
        await people.service.insert("moderation_incidents", incident(session, speaker))
        quiet = await people.arrive("Selin", creator=True)
        beside = await quiet.open_session("video_live", "subscribers", "Akşam yemeği: mantı")
        await quiet.enter(beside.id, beside.join)
        ops = await people.arrive("Derya", ops=True)
        await people.service.update("live_ops", {"lead": True}, user_id=f"eq.{ops.id}")
        await (
            await ops.ask("ban", session.id, guests[2], params={"scope": "creator"}, reason="Threats")
        ).applied()
        await (await ops.ask("mute", session.id, speaker, params={"seconds": 300}, reason="Noise")).applied()
        await guests[1].api.insert("live_messages", {"session_id": session.id, "body": "what the fuck"})
        await guests[1].api.rpc(
            "report_person",
            user_id=speaker.id,
            reason_code="threat",
            session_id=session.id,
            text="He said it twice",
        )
        [muted, *_] = await speaker.api.rpc("my_decisions")
        await speaker.api.rpc("appeal", action_id=muted["action_id"], text="It was the room next door.")
        for seconds in (*range(301, 325), 300):
            await people.service.update(
                "app_settings", {"value": seconds}, key="eq.tickets.delivered_after_seconds"
            )
        case = await people.service.row("moderation_cases", user_id=f"eq.{speaker.id}")
        assert case is not None
        yield Scene(ops, host, session, guests[2], case["id"])
        await host.end_session(session.id)
        await quiet.end_session(beside.id)


def incident(session: OpenSession, person: Person) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "session_id": session.id,
        "user_id": person.id,
        "rule": "too_loud",
        "severity": "warning",
        "measured": {"short_term_lufs": -5.9, "threshold_lufs": -9.0, "words": WORDS},
        "started_at": datetime.now(UTC).isoformat(),
        "strikes": 1.5,
    }


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_is_accessible_and_fits(desk: Desk, stack: Stack, scene: Scene, look: str) -> None:
    del stack
    door = await desk.open(**LOOKS[look])
    await expect(door.page.get_by_role("heading", level=1)).to_be_visible()
    assert await faults(door.page, look, "sign-in") == []
    await door.sign_in(scene.ops.email)
    for name, (address, ready) in PAGES.items():
        await door.go(address.format(case=scene.case, person=scene.speaker.id, room=scene.session.id))
        await expect(door.page.locator(ready).first).to_be_visible()
        await expect(door.page.locator(".lc-empty[role=status]")).to_have_count(0)
        assert await faults(door.page, look, name) == []
    await acting(door, look)


@pytest.mark.parametrize("look", ["dark-tr", "phone"])
async def test_a_creators_own_pages_are_accessible_and_fit(
    desk: Desk, stack: Stack, scene: Scene, look: str
) -> None:
    del stack
    door = await desk.sign_in(scene.host, **LOOKS[look])
    await expect(door.page.get_by_role("navigation").get_by_role("link")).to_have_count(len(TO_CREATORS))
    for name, ready in TO_CREATORS.items():
        await door.go(name)
        await expect(door.page.locator(ready).first).to_be_visible()
        await expect(door.page.locator(".lc-empty[role=status]")).to_have_count(0)
        assert await faults(door.page, look, f"creator-{name}") == []


async def test_what_cannot_be_shown_says_so_just_as_well(desk: Desk, stack: Stack, scene: Scene) -> None:
    del stack
    door = await desk.sign_in(scene.speaker, **LOOKS["phone"])
    await expect(door.page.get_by_role("heading", name="This is not yours to see")).to_be_visible()
    assert await faults(door.page, "phone", "forbidden") == []

    ops = await desk.sign_in(scene.ops, **LOOKS["light"])
    await ops.go(f"rooms/{uuid.uuid4()}")
    await expect(ops.page.get_by_text("There is no such session")).to_be_visible()
    assert await faults(ops.page, "light", "no-such-room") == []
    await ops.go("rooms")
    await ops.page.get_by_role("searchbox").fill("nobody is called that")
    await expect(ops.page.get_by_text("No room matches.")).to_be_visible()
    assert await faults(ops.page, "light", "no-match") == []


async def acting(console: ConsolePage, look: str) -> None:
    person = console.page.locator(".lc-person").last
    await tick(person.get_by_role("checkbox"))
    await person.get_by_role("button").click()
    await tick(console.page.get_by_role("dialog").get_by_role("radio").last)
    assert await faults(console.page, look, "acting") == []
