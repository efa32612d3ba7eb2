"""Two who would leave moderation behind: a speaker who locks the agent out, and a host who is deleted on air."""

from typing import Any

from demo.stage import Stage, StageWatch
from local.people.api import RequestRefused
from local.people.evasive import shut_out
from local.people.person import OpenSession
from local.people.sound import speech_like
from local.people.waiting import until

POLICY: dict[str, Any] = {
    "mode": "enforce",
    "not_measurable": {"grace_seconds": 0.5},
    "ladder": [
        {"step": "notice", "strikes": 0.75, "cooldown_seconds": 0.5},
        {"step": "mute", "strikes": 1.5, "cooldown_seconds": 30.0, "seconds": 30.0},
    ],
}
"""The rule as it is, with less patience: an evening is short."""


async def locked_out(stage: Stage) -> None:
    """Checks `evasion.unmeasured.ms` and `evasion.named`. The session has `POLICY`."""
    room = await stage.host("Bora", "audio_room", "public", "Behind closed doors")
    await stage.people.service.update("live_sessions", {"moderation": POLICY}, id=f"eq.{room.session.id}")
    sena = await stage.people.arrive("Sena")
    device = await sena.enter(room.session.id)
    await sena.raise_hand(room.session.id)
    await (await room.host.ask("set_role", room.session.id, sena, params={"role": "speaker"})).applied()
    await device.until_may_send()
    shut_out(device.room, room.host.id)
    watch = StageWatch()
    await device.speak(speech_like(-20))
    await device.until_may_not_send()
    stage.tell(sena, "lets everybody but the agent listen, and loses the microphone", watch.seconds)
    stage.checks.took("evasion.unmeasured.ms", watch.seconds)
    seen = await stage.people.service.rows("moderation_incidents", user_id=f"eq.{sena.id}")
    stage.checks.holds("evasion.named", {row["rule"] for row in seen} == {"not_measurable"})


async def deleted_on_air(stage: Stage) -> None:
    """Checks `account.deleted_on_air.ms` and `account.token_refused`."""
    host = await stage.people.arrive("Okan", creator=True)
    session: OpenSession = await host.open_session("video_live", "public", "The last show")
    await host.enter(session.id, session.join)
    fan = await stage.people.arrive("Pınar")
    at_fan = await fan.enter(session.id)
    watch = StageWatch()
    await stage.people.service.delete_account(host.id)
    await at_fan.until_ended(15)
    stage.tell(host, "is deleted on air: the show is over for everybody", watch.seconds)
    stage.checks.took("account.deleted_on_air.ms", watch.seconds)
    try:
        await host.token(session.id)
        refused = ""
    except RequestRefused as refusal:
        refused = refusal.code

    async def ended() -> bool:
        row = await stage.people.service.row("live_sessions", id=f"eq.{session.id}")
        return row is not None and (row["status"], row["end_reason"]) == ("ended", "account_deleted")

    await until("the session is closed in the books", ended)
    stage.tell(host, f"asks for a token: {refused}")
    stage.checks.holds("account.token_refused", refused in {"account_deleted", "not_authenticated"})
