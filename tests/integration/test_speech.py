"""From what a flagged speaker says, and from a camera, to a case: real rooms, and the process by its own role."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import asyncpg
import av
import pytest
import pytest_asyncio
from livekit.agents import AgentSession, inference

from agent.supabase.client import supabase_client
from bench.hearing_sounds.voices import can_speak, spoken
from local import sounds
from local.people.api import Json
from local.people.person import People, Person
from local.people.sound import SpokenSound
from local.people.voice import HEIGHT, WIDTH
from local.people.waiting import until
from local.stack import Stack
from speech.desk import SupabaseDesk
from speech.pictures import Classifier, Picture
from speech.process import SpeechProcess
from speech.running import assembled
from speech.scripted import ScriptedSpeech
from speech.settings import SpeechSettings
from speech.token import minted
from tests.integration.test_evidence import soon
from tests.integration.test_hearing import audio_room, speaker

pytestmark = pytest.mark.usefixtures("worker")
__all__ = ["AgentSession", "soon"]
"""`AgentSession`: a name of the package itself, so that all of it is there, also where the worker's part came first."""
SWITCH = "update app_settings set value = $2::jsonb where key = $1"


class Brightness:
    """A classifier: whatever is lighter than night."""

    name = "brightness"

    def score(self, picture: Picture) -> float:
        return 0.99 if float(picture.mean()) > 40 else 0.0


@pytest_asyncio.fixture(loop_scope="session")
async def on(database: asyncpg.Connection) -> AsyncIterator[None]:
    for key, value in (
        ("speech.enabled", "true"),
        ("pictures.enabled", "true"),
        ("pictures.every_seconds", "1"),
    ):
        await database.execute(SWITCH, key, value)
    yield
    for key, value in (
        ("speech.enabled", "false"),
        ("pictures.enabled", "false"),
        ("pictures.every_seconds", "10"),
    ):
        await database.execute(SWITCH, key, value)


@asynccontextmanager
async def process(
    stack: Stack, plugin: ScriptedSpeech, classifier: Classifier | None = None
) -> AsyncIterator[SpeechProcess]:
    """The process with this engine, by the token of its own role."""
    token = minted(stack.keys.jwt_secret, 600)
    settings = SpeechSettings.model_validate({**lowered(stack.env), "live_speech_token": token})
    async with supabase_client(stack.url, stack.keys.publishable, 5.0) as supabase:
        supabase.act_as(token)
        desk = SupabaseDesk(supabase, "speech-test", plugin.model, "brightness", 50)
        made = assembled(settings, desk, plugin, inference.VAD(), classifier)
        running = asyncio.create_task(made.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.wait({running})
            if not running.cancelled() and (error := running.exception()) is not None:
                raise error


def lowered(env: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in env.items()}


def turkish(seconds: float = 6.0) -> SpokenSound:
    return SpokenSound("Turkish", sounds.as_int16(spoken("tr", seconds) * 0.2))


async def flags_of(people: People, person: Person) -> list[Json]:
    async def there() -> list[Json] | None:
        return (
            await people.service.rows("content_flags", user_id=f"eq.{person.id}", order="created_at") or None
        )

    return await until("flags", there, 45.0)


@pytest.mark.skipif(not can_speak(), reason="eSpeak NG is not there")
@pytest.mark.usefixtures("on", "soon")
async def test_a_threat_of_a_flagged_speaker_opens_a_case_and_nobody_else_is_transcribed(
    people: People, stack: Stack
) -> None:
    host, session, at_host = await audio_room(people, mode="observe")
    guest, at_guest = await speaker(people, host, session)
    _, at_innocent = await speaker(people, host, session)
    ops = await people.arrive("Ops", ops=True)
    await at_innocent.speak(turkish())
    await at_guest.speak(turkish())
    plugin = ScriptedSpeech(lines=["Seni bulursam öldürürüm, ÖLDÜRÜRÜM!", "Merhaba."])
    asked: list[str] = []
    async with process(stack, plugin) as listening:
        take = listening.engine.is_flagged
        listening.engine.is_flagged = lambda of: asked.append(of.identity) is None and take(of)
        await ops.api.rpc(
            "keep_evidence", session_id=session.id, user_id=guest.id, reason="it was said before"
        )
        [flag, *_] = await flags_of(people, guest)
    assert (flag["kind"], flag["patterns"], flag["engine"]) == ("threat", ["öldürürüm"], "scripted")
    assert set(asked) == {guest.id}, "who is not flagged is not even asked about"
    assert plugin.heard_seconds
    case = (await people.service.rows("moderation_cases", user_id=f"eq.{guest.id}"))[0]
    assert (case["severity"], case["id"]) == ("critical", flag["case_id"])
    file = await ops.api.rpc("case_file", id=case["id"])
    assert [f["id"] for f in file["flags"]][:1] == [flag["id"]]
    assert (
        await people.service.rows("moderation_actions", target_user_id=f"eq.{guest.id}", action="eq.mute")
        == []
    )
    assert not [name for name in at_host.shown | at_innocent.shown if name.startswith("speech-")], (
        "it is hidden"
    )


@pytest.mark.usefixtures("on")
async def test_a_frame_of_a_camera_opens_a_case_is_seen_by_ops_and_the_camera_is_let_go(
    people: People, stack: Stack
) -> None:
    host = await people.arrive("Ada", creator=True)
    session = await host.open_session("video_live")
    device = await host.enter(session.id, session.join)
    await device.film()
    ops = await people.arrive("Ops", ops=True)
    async with process(stack, ScriptedSpeech(), Brightness()):

        async def stored() -> Json | None:
            rows = await people.service.rows("evidence_clips", user_id=f"eq.{host.id}", kind="eq.picture")
            return next((row for row in rows if row["stored_at"] is not None), None)

        clip = await until("a frame is stored", stored, 30.0)

        async def on_the_wall() -> Json | None:
            told = await ops.api.rpc("wall_pictures", session_ids=[session.id])
            return next(iter(told["pictures"]), None)

        still = await until("a still is on the wall", on_the_wall, 30.0)
    assert still["user_id"] == host.id
    with av.open(io.BytesIO(base64.b64decode(still["jpeg"]))) as file:
        assert next(file.decode(video=0)).width == WIDTH
    link = await ops.api.call("evidence-open", clip_id=clip["id"], reason="a camera was flagged")
    async with aiohttp.ClientSession() as http, http.get(link["url"]) as answer:
        assert (answer.status, answer.content_type) == (200, "image/jpeg")
        with av.open(io.BytesIO(await answer.read())) as file:
            frame = next(file.decode(video=0))
    assert (frame.width, frame.height) == (WIDTH, HEIGHT)
    case = (await people.service.rows("moderation_cases", id=f"eq.{clip['case_id']}"))[0]
    assert (case["source"], case["severity"], case["user_id"]) == ("picture", "warning", host.id)
