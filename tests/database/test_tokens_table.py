"""The table of every door that gives a token and of everything that keeps one back: which word each answers with.

For each cell there is somebody anew who hosts a live show, speaks in another's, is rung by a friend, and is in a call.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.database.world import Refused, Scene, World

DOORS = {
    "session-create": "select public.session_create($1, 'video_live', 'public', 'Next', null, null)",
    "session-start": "select public.session_start($1, $2)",
    "session-token": "select public.session_token($1, $2)",
    "session-token of another's": "select public.session_token($1, $2)",
    "session-ingress": "select public.session_ingress($1, $2)",
    "call-start": "select public.call_start($1, $2, 'video')",
    "call-answer": "select public.call_answer($1, $2, true)",
    "call-token": "select public.call_token($1, $2)",
}
ALL = ("camera", "microphone", "screen_share", "screen_share_audio")
CALL = ("camera", "microphone")
NOTHING = ()
WELL = {
    **dict.fromkeys(("session-create", "session-start", "session-token"), ALL),
    "session-token of another's": NOTHING,
    "session-ingress": "a way in",
    **dict.fromkeys(("call-start", "call-answer", "call-token"), CALL),
}
OWN = ("session-start", "session-token", "session-ingress")


@dataclass(frozen=True)
class Person:
    """Who asks, and about what."""

    id: str
    own: Scene
    others: Scene
    friend: str
    call: str


async def somebody(world: World, door: str) -> Person:
    """With one call at most, as the door needs it."""
    own, others, friend = await world.live("video_live"), await world.live(), await world.user()
    await world.seat(others, "speaker", user=own.creator)
    call = ""
    if door in ("call-answer", "call-token"):
        start = await world.service("select public.call_start($1, $2, 'video')", friend, own.creator)
        call = start["call"]["id"]
    if door == "call-token":
        await world.service(DOORS["call-answer"], own.creator, call)
    return Person(own.creator, own, others, friend, call)


async def ask(world: World, door: str, who: Person) -> tuple[object, str]:
    """What the token lets them publish, or the refusal's word; and its status."""
    about = {"session-create": [], "session-token of another's": [who.others.id], "call-start": [who.friend]}
    about |= {name: [who.own.id] for name in OWN} | {
        name: [who.call] for name in ("call-answer", "call-token")
    }
    if door == "session-create":  # nobody is live twice
        await world.value("update live_sessions set status = 'ended' where id = $1", who.own.id)
    try:
        given = await world.service(DOORS[door], who.id, *about[door])
    except Refused as refused:
        return refused.hint, refused.sqlstate
    return ("a way in" if "ingress" in given else tuple(given["join"]["can_publish_sources"])), ""


async def banned(world: World, who: Person, scope: str) -> None:
    await world.value(
        "insert into live_bans (user_id, scope, session_id, creator_id) values ($1, $2, $3, $4)",
        who.id, scope, who.own.id if scope == "session" else None, who.id if scope == "creator" else None,
    )  # fmt: skip


async def ordered(world: World, who: Person, *actions: str) -> None:
    for action in actions:
        params = {"role": "viewer"} if action == "set_role" else {}
        target = None if action == "end_session" else who.id
        await world.ask(None, action, who.own, target, params=params)


async def hung_up(world: World, who: Person) -> None:
    if who.call:
        await world.service("select public.call_end($1, $2)", who.friend, who.call)


State = Callable[[World, Person], Awaitable[object]]
STATES: dict[str, tuple[State, dict[str, object]]] = {
    "nothing": (lambda world, _: world.value("select 1"), {}),
    "a platform ban": (lambda world, who: banned(world, who, "platform"), dict.fromkeys(DOORS, "banned")),
    "a ban by the creator, who they are": (
        lambda world, who: banned(world, who, "creator"),
        dict.fromkeys(("session-create", *OWN), "banned"),
    ),
    "a ban from the session": (
        lambda world, who: banned(world, who, "session"),
        dict.fromkeys(OWN, "banned"),
    ),
    "a deleted account": (
        lambda world, who: world.value("delete from auth.users where id = $1", who.id),
        dict.fromkeys(DOORS, "account_deleted"),
    ),
    "a mute": (
        lambda world, who: ordered(world, who, "mute"),
        dict.fromkeys(("session-start", "session-token"), ("camera", "screen_share")),
    ),
    "a camera switched off": (
        lambda world, who: ordered(world, who, "camera_off"),
        dict.fromkeys(("session-start", "session-token"), ("microphone", "screen_share_audio")),
    ),
    "a mute, and a camera switched off": (
        lambda world, who: ordered(world, who, "mute", "camera_off"),
        {**dict.fromkeys(("session-start", "session-token"), NOTHING), "session-ingress": "not_the_host"},
    ),
    "a demotion": (
        lambda world, who: ordered(world, who, "set_role"),
        {"session-start": "not_the_host", "session-token": NOTHING, "session-ingress": "not_the_host"},
    ),
    "an approval withdrawn": (
        lambda world, who: world.value("update profiles set is_creator = false where id = $1", who.id),
        dict.fromkeys(("session-create", *OWN), "not_a_creator"),
    ),
    "a session that is over": (
        lambda world, who: ordered(world, who, "end_session"),
        dict.fromkeys(OWN, "session_ended"),
    ),
    "a call that is over": (
        hung_up,
        {"call-answer": "call_not_ringing", "call-token": "call_not_active"},
    ),
    "a block": (
        lambda world, who: world.as_user(who.friend, "select public.block_user($1)", who.id),
        {
            "call-start": "callee_unavailable",
            "call-answer": "call_not_ringing",
            "call-token": "call_not_active",
        },
    ),
}


@pytest.mark.parametrize("what", STATES)
async def test_every_door_answers_by_the_same_word(world: World, what: str) -> None:
    make, differs = STATES[what]
    found = dict[str, object]()
    refusals = set[tuple[object, str]]()
    for door in DOORS:
        who = await somebody(world, door)
        await make(world, who)
        found[door], status = await ask(world, door, who)
        refusals |= {(found[door], status)} if status else set()
    assert found == WELL | differs
    assert len(refusals) == len({word for word, _ in refusals}), "one word, one status"
