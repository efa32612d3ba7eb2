"""The database's answers about the fleet: check-ins, what is not in order, what a sweep did."""

from collections.abc import Mapping, Sequence

from agent.core.fleet_facts import CheckedIn, Findings, FleetRole, Swept, Unclaimed
from agent.core.lease import RoomName
from agent.supabase import rows
from agent.supabase.shape import Json
from handlers.facts import Identity


def findings(answer: Json) -> Findings:
    """As `agent_watch` answers."""
    now, told, done = rows.seconds(answer["now"]) or 0.0, answer["checked_in"], answer["swept"]
    return Findings(
        {RoomName(place["room"]): _left(place["left_ms"]) for place in answer["rooms"]},
        _left(answer["next_ms"]),
        {RoomName(waiting["room"]): _unclaimed(waiting, now) for waiting in answer["unclaimed"]},
        frozenset(map(RoomName, answer["missed"])),
        frozenset(map(RoomName, answer["strangers"])),
        None if told is None else checked_in(told),
        None if done is None else swept(done),
    )


USAGE: Mapping[object, int] = {"ok": 0, "warning": 1, "exceeded": 2}


def swept(done: Json) -> Swept:
    """As a sweep answers; a worker whose turn it is not gets next to nothing."""
    limit = done.get("automatic_limit")
    return Swept(
        orphans=done.get("orphan_rooms", 0),
        close=tuple(RoomName(room) for room in done.get("close_rooms", ())),
        open_circuits=done.get("open_circuits", 0),
        automatic=done.get("automatic_actions", 0),
        automatic_limit=float("inf") if limit is None else float(limit),
        unlisted=done.get("unlisted_rooms", 0),
        open_cases=done.get("open_cases", 0),
        grave_case_waits=float(done.get("grave_case_waits", 0)),
        pushes_due=done.get("pushes_due", False),
        pages_due=done.get("pages_due", False),
        listens_over=tuple(
            (RoomName(over["room"]), Identity(over["identity"])) for over in done.get("listens_over", ())
        ),
        recordings_over=done.get("recordings_over", False),
        recording_minutes=USAGE.get(done.get("recording_minutes"), 0),
        recordings_due=done.get("recordings_due", False),
        evidence_due=done.get("evidence_due", False),
        unheard_rooms=done.get("unheard_rooms", 0),
    )


def _left(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def checked_in(answer: Json) -> CheckedIn:
    """As `agent_check_in` answers."""
    return CheckedIn(
        FleetRole(answer["role"]),
        answer["left_ms"] / 1000,
        answer["workers"],
        handed(answer["handed"]),
        answer["neighbour"],
    )


def handed(items: Sequence[Json]) -> Mapping[RoomName, float]:
    """Rooms that this worker shall take, and the seconds until its claim is granted."""
    return {RoomName(item["room"]): item["in_ms"] / 1000 for item in items}


def _unclaimed(waiting: Json, now: float) -> Unclaimed:
    return Unclaimed(waiting["actions"], max(0.0, now - (rows.seconds(waiting["since"]) or now)))
