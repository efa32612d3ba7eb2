"""What is written under a lease, as rows for the database's functions, and their answers.

What was heard is in `sound_rows`.
"""

from typing import Any

from agent.core.lease import Finish, Joined, Left, OnAir, Written
from agent.supabase import rows
from agent.supabase.shape import Json
from moderation.identity import is_beside, person_of


def report(row: Joined | Left) -> dict[str, Any]:
    """A join or a leave, as `agent_presence` takes it."""
    who = row.identity
    common = {**row.lease.as_json(), "user_id": person_of(who), "beside": is_beside(who)}
    match row:
        case Joined(connection=connection):
            permission = connection.permission
            return {
                **common,
                "event": "joined",
                "participant_sid": connection.sid,
                "at_ms": connection.joined_at_ms,
                "permission": None if permission is None else permission.as_json(),
            }
        case Left():
            return {
                **common,
                "event": "left",
                "participant_sid": row.sid,
                "at_ms": row.at_ms,
                "reason": row.reason,
            }


def result(finish: Finish) -> dict[str, Any]:
    """As `agent_finish_actions` takes it. `confirmed_at_ms`: since the epoch, by the database's clock."""
    effect = finish.effect
    return {
        **finish.lease.as_json(),
        "id": effect.action,
        "outcome": effect.verdict.value,
        "before": effect.before,
        "after": effect.after,
        "error_code": effect.error_code,
        "error": effect.error,
        "confirmed_at_ms": finish.confirmed_at * 1000,
    }


def written(item: Json | None) -> Written:
    """One row's answer. None: there was none for this row."""
    return Written(ok=False, error="no answer") if item is None else Written(item["ok"], item.get("error"))


def presence(item: Json) -> Written:
    """One answer of `agent_presence`, with what is wanted for that person."""
    known = item.get("person")
    try:
        return Written(item["ok"], item.get("error"), person=None if known is None else rows.person(known))
    except (KeyError, TypeError, ValueError) as error:
        # It is written; the next pull, or the room's fault that it leads to, says more.
        return Written(ok=True, error=f"an answer that cannot be read: {error!r}")


def finished(item: Json | None) -> Written:
    """One answer of `agent_finish_actions`. None: there was none for this row."""
    if item is None:
        return written(item)
    return Written(
        item["ok"], item.get("error"), action=item.get("action"), enforce_ms=item.get("enforce_ms")
    )


def on_air(row: OnAir) -> dict[str, Any]:
    """What flows from a host, as `agent_media` takes it."""
    return {
        **row.lease.as_json(),
        "user_id": row.effect.identity,
        "participant_sid": row.effect.sid,
        "flowing": sorted(row.effect.flowing),
        "at_ms": row.effect.at_ms,
    }
