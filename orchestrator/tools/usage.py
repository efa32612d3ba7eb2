"""Use of LiveKit against the plan."""

from datetime import date

from pydantic import BaseModel, Field

from orchestrator.answer import Answer, Inquiry
from orchestrator.desk import Desk
from orchestrator.rights import Reach
from orchestrator.tools.tool import Ask, Tool


class UsageAgainstPlan(Ask):
    month: date | None = Field(default=None, description="any day of it, UTC; this month if left out")


class Measure(BaseModel):
    month: str | None = None
    plan: str | None = None
    measure: str | None = None
    used: float | None = None
    plan_limit: float | None = None
    ratio: float | None = None
    level: str | None = Field(default=None, description="ok, warning or exceeded")


class PlanUsage(BaseModel):
    measures: list[Measure] = Field(description="by our own records: an early warning, not LiveKit's bill")


async def usage_against_plan(desk: Desk, ask: UsageAgainstPlan) -> Answer[PlanUsage]:
    """What of the LiveKit plan is used in a month, with a warning level."""
    inquiry = Inquiry(desk)
    found = await inquiry.call("platform_usage", p_month=ask.month and ask.month.isoformat())
    rows = found if isinstance(found, list) else []
    return inquiry.answer(PlanUsage(measures=[Measure.model_validate(row) for row in rows]))


USAGE_AGAINST_PLAN = Tool(
    name="usage_against_plan",
    title="Usage against the plan",
    description="Most people at once, connection minutes and traffic of a month against the LiveKit plan.",
    ask=UsageAgainstPlan,
    answer=Answer[PlanUsage],
    run=usage_against_plan,
    reach=Reach.OPS,
)
