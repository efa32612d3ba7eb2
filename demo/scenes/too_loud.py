"""A listener becomes a speaker and shouts: noticed, warned with a reason, muted by the rule.

Next door somebody shouts as well, where the policy only observes. The picture shows what was heard and why it ended.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from livekit import rtc

from demo.levels_picture import draw_levels
from demo.stage import Hosted, Stage
from local import sounds
from local.paths import STATE
from local.people.api import Json
from local.people.device import Device
from local.people.person import Person
from local.people.sound import RATE, SpokenSound, speech_like
from local.people.waiting import until
from moderation.audio.kweighting import CHANNELS, SAMPLE_RATE
from moderation.audio.measurement import Measurement
from moderation.audio.meter import BLOCK_SECONDS, TrackMeter
from moderation.escalation import Decision, Severity
from moderation.rule_names import Rule
from moderation.rules.steps import Step
from moderation.words import Words

PICTURE = STATE / "levels.svg"
THRESHOLD_LUFS = -9.0
CALM = speech_like(-24.0, seconds=2.0).pcm
SHOUT = SpokenSound("a shout", sounds.as_int16(sounds.shout(-9.0, 16.0, RATE, np.random.default_rng(7))))
TALK_THEN_SHOUT = SpokenSound("a talk that becomes a shout", np.concatenate([CALM, SHOUT.pcm]))
POLICY: Mapping[str, Any] = {
    "too_loud": {"threshold_lufs": THRESHOLD_LUFS, "grace_seconds": 1.0},
    "ladder": [
        {"step": "notice", "strikes": 0.75, "cooldown_seconds": 1.2},
        {"step": "warning", "strikes": 1.5, "cooldown_seconds": 1.2},
        {"step": "mute", "strikes": 2.5, "cooldown_seconds": 60.0, "seconds": 60.0},
    ],
}
"""The ladder as it is, with less patience: an evening is short."""
STORY = ["notice", "warning", "mute"]
SILENCE_SECONDS = 1.5


async def shouting(stage: Stage) -> None:
    """Checks `hearing.*`, in two rooms at the same time."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(enforced(stage))
        tasks.create_task(observed(stage))


async def enforced(stage: Stage) -> None:
    """Checks `hearing.levels`, and those of `check_enforced`. Writes `PICTURE`."""
    room, jale, at_jale = await speaker_in(stage, "Filiz", "Jale", "enforce")
    nil = await stage.people.arrive("Nil")
    at_nil = await nil.enter(room.session.id)
    ear, meter = room.at_host.ear(jale.id), Meter()
    metering = asyncio.create_task(meter.listen(room.at_host, jale))
    await at_jale.speak(TALK_THEN_SHOUT)
    begun = await ear.until_heard()
    stage.tell(jale, "becomes a speaker, talks, and begins to shout")

    rows = await story_of(stage, jale)
    silent = await ear.until_silent()
    loudness = rows[-1]["measured"]["short_term_lufs"]
    stage.tell(jale, f"is noticed, warned and muted by the rule, at {loudness:.1f} LUFS", silent - begun)
    await at_jale.until_may_not_send()
    await asyncio.sleep(SILENCE_SECONDS)  # and ends with the silence after it
    metering.cancel()
    await check_enforced(stage, at_jale, rows)
    shown = [person for message in room.at_host.levels for person in message.payload["people"]]
    heard = any(person["level_dbfs"] is not None for person in shown if person["user_id"] == jale.id)
    stage.checks.holds("hearing.levels", heard and not at_nil.levels)
    draw(jale, meter.measurements, rows)
    stage.tell("the agent", f"heard it like this: {PICTURE}")


async def check_enforced(stage: Stage, at_jale: Device, rows: list[Json]) -> None:
    """Checks `hearing.muted`, `hearing.reason` and `hearing.incidents`. `rows`: the incidents, in order."""
    action = await stage.people.service.row("moderation_actions", id=f"eq.{rows[-1]['action_id']}")
    muted = action is not None and (action["requested_via"], action["action"]) == ("auto", "mute")
    stage.checks.holds("hearing.muted", muted and action is not None and action["status"] == "applied")
    await until("the mute is told", lambda: at_jale.notices[-1].type == "muted")
    texts = [n.payload["text"] for n in at_jale.notices if n.type in {"warning", "muted"}]
    for text in texts[1:]:
        stage.tell("the agent", f"to Jale: {text['en'][:54]}…")
    told = len(texts) == len(STORY) and all("LUFS" in words for text in texts for words in text.values())
    stage.checks.holds("hearing.reason", told)
    numbers = all(
        row["measured"]["short_term_lufs"] > row["measured"]["threshold_lufs"]
        and row["measured"]["held_seconds"] >= 1.0 - 0.001
        for row in rows
    )
    stage.checks.holds("hearing.incidents", numbers and [round(row["strikes"]) for row in rows] == [1, 2, 3])


