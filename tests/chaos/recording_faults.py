"""What breaks while a session is recorded. Each fault has a room of its own, so several may be tried at once.

After each one: the row tells the truth, at most one segment is missing beside what the row states, a gap is short,
nothing records past its wish, and the next recording begins.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from agent.livekit.egress import LIMIT_PAUSE_SECONDS, SEGMENT_SECONDS
from local.people.waiting import until
from local.results import Figure
from local.studio import Studio, Take, gap_seconds, missing_seconds
from tests.chaos.asking import figure

RecordingFault = Callable[[Studio], Awaitable[list[Figure]]]

TRUTH_SECONDS, GAP_SECONDS, PAST_WISH_SECONDS = 60.0, 30.0, 60.0

SECONDS_RECORDED, BRIEF_SECONDS = 5.0, 1.0
"""Of a part, before it is stopped."""


async def egress_never_answers(studio: Studio) -> list[Figure]:
    """Nobody answers the start; when somebody does again, it is recorded."""
    host, session, device = await studio.open()
    async with studio.stack.egress_faults.on("silent", session.room):
        take = Take(host, session, device, await studio.wish(host, session))
        wished_at = time.monotonic()
        row = await studio.until(take, "says why", lambda row: row["error_code"] is not None)
        said = time.monotonic() - wished_at
        assert row["error_code"] in ("unanswered", "timeout"), row
        assert row["state"] == "starting"
    return await finished(studio, take, "recording_never_answered", truth=[said])


async def egress_dies_silently(studio: Studio) -> list[Figure]:
    """It leaves the room without a word; LiveKit's list goes on saying that it is active."""
    take = await recorded(studio)
    async with studio.stack.egress_faults.on("vanishes", take.room):
        died_at = time.monotonic()
        await studio.until(take, "is lost", lambda row: row["error_code"] == "lost")
        said = time.monotonic() - died_at
    return await finished(studio, take, "recording_died_silently", truth=[said], parts=2)


async def egress_dies_aloud(studio: Studio) -> list[Figure]:
    take = await recorded(studio)
    async with studio.stack.egress_faults.on("crashes", take.room):
        died_at = time.monotonic()
        await studio.until(take, "is lost", lambda row: row["error_code"] == "lost")
        said = time.monotonic() - died_at
    return await finished(studio, take, "recording_died_aloud", truth=[said], parts=2)


async def storage_fails(studio: Studio) -> list[Figure]:
    take = await recorded(studio)
    async with studio.stack.egress_faults.on("storage", take.room):
        failed_at = time.monotonic()
        await studio.until(take, "says why", lambda row: row["error_code"] == "storage")
        said = time.monotonic() - failed_at
    return await finished(studio, take, "recording_storage_failed", truth=[said], parts=2)


async def plan_is_full(studio: Studio) -> list[Figure]:
    """LiveKit answers 429; it is not asked again at once."""
    host, session, device = await studio.open()
    async with studio.stack.egress_faults.on("full", session.room):
        take = Take(host, session, device, await studio.wish(host, session))
        wished_at = time.monotonic()
        await studio.until(take, "says why", lambda row: row["error_code"] == "limit")
        said = time.monotonic() - wished_at
    figures = await finished(studio, take, "recording_plan_full", truth=[said])
    # By the database's clock: a busy machine may see the first refusal when it is asked again already.
    first, second = (await studio.row(take.recording))["parts"][:2]
    assert (second["asked_at"] - first["asked_at"]).total_seconds() >= LIMIT_PAUSE_SECONDS, (first, second)
    return figures


async def webhooks_are_lost(studio: Studio) -> list[Figure]:
    """Egress tells the server nothing more: no webhook, and a list that stays as it was."""
    take = await recorded(studio)
    async with studio.stack.egress_faults.on("mute", take.room):
        figures = await finished(studio, take, "recording_webhooks_lost")
    await next_begins(studio, take)
    return figures


