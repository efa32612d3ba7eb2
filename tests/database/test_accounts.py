"""The end of an account in the database: what is marked, who is refused from then on, and what stays as a tombstone."""

import json
import time
import uuid
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from local.postgres import SUPERUSER
from tests.database.world import Refused, World

GONE = "select live.account_gone($1)"


async def delete(world: World, *users: str) -> None:
    """As the sign-in service does: by its own role, which has no rights on anything of ours."""
    connection = await asyncpg.connect(world.dsn, user="supabase_auth_admin", timeout=10, command_timeout=30)
    try:
        await connection.execute("delete from auth.users where id = any($1)", users)
    finally:
        await connection.close(timeout=5)


async def test_a_deleted_account_is_gone_and_marked(world: World) -> None:
    kept, *lost = [await world.user(), await world.user(), await world.user(anonymous=True)]
    await delete(world, *lost)
    assert [await world.value(GONE, user) for user in (kept, *lost, None)] == [False, True, True, False]
    marks = await world.rows(
        "select user_id::text, was_anonymous from live.gone_accounts where user_id = any($1)", [kept, *lost]
    )
    assert {(mark["user_id"], mark["was_anonymous"]) for mark in marks} == {(lost[0], False), (lost[1], True)}


async def test_a_softly_deleted_account_is_as_gone_as_any(world: World) -> None:
    user = await world.user()
    await world.value("update auth.users set deleted_at = now() where id = $1", user)
    assert await world.value(GONE, user)
    assert await world.value("select count(*) from live.gone_accounts where user_id = $1", user) == 1


async def test_an_account_can_be_deleted_whatever_has_become_of_us(world: World) -> None:
    user, owner = await world.user(), await world.owner()
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("alter table live.gone_accounts rename to mislaid")
    await owner.execute("delete from auth.users where id = $1", user)
    assert await owner.fetchval(GONE, user)  # and what is not marked is gone all the same
    await transaction.rollback()


async def test_the_doctor_misses_a_trigger_that_is_dropped_or_disabled(world: World) -> None:
    superuser = await asyncpg.connect(world.dsn, user=SUPERUSER, timeout=10, command_timeout=30)
    name = "auth.users: live_mark_deleted_accounts"
    try:
        for statement in (
            "drop trigger live_mark_deleted_accounts on auth.users",
            "alter table auth.users disable trigger live_mark_deleted_accounts",
        ):
            transaction = superuser.transaction()
            await transaction.start()
            await superuser.execute(statement)
            missing = await superuser.fetchval("select public.live_schema_contract() -> 'missing'")
            await transaction.rollback()
            assert json.loads(missing) == [{"kind": "trigger", "name": name}]
    finally:
        await superuser.close(timeout=5)


async def test_nothing_of_ours_hangs_on_an_account(world: World) -> None:
    hanging = await world.rows(
        "select c.conrelid::regclass::text, c.conname from pg_constraint c join pg_class t on t.oid = c.conrelid"
        " join pg_namespace n on n.oid = t.relnamespace"
        " where c.contype = 'f' and n.nspname in ('public', 'live')"
        " and c.confrelid in ('auth.users'::regclass, 'public.profiles'::regclass)"
        " and t.relname <> all ($1::text[])",
        ["profiles", "creator_subscriptions", "subscriptions"],
    )
    assert hanging == [], "a foreign key to people: keep the id without one, it outlives the account"


DOORS = {
    "gift": "select public.send_gift($1, 'rose', 1, 'key-00000001')",
    "ticket": "select public.buy_ticket($1, 'key-00000002')",
    "hand": "select public.raise_hand($1)",
    "lower": "select public.lower_hand($1)",
    "accept": "select public.accept_invite($1)",
    "decline": "select public.decline_invite($1)",
    "levels": "select public.watch_levels($1)",
    "cancel": "select public.cancel_action($1)",
    "chat": "insert into public.live_messages (session_id, body) values ($1, 'hello')",
    "act": "insert into public.moderation_actions (session_id, action) values ($1, 'mute_all')",
}


@pytest.mark.parametrize("door", DOORS)
async def test_a_deleted_account_is_refused_by_its_own_word(world: World, door: str) -> None:
    scene = await world.live()
    user = await world.seat(scene, "moderator")
    await world.value("update live_participants set is_online = true where user_id = $1", user)
    await delete(world, user)
    with pytest.raises(Refused) as refused:
        await world.as_user(user, DOORS[door], scene.id)
    assert (refused.value.sqlstate, refused.value.hint) == ("PT401", "account_deleted")


