"""The life of an action: what it does to the desired state, and how it ends."""

import uuid
from typing import Any

import pytest

from tests.database.actions import apply_all, attempts, state, status
from tests.database.world import Refused, World

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("columns", "hint"),
    [
        ({"action": "shout"}, "unknown_action"),
        ({"action": "mute"}, "bad_target"),
        ({"action": "mute", "target_user_id": NOBODY}, "unknown_user"),
        ({"action": "mute", "target_user_id": "stranger"}, "not_a_participant"),
        ({"action": "mute", "target_user_id": "listener", "params": {"seconds": 0}}, "bad_params"),
        ({"action": "mute", "target_user_id": "listener", "params": {"seconds": "10"}}, "bad_params"),
        ({"action": "mute", "target_user_id": "listener", "params": {"until": 5}}, "bad_params"),
        ({"action": "mute_all", "target_user_id": "listener"}, "bad_target"),
        ({"action": "set_role", "target_user_id": "listener"}, "bad_params"),
        ({"action": "set_role", "target_user_id": "listener", "params": {"role": "king"}}, "bad_params"),
        ({"action": "ban", "target_user_id": "listener", "params": {"scope": "galaxy"}}, "bad_params"),
        ({"action": "unban", "target_user_id": "listener"}, "not_banned"),
        ({"action": "announce", "params": {"text": " "}}, "bad_params"),
        ({"action": "announce"}, "bad_params"),
        ({"action": "delete_message", "params": {"message_id": "x"}}, "bad_params"),
        ({"action": "delete_message", "params": {"message_id": NOBODY}}, "unknown_message"),
        (
            {"action": "mute", "target_user_id": "listener", "expires_at": "2100-01-01T00:00:00Z"},
            "bad_expiry",
        ),
        ({"action": "mute_all", "session_id": NOBODY}, "unknown_session"),
        ({"action": "mute_all", "session_id": None}, "bad_place"),
        ({"action": "ban", "target_user_id": "listener", "session_id": None}, "bad_place"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_code(
    world: World, columns: dict[str, Any], hint: str
) -> None:
    scene = await world.live()
    people = {"listener": await world.seat(scene, "listener"), "stranger": await world.user()}
    row = {"session_id": scene.id, **columns}
    row["target_user_id"] = people.get(row.get("target_user_id", ""), row.get("target_user_id"))
    with pytest.raises(Refused) as refused:
        await world.service(
            "insert into moderation_actions (session_id, target_user_id, action, params, expires_at)"
            " select r.session_id, r.target_user_id, r.action, r.params, r.expires_at"
            " from jsonb_populate_record(null::moderation_actions, $1) r", row,
        )  # fmt: skip
    assert (refused.value.hint, refused.value.sqlstate[:3]) == (hint, "PT4")
    assert await world.value("select count(*) from moderation_actions where session_id = $1", scene.id) == 0


async def test_the_wish_is_true_in_the_database_from_the_insert_on(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    await world.ask(None, "mute", scene, target, params={"seconds": 60})
    await world.ask(None, "camera_off", scene, target)
    await world.ask(None, "ban", scene, target, reason="spam")
    row = await state(
        world, target, "mic_muted", "camera_off", "extract(epoch from mic_muted_until - now())::int as left"
    )
    assert row["mic_muted"] and row["camera_off"] and 55 <= row["left"] <= 60  # noqa: PT018
    assert await world.as_user(target, "select can_join($1)", scene.id) == {
        "allowed": False, "reason": "banned", "role": "speaker",
    }  # fmt: skip


async def test_a_row_is_claimed_applied_and_timed(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    await world.claim(scene.room)
    action = await world.ask(scene.creator, "mute", scene, target, reason="noise")
    entry = await world.pull(scene.room, 1)
    (claimed,) = entry["actions"]
    assert (claimed["id"], claimed["reason"]) == (action, "noise")
    assert await attempts(world, action) == 1
    assert await status(world, action) == "claimed"
    seen = {"before": {"present": True}, "after": {"present": True, "actual": {"can_publish": False}}}
    again = {"outcome": "applied", **seen}
    for result in (again, {"outcome": "failed"}):
        answer = await world.finish(scene.room, 1, action, **result)
        assert (answer["ok"], answer["status"]) == (True, "applied")
    row = await world.row("select * from moderation_actions where id = $1", action)
    assert (row["requested_by"], row["requested_via"]) == (uuid.UUID(scene.creator), "app")
    assert 0 <= row["enforce_ms"] < 5000
    assert (row["before"]["mic_muted"], row["before"]["permission"]["can_publish"]) == (False, True)
    assert (row["after"]["mic_muted"], row["after"]["permission"]["can_publish"]) == (True, False)
    assert (row["after"]["present"], row["after"]["actual"]) == (True, {"can_publish": False})


async def test_a_stale_worker_cannot_finish_and_its_claim_is_due_again(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    await world.claim(scene.room)
    action = await world.ask(None, "mute", scene, target)
    await world.pull(scene.room, 1)
    await world.claim(scene.room)
    assert (await world.finish(scene.room, 1, action))["error"] == "fenced"
    entry = await world.pull(scene.room, 2)
    assert [a["id"] for a in entry["actions"]] == [action]
    assert await attempts(world, action) == 2


async def test_rows_for_one_person_come_in_order_and_hold_back_no_one_else(world: World) -> None:
    scene = await world.live()
    one, two = await world.seat(scene, "speaker"), await world.seat(scene, "speaker")
    await world.claim(scene.room)
    first = await world.ask(None, "mute", scene, one)
    second = await world.ask(None, "camera_off", scene, one)
    other = await world.ask(None, "mute", scene, two)
    entry = await world.pull(scene.room, 1)
    assert [a["id"] for a in entry["actions"]] == [first, other]
    await world.finish(scene.room, 1, other)
    entry = await world.pull(scene.room, 1)
    assert entry["actions"] == []
    await world.value("update moderation_actions set claim_expires_at = now() where id = $1", first)
    assert await apply_all(world, scene) == [first, second]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (("mute", {}), ("unmute", {})),
        (("camera_off", {}), ("camera_on", {})),
        (("set_role", {"role": "listener"}), ("set_role", {"role": "viewer"})),
        (("ban", {}), ("unban", {})),
    ],
)
async def test_a_later_contradiction_supersedes(world: World, earlier: Any, later: Any) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    await world.claim(scene.room)
    first = await world.ask(None, earlier[0], scene, target, params=earlier[1])
    await world.pull(scene.room, 1)
    second = await world.ask(None, later[0], scene, target, params=later[1])
    row = await world.row(
        "select status, error_code, superseded_by from moderation_actions where id = $1", first
    )
    assert row == {"status": "cancelled", "error_code": "superseded", "superseded_by": uuid.UUID(second)}
    assert (await world.finish(scene.room, 1, first))["status"] == "cancelled"
    assert await apply_all(world, scene) == [second]


async def test_an_answer_that_got_lost_costs_no_attempt_and_no_wait(world: World) -> None:
    scene = await world.live()
    first, second = [await world.seat(scene, "speaker") for _ in range(2)]
    await world.claim(scene.room)
    for target in (first, second):
        await world.ask(None, "mute", scene, target)
    got = {action["id"] for action in (await world.pull(scene.room, 1))["actions"]}
    kept = sorted(got)[:1]
    again = (await world.pull(scene.room, 1, in_hand=kept))["actions"]
    (lost,) = got - set(kept)
    assert [action["id"] for action in again] == [lost]
    assert await attempts(world, lost) == 1
    assert (await world.pull(scene.room, 1, in_hand=sorted(got)))["actions"] == []
    assert (await world.pull(scene.room, 1))["actions"] == [], "an older worker does not say what it has"


async def test_the_same_wish_twice_is_no_contradiction(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    await world.claim(scene.room)
    ids = [await world.ask(None, "mute", scene, target) for _ in range(2)]
    assert await apply_all(world, scene) == ids


async def test_a_repeated_insert_is_the_same_request(world: World) -> None:
    scene = await world.live()
    target, chosen = await world.seat(scene, "speaker"), str(uuid.uuid4())
    await world.ask(None, "mute", scene, target, id=chosen)
    await world.ask(None, "unmute", scene, target)
    with pytest.raises(Refused) as refused:
        await world.ask(None, "mute", scene, target, id=chosen)
    assert refused.value.sqlstate == "23505"
    await world.service(
        "insert into moderation_actions (id, session_id, target_user_id, action) values ($1, $2, $3, 'mute')"
        " on conflict do nothing", chosen, scene.id, target,
    )  # fmt: skip
    assert (await state(world, target, "mic_muted"))["mic_muted"] is False


async def test_a_dry_run_touches_nothing(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    await world.claim(scene.room)
    before = await world.row("select * from live_participants where user_id = $1", target)
    actions = [
        await world.ask(None, action, scene, target, params=params, dry_run=True)
        for action, params in [("mute", {}), ("camera_off", {}), ("set_role", {"role": "listener"}), ("ban", {}),
                               ("kick", {}), ("chat_mute", {})]
    ]  # fmt: skip
    await world.ask(None, "mute_all", scene, dry_run=True)
    await world.ask(None, "end_session", scene, dry_run=True)
    assert await world.row("select * from live_participants where user_id = $1", target) == before
    assert await world.value("select count(*) from live_bans where user_id = $1", target) == 0
    assert (
        await world.value(
            "select status || coalesce(mute_all_rank::text, '') from live_sessions where id = $1", scene.id
        )
        == "live"
    )
    await apply_all(world, scene)
    assert {await status(world, a) for a in actions} == {"applied"}


async def test_mute_all_binds_who_comes_later_and_spares_staff(world: World) -> None:
    scene = await world.live()
    speaker, moderator = await world.seat(scene, "speaker"), await world.seat(scene, "moderator")
    named = await world.seat(scene, "speaker")
    await world.ask(None, "mute", scene, named)
    await world.ask(scene.creator, "mute_all", scene)
    late = await world.seat(scene, "listener")

    async def muted() -> list[bool]:
        return [
            (await state(world, u, "mic_muted"))["mic_muted"]
            for u in (speaker, moderator, late, named, scene.creator)
        ]

    assert await muted() == [True, False, True, True, False]
    await world.ask(scene.creator, "unmute", scene, speaker)
    assert await muted() == [False, False, True, True, False]
    await world.service("update live_participants set role = 'moderator' where user_id = $1", late)
    assert await muted() == [False, False, False, True, False]
    await world.service("update live_participants set role = 'listener' where user_id = $1", late)
    await world.ask(scene.creator, "unmute_all", scene)
    assert await muted() == [False, False, False, True, False]


async def test_the_end_of_a_timed_mute_frees_nobody_while_everyone_is_muted(world: World) -> None:
    scene = await world.live()
    guest = await world.seat(scene, "speaker")
    await world.ask(scene.creator, "mute", scene, guest, params={"seconds": 1})

    async def person() -> Any:
        return await world.value("select live.person_in_session($1, $2)", scene.id, guest)

    assert (await person())["mic_muted_until"] is not None
    await world.ask(scene.creator, "mute_all", scene)
    assert (await person())["mic_muted_until"] is None
    await world.value(
        "update live_participants set mic_muted_until = now() - interval '1 s' where user_id = $1", guest
    )
    await world.service("select agent_sweep('w1')")
    assert (await person())["mic_muted"]
    await world.ask(scene.creator, "unmute_all", scene)
    assert not (await person())["mic_muted"]


async def test_a_timed_mute_outlives_the_end_of_a_mute_of_everyone(world: World) -> None:
    scene = await world.live()
    guest = await world.seat(scene, "speaker")
    epoch = (await world.claim(scene.room))["epoch"]
    await world.ask(scene.creator, "mute_all", scene)
    await world.ask(scene.creator, "mute", scene, guest, params={"seconds": 60})
    cursor = (await world.pull(scene.room, epoch))["cursor"]
    await world.ask(scene.creator, "unmute_all", scene)
    (news,) = (await world.pull(scene.room, epoch, cursor))["people"]
    assert (news["user_id"], news["mic_muted"]) == (guest, True)
    assert news["mic_muted_until"] is not None


async def test_one_ban_reaches_every_running_room_of_its_scope(world: World) -> None:
    creator = await world.user(creator=True)
    scenes = [await world.live(creator=c) for c in (creator, None, None)]
    target = await world.user()
    cursors = {}
    for scene in scenes:
        await world.seat(scene, "listener", user=target)
        cursors[scene.room] = (await world.claim(scene.room))["snapshot"]["cursor"]
    await world.ask(None, "ban", scenes[0], target, params={"scope": "platform"})
    for scene in scenes:
        entry = await world.pull(scene.room, 1, cursors[scene.room])
        removed = {p["user_id"]: p["removed"] for p in entry["people"]}[target]
        assert (removed["reason"], removed["scope"]) == ("banned", "platform")
    await world.ask(None, "unban", scenes[0], target, params={"scope": "platform"})
    for scene in scenes:
        assert (await world.service("select can_join_as($1, $2)", scene.id, target))["allowed"]


async def test_a_platform_ban_needs_no_session(world: World) -> None:
    target = await world.user()
    action = await world.service(
        "insert into moderation_actions (target_user_id, action, params)"
        " values ($1, 'ban', '{\"scope\": \"platform\"}') returning id", target,
    )  # fmt: skip
    assert await status(world, str(action)) == "applied"
    scene = await world.live()
    assert (await world.service("select can_join_as($1, $2)", scene.id, target))["reason"] == "banned"


async def test_cancelling_puts_the_state_back_unless_a_later_word_stands(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    first = await world.ask(scene.creator, "mute", scene, target)
    assert await world.as_user(scene.creator, "select cancel_action($1)", first) == {
        "id": first,
        "status": "cancelled",
    }
    assert (await state(world, target, "mic_muted"))["mic_muted"] is False
    one = await world.ask(scene.creator, "mute", scene, target)
    await world.ask(scene.creator, "mute", scene, target, params={"seconds": 600, "replace": True})
    await world.as_user(scene.creator, "select cancel_action($1)", one)
    assert (await state(world, target, "mic_muted"))["mic_muted"] is True
    ban = await world.ask(scene.creator, "ban", scene, target)
    await world.as_user(scene.creator, "select cancel_action($1)", ban)
    assert (await world.service("select can_join_as($1, $2)", scene.id, target))["allowed"]
    with pytest.raises(Refused) as refused:
        await world.as_user(target, "select cancel_action($1)", one)
    assert refused.value.hint == "unknown_action"


async def test_ending_a_session_settles_what_was_asked_of_it(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    await world.claim(scene.room)
    mute = await world.ask(None, "mute", scene, target)
    ban = await world.ask(None, "ban", scene, await world.seat(scene, "listener"))
    end = await world.ask(scene.creator, "end_session", scene)
    assert [await status(world, a) for a in (mute, ban, end)] == ["expired", "applied", "pending"]
    entry = await world.pull(scene.room, 1)
    assert (entry["status"], [a["action"] for a in entry["actions"]]) == ("ended", ["end_session"])
    with pytest.raises(Refused) as refused:
        await world.ask(None, "mute", scene, target)
    assert refused.value.hint == "session_not_live"


async def test_a_kick_remembers_the_connections_that_it_is_meant_for(world: World) -> None:
    """By LiveKit's clock, half a minute ahead of ours, they would have come after it."""
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    for sid, event in ((f"PA_1{target}", "left"), (f"PA_2{target}", "joined")):
        told = "now() + interval '30 s'"
        await world.value(
            f"select live.record_presence('webhook', $1, 'joined', $2, $3, {told}, null)",
            scene.room,
            sid,
            target,
        )
        if event == "left":
            await world.value(
                f"select live.record_presence('webhook', $1, 'left', $2, $3, {told}, null)",
                scene.room,
                sid,
                target,
            )
    kick = await world.ask(None, "kick", scene, target)
    mute = await world.ask(None, "mute", scene, target)
    meant = "select connections from moderation_actions where id = $1"
    assert await world.value(meant, kick) == [f"PA_2{target}"]
    assert await world.value(meant, mute) is None
    claimed = await world.claim(scene.room)
    entry = await world.pull(scene.room, 1, claimed["snapshot"]["cursor"])
    assert entry["actions"][0]["connections"] == [f"PA_2{target}"]


async def test_a_kick_that_nobody_carried_out_in_time_expires(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "listener")
    await world.claim(scene.room)
    kick = await world.ask(None, "kick", scene, target)
    lasts = await world.value(
        "select extract(epoch from expires_at - created_at)::int from moderation_actions where id = $1", kick
    )
    assert lasts == 600
    await world.value("update moderation_actions set expires_at = now() - interval '1 s' where id = $1", kick)
    assert (await world.pull(scene.room, 1))["actions"] == []
    assert await status(world, kick) == "expired"


async def test_in_a_call_ops_kick_suspend_and_end(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    call = await world.service("select call_start($1, $2, 'audio')", caller, callee)
    identifier = call["call"]["id"]
    await world.service("select call_answer($1, $2, true)", callee, identifier)
    room = await world.value("select livekit_room from calls where id = $1", identifier)
    claimed = await world.claim(room)
    assert [p["role"] for p in claimed["snapshot"]["people"]] == ["party", "party"]

    async def ask(action: str, target: str | None, params: Any) -> str:
        return str(
            await world.service(
                "insert into moderation_actions (call_id, target_user_id, action, params)"
                " values ($1, $2, $3, $4) returning id", identifier, target, action, params,
            )
        )  # fmt: skip

    with pytest.raises(Refused) as refused:
        await ask("mute", caller, {})
    assert refused.value.hint == "not_in_calls"
    with pytest.raises(Refused) as refused:
        await ask("kick", await world.user(), {})
    assert refused.value.hint == "not_a_participant"
    asked = [
        await ask("kick", caller, {}),
        await ask("ban", caller, {"scope": "platform"}),
        await ask("end_session", None, {}),
    ]
    claims = []
    while (entry := await world.pull(room, 1, claimed["snapshot"]["cursor"])) and entry["actions"]:
        for action in entry["actions"]:
            claims.append(action["id"])
            await world.finish(room, 1, action["id"])
    assert sorted(claims) == sorted(asked)
    removed = {p["user_id"]: p["removed"] for p in entry["people"]}
    assert removed[caller]["scope"] == "platform"
    assert removed[callee] is None
    assert await world.value("select status from calls where id = $1", identifier) == "ended"
