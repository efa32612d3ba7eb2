"""What a tool is: a name, what it asks for, what it answers, and the function between them."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from mcp_types import Tool as Announced
from mcp_types import ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.desk import Desk
from orchestrator.errors import RefusedError
from orchestrator.person import Confirms
from orchestrator.records import Profile, is_id
from orchestrator.rights import Reach

Limit = Annotated[int, Field(ge=1, le=50, description="at most so many rows")]
Person = Annotated[
    str,
    Field(
        pattern=r"^[\w.-]{1,64}$",
        description="a person: their id (uuid) or their username, exactly",
    ),
]


class Ask(BaseModel):
    """The arguments of a tool: strict types, nothing beyond what is named."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before an act."""

    confirmation: str
    wish: Mapping[str, Any]
    """What the confirmation is bound to."""
    message: str


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    title: str
    description: str
    ask: type[Ask]
    answer: type[BaseModel]
    run: Callable[[Desk, Any], Awaitable[BaseModel]]
    reach: Reach
    question: Callable[[Desk, Any], Awaitable[Question | None]] | None = None
    """What to ask a person first, by a tool that can change something; None for a rehearsal."""

    @property
    def acts(self) -> bool:
        """Whether it can change anything."""
        return self.question is not None

    def announced(self) -> Announced:
        """The tool as the protocol lists it."""
        return Announced(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.ask.model_json_schema(),
            output_schema=self.answer.model_json_schema(mode="serialization"),
            annotations=ToolAnnotations(
                title=self.title,
                read_only_hint=not self.acts,
                destructive_hint=self.acts,
                idempotent_hint=not self.acts,
                open_world_hint=False,
            ),
        )

    def read(self, arguments: Mapping[str, Any]) -> Ask:
        """The arguments, checked as the JSON that they came as. Raises pydantic.ValidationError."""
        return self.ask.model_validate_json(json.dumps(arguments))


def confirmation_of(confirmation: str | None) -> str:
    """The confirmation that an act must bring. Raises RefusedError when there is none."""
    if confirmation is None:
        raise RefusedError(
            "confirmation_required", "rehearse first (dry_run=true), then bring its confirmation"
        )
    return confirmation


def may_confirm(desk: Desk) -> bool:
    """Whether an act can follow a rehearsal in this conversation."""
    return desk.confirms is not Confirms.NOBODY


async def id_of(desk: Desk, person: str) -> str:
    """The id of somebody named by id or username. Raises RefusedError when there is nobody of that name."""
    if is_id(person):
        return person.lower()
    found = await desk.database.select(Profile.table, ("id",), limit=1, username=f"eq.{person}")
    if not found.rows or not found.rows[0].get("id"):
        raise RefusedError("unknown_user", "nobody has that username; usernames are compared exactly")
    return str(found.rows[0]["id"])
