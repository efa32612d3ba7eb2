"""Who may ask what of the one door: every requester against every action against every rank."""

import itertools
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from tests.database.world import Refused, Scene, World

RANK = {"host": 50, "co_host": 40, "moderator": 30, "speaker": 20, "listener": 10}
REQUESTERS = ["service", "ops", "auto", "host", "co_host", "moderator", "speaker", "listener", "stranger"]
TARGETS = ["host", "co_host", "moderator", "speaker", "listener"]


@dataclass(frozen=True)
class Wish:
    """An action with its params, and which requesters of the table may ask it of a lower rank."""

    action: str
    may: frozenset[str]
    params: tuple[tuple[str, str], ...] = ()
    whole: bool = False


STAFF = frozenset({"host", "co_host", "moderator"})
HOSTS = frozenset({"host", "co_host"})
HOST = frozenset({"host"})
NOBODY: frozenset[str] = frozenset()
WISHES = [
    Wish("mute", STAFF),
    Wish("unmute", STAFF),
    Wish("camera_off", STAFF),
    Wish("camera_on", HOSTS),
    Wish("kick", STAFF),
    Wish("ban", STAFF),
    Wish("ban", HOST, (("scope", "creator"),)),
    Wish("ban", NOBODY, (("scope", "platform"),)),
    Wish("chat_mute", STAFF),
    Wish("chat_unmute", HOSTS),
    Wish("set_role", STAFF, (("role", "speaker"),)),
    Wish("set_role", STAFF, (("role", "listener"),)),
    Wish("set_role", HOST, (("role", "moderator"),)),
    Wish("set_role", HOST, (("role", "co_host"),)),
    Wish("set_role", NOBODY, (("role", "host"),)),
    Wish("mute_all", HOSTS, whole=True),
    Wish("unmute_all", HOSTS, whole=True),
    Wish("announce", HOSTS, (("text", "hello"),), whole=True),
    Wish("end_session", HOST, whole=True),
]


def allowed(requester: str, wish: Wish, target: str | None) -> bool:
    """Say what the table in the contract says."""
    if requester in ("service", "ops"):
        return True
    if requester == "auto":
        return (
            target != "host" and wish.action != "end_session" and dict(wish.params).get("scope") != "platform"
        )
    if requester not in wish.may:
        return False
    if requester == "moderator" and wish.action == "set_role" and target not in ("speaker", "listener"):
        return False
    return target is None or RANK[target] < RANK[requester]


async def seated(world: World, scene: Scene, requester: str) -> str | None:
    """Return the user to act as; None for server code."""
    match requester:
        case "service" | "auto":
            return None
        case "ops":
            return await world.user(ops=True)
        case "host":
            return scene.creator
        case "stranger":
            return await world.user()
        case role:
            return await world.seat(scene, role)


async def asked(world: World, user: str | None, *args: Any, **extra: Any) -> tuple[str, str | None] | None:
    """Ask, and return the refusal's SQLSTATE and hint; None when it was granted."""
    try:
        await world.ask(user, *args, **extra)
    except Refused as refused:
        return refused.sqlstate, refused.hint
    return None


@pytest.mark.parametrize("requester", REQUESTERS)
async def test_the_table_of_who_may_ask_what(world: World, requester: str) -> None:
    scene = await world.live()
    user = await seated(world, scene, requester)
    for wish in WISHES:
        for target in [None] if wish.whole else TARGETS:
            if wish.action == "end_session":
                scene_now = await world.live()
                user_now = await seated(world, scene_now, requester)
            else:
                scene_now, user_now = scene, user
            whom = None
            if target is not None:
                whom = scene.creator if target == "host" else await world.seat(scene, target)
            extra = {"params": dict(wish.params), "requested_via": "auto" if requester == "auto" else None}
            outcome = await asked(world, user_now, wish.action, scene_now, whom, **extra)
            expected = None if allowed(requester, wish, target) else ("PT403", "not_allowed")
            assert outcome == expected, (requester, wish, target)