async def a_webhook_is_late(studio: Studio) -> list[Figure]:
    """A part's end is told when the next one is recorded, and the last one's when the recording is over."""
    take = await recorded(studio)
    async with studio.stack.egress_faults.on("late", take.room):
        async with studio.stack.egress_faults.on("crashes", take.room):
            died_at = time.monotonic()
            await studio.until(take, "is lost", lambda row: row["error_code"] == "lost")
            said = time.monotonic() - died_at
        before = await studio.until_active(take, 2)
    await webhook_of_end(studio, before["parts"][0]["egress_id"])
    after = await studio.row(take.recording)
    assert unmoved(after) == unmoved(before), (before, after)
    async with studio.stack.egress_faults.on("late", take.room):
        figures = await finished(studio, take, "recording_webhook_late", truth=[said], parts=2)
        over = await studio.row(take.recording)
    await webhook_of_end(studio, over["parts"][-1]["egress_id"])
    assert unmoved(await studio.row(take.recording)) == unmoved(over)
    return figures


async def stop_is_not_heard(studio: Studio) -> list[Figure]:
    """It goes on when it is told to stop, until it is put out of the room."""
    take = await recorded(studio)
    async with studio.stack.egress_faults.on("deaf", take.room):
        return await finished(studio, take, "recording_stop_not_heard")


async def session_ends_during_start(studio: Studio) -> list[Figure]:
    host, session, device = await studio.open()
    async with studio.stack.egress_faults.on("hangs", session.room):
        take = Take(host, session, device, await studio.wish(host, session))
        await studio.until(take, "is starting", lambda row: row["state"] == "starting")
        await host.end_session(session.id)
        ended_at = time.monotonic()
        row = await studio.ended(take)
        said = time.monotonic() - ended_at
    assert row["state"] in ("aborted", "failed"), row
    return [figure("recording_session_ended.truth", [said], "max", TRUTH_SECONDS)]


async def two_starts_at_once(studio: Studio) -> list[Figure]:
    """Two wishes at the same moment are one; and what was begun beside it is ended."""
    host, session, device = await studio.open()
    ids = await asyncio.gather(*(studio.wish(host, session) for _ in range(2)))
    assert len(set(ids)) == 1
    return await finished(studio, Take(host, session, device, ids[0]), "recording_two_starts", parts=1)


SEPARATE: dict[str, RecordingFault] = {
    "Egress never answers": egress_never_answers,
    "Egress dies silently": egress_dies_silently,
    "Egress dies aloud": egress_dies_aloud,
    "its storage fails": storage_fails,
    "the plan is full": plan_is_full,
    "its webhooks are lost": webhooks_are_lost,
    "a webhook is late": a_webhook_is_late,
    "a stop is not heard": stop_is_not_heard,
    "the session ends during the start": session_ends_during_start,
    "two starts at once": two_starts_at_once,
}
"""Each touches its own room alone."""


async def worker_killed_at_three_moments(studio: Studio) -> list[Figure]:
    """SIGKILL to every worker while one recording starts, one is active, and one is stopping."""
    active, stopping = await asyncio.gather(recorded(studio), recorded(studio))
    host, session, device = await studio.open()
    async with (
        studio.stack.egress_faults.on("hangs", session.room),
        studio.stack.egress_faults.on("deaf", stopping.room),
    ):
        starting = Take(host, session, device, await studio.wish(host, session))
        await studio.stop(stopping)
        await asyncio.gather(
            studio.until(starting, "is starting", lambda row: bool(row["parts"])),
            studio.until(stopping, "is stopping", lambda row: row["state"] == "stopping"),
        )
        await asyncio.gather(*(child.kill() for child in studio.children.values()))
    killed_at = time.monotonic()
    await asyncio.gather(*(child.start() for child in studio.children.values()))
    row = await studio.ended(stopping)
    said = [time.monotonic() - killed_at]
    assert row["state"] == "ready", row
    figures = [figure("recording_worker_killed_stopping.truth", said, "max", TRUTH_SECONDS)]
    figures += await finished(studio, active, "recording_worker_killed_active", parts=1)
    return figures + await finished(studio, starting, "recording_worker_killed_starting")


async def egress_killed(studio: Studio) -> list[Figure]:
    """SIGKILL to Egress itself; it comes back knowing nothing."""
    take = await recorded(studio)
    await studio.stack.egress.kill()
    died_at = time.monotonic()
    await studio.stack.egress.start()
    await studio.until(take, "is lost", lambda row: row["error_code"] == "lost")
    return await finished(
        studio, take, "recording_egress_killed", truth=[time.monotonic() - died_at], parts=2
    )


