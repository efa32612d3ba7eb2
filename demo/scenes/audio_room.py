"""A listener raises a hand, is promoted, speaks, is demoted, and can no longer speak."""

import time

from demo.stage import Stage, StageWatch
from local.people.sound import speech_like

STAYS_SILENT_SECONDS = 1.0


async def raised_hand(stage: Stage) -> None:
    """Checks `room.*`; times are from the host's request."""
    room = await stage.host("Mert", "audio_room", "public", "Open microphone")
    stage.tell(room.host, "opens an audio room for everybody")
    naz = await stage.people.arrive("Naz")
    at_naz = await naz.enter(room.session.id)
    ear = room.at_host.ear(naz.id)
    stage.tell(naz, "comes to listen")
    hand = await naz.raise_hand(room.session.id)
    stage.tell(naz, f"raises a hand, number {hand['position']} in the queue")

    asked = await room.host.ask("set_role", room.session.id, naz, params={"role": "speaker"})
    may_speak = await at_naz.until_may_send()
    stage.tell(room.host, f"says yes; {naz.name} may speak", may_speak - asked.asked)
    stage.checks.took("room.promotion.ms", may_speak - asked.asked)
    watch = StageWatch()
    await at_naz.speak(speech_like(-20))
    await ear.until_heard()
    stage.tell(naz, f"speaks, and {room.host.name} hears it", watch.seconds)
    stage.checks.holds("room.speaker_heard", held=True)

    asked = await room.host.ask("set_role", room.session.id, naz, params={"role": "listener"})
    await asked.applied()
    silent = await ear.until_silent()
    stage.tell(room.host, f"makes {naz.name} a listener again: silence", silent - asked.asked)
    stage.checks.took("room.demotion.ms", silent - asked.asked)
    begun = time.monotonic()
    quiet = await ear.stays_silent(STAYS_SILENT_SECONDS) and not at_naz.may_send()
    stage.tell(naz, f"still moves the lips; nobody hears a thing for {time.monotonic() - begun:.1f} s")
    stage.checks.holds("room.demoted_stays_silent", quiet)
