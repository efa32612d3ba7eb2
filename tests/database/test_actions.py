"""The life of an action: what it does to the desired state, and how it ends."""

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest

from tests.database.world import Refused, Scene, World

NOBODY = "00000000-0000-4000-8000-000000000000"


async def state(world: World, user: str, *columns: str) -> Any:
    """Return columns of someone's row."""
    return await world.row(
        f"select {', '.join(columns)} from live_participants where user_id = $1",  # noqa: S608
        user,
    )


async def status(world: World, action: str) -> Any:
    """Return the status of an action."""
    return await world.value("select status from moderation_actions where id = $1", action)


async def apply_all(world: World, scene: Scene, epoch: int = 1) -> list[str]:
    """Play the agent until nothing is left to claim; return the actions in the order of their claims."""
    order = []
    while (entry := await world.pull(scene.room, epoch)) and entry["actions"]:
        for action in entry["actions"]:
            order.append(action["id"])
            await world.finish(scene.room, epoch, action["id"])
    return order


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
    assert (claimed["id"], claimed["attempts"], claimed["reason"]) == (action, 1, "noise")
    assert claimed["person"]["mic_muted"] is True
    assert await status(world, action) == "claimed"
    again = {"outcome": "applied", "before": {"role": "speaker"}, "after": {"can_publish_sources": []}}
    for result in (again, {"outcome": "failed"}):
        answer = await world.finish(scene.room, 1, action, **result)
        assert (answer["ok"], answer["status"]) == (True, "applied")
    row = await world.row("select * from moderation_actions where id = $1", action)
    assert (row["requested_by"], row["requested_via"]) == (uuid.UUID(scene.creator), "app")
    assert 0 <= row["enforce_ms"] < 5000
    assert row["after"] == {"can_publish_sources": []}