@pytest.mark.parametrize(
    "request_", ["session_token($1, $2)", "session_start($1, $2)", "call_start($1, $2, 'audio')"]
)
async def test_no_token_for_a_deleted_account(world: World, request_: str) -> None:
    scene = await world.live()
    user = await world.user(creator=True)
    await delete(world, user)
    with pytest.raises(Refused) as refused:
        await world.service(f"select public.{request_}", user, scene.id)
    assert (refused.value.sqlstate, refused.value.hint) == ("PT401", "account_deleted")


async def test_a_deleted_account_sees_no_session_and_hears_no_topic(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "moderator")
    topic = f"live:session:{scene.id}"
    see = "select count(*) from live.my_staffed_sessions() s where s = $1"
    assert [
        await world.as_user(user, see, scene.id),
        await world.as_user(user, "select live.may_listen($1)", topic),
    ] == [1, True]
    await delete(world, user)
    assert [
        await world.as_user(user, see, scene.id),
        await world.as_user(user, "select live.may_listen($1)", topic),
    ] == [0, False]
    assert (await world.as_user(user, "select public.can_join($1)", scene.id))["reason"] == "account_deleted"


async def test_a_deleted_ops_account_is_not_ops(world: World) -> None:
    ops = await world.user(ops=True)
    assert await world.as_user(ops, "select live.am_ops()")
    await delete(world, ops)
    assert not await world.as_user(ops, "select live.am_ops()")


async def test_a_show_of_a_deleted_host_lets_nobody_in(world: World) -> None:
    scene, fan = await world.live(), await world.user()
    await delete(world, scene.creator)
    assert (await world.as_user(fan, "select public.can_join($1)", scene.id))["reason"] == "session_ended"


