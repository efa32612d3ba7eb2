"""What follows from what the agent hears in a real room, by the database's word, and what people get to see of it."""

from collections.abc import Mapping
from typing import Any

import pytest

from local.people.api import Json
from local.people.device import Device
from local.people.person import OpenSession, People, Person
from local.people.sound import tone
from local.people.waiting import until

pytestmark = pytest.mark.usefixtures("worker")

SHOUT = tone(-8.0, hertz=1000)
THRESHOLD_LUFS = -12.0
QUICK: Mapping[str, Any] = {
    "too_loud": {"grace_seconds": 0.4},
    "howl": {"enabled": False},  # a tone that stands is what it listens for
    "ladder": [
        {"step": "notice", "strikes": 0.75, "cooldown_seconds": 0.6},
        {"step": "warning", "strikes": 1.5, "cooldown_seconds": 0.6},
        {"step": "mute", "strikes": 2.5, "cooldown_seconds": 30.0, "seconds": 30.0},
    ],
}
"""The ladder as it is, with less patience."""
LADDER = ["notice", "warning", "mute"]


async def audio_room(people: People, **policy: Any) -> tuple[Person, OpenSession, Device]:
    """A host in an audio room with a policy of its own."""
    host = await people.arrive("Ada", creator=True)
    session = await host.open_session("audio_room")
    await people.service.update("live_sessions", {"moderation": {**QUICK, **policy}}, id=f"eq.{session.id}")
    return host, session, await host.enter(session.id, session.join)


async def speaker(people: People, host: Person, session: OpenSession) -> tuple[Person, Device]:
    """A listener whom the host has made a speaker."""
    person = await people.arrive("Bo")
    device = await person.enter(session.id)
    await person.raise_hand(session.id)
    await (await host.ask("set_role", session.id, person, params={"role": "speaker"})).applied()
    return person, device


async def until_steps(people: People, person: Person, expected: list[str]) -> list[Json]:
    """The incidents of this person, once these steps have been taken."""

    async def there() -> list[Json] | None:
        rows = await people.service.rows(
            "moderation_incidents", user_id=f"eq.{person.id}", rule="eq.too_loud", order="ended_at"
        )
        return rows if [row["measured"]["step"] for row in rows][: len(expected)] == expected else None

    return await until(f"the steps {expected}", there, 20.0)


def levels_at(device: Device, person: Person) -> list[float]:
    """Every level of this person that was shown to this device."""
    shown = [entry for event in device.levels for entry in event.payload["people"]]
    return [e["level_dbfs"] for e in shown if e["user_id"] == person.id and e["level_dbfs"] is not None]


async def test_who_shouts_is_noticed_warned_with_a_reason_and_muted(people: People) -> None:
    host, session, at_host = await audio_room(people, mode="enforce")
    guest, at_guest = await speaker(people, host, session)
    ear = at_host.ear(guest.id)
    await at_guest.speak(SHOUT)

    incidents = await until_steps(people, guest, LADDER)
    await at_guest.until_may_not_send()
    await ear.until_silent()

    action = await people.service.row("moderation_actions", id=f"eq.{incidents[2]['action_id']}")
    assert action is not None
    assert (action["requested_via"], action["action"], action["params"]) == (
        "auto",
        "mute",
        {"seconds": 30.0},
    )
    await until("the mute is told", lambda: [n.type for n in at_guest.notices][-1:] == ["muted"])
    texts = [notice.payload["text"] for notice in at_guest.notices if notice.type in {"warning", "muted"}]
    assert len(texts) == 3
    assert all("LUFS" in text["en"] and "LUFS" in text["tr"] for text in texts)
    assert "off for 30 s" in texts[-1]["en"]
    for incident in incidents[:3]:
        measured = incident["measured"]
        assert measured["threshold_lufs"] == THRESHOLD_LUFS
        assert measured["held_seconds"] >= QUICK["too_loud"]["grace_seconds"] - 0.001
        assert measured["short_term_lufs"] > THRESHOLD_LUFS
        assert measured["observed_only"] is False
    assert [round(incident["strikes"]) for incident in incidents[:3]] == [1, 2, 3]


async def test_in_observe_the_same_story_is_recorded_and_nothing_is_touched(people: People) -> None:
    host, session, at_host = await audio_room(people, mode="observe")
    guest, at_guest = await speaker(people, host, session)
    told = len(at_guest.notices)
    ear = at_host.ear(guest.id)
    await at_guest.speak(SHOUT)

    incidents = await until_steps(people, guest, LADDER)
    await ear.until_heard()

    assert at_guest.may_send()
    assert len(at_guest.notices) == told
    assert [incident["action_id"] for incident in incidents] == [None] * len(incidents)
    assert all(incident["measured"]["observed_only"] for incident in incidents)
    asked = await people.service.rows(
        "moderation_actions", session_id=f"eq.{session.id}", requested_via="eq.auto"
    )
    assert asked == []


async def test_a_host_is_told_and_never_muted(people: People) -> None:
    host, _, at_host = await audio_room(people, mode="enforce", told_every_seconds=1.0)
    await at_host.speak(SHOUT)

    await until_steps(people, host, ["notice", "notice"])

    assert at_host.may_send()
    assert {notice.type for notice in at_host.notices} == {"warning"}


async def test_lifting_the_mute_forgives(people: People) -> None:
    host, session, _ = await audio_room(people, mode="enforce")
    guest, at_guest = await speaker(people, host, session)
    await at_guest.speak(SHOUT)
    await until_steps(people, guest, LADDER)
    await at_guest.until_may_not_send()

    await (await host.ask("unmute", session.id, guest)).applied()
    await at_guest.until_may_send()
    await at_guest.speak(SHOUT)

    await until_steps(people, guest, [*LADDER, "notice"])


async def test_levels_are_shown_to_the_host_and_to_no_listener(people: People) -> None:
    host, session, at_host = await audio_room(people, mode="observe")
    listener = await people.arrive("Cem")
    at_listener = await listener.enter(session.id)
    await at_host.speak(tone(-20.0))

    await until("the host sees a level", lambda: -20.0 in levels_at(at_host, host))

    assert levels_at(at_host, host)[-1] == pytest.approx(-20.0, abs=1.0)
    assert at_listener.levels == []
    assert not [packet for packet in at_listener.packets if packet.topic == "live.levels"]


async def test_with_the_policy_off_nothing_is_heard(people: People) -> None:
    host, session, at_host = await audio_room(people, mode="off")
    guest, at_guest = await speaker(people, host, session)
    await at_guest.speak(SHOUT)
    await at_host.ear(guest.id).until_heard()
    await people.service.update(
        "live_sessions", {"moderation": {**QUICK, "mode": "observe"}}, id=f"eq.{session.id}"
    )

    incidents = await until_steps(people, guest, ["notice"])

    assert all(incident["measured"]["held_seconds"] < 1.0 for incident in incidents[:1])
