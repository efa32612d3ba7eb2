"""Every door asks the same function for its token: who is kept out, and what a token lets somebody publish."""

import uuid
from collections.abc import Awaitable, Callable

import pytest

from tests.database.world import Json, Refused, Scene, World

HOST_SOURCES = ["camera", "microphone", "screen_share", "screen_share_audio"]
OWN_SESSION = ("session_start", "session_token")


async def ask(world: World, door: str, user: str, place: str) -> Json:
    """Ask a door for a token; returns its `join`."""
    sql = {
        "session_start": "select public.session_start($1, $2)",
        "session_token": "select public.session_token($1, $2)",
        "call_answer": "select public.call_answer($1, $2, true)",
        "call_token": "select public.call_token($1, $2)",
    }[door]
    return (await world.service(sql, user, place))["join"]


async def hint_of(refused: Awaitable[Json]) -> str | None:
    with pytest.raises(Refused) as caught:
        await refused
    return caught.value.hint


async def ban(world: World, scene: Scene | None, user: str, scope: str) -> None:
    await world.value(
        "insert into live_bans (user_id, scope, session_id, creator_id) values ($1, $2, $3, $4)",
        user, scope,
        scene.id if scene and scope == "session" else None, scene.creator if scene and scope == "creator" else None,
    )  # fmt: skip


async def accepted_call(world: World) -> tuple[str, str, str]:
    caller, callee = await world.user(), await world.user()
    call = (await world.service("select public.call_start($1, $2, 'video')", caller, callee))["call"]["id"]
    await world.service("select public.call_answer($1, $2, true)", callee, call)
    return call, caller, callee


@pytest.mark.parametrize("door", OWN_SESSION)
@pytest.mark.parametrize("scope", ["session", "creator", "platform"])
async def test_a_host_who_is_banned_anywhere_in_scope_gets_no_token(
    world: World, door: str, scope: str
) -> None:
    scene = await world.live("video_live")
    assert (await ask(world, door, scene.creator, scene.id))["can_publish_sources"] == HOST_SOURCES
    await ban(world, scene, scene.creator, scope)
    assert await hint_of(ask(world, door, scene.creator, scene.id)) == "banned"


async def test_only_a_host_who_may_send_something_streams_from_obs(world: World) -> None:
    scene, sql = await world.live("video_live"), "select public.session_ingress($1, $2)"
    room = {"room": scene.room, "name": None}
    allowed = await world.service(sql, scene.creator, scene.id)
    assert allowed["ingress"] | {"name": None} == room
    speaker = await world.seat(scene, "speaker")
    assert await hint_of(world.service(sql, speaker, scene.id)) == "not_the_host"
    for action in ("mute", "camera_off"):
        await world.ask(None, action, scene, scene.creator)
    assert await hint_of(world.service(sql, scene.creator, scene.id)) == "not_the_host"
    await ban(world, scene, scene.creator, "session")
    assert await hint_of(world.service(sql, scene.creator, scene.id)) == "banned"


async def test_the_way_in_for_obs_is_on_record_until_it_is_deleted(world: World) -> None:
    scene, sql = await world.live("video_live"), "select public.session_ingress($1, $2)"
    finished = "select public.record_webhook($1, 'room_finished', $2, '{\"createdAt\": \"1800000000\"}')"
    assert (await world.service(sql, scene.creator, scene.id))["over"] == []
    told = await world.service(finished, uuid.uuid4().hex, scene.room)
    assert "ingress_over" not in told, "the session goes on"
    ended = await world.service("select public.session_end($1, $2)", scene.creator, scene.id)
    assert ended["ingress"] is True
    event = uuid.uuid4().hex
    for _ in range(2):  # LiveKit repeats what failed
        assert (await world.service(finished, event, scene.room))["ingress_over"] is True
    later = await world.live("video_live", creator=scene.creator)
    assert (await world.service(sql, scene.creator, later.id))["over"] == [scene.room]
    assert (await world.service("select public.ingress_deleted($1)", scene.room)) == {"known": True}
    assert (await world.service(sql, scene.creator, later.id))["over"] == []
    ended = await world.service("select public.session_end($1, $2)", scene.creator, scene.id)
    assert ended["ingress"] is False


