"""`python -m bench.recording`: from the wish until it is recorded, from the stop until it plays, and who is in it.

Real LiveKit, database and worker; Egress is the stand-in. In each room a host speaks and a speaker who refuses does so
until their right goes; the files are listened to. One Egress dies without a word on the way.
"""

import asyncio
import sys
from dataclasses import dataclass
from typing import Any

from agent.livekit.egress import SEGMENT_SECONDS
from bench.full import full
from local.paths import STATE
from local.results import Figure, at_most, conclude, percentile
from local.studio import HOST_HERTZ, REFUSER_HERTZ, Studio, Take, audible_seconds, missing_seconds

ROOMS, FULL_ROOMS = 6, 20
RECORDED_SECONDS = 9.0
ANNOUNCED_SECONDS, BETWEEN_SECONDS = 2.0, 2.5
ACTIVE_BAR, PLAYABLE_BAR, PAST_WISH_BAR = 1.0, 30.0, 60.0


@dataclass(frozen=True, slots=True)
class RecordedRoomFigures:
    """Seconds, but for `lost_segments`.

    `playable` and `past_wish` count from the stop; `refuser_seconds` is how long the person who refuses is audible.
    """

    active: float
    playable: float
    past_wish: float
    lost_segments: float
    refuser_seconds: float


async def with_refuser(studio: Studio) -> Take:
    """A room that is to be recorded, with a second speaker who talks and refuses."""
    host, session, device = await studio.open()
    guest, _ = await studio.second_speaker(host, session)
    take = Take(host, session, device, await studio.wish(host, session))
    await studio.refuse(guest, session)
    return take


async def one_room(studio: Studio, number: int) -> RecordedRoomFigures:
    """The first one's Egress dies on the way. They begin one after the other, as people press buttons."""
    await asyncio.sleep(number * BETWEEN_SECONDS)
    take = await with_refuser(studio)
    row = await studio.until_active(take)
    active = (row["active_at"] - row["begins_at"]).total_seconds()
    await asyncio.sleep(RECORDED_SECONDS)  # so much is recorded
    if number == 0:
        async with studio.stack.egress_faults.on("vanishes", take.room):
            await studio.until(take, "is lost", lambda row: row["error_code"] == "lost")
        await studio.until_active(take, parts=2)
        await asyncio.sleep(RECORDED_SECONDS)
    await studio.stop(take)
    row = await studio.ended(take)
    if row["state"] != "ready":
        raise AssertionError(f"it cannot be played: {row}")
    sound = await studio.sound(take.recording)
    if audible_seconds(sound, HOST_HERTZ) < RECORDED_SECONDS / 2:
        raise AssertionError("the host is not in the file")
    last: Any = row["parts"][-1]["ended_at"]
    return RecordedRoomFigures(
        active,
        (row["ready_at"] - row["unwanted_at"]).total_seconds(),
        max(0.0, (last - row["unwanted_at"]).total_seconds()),
        max(0.0, missing_seconds(row)) / SEGMENT_SECONDS,
        audible_seconds(sound, REFUSER_HERTZ),
    )


async def measure(rooms: int) -> list[Figure]:
    """So many rooms at the same time. Raises AssertionError when one cannot be played or lacks the host."""
    async with Studio(STATE / "bench-recording", workers=1) as studio:
        await studio.announce(ANNOUNCED_SECONDS)
        found = await asyncio.gather(*(one_room(studio, n) for n in range(rooms)))
    active = percentile([one.active for one in found], 95)
    playable = percentile([one.playable for one in found], 95)
    return [
        at_most("recording.active.p95", active, ACTIVE_BAR, "s", rooms),
        at_most("recording.playable.p95", playable, PLAYABLE_BAR, "s", rooms),
        at_most("recording.past_wish.max", max(one.past_wish for one in found), PAST_WISH_BAR, "s", rooms),
        at_most(
            "recording.lost_segments.max", max(one.lost_segments for one in found), 1.0, "segments", rooms
        ),
        at_most(
            "recording.without_consent.seconds", sum(one.refuser_seconds for one in found), 0.0, "s", rooms
        ),
    ]


def main() -> None:
    """Ends the process: exit code 1 when a bar was missed."""
    figures = asyncio.run(measure(FULL_ROOMS if full() else ROOMS))
    sys.exit(conclude("recording", figures))


if __name__ == "__main__":
    main()