async def test_a_ban_of_the_host_by_ops_keeps_the_host_out(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    await world.ask(ops, "ban", scene, scene.creator)
    assert (await world.service("select can_join_as($1, $2)", scene.id, scene.creator))["reason"] == "banned"


@pytest.mark.parametrize(("do", "undo"), [("mute", "unmute"), ("camera_off", "camera_on"), ("ban", "unban"),
                                          ("chat_mute", "chat_unmute")])  # fmt: skip
async def test_an_act_is_not_undone_by_a_lower_rank(world: World, do: str, undo: str) -> None:
    scene = await world.live()
    people = {
        "ops": await world.user(ops=True),
        "host": scene.creator,
        "co_host": await world.seat(scene, "co_host"),
    }
    order = ["co_host", "host", "ops"]
    for doer, undoer in itertools.product(order, order):
        target = await world.seat(scene, "listener")
        await world.ask(people[doer], do, scene, target)
        if order.index(undoer) >= order.index(doer):
            await world.ask(people[undoer], undo, scene, target)
        else:
            with pytest.raises(Refused) as refused:
                await world.ask(people[undoer], undo, scene, target)
            assert refused.value.hint == "outranked"


async def test_a_role_given_by_ops_is_changed_by_ops_only(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    target = await world.seat(scene, "speaker")
    await world.ask(ops, "set_role", scene, target, params={"role": "listener"})
    with pytest.raises(Refused) as refused:
        await world.ask(scene.creator, "set_role", scene, target, params={"role": "speaker"})
    assert refused.value.hint == "outranked"


async def test_a_lower_rank_lengthens_a_mute_but_never_shortens_it(world: World) -> None:
    scene, target_role = await world.live(), "listener"
    moderator, target = await world.seat(scene, "moderator"), await world.seat(scene, target_role)
    await world.ask(scene.creator, "mute", scene, target)
    for params, hint in [({}, "weaker_than_standing"), ({"replace": True}, "outranked")]:
        with pytest.raises(Refused) as refused:
            await world.ask(moderator, "mute", scene, target, params={"seconds": 5, **params})
        assert refused.value.hint == hint
    row = await world.row(
        "select mic_muted_until, mic_by_rank from live_participants where user_id = $1", target
    )
    assert row == {"mic_muted_until": None, "mic_by_rank": 50}


async def test_an_app_user_cannot_choose_who_asks(world: World) -> None:
    scene = await world.live()
    for column, value in [("requested_by", str(uuid.uuid4())), ("requested_via", "ops"), ("requested_rank", 100),
                          ("status", "applied"), ("expires_at", None)]:  # fmt: skip
        with pytest.raises(Refused) as refused:
            await world.as_user(
                scene.creator,
                f"insert into moderation_actions (session_id, action, {column}) values ($1, 'mute_all', $2)",  # noqa: S608
                scene.id, value,
            )  # fmt: skip
        assert refused.value.sqlstate == "42501"


async def test_nobody_but_functions_updates_a_row(world: World) -> None:
    scene = await world.live()
    action = await world.ask(scene.creator, "mute_all", scene)
    for role, user in [("authenticated", scene.creator), ("service_role", None)]:
        with pytest.raises(Refused) as refused:
            async with world.acting(role, user) as connection:
                await connection.execute(
                    "update moderation_actions set status = 'applied' where id = $1", action
                )
        assert refused.value.sqlstate == "42501"


async def test_rank_is_checked_again_at_the_claim_and_the_state_put_back(world: World) -> None:
    scene = await world.live()
    moderator, target = await world.seat(scene, "moderator"), await world.seat(scene, "speaker")
    action = await world.ask(moderator, "mute", scene, target)
    await world.service("update live_participants set role = 'listener' where user_id = $1", moderator)
    claimed = await world.claim(scene.room)
    entry = await world.pull(scene.room, claimed["epoch"])
    assert entry["actions"] == []
    row = await world.row("select status, error_code from moderation_actions where id = $1", action)
    assert row == {"status": "failed", "error_code": "rank_changed"}
    assert not await world.value("select mic_muted from live_participants where user_id = $1", target)


async def test_actions_are_limited_per_minute(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "listener")
    owner = await world.owner()
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(
        "update app_settings set value = value || '{\"actions_per_minute\": 1}' where key = 'limits'"
    )
    await owner.execute("select live.spend($1, 'actions_per_minute')", target)
    with pytest.raises(Exception, match="Too many") as refused:
        await owner.execute("select live.spend($1, 'actions_per_minute')", target)
    assert refused.value.sqlstate == "PT429"  # type: ignore[attr-defined]
    await transaction.rollback()
