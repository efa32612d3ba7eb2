"""Rooms with a host inside, for the tests of what the agent does in them."""

from dataclasses import dataclass

from local.people.device import Device
from local.people.person import OpenSession, People, Person


@dataclass(frozen=True)
class Hosted:
    host: Person
    session: OpenSession
    at_host: Device


async def hosted(people: People, kind: str = "audio_room") -> Hosted:
    """A public session of a new creator, who is in it."""
    host = await people.arrive("Ada", creator=True)
    session = await host.open_session(kind)
    at_host = await host.enter(session.id, session.join)
    await host.until_on_record(session.id)
    return Hosted(host, session, at_host)


async def joined(room: Hosted, person: Person) -> Device:
    """Somebody in the room, and on record as there."""
    device = await person.enter(room.session.id)
    await person.until_on_record(room.session.id)
    return device


async def speaker(people: People, room: Hosted) -> tuple[Person, Device]:
    """Somebody new in the room whom the host has made a speaker."""
    person = await people.arrive("Bo")
    device = await joined(room, person)
    await person.raise_hand(room.session.id)
    await (await room.host.ask("set_role", room.session.id, person, params={"role": "speaker"})).applied()
    await device.until_may_send()
    return person, device
