"""The two switches of the platform, turned with the same care as moderation."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from orchestrator import person
from orchestrator.answer import Answer, Inquiry
from orchestrator.desk import Desk
from orchestrator.errors import MissingError, RefusedError
from orchestrator.person import Confirms
from orchestrator.records import Setting
from orchestrator.rights import Reach
from orchestrator.tools.actions import Confirmation
from orchestrator.tools.tool import Ask, Question, Tool, confirmation_of, may_confirm


class SetSwitch(Ask):
    switch: Literal["live.enabled", "calls.enabled"] = Field(
        description="live.enabled: new sessions may be created and started. calls.enabled: new calls may be started"
    )
    on: bool
    dry_run: bool = Field(default=True, description="true: change nothing, and return a confirmation")
    confirmation: Confirmation | None = None


class AppSwitch(BaseModel):
    switch: str
    now: bool = Field(description="how it stands")
    wanted: bool
    dry_run: bool
    confirmation: str | None = Field(default=None, description="bring it back, unchanged, to turn it")
    confirmation_seconds: float | None = None
    confirmed_by: Confirms = Field(
        description="person: the client will ask one; model: nobody is asked; nobody: it cannot be done from here"
    )
    next: str


async def set_switch(desk: Desk, ask: SetSwitch) -> Answer[AppSwitch]:
    """Rehearse the turn of a switch, or carry out one that a person has confirmed.

    Raises `RefusedError`: the confirmation is of no use, or the caller is not of ops.
    """
    inquiry = Inquiry(desk)
    wish = await _wish(inquiry, ask)
    if not ask.dry_run:
        desk.confirmations.redeem(confirmation_of(ask.confirmation), desk.caller.id, wish)
        if not await desk.database.update(Setting.table, {"value": ask.on}, key=f"eq.{ask.switch}"):
            raise RefusedError("ops_only", "row-level security lets only the ops team turn switches")
    confirmable = ask.dry_run and may_confirm(desk)
    return inquiry.answer(
        AppSwitch(
            switch=ask.switch,
            now=await _stands(inquiry, ask.switch),
            wanted=ask.on,
            dry_run=ask.dry_run,
            confirmation=desk.confirmations.issue(desk.caller.id, wish) if confirmable else None,
            confirmation_seconds=desk.confirmations.seconds if confirmable else None,
            confirmed_by=desk.confirms,
            next=_next(desk, ask),
        )
    )


async def question_of(desk: Desk, ask: SetSwitch) -> Question | None:
    """What a person is asked before the switch is turned."""
    if ask.dry_run:
        return None
    wish = await _wish(Inquiry(desk), ask)
    lines = [
        ("switch / anahtar", ask.switch),
        ("now / şimdi", _word(on=wish["from"])),
        ("then / sonra", _word(on=ask.on)),
        ("for / kapsam", "everybody on the platform / platformdaki herkes"),
    ]
    return Question(confirmation_of(ask.confirmation), wish, person.words(lines))


async def _wish(inquiry: Inquiry, ask: SetSwitch) -> dict[str, Any]:
    """What a confirmation is bound to: also how the switch stood when it was given."""
    return {"switch": ask.switch, "on": ask.on, "from": await _stands(inquiry, ask.switch)}


def _word(*, on: bool) -> str:
    return "on / açık" if on else "off / kapalı"


def _next(desk: Desk, ask: SetSwitch) -> str:
    if not ask.dry_run:
        return "It is done, and in the audit."
    if not may_confirm(desk):
        return person.CANNOT_ASK
    return (
        "Nothing has changed yet. Only if the person you act for wants it, call again with dry_run=false and this "
        "confirmation."
    )


async def _stands(inquiry: Inquiry, switch: str) -> bool:
    """How a switch stands. Raises MissingError when there is none, or not for who asks."""
    row = await inquiry.row(Setting, key=f"eq.{switch}")
    if row is None or not isinstance(row.value, bool):
        raise MissingError(
            f"setting {switch}: {'; '.join(inquiry.unknown) or 'not there, or not visible to who asks'}"
        )
    return row.value


SET_SWITCH = Tool(
    name="set_switch",
    title="Turn a switch",
    description="Switch new sessions or new calls on or off for everybody. A dry run by default, whose confirmation "
    "the act needs; then the client asks the person you act for, and nothing happens without their yes.",
    ask=SetSwitch,
    answer=Answer[AppSwitch],
    run=set_switch,
    reach=Reach.OPS,
    question=question_of,
)