async def test_a_start_that_is_refused_starts_nothing(world: World) -> None:
    creator = await world.user(creator=True)
    session = (
        await world.service(
            "select public.session_create($1, 'video_live', 'public', 'Later', null, now() + interval '1 hour')",
            creator,
        )
    )["session"]
    await ban(world, Scene(session["id"], session["livekit_room"], creator), creator, "session")
    assert await hint_of(ask(world, "session_start", creator, session["id"])) == "banned"
    assert await world.value("select status from live_sessions where id = $1", session["id"]) == "scheduled"


@pytest.mark.parametrize("door", OWN_SESSION)
async def test_what_a_moderator_took_from_a_host_is_not_in_the_token(world: World, door: str) -> None:
    scene = await world.live("video_live")
    await world.ask(None, "mute", scene, scene.creator)
    assert (await ask(world, door, scene.creator, scene.id))["can_publish_sources"] == [
        "camera",
        "screen_share",
    ]
    await world.ask(None, "camera_off", scene, scene.creator)
    assert (await ask(world, door, scene.creator, scene.id))["can_publish_sources"] == []
    await world.ask(None, "unmute", scene, scene.creator)
    assert (await ask(world, door, scene.creator, scene.id))["can_publish_sources"] == [
        "microphone",
        "screen_share_audio",
    ]
    await world.ask(None, "mute", scene, scene.creator, params={"seconds": 60})
    await world.value(
        "update live_participants set mic_muted_until = clock_timestamp() - interval '1 second' where user_id = $1",
        scene.creator,
    )
    assert "microphone" in (await ask(world, door, scene.creator, scene.id))["can_publish_sources"]


async def test_a_creator_who_was_demoted_gets_no_hosts_token(world: World) -> None:
    scene = await world.live("video_live")
    await world.ask(None, "set_role", scene, scene.creator, params={"role": "viewer"})
    assert await hint_of(ask(world, "session_start", scene.creator, scene.id)) == "not_the_host"
    join = await ask(world, "session_token", scene.creator, scene.id)
    assert (join["role"], join["can_publish_sources"]) == ("viewer", [])


@pytest.mark.parametrize("door", OWN_SESSION)
async def test_a_creator_whose_approval_is_withdrawn_gets_no_token(world: World, door: str) -> None:
    scene = await world.live("video_live")
    await world.value("update profiles set is_creator = false where id = $1", scene.creator)
    assert await hint_of(ask(world, door, scene.creator, scene.id)) == "not_a_creator"


@pytest.mark.parametrize("door", OWN_SESSION)
async def test_a_room_that_is_over_has_no_tokens(world: World, door: str) -> None:
    scene = await world.live("video_live")
    await world.ask(None, "end_session", scene)
    assert await hint_of(ask(world, door, scene.creator, scene.id)) == "session_ended"


@pytest.mark.parametrize("who", ["caller", "callee"])
async def test_a_banned_side_of_a_call_gets_no_token_however_it_is_asked(world: World, who: str) -> None:
    call, caller, callee = await accepted_call(world)
    banned = caller if who == "caller" else callee
    await ban(world, None, banned, "platform")
    assert await hint_of(ask(world, "call_token", banned, call)) == "banned"
    if who == "callee":
        assert await hint_of(ask(world, "call_answer", banned, call)) == "banned"


async def test_a_call_that_is_over_has_no_tokens(world: World) -> None:
    call, caller, callee = await accepted_call(world)
    await world.service("select public.call_end($1, $2)", caller, call)
    assert await hint_of(ask(world, "call_token", caller, call)) == "call_not_active"
    assert await hint_of(ask(world, "call_answer", callee, call)) == "call_not_ringing"


