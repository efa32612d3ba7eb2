"""From an offender's voice to a clip that ops can listen to: a real room, the worker, Storage, the edge function."""

import hashlib
import io
import uuid
from collections.abc import AsyncIterator
from datetime import datetime

import aiohttp
import asyncpg
import av
import numpy as np
import pytest
import pytest_asyncio

from local import sounds
from local.people.api import Json
from local.people.person import People, Person
from local.people.sound import RATE, SpokenSound, tone
from local.people.waiting import until
from local.stack import Stack
from tests.integration.edge import world
from tests.integration.test_hearing import SHOUT, audio_room, speaker

pytestmark = pytest.mark.usefixtures("worker")

AFTER_SECONDS = 2
HERTZ = 1000
"""What `SHOUT` is."""
FEEDBACK = SpokenSound(
    "feedback", sounds.as_int16(sounds.feedback(HERTZ, 40.0, 6.0, RATE, np.random.default_rng(2)))
)
AT_ONCE = [{"step": "warning", "strikes": 0.5, "cooldown_seconds": 30.0}]


@pytest_asyncio.fixture(loop_scope="session")
async def soon(database: asyncpg.Connection) -> AsyncIterator[None]:
    """Clips that end soon after what they show."""
    change = "update app_settings set value = $1 where key = 'evidence.after_seconds'"
    await database.execute(change, str(AFTER_SECONDS))
    yield
    await database.execute(change, "10")


async def clips_of(people: People, person: Person, count: int = 1) -> list[Json]:
    """The clips of a person that can be listened to, once there are so many."""

    async def there() -> list[Json] | None:
        rows = await people.service.rows("evidence_clips", user_id=f"eq.{person.id}", order="from_at")
        ready = [row for row in rows if row["stored_at"] is not None]
        return ready if len(ready) >= count else None

    return await until("clips", there, 30.0)


async def listened(ops: Person, clip: Json) -> tuple[Json, bytes]:
    link = await ops.api.call("evidence-open", clip_id=clip["id"], reason="a rule was broken")
    async with aiohttp.ClientSession() as http, http.get(link["url"]) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/ogg")
        return link, await answer.read()


def heard_in(content: bytes) -> tuple[float, float]:
    """Seconds, and the pitch of what is heard most, in hertz."""
    with av.open(io.BytesIO(content)) as file:
        rate = file.streams.audio[0].rate
        sound = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1).ravel()
    spectrum = np.abs(np.fft.rfft(sound.astype(float)))
    return len(sound) / rate, float(spectrum.argmax() * rate / len(sound))


