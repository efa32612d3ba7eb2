"""Tracks that are not what they call themselves, from a browser that announces what it likes, and who receives them."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from livekit import api
from playwright.async_api import Browser, Page

from local.chromium import bundled
from local.people.evasive import Gate
from local.people.hostile import Arena
from local.people.person import People
from local.people.waiting import until
from local.stack import Stack
from local.supervisor import Child

Open = Callable[[], Awaitable[Page]]
ENOUGH_PACKETS = 20


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    return bundled("tests/evasion_page.ts", tmp_path_factory.mktemp("evasion"))


@pytest_asyncio.fixture(loop_scope="session")
async def opened(chromium: Browser, script: str, stack: Stack) -> AsyncIterator[Open]:
    """Opens a page of a browser's own, as another device has one."""
    contexts = []

    async def open_page() -> Page:
        contexts.append(await chromium.new_context())
        page = await contexts[-1].new_page()
        await page.goto(stack.livekit_url.replace("ws", "http", 1))
        await page.add_script_tag(content=script)
        await page.mouse.click(1, 1)  # a page plays nothing before somebody has touched it
        return page

    yield open_page
    for context in contexts:
        await context.close()


def entry(stack: Stack, room: str, identity: str) -> dict[str, str]:
    token = api.AccessToken(stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"])
    grants = api.VideoGrants(room_join=True, room=room)
    return {
        "url": stack.env["LIVEKIT_URL"],
        "token": token.with_identity(identity).with_grants(grants).to_jwt(),
    }


async def received(page: Page, kind: str) -> int:
    packets: dict[str, int] = await page.evaluate("evasion.received()")
    return packets[kind]


@pytest.mark.timeout(90)
@pytest.mark.parametrize(
    ("media", "announced", "source"),
    [
        ("video", "video", "microphone"),
        ("audio", "audio", "camera"),
        ("audio", "video", "camera"),
    ],
)
async def test_an_app_with_the_package_receives_no_packet_of_a_disguised_track(
    stack: Stack, opened: Open, media: str, announced: str, source: str
) -> None:
    """In a room that no agent looks after, so that nothing but the app's own choice keeps the track away."""
    room = f"lab-{uuid.uuid4()}"
    honest, careless, attacker, speaker = [await opened() for _ in range(4)]
    await honest.evaluate("how => evasion.watch(how)", {**entry(stack, room, "honest"), "honest": True})
    await careless.evaluate("how => evasion.watch(how)", {**entry(stack, room, "careless"), "honest": False})
    disguised = {"media": media, "announced": announced, "source": source}
    await attacker.evaluate("how => evasion.publish(how)", {**entry(stack, room, "attacker"), **disguised})

    async def arrived(page: Page, kind: str) -> bool:
        return await received(page, kind) >= ENOUGH_PACKETS

    await until("an app that takes everything receives it", lambda: arrived(careless, media), 20.0)
    assert await received(honest, media) == 0
    proper = {"media": media, "announced": media, "source": "microphone" if media == "audio" else "camera"}
    await speaker.evaluate("how => evasion.publish(how)", {**entry(stack, room, "speaker"), **proper})
    await until("what is honest is received", lambda: arrived(honest, media), 20.0)


@pytest.mark.timeout(90)
async def test_the_agent_ends_sound_that_is_announced_as_a_picture(
    worker: Child, people: People, opened: Open
) -> None:
    assert worker.running
    arena = await Arena.open(people, "video_live")
    person, device, _ = await arena.speaker()
    await device.leave()
    gate = Gate(arena.at_host.room, person.id)
    page, join = await opened(), await person.token(arena.session.id)
    how = {"url": join["url"], "token": join["token"], "media": "audio", "announced": "video"}
    await page.evaluate("how => evasion.publish(how)", {**how, "source": "camera"})
    await until("it was there", lambda: gate.first > 0.0)
    await until("it is ended", lambda: gate.closed)

    async def incident() -> bool:
        where = {"session_id": f"eq.{arena.session.id}", "user_id": f"eq.{person.id}"}
        rows = await people.service.rows("moderation_incidents", **where)
        return any(row["rule"] == "disguise" for row in rows)

    await until("an incident", incident)