async def test_no_function_makes_a_grant_but_the_one(world: World) -> None:
    """What a token is minted from is built in one place: a new door cannot forget a refusal."""
    makers = await world.rows(
        "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname in ('live', 'public') and p.prosrc ~ '''can_publish_sources'',' and p.prosrc ~ 'relay_keys'"
    )
    assert [row["proname"] for row in makers] == ["token_grant"]


# ── who acts ──────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_banned_ops_user_does_not_act(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    guest = await world.seat(scene, "speaker")
    waiting = await world.ask(ops, "mute", scene, guest)
    await ban(world, None, ops, "platform")
    assert await hint_of(world.ask(ops, "unmute", scene, guest)) == "banned"
    assert (
        await hint_of(world.ask(None, "unmute", scene, guest, requested_by=ops, requested_via="ops"))
        == "banned"
    )
    assert await hint_of(world.as_user(ops, "select public.cancel_action($1)", waiting)) == "unknown_action"
    assert await world.as_user(ops, "select live.am_ops()") is False
    assert await world.as_user(ops, "select count(*) from live_ops") == 0
    assert (
        await hint_of(world.service("select public.session_end($1, $2)", ops, scene.id)) == "unknown_session"
    )
    await world.value("update live_bans set lifted_at = now() where user_id = $1", ops)
    assert await world.ask(ops, "unmute", scene, guest)


@pytest.mark.parametrize("scope", ["session", "creator", "platform"])
@pytest.mark.parametrize("role", ["moderator", "co_host", "host"])
async def test_staff_who_are_banned_do_not_act(world: World, scope: str, role: str) -> None:
    scene = await world.live()
    staff, guest = await world.seat(scene, role), await world.seat(scene, "speaker")
    await ban(world, scene, staff, scope)
    assert await hint_of(world.ask(staff, "mute", scene, guest)) == "banned"
    watch: Callable[[], Awaitable[Json]] = lambda: world.as_user(  # noqa: E731
        staff, "select public.watch_levels($1)", scene.id
    )
    assert await hint_of(watch()) == "not_allowed"


async def test_a_row_of_somebody_banned_meanwhile_is_not_carried_out(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    guest = await world.seat(scene, "speaker")
    epoch = (await world.claim(scene.room))["epoch"]
    row = await world.ask(ops, "kick", scene, guest)
    await ban(world, None, ops, "platform")
    entry = await world.pull(scene.room, epoch)
    assert row not in [action["id"] for action in entry["actions"]]
    assert await world.value("select status from moderation_actions where id = $1", row) in {
        "failed",
        "cancelled",
    }


async def test_the_door_answers_the_same_for_every_target(world: World) -> None:
    """Who is not staff learns nothing of who was there, or even whether there is such a session."""
    scene = await world.live(access="subscribers")
    present, absent = await world.seat(scene, "speaker"), await world.user()
    moderator = await world.seat(scene, "moderator")
    ops = await world.user(ops=True)
    nowhere = Scene("00000000-0000-0000-0000-00000000dead", "live_none", scene.creator)
    stranger, anonymous = await world.user(), await world.user(anonymous=True)
    nobody = "00000000-0000-0000-0000-00000000beef"
    for asker in (stranger, anonymous, present):
        for action, params in (
            ("mute", {}), ("kick", {}), ("ban", {}), ("unban", {}), ("set_role", {"role": "speaker"}),
            ("chat_mute", {}), ("camera_off", {}),
        ):  # fmt: skip
            answers = set()
            for place in (scene, nowhere):
                for target in (present, absent, nobody, moderator, scene.creator, ops):
                    with pytest.raises(Refused) as refused:
                        await world.ask(asker, action, place, target, params=params)
                    answers.add((refused.value.sqlstate, refused.value.hint, refused.value.message))
            assert len(answers) == 1, answers
            assert answers.pop()[:2] == ("PT403", "not_allowed")
