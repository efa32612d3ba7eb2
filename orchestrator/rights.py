"""What the caller may do, by the database's own word: looked up once for each call, before anything else.

A tool says how far it reaches (`Reach`); who is not within it is refused before one question is asked on their behalf.
Row-level security and the doors decide again, each for itself: this is the first fence, not the only one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orchestrator.database import Database
from orchestrator.errors import MissingError, RefusedError

SESSION_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Kind(StrEnum):
    NOBODY = "nobody"
    ANONYMOUS = "anonymous"
    BANNED = "banned"
    """From the platform, or the account is gone."""
    USER = "user"
    OPS = "ops"
    SERVICE = "service"


class Reach(StrEnum):
    """For whom a tool is."""

    OWN = "own"
    """Everybody with an account: it tells what row-level security shows them, and no more."""
    STAFF = "staff"
    """The host, co-hosts and moderators of the session that is named; ops without a session too."""
    OPS = "ops"
    """The ops team, and the service role where it was configured."""


@dataclass(frozen=True, slots=True)
class Rights:
    kind: Kind
    user_id: str | None = None
    """None: the service role, or nobody."""
    staffed: str | None = None
    """The session of this call, where the caller is staff of it."""

    @property
    def ops(self) -> bool:
        """Whether the caller is of the ops team, or server code."""
        return self.kind in {Kind.OPS, Kind.SERVICE}

    def staffs(self, session: object) -> bool:
        """Whether everything in a session is theirs to see."""
        return self.ops or (self.staffed is not None and str(session).lower() == self.staffed)

    def require(self, reach: Reach) -> None:
        """Raises RefusedError for anyone whom a tool is not for."""
        match self.kind:
            case Kind.NOBODY | Kind.ANONYMOUS:
                raise RefusedError("account_required", "these tools are for people with an account")
            case Kind.BANNED:
                raise RefusedError("banned", "this account is kept out of the platform")
            case Kind.OPS | Kind.SERVICE:
                return
            case Kind.USER:
                pass
        if reach is Reach.OPS:
            raise RefusedError("ops_only", "this tool is for the ops team")
        if reach is Reach.STAFF and self.staffed is None:
            raise RefusedError(
                "not_allowed", "this tool is for ops, and for the staff of a session: name yours"
            )


NOBODY = Rights(Kind.NOBODY)


async def rights_of(database: Database, arguments: Mapping[str, Any]) -> Rights:
    """Who the caller is, and whether they are staff of the session that the arguments name, if they name one.

    Raises `MissingError` where the answer is of another form, and what `Database.call` raises: without an answer
    there are no rights.
    """
    session = session_in(arguments)
    found = await database.call("my_rights", session_id=session)
    if not isinstance(found, dict) or found.get("caller") not in set(Kind):
        raise MissingError("what function my_rights answers is of another form")
    staff = found.get("staff") is True and session is not None
    return Rights(Kind(found["caller"]), found.get("user_id"), session if staff else None)


def session_in(arguments: Mapping[str, Any]) -> str | None:
    """The session that a call is about; the arguments have not been checked yet."""
    named = arguments.get("session_id")
    return named.lower() if isinstance(named, str) and SESSION_ID.fullmatch(named) else None
