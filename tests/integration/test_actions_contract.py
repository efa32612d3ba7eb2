"""Every action of the one door on real parts: enforced it is true in the room, a dry run only says what would be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from livekit import rtc

from local.people.api import Json
from local.people.device import Device
from local.people.hostile import Arena
from local.people.person import People, Person
from local.people.waiting import until
from moderation.action_names import AGENT_ACTIONS

pytestmark = pytest.mark.usefixtures("worker")

CAMERA, MICROPHONE = rtc.TrackSource.SOURCE_CAMERA, rtc.TrackSource.SOURCE_MICROPHONE


@dataclass(frozen=True)
class Case:
    action: str
    true: Callable[[Device], bool] | None = None
    """Whether it is true in the room, seen from the target's own device; None: nobody has said how it shows."""
    prepared_by: str | None = None
    params: tuple[tuple[str, Any], ...] = ()
    whole: bool = False
    after: tuple[tuple[str, Any], ...] = ()
    """What `after` says, enforced and rehearsed alike."""


def hears(kind: str) -> Callable[[Device], bool]:
    return lambda device: kind in [event.type for event in device.events]


CASES = [
    Case("mute", lambda d: not d.may_send(MICROPHONE), after=(("mic_muted", True),)),
    Case("unmute", lambda d: d.may_send(MICROPHONE), "mute", after=(("mic_muted", False),)),
    Case("mute_all", lambda d: not d.may_send(MICROPHONE), whole=True, after=(("mute_all", True),)),
    Case(
        "unmute_all", lambda d: d.may_send(MICROPHONE), "mute_all", whole=True, after=(("mute_all", False),)
    ),
    Case("camera_off", lambda d: not d.may_send(CAMERA), after=(("camera_off", True),)),
    Case("camera_on", lambda d: d.may_send(CAMERA), "camera_off", after=(("camera_off", False),)),
    Case(
        "set_role",
        lambda d: not d.may_send(MICROPHONE),
        params=(("role", "viewer"),),
        after=(("role", "viewer"),),
    ),
    Case("kick", lambda d: not d.connected, after=(("kicked", True),)),
    Case(
        "ban",
        lambda d: not d.connected,
        after=(("removed", {"reason": "banned", "scope": "session", "until": None}),),
    ),
    Case("announce", hears("system"), params=(("text", "hello"),), whole=True, after=(("people", 2),)),
    Case("end_session", lambda d: not d.connected, whole=True, after=(("status", "ended"),)),
]


CASES += [Case(name) for name in sorted(AGENT_ACTIONS - {case.action for case in CASES} - {"unban"})]


def shows(case: Case, device: Device, *, otherwise: bool = False) -> bool:
    return otherwise if case.true is None else case.true(device)


def notices(device: Device) -> list[str]:
    """What somebody was told, but for having become a speaker."""
    return [n.type for n in device.notices if n.payload.get("role") != "speaker"]


async def scene(people: People, case: Case) -> tuple[Arena, Person, Device]:
    arena = await Arena.open(people, "video_live")
    person, device, _ = await arena.speaker()
    if case.prepared_by is not None:
        await arena.order(case.prepared_by, None if case.whole else person)
        await until("it is the other way round first", lambda: not shows(case, device))
        await until("they were told", lambda: notices(device))
    return arena, person, device


async def ask(arena: Arena, person: Person, case: Case, *, dry_run: bool) -> Json:
    target = None if case.whole else person
    request = await arena.ops.ask(
        case.action, arena.session.id, target, params=dict(case.params), reason="a test", dry_run=dry_run
    )
    return await request.applied()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.action)
async def test_enforced_it_is_true_in_the_room(people: People, case: Case) -> None:
    arena, person, device = await scene(people, case)
    row = await ask(arena, person, case, dry_run=False)
    await until(f"{case.action} is true", lambda: shows(case, device, otherwise=True))
    assert row["enforce_ms"] > 0
    assert (row["requested_via"], row["requested_by"]) == ("ops", arena.ops.id)
    assert {key: row["after"][key] for key, _ in case.after} == dict(case.after)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.action)
async def test_as_a_dry_run_it_touches_nothing_and_says_what_it_would_do(people: People, case: Case) -> None:
    arena, person, device = await scene(people, case)
    was, told = await books(arena), notices(device)
    row = await ask(arena, person, case, dry_run=True)
    assert not shows(case, device)
    assert await books(arena) == was
    assert notices(device) == told
    assert {key: row["after"][key] for key, _ in case.after} == dict(case.after)
    if not case.whole:
        assert row["before"]["role"] == "speaker"


async def books(arena: Arena) -> dict[str, list[Json]]:
    """The desired state of the session, as the database has it."""
    wanted = ("user_id", "role", "mic_muted", "camera_off", "invited_role", "chat_muted_until")
    return {
        "live_participants": await arena.people.service.rows(
            "live_participants", session_id=f"eq.{arena.session.id}", select=",".join(wanted), order="user_id"
        ),
        "live_bans": await arena.people.service.rows(
            "live_bans", session_id=f"eq.{arena.session.id}", order="id"
        ),
        "live_events": await arena.people.service.rows(
            "live_events", session_id=f"eq.{arena.session.id}", order="seq"
        ),
        "live_sessions": await arena.people.service.rows(
            "live_sessions", id=f"eq.{arena.session.id}", select="status,end_reason"
        ),
    }


@pytest.mark.parametrize("dry_run", [False, True])
async def test_what_lives_in_the_database_alone_is_applied_at_once(people: People, dry_run: bool) -> None:
    arena, person, device = await scene(people, CASES[0])
    for action in ("chat_mute", "chat_unmute"):
        request = await arena.ops.ask(action, arena.session.id, person, dry_run=dry_run)
        assert (await request.row())["status"] == "applied"
    assert device.connected


async def test_an_unban_lets_somebody_in_again_and_a_dry_one_does_not(people: People) -> None:
    arena, person, device = await scene(people, CASES[0])
    await arena.order("ban", person)
    await device.until_ended()
    await (await arena.ops.ask("unban", arena.session.id, person, dry_run=True)).applied()
    assert (await person.api.rpc("can_join", session_id=arena.session.id))["reason"] == "banned"
    await arena.order("unban", person)
    again = await person.enter(arena.session.id)
    assert again.connected
