"""Recordings through the running stack: who watches, segment by segment, and consent as a right in a real room."""

import re
import time
from datetime import timedelta
from urllib.parse import parse_qs, urljoin, urlsplit

import jwt
import pytest
from aiohttp import ClientSession

from local.people.person import People
from local.people.waiting import until
from local.stack import Stack
from tests.integration.clients import client
from tests.integration.edge import Json, Person, World, world
from tests.integration.test_hearing import audio_room, speaker

PLAYLIST = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.0,\nsegment_00000.ts\n"
    "#EXTINF:3.0,\nsegment_00001.ts\n#EXT-X-ENDLIST\n"
)
CONVERGE_SECONDS = 0.5


async def recorded(here: World, host: Person, session: Json) -> str:
    """A recording of two segments, as a worker and Egress leave it, published."""
    reply = await here.post("recording-start", {"session_id": session["id"]}, token=host.token)
    assert reply.status == 200, reply
    recording: str = reply.body["recording"]["id"]
    prefix = f"{session['id']}/{recording}/1"
    async with client(here.stack, here.stack.keys.secret) as service:
        files = service.storage.from_("recordings")
        await files.upload(
            f"{prefix}/index.m3u8", PLAYLIST.encode(), {"content-type": "application/vnd.apple.mpegurl"}
        )
        for n in range(2):
            await files.upload(
                f"{prefix}/segment_0000{n}.ts", bytes([n]) * 188, {"content-type": "video/mp2t"}
            )
    await here.database.execute(
        "insert into live_recording_parts (recording_id, number, prefix, started_at, ended_at)"
        " values ($1, 1, $2, now() - interval '7 s', now())", recording, prefix,
    )  # fmt: skip
    for sql in (
        "update live_recordings set state = 'starting' where id = $1",
        "update live_recordings set state = 'processing' where id = $1",
        "update live_recordings set state = 'ready', duration_seconds = 7 where id = $1",
        "update live_vods set published_at = now() where recording_id = $1",
    ):
        await here.database.execute(sql, recording)
    return recording


async def status(http: ClientSession, url: str) -> int:
    async with http.get(url) as answer:
        return answer.status


async def test_a_recording_plays_to_its_end_and_stops_when_the_right_does(stack: Stack) -> None:
    async with world(stack) as here:
        host, viewer = await here.person(creator=True), await here.person()
        recording = await recorded(here, host, await here.session(host))
        opened = (await viewer.call("recording-playback", recording_id=recording)).body
        async with here.http.get(opened["playlist"]) as answer:
            assert (answer.status, answer.content_type) == (200, "application/vnd.apple.mpegurl")
            text = await answer.text()
        segments = [
            urljoin(opened["playlist"], line) for line in text.splitlines() if line and line[0] != "#"
        ]
        assert len(segments) == 2
        for n, segment in enumerate(segments):
            async with here.http.get(segment) as answer:
                assert (answer.status, await answer.read()) == (200, bytes([n]) * 188)
        async with here.http.get(segments[0], allow_redirects=False) as answer:
            link = answer.headers["location"]
        await refuses_what_can_be_built(here, viewer, link, segments[0])
        await here.database.execute(
            "update live_vods set taken_down_at = now() where recording_id = $1", recording
        )
        assert [await status(here.http, url) for url in (segments[1], opened["playlist"])] == [410, 410]
        again = await viewer.call("recording-playback", recording_id=recording)
        assert again.refusal == (410, "taken_down")
        await here.database.execute(
            "update live_vods set taken_down_at = null where recording_id = $1", recording
        )
        assert await status(here.http, segments[1]) == 200
        gone = await here.post("recording-delete", {"recording_id": recording}, token=host.token)
        assert gone.status == 200
        assert await status(here.http, segments[1]) == 404, "from that moment, whenever the files go"


async def refuses_what_can_be_built(here: World, viewer: Person, link: str, segment: str) -> None:
    """No address that the person can make of what they know leads to a file."""
    token = parse_qs(urlsplit(link).query)["token"][0]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - time.time() <= 60, "an hour-old link is long dead"
    path = re.sub(r"^.*/object/sign", "", urlsplit(link).path)
    forged = jwt.encode({**claims, "exp": time.time() + timedelta(hours=1).total_seconds()}, "guess" * 8)
    base = f"{here.stack.url}/storage/v1/object"
    for url in (
        f"{base}/public{path}",
        f"{base}/sign{path}?token={forged}",
        link.replace("segment_00000", "segment_00001"),
        segment.replace("segment_00000.ts", "index.m3u8"),
        re.sub(r"play=[^&]+", "play=" + "A" * 43, segment),
    ):
        assert await status(here.http, url) >= 400, url
    headers = {"authorization": f"Bearer {viewer.token}", "apikey": here.stack.keys.publishable}
    async with here.http.get(f"{base}/authenticated{path}", headers=headers) as answer:
        assert answer.status >= 400, "nor as somebody signed in"


@pytest.mark.usefixtures("worker")
async def test_who_refuses_to_be_recorded_loses_the_right_within_half_a_second(people: People) -> None:
    host, session, _ = await audio_room(people)
    guest, at_guest = await speaker(people, host, session)
    recording = (await host.api.call("recording-start", session_id=session.id))["recording"]
    await until("the announcement", lambda: told(people, session.id), 10.0)
    notice = await guest.api.rpc("recording_notice")
    answer = {"session_id": session.id, "notice_version": notice["version"]}
    for act, may in (
        (lambda: guest.api.rpc("consent_to_recording", **answer, agrees=False), False),
        (lambda: guest.api.rpc("consent_to_recording", **answer), True),
        (lambda: guest.api.rpc("withdraw_recording_consent", session_id=session.id), False),
    ):
        await act()
        began = time.monotonic()
        if may:
            await at_guest.until_may_send()
        else:
            await at_guest.until_may_not_send()
        assert time.monotonic() - began < CONVERGE_SECONDS
    await host.api.call("recording-stop", recording_id=recording["id"])

    await at_guest.until_may_send()


async def told(people: People, session: str) -> bool:
    rows = await people.service.rows("live_events", session_id=f"eq.{session}", type="eq.recording_starting")
    return len(rows) == 1
