"""How loud the people of a session are, from the minutes that the agent measured."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from orchestrator.answer import Answer, Inquiry
from orchestrator.desk import Desk
from orchestrator.records import MinuteRow
from orchestrator.rights import Reach
from orchestrator.tools.tool import Ask, Tool
from orchestrator.untrusted import UserText

ROWS = 2000


class LoudnessReport(Ask):
    session_id: UUID
    minutes: Annotated[int, Field(ge=1, le=240, description="how far back")] = 15


class LoudnessSeen(BaseModel):
    user_id: str
    name: UserText = None
    minutes: int
    talk_seconds: float
    loudness_lufs: float | None = Field(
        description="mean over speech, by energy (LUFS); null: no speech. Speech is comfortable at about -23 to -16"
    )
    peak_dbfs: float | None
    clipped_ratio: float | None = Field(description="the worst minute's share of clipped samples")


class Loud(BaseModel):
    people: list[LoudnessSeen] = Field(description="loudest first")


async def loudness_report(desk: Desk, ask: LoudnessReport) -> Answer[Loud]:
    """How loud people of a session were, in LUFS, over the last minutes."""
    inquiry = Inquiry(desk)
    since = (datetime.now(UTC) - timedelta(minutes=ask.minutes)).isoformat()
    found = await inquiry.rows(
        MinuteRow, limit=ROWS, order="minute.desc", session_id=f"eq.{ask.session_id}", minute=f"gte.{since}"
    )
    names = await inquiry.names(minute.user_id for minute in found)
    by_user: dict[str, list[MinuteRow]] = {}
    for minute in found:
        by_user.setdefault(minute.user_id or "", []).append(minute)
    people = [of_person(user, minutes) for user, minutes in by_user.items()]
    for person in people:
        person.name = names.get(person.user_id)
    people.sort(key=lambda person: person.loudness_lufs or -math.inf, reverse=True)
    return inquiry.answer(Loud(people=people[:50]))


def of_person(user: str, minutes: Sequence[MinuteRow]) -> LoudnessSeen:
    """One person's minutes as one line; loudness is averaged as energy, weighted by speech (ITU-R BS.1770, gated)."""
    heard = [(m.loudness_lufs, m.talk_seconds or 0.0) for m in minutes if m.loudness_lufs is not None]
    seconds = sum(talk for _, talk in heard)
    energy = sum(10 ** (loudness / 10) * talk for loudness, talk in heard)
    return LoudnessSeen(
        user_id=user,
        minutes=len(minutes),
        talk_seconds=round(sum(m.talk_seconds or 0.0 for m in minutes), 1),
        loudness_lufs=round(10 * math.log10(energy / seconds), 1) if seconds and energy else None,
        peak_dbfs=max((m.peak_dbfs for m in minutes if m.peak_dbfs is not None), default=None),
        clipped_ratio=max((m.clipped_ratio for m in minutes if m.clipped_ratio is not None), default=None),
    )


LOUDNESS_REPORT = Tool(
    name="loudness_report",
    title="Who is loud?",
    description="Loudness, peaks and clipping of everybody who spoke in a session lately, loudest first.",
    ask=LoudnessReport,
    answer=Answer[Loud],
    run=loudness_report,
    reach=Reach.OWN,
)
