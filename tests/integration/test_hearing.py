"""What the agent hears in a real room, through encoder, network and decoder, and what people get to see of it."""

import statistics
from collections.abc import Mapping
from typing import Any

import pytest

from local.people.api import Json
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.sound import Sound, pink_noise, tone
from local.people.waiting import until

pytestmark = pytest.mark.usefixtures("worker")

CALIBRATION_DB = 1.0
SHOUT_DBFS = -8.0
QUICK = {
    "too_loud": {"grace_seconds": 0.4},
    "ladder": [
        {"step": "notice", "strikes": 0.75, "cooldown_seconds": 0.6},
        {"step": "warning", "strikes": 1.5, "cooldown_seconds": 0.6},
        {"step": "mute", "strikes": 2.5, "cooldown_seconds": 30.0, "seconds": 30.0},
    ],
    "howl": {"enabled": False},
}
"""The ladder as it is, with less patience."""


async def audio_room(people: People, policy: Mapping[str, Any]) -> tuple[Person, OpenSession, Device]:
    """A host in an audio room with a policy of its own."""
    host = await people.arrive("Ada", creator=True)
    session = await host.open_session("audio_room")
    await people.service.update("live_sessions", {"moderation": policy}, id=f"eq.{session.id}")
    return host, session, await host.enter(session.id, session.join)


async def speaker(host: Person, session: OpenSession, people: People) -> tuple[Person, Device]:
    """A listener whom the host has made a speaker."""
    person = await people.arrive("Bo")
    device = await person.enter(session.id)
    await person.raise_hand(session.id)
    await (await host.ask("set_role", session.id, person, params={"role": "speaker"})).applied()
    return person, device


async def incidents_of(people: People, person: Person) -> list[Json]:
    return await people.service.rows("moderation_incidents", user_id=f"eq.{person.id}", order="started_at")


def steps(incidents: list[Json]) -> list[str]:
    return [row["measured"]["step"] for row in incidents]


async def until_steps(people: People, person: Person, expected: list[str]) -> list[Json]:
    async def there() -> list[Json] | None:
        rows = await incidents_of(people, person)
        return rows if steps(rows)[: len(expected)] == expected else None

    return await until(f"the incidents {expected}", there, 20.0)


def levels_at(device: Device, person: Person) -> list[float]:
    """Every level of this person that was shown to this device."""
    shown = [entry for event in device.levels for entry in event.payload["people"]]
    return [e["level_dbfs"] for e in shown if e["user_id"] == person.id and e["level_dbfs"] is not None]


@pytest.mark.parametrize("dbfs", [-12.0, -24.0, -36.0])
async def test_a_tone_of_known_level_is_read_through_a_real_room(people: People, dbfs: float) -> None:
    host, session, at_host = await audio_room(people, {"mode": "observe", "howl": {"enabled": False}})
    await at_host.speak(tone(dbfs))

    rows = await people_minutes(people, session, host)

    assert rows[0]["measured"]["max_short_term_lufs"] == pytest.approx(0, abs=100)