async def observed(stage: Stage) -> None:
    """Check `hearing.observed`: the incidents are there, and nothing follows."""
    room, levent, at_levent = await speaker_in(stage, "Hakan", "Levent", "observe")
    ear = room.at_host.ear(levent.id)
    await at_levent.speak(SHOUT)
    rows = await story_of(stage, levent)
    await ear.until_heard()
    stage.tell(levent, "shouts where the policy only observes: recorded, and not touched")
    told = [notice for notice in at_levent.notices if notice.type in {"warning", "muted"}]
    untouched = at_levent.may_send() and not told
    stage.checks.holds("hearing.observed", untouched and not any(row["action_id"] for row in rows))
    await at_levent.hush()


async def speaker_in(stage: Stage, host: str, guest: str, mode: str) -> tuple[Hosted, Person, Device]:
    """An audio room with a policy of its own, and a listener there whom the host lets speak."""
    room = await stage.host(host, "audio_room", "public", f"Loud and clear ({mode})")
    policy = {"moderation": {**POLICY, "mode": mode}}
    await stage.people.service.update("live_sessions", policy, id=f"eq.{room.session.id}")
    person = await stage.people.arrive(guest)
    device = await person.enter(room.session.id)
    await person.raise_hand(room.session.id)
    await (await room.host.ask("set_role", room.session.id, person, params={"role": "speaker"})).applied()
    await device.until_may_send()
    return room, person, device


async def story_of(stage: Stage, person: Person) -> list[Json]:
    """The incidents, once the ladder has been climbed."""

    async def climbed() -> list[Json] | None:
        rows = await stage.people.service.rows(
            "moderation_incidents", user_id=f"eq.{person.id}", rule="eq.too_loud", order="ended_at"
        )
        return rows if [row["measured"]["step"] for row in rows] == STORY else None

    return await until("the shout is answered step by step", climbed, within=25)


class Meter:
    """Measures what one device hears from one person, as the agent does."""

    def __init__(self) -> None:
        self.measurements: list[Measurement] = []
        self._meter = TrackMeter()

    async def listen(self, device: Device, person: Person) -> None:
        """Until cancelled."""
        stream = rtc.AudioStream(
            await until("somebody speaks", lambda: device.track_of(person.id)),
            sample_rate=SAMPLE_RATE,
            num_channels=CHANNELS,
            frame_size_ms=round(BLOCK_SECONDS * 1000),
            capacity=10,
        )
        try:
            async for event in stream:
                block = np.frombuffer(event.frame.data, dtype=np.int16).reshape(-1, CHANNELS)
                if (measured := self._meter.push(block, time.time())) is not None:
                    self.measurements.append(measured)
        finally:
            await stream.aclose()


def draw(who: Person, measurements: list[Measurement], rows: list[Json]) -> None:
    """Writes `PICTURE`. `measurements` are what a listener heard; `rows` are the incidents."""
    decisions = [decision_of(row) for row in rows]
    PICTURE.write_text(draw_levels(who.name, measurements, decisions, THRESHOLD_LUFS))


def decision_of(row: Json) -> Decision:
    """The decision that an incident's row tells about."""
    measured = dict(row["measured"])
    step, words = Step(measured.pop("step")), Words(**measured.pop("words"))
    return Decision(
        step=step,
        rule=Rule(row["rule"]),
        severity=Severity(row["severity"]),
        dry_run=measured.pop("observed_only"),
        at=datetime.fromisoformat(row["ended_at"]).timestamp(),
        since=datetime.fromisoformat(row["started_at"]).timestamp(),
        seconds=60.0 if step is Step.MUTE else 0.0,
        strikes=row["strikes"],
        measured=measured,
        words=words,
    )