async def test_a_stale_worker_cannot_finish_and_its_claim_is_due_again(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    await world.claim(scene.room)
    action = await world.ask(None, "mute", scene, target)
    await world.pull(scene.room, 1)
    await world.claim(scene.room)
    assert (await world.finish(scene.room, 1, action))["error"] == "fenced"
    entry = await world.pull(scene.room, 2)
    assert [(a["id"], a["attempts"]) for a in entry["actions"]] == [(action, 2)]


async def test_rows_for_one_person_come_in_order_and_hold_back_no_one_else(world: World) -> None:
    scene = await world.live()
    one, two = await world.seat(scene, "speaker"), await world.seat(scene, "speaker")
    await world.claim(scene.room)
    first = await world.ask(None, "mute", scene, one)
    second = await world.ask(None, "camera_off", scene, one)
    other = await world.ask(None, "mute", scene, two)
    entry = await world.pull(scene.room, 1)
    assert [a["id"] for a in entry["actions"]] == [first, other]
    await world.finish(scene.room, 1, first, outcome="retry", error_code="timeout", retry_in_ms=60_000)
    await world.finish(scene.room, 1, other)
    entry = await world.pull(scene.room, 1)
    assert entry["actions"] == []
    await world.value("update moderation_actions set retry_at = now() where id = $1", first)
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


async def test_concurrent_arrivals_never_escape_mute_all(world: World) -> None:
    for _ in range(5):
        scene = await world.live()
        users = [await world.user() for _ in range(6)]
        connections = [await world.connect() for _ in range(7)]
        seat = "insert into live_participants (session_id, user_id, role) values ($1, $2, 'listener')"
        mute = "insert into moderation_actions (session_id, action) values ($1, 'mute_all')"
        await asyncio.gather(
            connections[6].execute(mute, scene.id),
            *(c.execute(seat, scene.id, u) for c, u in zip(connections, users, strict=False)),
        )  # fmt: skip
        assert (
            await world.value(
                "select count(*) from live_participants where session_id = $1 and role = 'listener' and not mic_muted",
                scene.id,
            )
            == 0
        )


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
    await world.ask(scene.creator, "mute", scene, target, params={"seconds": 600})
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


async def test_many_at_once_are_each_applied_once_and_in_order(world: World) -> None:
    scene = await world.live()
    users = [await world.seat(scene, "speaker") for _ in range(5)]
    await world.claim(scene.room)
    connections = [await world.connect() for _ in range(5)]

    async def insert(connection: Any, user: str) -> None:
        for action in ("mute", "camera_off", "kick", "mute"):
            await connection.execute(
                "insert into moderation_actions (session_id, target_user_id, action) values ($1, $2, $3)",
                scene.id, user, action,
            )  # fmt: skip

    await asyncio.gather(*(insert(c, u) for c, u in zip(connections, users, strict=True)))
    order = await apply_all(world, scene)
    assert len(order) == len(set(order)) == 20
    by_person: dict[str, list[int]] = {}
    for row in await world.rows(
        "select id, target_user_id, n from moderation_actions where session_id = $1", scene.id
    ):
        by_person.setdefault(str(row["target_user_id"]), []).append(order.index(str(row["id"])))
        assert await status(world, str(row["id"])) == "applied"
    rows = await world.rows(
        "select target_user_id, id from moderation_actions where session_id = $1 order by n", scene.id
    )
    for user in users:
        places = [order.index(str(r["id"])) for r in rows if str(r["target_user_id"]) == user]
        assert places == sorted(places)


async def test_two_workers_never_claim_the_same_row(world: World) -> None:
    scene = await world.live()
    for _ in range(10):
        await world.ask(None, "mute", scene, await world.seat(scene, "speaker"))
    connections = [await world.connect() for _ in range(4)]
    taken = await asyncio.gather(
        *(
            c.fetchval("select live.claim_actions($1, $2, null, 100)", f"w{n}", scene.id)
            for n, c in enumerate(connections)
        )
    )
    ids = [a["id"] for batch in taken for a in batch]
    assert len(ids) == len(set(ids)) == 10


async def test_the_audit_tells_who_did_what_and_what_undid_it(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    mute = await world.ask(scene.creator, "mute", scene, target, reason="noise")
    unmute = await world.ask(scene.creator, "unmute", scene, target)
    async with world.acting("authenticated", scene.creator) as connection:
        row = dict(await connection.fetchrow("select * from moderation_audit where action_id = $1", mute))
    assert (str(row["undone_by"]), row["reason"], row["requested_via"]) == (unmute, "noise", "app")
    assert (
        await world.as_user(target, "select count(*) from moderation_audit where session_id = $1", scene.id)
        == 0
    )


async def undoing(world: World, action: str) -> Any:
    return await world.row(
        "select undone_by::text, undone_at from moderation_audit where action_id = $1", action
    )


@pytest.mark.parametrize("scope", ["session", "creator", "platform"])
async def test_the_audit_names_what_lifted_a_ban_wherever_it_was_lifted(world: World, scope: str) -> None:
    here = await world.live()
    target = await world.seat(here, "listener")
    ban = await world.ask(None, "ban", here, target, params={"scope": scope})
    assert (await undoing(world, ban))["undone_by"] is None
    lifted_from = here
    if scope != "session":
        await world.value("update live_sessions set status = 'ended' where id = $1", here.id)
        lifted_from = await world.live(creator=here.creator if scope == "creator" else None)
    await world.ask(None, "unban", lifted_from, target, params={"scope": scope})
    assert (await undoing(world, ban))["undone_by"] is not None


async def test_the_audit_tells_when_a_timed_mute_ran_out(world: World) -> None:
    scene = await world.live()
    target = await world.seat(scene, "speaker")
    mute = await world.ask(None, "mute", scene, target, params={"seconds": 1})
    await apply_all(world, scene, (await world.claim(scene.room))["epoch"])
    await world.value(
        "update moderation_actions set created_at = created_at - interval '1 min' where id = $1", mute
    )
    seen = await undoing(world, mute)
    assert (seen["undone_by"], seen["undone_at"] is not None) == (None, True)


INSERT = (
    "insert into moderation_actions (session_id, target_user_id, action, params)"
    " values ($1, $2, $3, $4) returning id"
)


async def wish_a_lot(connection: Any, scenes: list[Scene], people: list[str], shift: int) -> None:
    """Insert wishes of every kind over several rooms, and withdraw some."""
    for n in range(12):
        scene, user = scenes[(n + shift) % 3], people[(n * shift) % 4]
        action = ("ban", "mute", "unmute", "camera_off", "mute_all", "unmute_all")[(n + shift) % 6]
        params = {"scope": "platform", "seconds": 1} if action == "ban" else {}
        whom = None if action.endswith("_all") else user
        identifier = await connection.fetchval(INSERT, scene.id, whom, action, params)
        if n % 5 == 0:
            await withdraw_if_free(connection, identifier)


async def withdraw_if_free(connection: Any, identifier: Any) -> None:
    """Withdraw an action that nobody claimed meanwhile."""
    try:
        await connection.fetchval("select cancel_action($1)", identifier)
    except asyncpg.PostgresError as error:
        if error.sqlstate != "PT409":
            raise


async def beat_a_lot(connection: Any, scenes: list[Scene]) -> None:
    """Claim and finish as a worker does."""
    rooms = [{"room": s.room, "epoch": 1, "cursor": None} for s in scenes]
    for _ in range(8):
        answer = await connection.fetchval("select agent_pull('w1', $1, 3000, 100)", rooms)
        results = [
            {"room": entry["room"], "epoch": 1, "id": action["id"], "outcome": "applied"}
            for entry in answer["rooms"]
            for action in entry["actions"]
        ]
        await connection.fetchval("select agent_finish_actions('w1', $1)", results)


async def report_a_lot(connection: Any, scenes: list[Scene], people: list[str], event: str) -> None:
    """File presence of everyone in every room, in one order and in the other."""
    for n in range(6):
        reports = [
            {
                "room": scene.room,
                "epoch": 1,
                "event": event,
                "participant_sid": f"PA_{user[:8]}_{scene.id[:8]}_{n}",
                "user_id": user,
                "at_ms": 1000 + n,
            }
            for scene in (scenes if n % 2 else scenes[::-1])
            for user in people
        ]
        await connection.fetchval("select agent_presence('w1', $1)", reports)


async def test_a_crowd_of_wishes_and_reports_never_deadlocks(world: World) -> None:
    scenes = [await world.live() for _ in range(3)]
    people = [await world.user() for _ in range(4)]
    for scene in scenes:
        for user in people:
            await world.seat(scene, "speaker", user=user)
        await world.claim(scene.room)
    connections = [await world.connect() for _ in range(6)]
    await asyncio.gather(
        *(wish_a_lot(connections[n], scenes, people, n + 1) for n in range(3)),
        beat_a_lot(connections[3], scenes),
        report_a_lot(connections[4], scenes, people, "joined"),
        report_a_lot(connections[5], scenes, people, "left"),
    )
    for scene in scenes:
        await apply_all(world, scene)
        unfinished = await world.value(
            "select count(*) from moderation_actions where session_id = $1 and status in ('pending', 'claimed')",
            scene.id,
        )
        assert unfinished == 0


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
