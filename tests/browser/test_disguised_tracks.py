"""Tracks that are not what they call themselves, from a browser that announces what it likes, and who receives them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from livekit import api, rtc
from playwright.async_api import Browser, Page

from agent.core.lease import RoomName
from local.chromium import bundled
from local.people.hostile import server_api
from local.people.person import OpenSession, People, Person
from local.people.waiting import until
from local.stack import Stack
from local.supervisor import Child
from tests.integration.hidden_listener import listening

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


async def incident_of(people: People, session: OpenSession, person: Person) -> bool:
    rows = await people.service.rows(
        "moderation_incidents", session_id=f"eq.{session.id}", user_id=f"eq.{person.id}"
    )
    return any(row["rule"] == "disguise" for row in rows)


@pytest.mark.timeout(90)
@pytest.mark.parametrize(("media", "announced"), [("audio", "video"), ("video", "audio")])
async def test_the_agent_takes_nothing_of_another_kind_than_was_announced(
    stack: Stack, opened: Open, media: str, announced: str
) -> None:
    """It would be its end: LiveKit's Python client aborts the process, with every room in it."""
    room = f"lab-{uuid.uuid4()}"
    attacker, speaker = [await opened() for _ in range(2)]
    async with listening(stack, RoomName(room)) as agent:
        agent.sounds.hear(on=True)
        disguised = {"media": media, "announced": announced, "source": "screen_share_audio"}
        await attacker.evaluate(
            "how => evasion.publish(how)", {**entry(stack, room, "attacker"), **disguised}
        )
        await until("the agent knows of it", agent.publications)
        proper = {"media": "audio", "announced": "audio", "source": "microphone"}
        await speaker.evaluate("how => evasion.publish(how)", {**entry(stack, room, "speaker"), **proper})
        await agent.hears(2)
        assert agent.subscribed() == {rtc.TrackSource.SOURCE_MICROPHONE}


@pytest.mark.timeout(90)
async def test_the_agent_ends_sound_that_is_announced_as_a_picture(
    worker: Child, stack: Stack, people: People, opened: Open
) -> None:
    host, ops = await people.arrive("Ada", creator=True), await people.arrive("Selin", ops=True)
    session, person = await host.open_session("video_live"), await people.arrive("Mallory")
    at_host, attacker = await opened(), await opened()
    entrance = {"url": session.join["url"], "token": session.join["token"]}
    await at_host.evaluate("how => evasion.watch(how)", {**entrance, "honest": True})
    join = await person.token(session.id)
    how = {"url": join["url"], "token": join["token"], "media": "audio", "announced": "video"}
    publishing = asyncio.ensure_future(
        attacker.evaluate("how => evasion.publish(how)", {**how, "source": "camera"})
    )
    await person.raise_hand(session.id)
    await (await ops.ask("set_role", session.id, person, params={"role": "speaker"})).applied()
    assert await publishing == "published"
    await until("an incident", lambda: incident_of(people, session, person))

    async def ended() -> bool:
        asked = api.RoomParticipantIdentity(room=session.room, identity=person.id)
        async with server_api(stack.env) as livekit:
            return not (await livekit.room.get_participant(asked)).tracks

    await until("it is ended", ended)
    assert worker.running
    await host.end_session(session.id)
