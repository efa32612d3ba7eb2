"""Ops insert rows: a mute is heard as silence, a kick is out once, a ban stays out, old token or not."""

from datetime import datetime

from demo.stage import Hosted, Stage, StageWatch
from local.people.api import Json, RequestRefused
from local.people.person import Person
from local.people.sound import speech_like
from local.people.waiting import until

STAYS_SECONDS = 1.0


async def at_work(stage: Stage) -> None:
    """Checks `ops.*`: a mute, a kick and a ban in one audio room."""
    room = await stage.host("Onur", "audio_room", "public", "Late talk")
    ops = await stage.people.arrive("Selin", ops=True)
    stage.tell(room.host, "opens a room; Selin of ops looks in")
    await mutes(stage, room, ops)
    await kicks(stage, room, ops)
    await bans(stage, room, ops)


async def mutes(stage: Stage, room: Hosted, ops: Person) -> None:
    """Checks `ops.mute.ms` (LiveKit's confirmation) and `ops.mute_heard.ms` (the last sound at a listener)."""
    listener = await stage.people.arrive("Tuna")
    at_listener = await listener.enter(room.session.id)
    ear = at_listener.ear(room.host.id)
    await room.at_host.speak(speech_like(-20))
    await ear.until_heard()
    stage.tell(room.host, f"speaks; {listener.name} listens")
    asked = await ops.ask("mute", room.session.id, room.host, reason="language")
    row = await asked.applied()
    silent = await ear.until_silent()
    stage.tell(ops, f"mutes {room.host.name}; LiveKit confirms", row["enforce_ms"] / 1000)
    stage.tell(listener, "hears the last of it", silent - asked.asked)
    stage.checks.took("ops.mute.ms", row["enforce_ms"] / 1000)
    stage.checks.took("ops.mute_heard.ms", silent - asked.asked)


async def kicks(stage: Stage, room: Hosted, ops: Person) -> None:
    """Checks `ops.kick.ms` and `ops.kick_once`: the old token still opens the door."""
    person = await stage.people.arrive("Umut")
    token = await person.token(room.session.id)
    device = await person.enter(room.session.id, token)
    await person.until_on_record(room.session.id)
    watch = StageWatch()
    asked = await ops.ask("kick", room.session.id, person, reason="spam")
    await device.until_ended()
    stage.tell(ops, f"kicks {person.name}, who is out", watch.seconds)
    stage.checks.took("ops.kick.ms", watch.seconds)
    await asked.applied()
    again = await person.enter(room.session.id, token)
    stays = await again.stays(STAYS_SECONDS)
    stage.tell(person, "comes back with the same token, behaves, and stays")
    stage.checks.holds("ops.kick_once", stays)


async def bans(stage: Stage, room: Hosted, ops: Person) -> None:
    """Checks `ops.ban.ms` and `ops.ban_no_token`; and the old token, which must not be enough."""
    person = await stage.people.arrive("Vural")
    token = await person.token(room.session.id)
    device = await person.enter(room.session.id, token)
    await person.until_on_record(room.session.id)
    watch = StageWatch()
    await ops.ask("ban", room.session.id, person, params={"scope": "session"}, reason="threats")
    await device.until_ended()
    stage.tell(ops, f"bans {person.name}, who is out", watch.seconds)
    stage.checks.took("ops.ban.ms", watch.seconds)
    try:
        await person.token(room.session.id)
        refused = ""
    except RequestRefused as refusal:
        refused = refusal.code
    stage.tell(person, f"asks for a new token: {refused}")
    stage.checks.holds("ops.ban_no_token", refused == "banned")
    await knocks(stage, room, person, token, device.sid)


async def knocks(stage: Stage, room: Hosted, person: Person, token: Json, first_sid: str) -> None:
    """With the old token, which LiveKit still takes for minutes."""

    async def thrown_out() -> list[Json]:
        visits = await stage.people.service.rows(
            "live_visits",
            session_id=f"eq.{room.session.id}",
            user_id=f"eq.{person.id}",
            participant_sid=f"neq.{first_sid}",
        )
        return visits if visits and all(visit["left_at"] for visit in visits) else []

    phone = await person.knock(token)
    visits = await until("the old token's visit is over", thrown_out, within=15)
    await phone.vanish()
    longest = max(stay(visit) for visit in visits)
    stage.tell(person, "tries the old token, and is thrown out after", longest)
    stage.checks.took("ops.ban_old_token.ms", longest)


def stay(visit: Json) -> float:
    """Seconds of a visit. The agent's own report of its end counts; a webhook's time has whole seconds only."""
    left, joined = visit["agent_left_at"] or visit["left_at"], visit["joined_at"]
    return (datetime.fromisoformat(left) - datetime.fromisoformat(joined)).total_seconds()