async def test_what_a_deleted_account_did_stays_with_its_id(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    action = await world.ask(None, "mute", scene, user)
    await delete(world, user, scene.creator)
    assert await world.value("select count(*) from live_sessions where creator_id = $1", scene.creator) == 1
    assert await world.value("select count(*) from live_participants where user_id = $1", user) == 1
    assert (
        await world.value("select target_user_id::text from moderation_actions where id = $1", action) == user
    )


SETTLE = "select live.settle_accounts('1 minute')"


async def record(world: World, user: str) -> dict[str, Any]:
    return dict(await world.row("select * from erasures where user_id = $1", user) or {})


async def test_a_deleted_hosts_sessions_end_at_the_next_beat(world: World) -> None:
    scene = await world.live()
    planned = await world.value(
        "insert into live_sessions (creator_id, type, title, scheduled_at)"
        " values ($1, 'audio_room', 'later', now() + interval '1 h') returning id::text", scene.creator,
    )  # fmt: skip
    claim = await world.claim(scene.room, ttl_ms=60_000)
    await delete(world, scene.creator)
    status = "live"
    while status != "ended":  # its turn comes after accounts of other tests
        await world.pull(scene.room, claim["epoch"], claim["snapshot"]["cursor"])
        status = await world.value("select status from live_sessions where id = $1", scene.id)
    news = await world.pull(scene.room, claim["epoch"], claim["snapshot"]["cursor"])
    assert (news["status"], news["events"][-1]["type"]) == ("ended", "session_ended")
    ended = await world.rows(
        "select status, end_reason from live_sessions where id = any($1)", [scene.id, planned]
    )
    assert ended == [{"status": "ended", "end_reason": "account_deleted"}] * 2
    assert (await record(world, scene.creator))["ended"] == {"sessions": 2, "stays": 0, "calls": 0}


async def test_a_deleted_speaker_is_removed_and_the_room_is_told(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    await world.value("update live_participants set is_online = true where user_id = $1", user)
    claim = await world.claim(scene.room, ttl_ms=60_000)
    await delete(world, user)
    await world.value(SETTLE)
    news = await world.pull(scene.room, claim["epoch"], claim["snapshot"]["cursor"])
    removed = {person["user_id"]: person["removed"] for person in news["people"]}
    assert removed[user]["reason"] == "account_deleted"
    assert {"user_id": user} in [event["payload"] for event in news["events"] if event["type"] == "removed"]


async def test_what_a_deleted_moderator_offered_lapses(world: World) -> None:
    scene = await world.live()
    moderator, guest = [await world.seat(scene, role) for role in ("moderator", "listener")]
    await world.ask(moderator, "set_role", scene, guest, params={"role": "speaker"})
    invited = "select invited_role from live_participants where user_id = $1"
    assert await world.value(invited, guest) == "speaker"
    await delete(world, moderator)
    await world.value(SETTLE)
    assert await world.value(invited, guest) is None


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("side", ["caller", "callee"])
async def test_a_call_ends_with_the_account_of_either_side(world: World, side: str, accepted: bool) -> None:
    people = {"caller": await world.user(), "callee": await world.user()}
    started = await world.service("select public.call_start($1, $2, 'audio')", *people.values())
    if accepted:
        await world.service(
            "select public.call_answer($1, $2, true)", people["callee"], started["call"]["id"]
        )
    await delete(world, people[side])
    await world.value(SETTLE)
    call = await world.row("select status, end_reason from calls where id = $1", started["call"]["id"])
    assert call == {"status": "ended" if accepted else "cancelled", "end_reason": "account_deleted"}
    busy = "select count(*) from call_engagements where user_id = any($1)"
    assert await world.value(busy, list(people.values())) == 0


async def test_a_deleted_ops_account_leaves_no_right_behind(world: World) -> None:
    ops = await world.user(ops=True)
    await delete(world, ops)
    await world.value(SETTLE)
    assert await world.value("select count(*) from live_ops where user_id = $1", ops) == 0
    assert (await record(world, ops))["deleted"]["live_ops"] == 1


async def test_ops_erase_an_account_by_the_same_function_and_may_say_it_twice(world: World) -> None:
    ops, scene = await world.user(ops=True), await world.live()
    await world.ask(None, "mute_all", scene)
    answers = [await world.as_user(ops, "select public.erase_account($1)", scene.creator) for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["requested_by"], answers[0]["requested_via"]) == (ops, "erase_account")
    assert answers[0]["ended"]["sessions"] == 1
    assert set(answers[0]["kept"]) == {"live_sessions", "live_participants"}
    assert await world.value(GONE, scene.creator)
    assert await world.value("select count(*) from auth.users where id = $1", scene.creator) == 0


async def test_only_ops_erase_and_only_who_was_there(world: World) -> None:
    user, ops = await world.user(), await world.user(ops=True)
    with pytest.raises(Refused) as refused:
        await world.as_user(user, "select public.erase_account($1)", user)
    assert refused.value.hint == "ops_only"
    with pytest.raises(Refused) as refused:
        await world.as_user(ops, "select public.erase_account($1)", str(uuid.uuid4()))
    assert refused.value.hint == "unknown_user"


async def test_one_deletes_ones_own_account_and_nobody_elses(world: World) -> None:
    scene, other = await world.live(), await world.user()
    for _ in range(2):
        assert await world.as_user(scene.creator, "select public.delete_my_account()") == {"deleted": True}
    assert [await world.value(GONE, user) for user in (scene.creator, other)] == [True, False]
    session = "select status, end_reason from live_sessions where id = $1"
    assert await world.row(session, scene.id) == {"status": "ended", "end_reason": "account_deleted"}
    record = "select requested_by, requested_via from erasures where user_id = $1"
    assert await world.rows(record, scene.creator) == [
        {"requested_by": None, "requested_via": "delete_my_account"}
    ]
    with pytest.raises(Refused, match="not_authenticated"):
        async with world.acting("authenticated") as connection:
            await connection.fetchval("select public.delete_my_account()")


async def test_a_suspended_account_may_leave(world: World) -> None:
    user = await world.user()
    await world.service(
        "insert into live_bans (user_id, scope, reason) values ($1, 'platform', 'why') returning id", user
    )
    assert await world.as_user(user, "select public.delete_my_account()") == {"deleted": True}


async def test_what_is_in_other_hands_is_not_waited_for_and_is_done_later(world: World) -> None:
    scene, other = await world.live(), await world.connect()
    await delete(world, scene.creator)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("select from live_sessions where id = $1 for update", scene.id)
    await world.value(SETTLE)
    mark = await world.row(
        "select settled_at, attempts, error from live.gone_accounts where user_id = $1", scene.creator
    )
    assert (mark["settled_at"], mark["attempts"]) == (None, 1)
    await transaction.rollback()
    await world.value(
        "update live.gone_accounts set retry_at = '-infinity' where user_id = $1", scene.creator
    )
    await world.value(SETTLE)
    assert await world.value("select status from live_sessions where id = $1", scene.id) == "ended"


async def test_what_fails_again_and_again_takes_no_other_accounts_turn(world: World) -> None:
    stuck, fresh, other = await world.live(), await world.user(anonymous=True), await world.connect()
    await world.value("select live.settle_accounts('1 minute')")
    await delete(world, stuck.creator, fresh)
    await world.value(
        "update live.gone_accounts set attempts = 9, marked_at = '-infinity' where user_id = $1",
        stuck.creator,
    )
    settled = "select settled_at is not null from live.gone_accounts where user_id = $1"
    async with other.transaction():
        await other.execute("select from live_sessions where id = $1 for update", stuck.id)
        await world.value("select live.settle_accounts('0')")  # time for one
        assert await world.value(settled, fresh)
    await world.value("select live.settle_accounts('0')")
    assert await world.value(settled, stuck.creator)


async def test_what_the_trigger_missed_is_found_and_until_then_is_a_fault(world: World) -> None:
    scene = await world.live()
    await delete(world, scene.creator)
    await world.value("delete from live.gone_accounts where user_id = $1", scene.creator)
    faults = "select book from live_faults() where id = any($1)"
    assert await world.rows(faults, [scene.creator, scene.id]) == [{"book": "live.gone_accounts: missing"}]
    await world.value("update live.wake_marks set woken_at = '-infinity' where room = 'missed accounts'")
    await world.service("select public.platform_sweep()")
    assert (
        await world.value("select end_reason from live_sessions where id = $1", scene.id) == "account_deleted"
    )
    assert await world.rows(faults, [scene.creator, scene.id]) == []


async def test_the_last_words_about_a_deleted_person_are_taken(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    claim = await world.claim(scene.room, ttl_ms=60_000)

    async def report(event: str, at: int) -> Any:
        body = {
            "room": scene.room,
            "epoch": claim["epoch"],
            "event": event,
            "participant_sid": "PA_" + user[:8],
        }
        reports = [{**body, "user_id": user, "at_ms": at, "reason": "x"}]
        return (await world.service("select public.agent_presence('w1', $1)", reports))[0]

    now = round(time.time() * 1000)
    await report("joined", now)
    await delete(world, user)
    assert (await report("left", now + 1000))["ok"]
    assert not await world.value("select is_online from live_participants where user_id = $1", user)


# ── rooms without a session ──────────────────────────────────────────────────────────────────────────────────


def room(kind: str = "live") -> str:
    return f"{kind}_{uuid.uuid4().hex}"


async def look(world: World, rooms: list[str], *, later: bool = False) -> dict[str, Any]:
    """One look of the sweep at LiveKit's rooms; `later`: long enough after the one before."""
    if later:
        await world.value("update live.orphan_rooms set first_seen_at = first_seen_at - interval '5 seconds'")
    found: dict[str, Any] = await world.value("select live.orphan_rooms($1)", rooms)
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def no_orphans(world: World) -> None:
    await world.value("delete from live.orphan_rooms")


@pytest.mark.usefixtures("no_orphans")
async def test_a_room_of_ours_without_a_session_is_closed_at_the_second_look(world: World) -> None:
    scene, orphans = await world.live(), [room("live"), room("call")]
    there = [*orphans, scene.room, "somebody-elses", "live_talks"]
    assert await look(world, there) == {"orphan_rooms": 2, "close_rooms": []}
    second = await look(world, there, later=True)
    assert (second["orphan_rooms"], set(second["close_rooms"])) == (2, set(orphans))
    assert await look(world, there) == {"orphan_rooms": 2, "close_rooms": []}, "ordered once in ten seconds"


@pytest.mark.usefixtures("no_orphans")
async def test_few_are_closed_in_a_minute(world: World) -> None:
    orphans = [room() for _ in range(5)]
    await look(world, orphans)
    assert len((await look(world, orphans, later=True))["close_rooms"]) == 3
    left = [name for name in orphans if name not in await closed(world)]
    assert await look(world, left, later=True) == {"orphan_rooms": 2, "close_rooms": []}


async def closed(world: World) -> list[str]:
    rows = await world.rows("select room from live.orphan_rooms where closed_at is not null")
    return [row["room"] for row in rows]


@pytest.mark.usefixtures("no_orphans")
async def test_a_database_that_lost_its_memory_closes_nothing(world: World) -> None:
    orphans = [room() for _ in range(11)]
    await look(world, orphans)
    assert await look(world, orphans, later=True) == {"orphan_rooms": 11, "close_rooms": []}


@pytest.mark.usefixtures("no_orphans")
async def test_a_room_that_comes_back_later_counts_from_anew(world: World) -> None:
    orphan = room()
    await look(world, [orphan])
    await look(world, [])
    assert await look(world, [orphan]) == {"orphan_rooms": 1, "close_rooms": []}
