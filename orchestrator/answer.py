"""The form of every answer, and the inquiry that gathers one: what was found, what is missing, what is unknown."""

from collections.abc import Awaitable, Iterable
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.desk import Desk
from orchestrator.errors import MissingError, RefusedError, UnavailableError
from orchestrator.livekit_view import Room
from orchestrator.records import DatabaseRow, Participant, Profile, SessionRow, is_id
from orchestrator.untrusted import Untrusted, mark

NO_PRIVILEGE = "42501"
PEOPLE = 50
"""So many people of a room are looked at."""

Data = TypeVar("Data", bound=BaseModel)
Item = TypeVar("Item", bound=DatabaseRow)
Found = TypeVar("Found")


class Answer(BaseModel, Generic[Data]):
    """What every tool returns."""

    model_config = ConfigDict(extra="forbid")

    data: Data
    missing: list[str] = Field(
        default_factory=list,
        description="what the database lacks of what was asked for, by name; the answer goes on without it",
    )
    unknown: list[str] = Field(
        default_factory=list, description="what could not be learned now, and why: say so, do not guess"
    )
    more: bool = Field(default=False, description="there are more rows than were asked for")


class Inquiry:
    """Gathers one answer. What is missing or does not answer is noted; the rest goes on."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.missing: list[str] = []
        self.unknown: list[str] = []
        self.more = False

    async def rows(
        self, record: type[Item], *, limit: int, order: str | None = None, **filters: str | None
    ) -> list[Item]:
        """Rows of a record's table; none, with a note, where they cannot be read."""
        found = await self.note(
            self.desk.database.select(
                record.table, tuple(record.model_fields), limit=limit, order=order, **filters
            )
        )
        if found is None:
            return []
        self.missing += found.missing
        self.more = self.more or found.more
        return [self._read(record, row) for row in found.rows]

    async def row(self, record: type[Item], **filters: str) -> Item | None:
        """The one row that these filters (PostgREST's) leave, as a record. None: none, or none that may be seen."""
        found = await self.rows(record, limit=1, **filters)
        return found[0] if found else None

    async def call(self, function: str, **arguments: Any) -> Any:
        """What a function of the database answers; None, with a note, when it does not."""
        return await self.note(self.desk.database.call(function, **arguments))

    async def room(self, session: SessionRow | None) -> Room | None:
        """Who is in a session's room by LiveKit; None, with a note, when that cannot be known.

        LiveKit answers its key's holder everything: anyone who is not staff of the session is told only of people whom
        the database shows them there.
        """
        if session is None or session.livekit_room is None:
            return None
        room = await self.note(self.desk.livekit.room(session.livekit_room))
        if room is None or self.desk.rights.staffs(session.id):
            return room
        present = [person.identity for person in room.people if is_id(person.identity)][:PEOPLE]
        shown = frozenset[str | None]()
        if present:
            here = {"session_id": f"eq.{session.id}", "user_id": f"in.({','.join(present)})"}
            shown = frozenset(row.user_id for row in await self.rows(Participant, limit=PEOPLE, **here))
        return Room(tuple(person for person in room.people if person.identity in shown), agents=None)

    async def names(self, users: Iterable[str | None]) -> dict[str, Untrusted]:
        """What people call themselves, marked, by their ids."""
        ids = sorted({user for user in users if user is not None})
        if not ids:
            return {}
        profiles = await self.rows(Profile, limit=len(ids), id=f"in.({','.join(ids)})")
        return {
            profile.id: marked
            for profile in profiles
            if profile.id and (marked := mark(profile.names())) is not None
        }

    async def note(self, asked: Awaitable[Found]) -> Found | None:
        """The answer to one question, or None and a note of why there is none."""
        try:
            return await asked
        except MissingError as missing:
            self.missing.append(str(missing))
        except UnavailableError as unavailable:
            self.unknown.append(str(unavailable))
        except RefusedError as refusal:
            if refusal.code != NO_PRIVILEGE:
                raise
            self.unknown.append(f"not allowed for who asks: {refusal}")
        return None

    def answer(self, data: Data) -> Answer[Data]:
        """The tool's answer: its data, with what was missing or not known on the way."""
        return Answer(
            data=data,
            missing=list(dict.fromkeys(self.missing)),
            unknown=list(dict.fromkeys(self.unknown)),
            more=self.more,
        )

    def _read(self, record: type[Item], row: dict[str, Any]) -> Item:
        """A row as a record; a value of another type than expected is left out and named."""
        try:
            return record.model_validate(row)
        except ValidationError as error:
            odd = {str(fault["loc"][0]) for fault in error.errors(include_input=False, include_url=False)}
            self.missing += [f"column {record.table}.{name} is of another type" for name in sorted(odd)]
            return record.model_validate({name: value for name, value in row.items() if name not in odd})
