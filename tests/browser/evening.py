"""An evening that somebody of ops looks at: a room on air, and what the console shows of it."""

from dataclasses import dataclass

from playwright.async_api import expect

from local.people.device import Device
from local.people.person import OpenSession, People, Person
from tests.browser.desk import ConsolePage, Desk

TITLE = "Gece sohbeti"


@dataclass(frozen=True, slots=True)
class Evening:
    """A host on air, whom a listener hears, and somebody of ops."""

    host: Person
    guest: Person
    ops: Person
    session: OpenSession
    at_host: Device

    async def in_room(self, desk: Desk) -> ConsolePage:
        """The room's page, opened from the list by somebody of ops."""
        console = await desk.sign_in(self.ops)
        await console.open_room(self.session, TITLE)
        await expect(console.person(self.host)).to_be_visible()
        return console


async def begin(people: People) -> Evening:
    host = await people.arrive("Onur", creator=True)
    guest = await people.arrive("Zeynep", coins=1_000)
    session = await host.open_session("audio_room", "public", TITLE)
    at_host = await host.enter(session.id, session.join)
    await guest.enter(session.id)
    await guest.until_on_record(session.id)
    return Evening(host, guest, await people.arrive("Selin", ops=True), session, at_host)
