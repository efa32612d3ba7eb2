"""An audio room is recorded; a speaker who refuses loses the microphone and is not in the files; the recording plays
in a browser, from the chapter that is pressed."""

import asyncio
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import numpy as np
from playwright.async_api import Page, expect

from demo.stage import Hosted, Stage, StageWatch
from local import redis
from local.chromium import NoChromiumError, launched
from local.people.api import Json
from local.people.sound import tone
from local.people.waiting import until
from local.studio import HOST_HERTZ, REFUSER_HERTZ, audible_seconds, sound_of

ANNOUNCED_SECONDS, RECORDED_SECONDS = 2, 3.0
HEARD_SECONDS = 0.5
"""Of the host at least: Egress leaves out what a busy machine brings too late."""
NEWS = "And now to the news"
PLAYER = Path(__file__).parents[1] / "player.html"
PATIENCE_MS = 15_000


async def one_refuses(stage: Stage) -> None:
    """Checks `recording.*`. The announcement takes `ANNOUNCED_SECONDS` s, by a setting that is put back."""
    if not redis.is_there():
        return stage.leave_out("recording.", "NOTHING CAN BE RECORDED: there is no redis-server")
    opened: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(played(stage, opened))  # a browser takes its time to start
        opened.set_result(await recorded_and_found(stage))
    return None


async def recorded_and_found(stage: Stage) -> Json:
    """What `recording-playback` answers to a viewer who has found it in the list."""
    async with stage.setting("recording.announce_seconds", ANNOUNCED_SECONDS):
        room = await stage.host("Defne", "audio_room", "public", "On the record")
        await room.at_host.speak(tone(-20, hertz=HOST_HERTZ))
        recording = await recorded(stage, room)
    viewer = await stage.people.arrive("İpek")
    await room.host.api.rpc("publish_vod", recording_id=recording, published=True)
    [replay] = await viewer.api.rows("live_replays", id=f"eq.{recording}")
    stage.tell(viewer, f"finds it in the list: {replay['title']}, {replay['duration_seconds']:.1f} s")
    opened = await viewer.api.call("recording-playback", recording_id=recording)
    await listened_to(stage, opened)
    return opened


async def recorded(stage: Stage, room: Hosted) -> str:
    """The id of a recording that is ready. Checks `recording.refused.ms`, `recording.active.ms`,
    `recording.playable.ms`."""
    guest = await stage.people.arrive("Barış")
    device = await guest.enter(room.session.id)
    await guest.raise_hand(room.session.id)
    await (await room.host.ask("set_role", room.session.id, guest, params={"role": "speaker"})).applied()
    await device.until_may_send()
    await device.speak(tone(-20, hertz=REFUSER_HERTZ))
    notice = await guest.api.rpc("recording_notice")
    asked = await room.host.api.call("recording-start", session_id=room.session.id)
    recording: str = asked["recording"]["id"]
    stage.tell(room.host, f"asks for a recording; the room is told {ANNOUNCED_SECONDS} s before it begins")
    watch = StageWatch()
    answer = {"session_id": room.session.id, "notice_version": notice["version"], "agrees": False}
    await guest.api.rpc("consent_to_recording", **answer)
    await device.until_may_not_send()
    stage.tell(guest, "does not want to be recorded, and loses the microphone", watch.seconds)
    stage.checks.took("recording.refused.ms", watch.seconds)

    row = await in_state(stage, recording, "active")
    late = seconds_between(row["begins_at"], row["active_at"])
    stage.tell("Egress", "records, after the announcement's end by", late)
    stage.checks.took("recording.active.ms", late)
    watch = StageWatch()
    await until("a second is recorded", lambda: watch.seconds > 1)
    await room.host.ask("announce", room.session.id, params={"text": NEWS})
    await until("enough is recorded", lambda: watch.seconds > RECORDED_SECONDS)
    watch = StageWatch()
    await room.host.api.call("recording-stop", recording_id=recording)
    await in_state(stage, recording, "ready")
    stage.tell(room.host, "stops it: it can be played", watch.seconds)
    stage.checks.took("recording.playable.ms", watch.seconds)
    await device.until_may_send()
    stage.tell(guest, "may speak again: nothing is recorded any more")
    return recording


async def in_state(stage: Stage, recording: str, state: str) -> Json:
    """Its row, once it is in that state."""

    async def there() -> Json | None:
        row = await stage.people.service.row("live_recordings", id=f"eq.{recording}")
        return row if row and row["state"] == state else None

    return await until(f"the recording is {state}", there, within=30)


def seconds_between(first: str, second: str) -> float:
    """Two moments as the database words them."""
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


async def listened_to(stage: Stage, opened: Json) -> None:
    """Check `recording.refuser_unheard`: by the segments that the viewer's own link leads to."""
    sound = []
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        async with http.get(opened["playlist"]) as answer:
            lines = (await answer.text()).splitlines()
        for line in lines:
            if line and not line.startswith("#"):
                async with http.get(urljoin(opened["playlist"], line)) as answer:
                    sound.append(sound_of(await answer.read()))
    samples = np.concatenate(sound)
    host, refuser = audible_seconds(samples, HOST_HERTZ), audible_seconds(samples, REFUSER_HERTZ)
    stage.tell("the file", f"has {host:.1f} s of the host, and {refuser:.1f} s of who refused")
    stage.checks.holds("recording.refuser_unheard", host > HEARD_SECONDS and refuser == 0)


async def played(stage: Stage, opened: asyncio.Future[Json]) -> None:
    """Check `recording.plays`, which is left out where there is no browser that plays HLS."""
    try:
        async with launched() as browser:
            page = await browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            await page.set_content(PLAYER.read_text())
            if await page.evaluate("canPlay()"):
                await in_player(stage, page, await opened)
            else:
                stage.leave_out("recording.plays", "THIS BROWSER PLAYS NO HLS: Chromium does from 142 on")
    except NoChromiumError as missing:
        stage.leave_out("recording.plays", str(missing))


async def in_player(stage: Stage, page: Page, opened: Json) -> None:
    """Presses Play, then the last chapter: it goes on there."""
    watch = StageWatch()
    await page.evaluate("show", opened)
    await page.get_by_role("button", name="Play").click()
    await page.wait_for_function("position() > 0.2")
    stage.tell("Chromium", "plays it", watch.seconds)
    chapters = opened["recording"]["chapters"]
    news = chapters[-1]
    button = page.get_by_role("button", name=NEWS)
    await expect(page.locator("nav button")).to_have_count(len(chapters))
    await button.click()
    await page.wait_for_function("at => position() > at + 0.2", arg=news["at_seconds"])
    at = await page.evaluate("position()")
    stage.tell("Chromium", f"goes on from the chapter at {news['at_seconds']} s: it is at {at:.1f} s")
    kinds = [chapter["kind"] for chapter in chapters]
    stage.checks.holds("recording.plays", kinds == ["start", "announcement"] and at > news["at_seconds"])
