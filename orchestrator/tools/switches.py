"""The two switches of the platform, turned with the same care as moderation."""

from typing import Literal

from pydantic import BaseModel, Field

from orchestrator.answer import Answer, Inquiry
from orchestrator.desk import Desk
from orchestrator.errors import MissingError, RefusedError
from orchestrator.identity import SERVICE_ROLE
from orchestrator.records import Setting
from orchestrator.tools.actions import Confirmation
from orchestrator.tools.tool import Ask, Tool


class SetSwitch(Ask):
    switch: Literal["live.enabled", "calls.enabled"] = Field(
        description="live.enabled: new sessions may be created and started. calls.enabled: new calls may be started"
    )
    on: bool
    dry_run: bool = Field(default=True, description="true: change nothing, and return a confirmation")
    confirmation: Confirmation | None = None


class Switch(BaseModel):
    switch: str
    now: bool = Field(description="how it stands")
    wanted: bool
    dry_run: bool
    confirmation: str | None = Field(default=None, description="bring it back, unchanged, to turn it")
    confirmation_seconds: float | None = None
    next: str


async def set_switch(desk: Desk, ask: SetSwitch) -> Answer[Switch]:
    inquiry = Inquiry(desk)
    now = await _stands(inquiry, ask.switch)
    wish = {"switch": ask.switch, "on": ask.on, "from": now}
    if ask.dry_run:
        await _check_ops(desk)
        return inquiry.answer(
            Switch(
                switch=ask.switch,
                now=now,
                wanted=ask.on,
                dry_run=True,
                confirmation=desk.confirmations.issue(desk.caller.id, wish),
                confirmation_seconds=desk.confirmations.seconds,
                next="Nothing has changed yet. Only if the person you act for says yes, call again with dry_run=false "
                "and this confirmation.",
            )
        )
    if ask.confirmation is None:
        raise RefusedError(
            "confirmation_required", "rehearse first (dry_run=true), then bring its confirmation"
        )
    desk.confirmations.redeem(ask.confirmation, desk.caller.id, wish)
    if not await desk.database.update(Setting.table, {"value": ask.on}, key=f"eq.{ask.switch}"):
        raise _ops_only()
    stands = await _stands(inquiry, ask.switch)
    return inquiry.answer(
        Switch(
            switch=ask.switch, now=stands, wanted=ask.on, dry_run=False, next="It is done, and in the audit."
        )
    )


async def _stands(inquiry: Inquiry, switch: str) -> bool:
    """How a switch stands. Raises MissingError when there is none, or not for who asks."""
    row = await inquiry.row(Setting, key=f"eq.{switch}")
    if row is None or not isinstance(row.value, bool):
        raise MissingError(
            f"setting {switch}: {'; '.join(inquiry.unknown) or 'not there, or not visible to who asks'}"
        )
    return row.value


async def _check_ops(desk: Desk) -> None:
    """A rehearsal promises nothing that row-level security would refuse."""
    if desk.caller.id == SERVICE_ROLE:
        return
    mine = await desk.database.select("live_ops", ("user_id",), limit=1, user_id=f"eq.{desk.caller.id}")
    if not mine.rows:
        raise _ops_only()


def _ops_only() -> RefusedError:
    return RefusedError("ops_only", "row-level security lets only the ops team turn switches")


SET_SWITCH = Tool(
    name="set_switch",
    title="Turn a switch",
    description="Switch new sessions or new calls on or off for everybody. A dry run by default, whose confirmation "
    "the act needs, only after the person you act for has said yes.",
    ask=SetSwitch,
    answer=Answer[Switch],
    run=set_switch,
    acts=True,
)