async def livekit_restarted(studio: Studio) -> list[Figure]:
    """Rooms and the list's memory of who records are gone; people come back by themselves."""
    take = await recorded(studio)
    before = (await studio.row(take.recording))["parts"][0]["egress_id"]
    await studio.stack.livekit.restart()
    restarted_at = time.monotonic()

    async def again() -> bool:
        row = await studio.row(take.recording)
        running = await studio.recorders()
        return row["state"] == "active" and any(part["egress_id"] in running for part in row["parts"])

    await until("it is recorded again", again, TRUTH_SECONDS)
    said = time.monotonic() - restarted_at
    assert before is not None
    return await finished(studio, take, "recording_livekit_restarted", truth=[said])


TOGETHER: dict[str, RecordingFault] = {
    "workers killed while starting, active, stopping": worker_killed_at_three_moments,
    "Egress is killed": egress_killed,
    "LiveKit is restarted under a recording": livekit_restarted,
}
"""Each touches every room."""


# ------------------------------------------------------------ what they share


async def recorded(studio: Studio) -> Take:
    """A take of which a segment is stored."""
    take = await studio.take()
    row = await studio.until_active(take)
    prefix = row["parts"][0]["prefix"]

    async def stored() -> bool:
        return bool(await studio.segments(prefix))

    await until("a segment is stored", stored, 30)
    return take


async def finished(
    studio: Studio, take: Take, name: str, *, truth: Sequence[float] = (), parts: int | None = None
) -> list[Figure]:
    """It is (again) active, is stopped, and can be played; the next one begins. What all that took."""
    await studio.until_active(take, parts or 1)
    await asyncio.sleep(BRIEF_SECONDS if studio.brief else SECONDS_RECORDED)
    part = (await studio.row(take.recording))["parts"][-1]["egress_id"]
    await studio.stop(take)
    stopped_at = time.monotonic()

    async def silent() -> bool:
        return part not in await studio.recorders()

    await until("nothing records it any more", silent, PAST_WISH_SECONDS)
    past_wish = time.monotonic() - stopped_at
    row = await studio.ended(take)
    ended = time.monotonic() - stopped_at
    assert row["state"] == "ready", row
    gaps = gap_seconds(row)
    assert parts is None or len(gaps) >= parts - 1, row
    figures = [
        figure(f"{name}.truth", [*truth, ended], "max", TRUTH_SECONDS),
        figure(f"{name}.past_wish", [past_wish], "max", PAST_WISH_SECONDS),
        figure(f"{name}.gap", gaps or [0.0], "max", GAP_SECONDS),
        at_most_one(name, row),
    ]
    if not studio.brief:
        await next_begins(studio, take)
    return figures


async def webhook_of_end(studio: Studio, egress_id: str) -> None:
    """Returns when LiveKit has told the end of an Egress, and it is written."""

    async def came() -> bool:
        found: bool = await studio.database.fetchval(
            "select exists (select from livekit_webhook_events"
            " where event = 'egress_ended' and payload -> 'egressInfo' ->> 'egressId' = $1)",
            egress_id,
        )
        return found

    await until("the late webhook came", came, 30)


def unmoved(row: dict[str, Any]) -> list[Any]:
    """What a webhook about what is over may not change: the state, and when and why each part ended."""
    parts = [(part["started_at"], part["ended_at"], part["error"]) for part in row["parts"]]
    return [row["state"], row["wanted"], row["gaps"], row["duration_seconds"], parts]


def at_most_one(name: str, row: dict[str, Any]) -> Figure:
    """Segments are lost whole: what is over one is the time until its failure was noticed."""
    lost = round(max(0.0, missing_seconds(row)) / SEGMENT_SECONDS, 3)
    return Figure(f"chaos.{name}.lost_segments.max", lost, "segments", 1, 1.0, round(lost) <= 1)


async def next_begins(studio: Studio, take: Take) -> None:
    """No row is in its way."""
    following = Take(take.host, take.session, take.at_host, await studio.wish(take.host, take.session))
    assert following.recording != take.recording
    await studio.until_active(following)
    await studio.stop(following)
    await studio.ended(following)