@pytest.mark.usefixtures("soon")
async def test_an_offender_is_heard_in_a_clip_and_nobody_else_is_kept(
    people: People, stack: Stack, database: asyncpg.Connection
) -> None:
    host, session, _ = await audio_room(people, mode="enforce")
    guest, at_guest = await speaker(people, host, session)
    innocent, at_innocent = await speaker(people, host, session)
    ops = await people.arrive("Ops", ops=True)
    await at_innocent.speak(tone(-30.0, hertz=400))
    await at_guest.speak(SHOUT)

    clips = await clips_of(people, guest, 2)
    incidents = await people.service.rows(
        "moderation_incidents", user_id=f"eq.{guest.id}", order="started_at"
    )
    steps = {row["id"]: row["measured"]["step"] for row in incidents}
    assert {steps[clip["incident_id"]] for clip in clips[:2]} == {"warning", "mute"}
    link, content = await listened(ops, clips[0])
    assert link["sha256"] == clips[0]["sha256"] == hashlib.sha256(content).hexdigest()
    seconds, hertz = heard_in(content)
    assert hertz == pytest.approx(HERTZ, abs=15)
    told = datetime.fromisoformat(clips[0]["to_at"]) - datetime.fromisoformat(clips[0]["from_at"])
    assert seconds == pytest.approx(told.total_seconds(), abs=0.3)
    assert (
        await people.service.rows("evidence_clips", session_id=f"eq.{session.id}", user_id=f"neq.{guest.id}")
        == []
    )
    looks = await ops.api.rows("evidence_access", clip_id=f"eq.{clips[0]['id']}")
    assert [(look["user_id"], look["act"], look["reason"]) for look in looks] == [
        (ops.id, "opened", "a rule was broken")
    ]

    # The speaker, the host and the way around the function get nothing.
    async with world(stack) as here, aiohttp.ClientSession() as http:
        for person in (guest, host, innocent):
            refused = await here.post(
                "evidence-open",
                {"clip_id": clips[0]["id"], "reason": "curious"},
                token=person.api.access_token,
            )
            assert refused.refusal == (403, "ops_only")
        for path in ("object", "object/authenticated", "object/public"):
            headers = {"apikey": stack.keys.publishable, "Authorization": f"Bearer {ops.api.access_token}"}
            url = f"{stack.url}/storage/v1/{path}/evidence/{clips[0]['path']}"
            async with http.get(url, headers=headers) as answer:
                assert answer.status == 400

    # Its time is over: the worker deletes the file, and the link with it.
    await database.execute(
        "update evidence_clips set retention_until = now() where id = $1", uuid.UUID(clips[0]["id"])
    )

    async def deleted() -> bool:
        rows = await people.service.rows("evidence_clips", id=f"eq.{clips[0]['id']}")
        return rows[0]["deleted_at"] is not None

    await until("it is deleted", deleted, 20.0)
    async with aiohttp.ClientSession() as http, http.get(link["url"]) as answer:
        assert answer.status == 400
    assert await database.fetch("select * from live.evidence_faults() where id = $1", clips[0]["id"]) == []


@pytest.mark.usefixtures("soon")
async def test_a_clip_of_feedback_begins_where_the_tone_was_seen_to_grow(people: People) -> None:
    """Of a busy machine's lost sound the next round of the tone makes up."""
    host, session, _ = await audio_room(people, mode="enforce", howl={}, ladder=AT_ONCE)
    guest, at_guest = await speaker(people, host, session)
    await at_guest.speak(FEEDBACK)

    clip = (await clips_of(people, guest))[0]
    [incident] = await people.service.rows("moderation_incidents", id=f"eq.{clip['incident_id']}")
    begins, grew, told = (
        datetime.fromisoformat(at) for at in (clip["from_at"], incident["started_at"], incident["ended_at"])
    )
    assert incident["rule"] == "howl"
    assert (told - grew).total_seconds() >= 1.0, "the rule's grace"
    assert (begins - grew).total_seconds() <= 0.5, "the next block, or that after it"


@pytest.mark.usefixtures("soon")
async def test_a_second_credible_report_makes_a_clip_of_what_follows(people: People) -> None:
    host, session, _ = await audio_room(people, mode="enforce")
    guest, at_guest = await speaker(people, host, session)
    await at_guest.speak(tone(-24.0, hertz=HERTZ))
    reporters = [await people.arrive(f"R{n}") for n in range(2)]
    for reporter in reporters:
        await reporter.enter(session.id)
        await reporter.until_on_record(session.id)
    for reporter in reporters:
        await reporter.api.rpc(
            "report_person", user_id=guest.id, reason_code="harassment", session_id=session.id
        )
    clip = (await clips_of(people, guest))[0]
    assert clip["why"] == "reports"
    ops = await people.arrive("Ops", ops=True)
    seconds, hertz = heard_in((await listened(ops, clip))[1])
    assert hertz == pytest.approx(HERTZ, abs=15)
    assert seconds == pytest.approx(AFTER_SECONDS, abs=1.0)
    case = (await people.service.rows("moderation_cases", user_id=f"eq.{guest.id}"))[0]
    file = await ops.api.rpc("case_file", id=case["id"])
    assert [c["id"] for c in file["clips"]] == [clip["id"]]
