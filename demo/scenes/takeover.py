"""The worker of a room is killed without warning; another one takes the room, and does what was asked meanwhile."""

from demo.stage import Stage, StageWatch
from local.people.sound import speech_like


async def worker_dies(stage: Stage) -> None:
    """Checks `takeover.ms` and `takeover.mute_enforced`: the mute is asked for while no worker has the room."""
    room = await stage.host("Gizem", "audio_room", "public", "Night shift")
    listener = await stage.people.arrive("Hakan")
    at_listener = await listener.enter(room.session.id)
    ear = at_listener.ear(room.host.id)
    await room.at_host.speak(speech_like(-20))
    await ear.until_heard()
    await stage.understudy
    holder = await stage.moderator_of(room.session.room)
    ops = await stage.people.arrive("Sedat", ops=True)
    stage.tell(room.host, f"speaks in a room that {holder} moderates")

    watch = StageWatch()
    await stage.stack.workers[holder].kill()
    stage.tell("SIGKILL", f"ends {holder}; Sedat of ops asks for a mute all the same")
    asked = await ops.ask("mute", room.session.id, room.host)
    row = await asked.applied(within=20)
    silent = await ear.until_silent()
    took_over = await stage.moderator_of(room.session.room)
    stage.tell(took_over, "has taken the room over and mutes; silence", silent - watch.begun)
    stage.checks.took("takeover.ms", watch.seconds)
    stage.checks.holds("takeover.mute_enforced", took_over != holder and row["status"] == "applied")
