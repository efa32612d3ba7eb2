"""VODs: who may watch which and for how long, what is cut, how files are deleted, and how ops take one down."""

import hashlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.database.test_cases import joined, refusal
from tests.database.test_recordings import CONSENT, WITHDRAW, begun, report, start, version
from tests.database.world import Json, Refused, Scene, World

OPEN = "select public.vod_open($1::uuid, $2::uuid, $3)"
PARTS = "select public.vod_parts($1)"
PUBLISH = "select public.publish_vod($1::uuid, $2, $3, $4)"
DELETE = "select public.recording_delete($1::uuid, $2::uuid)"
HOLD = "select public.hold_recording($1::uuid, $2, $3)"


async def made(world: World, scene: Scene, *, publish: bool = True, gap: bool = False) -> Json:
    """A recording of ten minutes that began twenty minutes ago; with `gap`, in two parts with a minute between."""
    epoch = (await world.claim(scene.room))["epoch"]
    asked = await begun(world, scene)
    await report(world, scene, epoch, asked, state="starting", part={"number": 1})
    await report(world, scene, epoch, asked, state="active", part={"number": 1})
    for state in ("stopping", "processing"):
        await report(world, scene, epoch, asked, state=state)
    parts = [(1, 20, 15), (2, 14, 9)] if gap else [(1, 20, 10)]
    for number, began, ended in parts:
        await world.value(
            "insert into live_recording_parts (recording_id, number, prefix, started_at, ended_at)"
            " select id, $2::int, prefix || '/' || $2::int, now() - make_interval(mins => $3),"
            " now() - make_interval(mins => $4)"
            " from live_recordings where id = $1"
            " on conflict (recording_id, number) do update set started_at = excluded.started_at,"
            " ended_at = excluded.ended_at",
            asked["id"], number, began, ended,
        )  # fmt: skip
    await world.value(
        "insert into storage.objects (bucket_id, name) select 'recordings', prefix || '/1/segment_00000.ts'"
        " from live_recordings where id = $1", asked["id"],
    )  # fmt: skip
    assert (await report(world, scene, epoch, asked, state="ready", duration_seconds=600, bytes=9))["ok"]
    if publish:
        await world.as_user(scene.creator, PUBLISH, asked["id"], True, None, None)
    return asked


async def watch(world: World, user: str, recording: Json) -> str:
    """Open a recording and return the hash of the play's key."""
    key = hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    assert (await world.service(OPEN, user, recording["id"], key))["recording_id"] == recording["id"]
    return key


def near(seconds: float) -> int:
    """Minutes: the scene is made in a few seconds of the clock that it is about."""
    return round(seconds / 60)


async def kept_out(act: Callable[[], Awaitable[Any]]) -> str | None:
    with pytest.raises(Refused) as refused:
        await act()
    return refused.value.hint


async def test_what_is_ready_is_its_creators_until_they_publish_it(world: World) -> None:
    scene = await world.live()
    viewer, ops = await world.user(), await world.user(ops=True)
    recording = await made(world, scene, publish=False)
    key = await watch(world, scene.creator, recording)
    told = await world.service(PARTS, key)
    assert [part["prefix"] for part in told["parts"]] == [f"{scene.id}/{recording['id']}/1"]
    assert (told["seconds"], told["cuts"]) == (60, [])
    assert await kept_out(lambda: watch(world, viewer, recording)) == "unknown_recording"
    listed = "select count(*) from live_replays where id = $1"
    assert await world.as_user(viewer, listed, recording["id"]) == 0
    assert await refusal(world, viewer, PUBLISH, recording["id"], True, None, None) == "unknown_recording"
    assert await refusal(world, ops, PUBLISH, recording["id"], True, None, None) == "not_allowed"
    await world.as_user(scene.creator, PUBLISH, recording["id"], True, "  The evening ", None)
    row = await world.as_user(viewer, "select to_jsonb(r) from live_replays r where id = $1", recording["id"])
    assert (row["title"], row["reason"], row["duration_seconds"]) == ("The evening", None, 600)
    anonymous = await world.user(anonymous=True)
    assert await world.service(PARTS, await watch(world, anonymous, recording)) == told
    await watch(world, ops, recording)
    assert await world.value(
        "select count(*) from live_recording_acts where recording_id = $1 and act = 'watched' and user_id = $2",
        recording["id"], ops,
    ) == 1, "that ops watched is on record"  # fmt: skip


async def test_access_is_asked_at_every_segment(world: World) -> None:
    scene = await world.live(access="pay_per_view")
    holder, other, fan = [await world.user() for _ in range(3)]
    await world.value(
        "insert into live_tickets (session_id, user_id, coins, idempotency_key) values ($1, $2, 10, $3)",
        scene.id, holder, uuid.uuid4().hex,
    )  # fmt: skip
    recording = await made(world, scene)
    assert await kept_out(lambda: watch(world, other, recording)) == "ticket_required"
    key = await watch(world, holder, recording)
    assert (await world.service(PARTS, key))["parts"]

    async def stops(sql: str, *args: object) -> str | None:
        """What the holder's next segment answers after a change; the change is undone."""
        owner = await world.owner()
        change = owner.transaction()
        await change.start()
        try:
            await owner.execute(sql, *args)
            with pytest.raises(Exception) as refused:  # noqa: PT011
                await owner.fetchval(PARTS, key)
            return getattr(refused.value, "hint", None)
        finally:
            await change.rollback()

    for code, sql, value in (
        ("ticket_required", "update live_tickets set refunded_at = now() where user_id = $1", holder),
        (
            "ticket_required",
            "update app_settings set value = 'false' where key = 'recording.tickets_valid' and $1 <> ''",
            "x",
        ),
        ("banned", "insert into live_bans (user_id, scope) values ($1, 'platform')", holder),
        ("taken_down", "update live_vods set taken_down_at = now() where recording_id = $1", recording["id"]),
        (
            "unknown_recording",
            "update live_vods set published_at = null where recording_id = $1",
            recording["id"],
        ),
        (
            "unknown_recording",
            "update live_recordings set retention_until = now() where id = $1",
            recording["id"],
        ),
        ("account_deleted", "delete from auth.users where id = $1", holder),
        ("unknown_recording", "delete from auth.users where id = $1", scene.creator),
        (
            "play_over",
            "update live_vod_plays set last_at = now() - interval '16 minutes' where user_id = $1",
            holder,
        ),
    ):
        assert await stops(sql, value) == code, sql
    assert (await world.service(PARTS, key))["parts"], "and goes on where nothing changed"
    assert await kept_out(lambda: world.service(PARTS, "0" * 64)) == "play_over"
    await world.as_user(scene.creator, PUBLISH, recording["id"], True, None, "subscribers")
    assert await kept_out(lambda: watch(world, fan, recording)) == "subscription_required"
    await world.value(
        "insert into creator_subscriptions (user_id, creator_id, status) values ($1, $2, 'active')",
        fan,
        scene.creator,
    )
    await watch(world, fan, recording)
    assert (
        await refusal(world, scene.creator, PUBLISH, recording["id"], True, None, "everyone")
        == "invalid_choice"
    )


async def test_the_clock_of_a_recording_leaves_out_its_gap(world: World) -> None:
    scene = await world.live()
    writer, gone, viewer = [await joined(world, scene) for _ in range(3)]
    for minute, user, body, extra in (
        (21, writer, "before", ""), (18, writer, "in the first part", ""), (14.5, writer, "in the gap", ""),
        (13, writer, "in the second", ""), (12, writer, "deleted", "deleted_at"), (12, writer, "held", "held_at"),
        (12, gone, "erased", ""),
    ):  # fmt: skip
        await world.value(
            "insert into live_messages (session_id, user_id, type, body) values ($1, $2, 'text', $3)",
            scene.id, user, body,
        )  # fmt: skip
        await world.value(
            "update live_messages set created_at = now() - make_interval(secs => $3 * 60.0)"
            " where session_id = $1 and body = $2", scene.id, body, minute,
        )  # fmt: skip
        if extra:
            hide = {
                "deleted_at": "update live_messages set deleted_at = now() where session_id = $1 and body = $2",
                "held_at": "update live_messages set held_at = now() where session_id = $1 and body = $2",
            }
            await world.value(hide[extra], scene.id, body)
    recording = await made(world, scene, gap=True)
    await world.value("delete from auth.users where id = $1", gone)
    chat = "select public.vod_chat($1::uuid, $2, $3)"
    lines = await world.as_user(viewer, chat, recording["id"], 0.0, 100)
    assert [(line["body"], near(line["at_seconds"])) for line in lines] == [
        ("in the first part", 2), ("in the second", 6),
    ]  # fmt: skip
    later = await world.as_user(viewer, chat, recording["id"], 200.0, 100)
    assert [line["body"] for line in later] == ["in the second"]
    await world.value("update live_vods set taken_down_at = now() where recording_id = $1", recording["id"])
    assert await refusal(world, viewer, chat, recording["id"], 0.0, 100) == "taken_down"


async def test_chapters_come_from_what_happened(world: World) -> None:
    scene = await world.live()
    person, code = await world.user(), await world.value("select min(code) from gift_catalog")
    gift = {"gift_id": person, "sender_id": person, "gift_code": code, "quantity": 1}
    role = {"user_id": person, "previous": "listener"}
    for kind, payload in (
        ("gift", {**gift, "coins": 30}), ("gift", {**gift, "coins": 50}), ("role_changed", {**role, "role": "speaker"}),
        ("role_changed", {**role, "role": "listener"}), ("system", {"kind": "announcement", "text": "Welcome"}),
    ):  # fmt: skip
        await world.value("select live.append_event($1, $2, $3)", scene.id, kind, payload)
    for seq, minute in enumerate((18.7, 18.6, 17, 16, 15), 1):
        await world.value(
            "update live_events set created_at = now() - make_interval(secs => $3 * 60.0)"
            " where session_id = $1 and seq = $2",
            scene.id, seq, minute,
        )  # fmt: skip
    recording = await made(world, scene)
    chapters = await world.value("select chapters from live_vods where recording_id = $1", recording["id"])
    assert [(c["kind"], near(c["at_seconds"]), c.get("coins"), c.get("text")) for c in chapters] == [
        ("start", 0, None, None), ("gifts", 1, 80, None), ("speaker", 3, None, None),
        ("announcement", 5, None, "Welcome"),
    ]  # fmt: skip


async def test_ops_take_a_vod_down_and_restore_it_through_the_one_door(world: World) -> None:
    scene, other, ops = await world.live(), await world.live(), await world.user(ops=True)
    viewer = await world.user()
    recording = await made(world, scene)
    key = await watch(world, viewer, recording)
    about = {"recording_id": recording["id"]}
    assert await kept_out(lambda: world.ask(scene.creator, "take_down", scene, params=about)) == "not_allowed"
    assert await kept_out(lambda: world.ask(ops, "take_down", other, params=about)) == "unknown_recording"
    action = await world.ask(ops, "take_down", scene, params=about, reason="reported")
    assert await world.value("select status from moderation_actions where id = $1", action) == "applied"
    assert await kept_out(lambda: world.service(PARTS, key)) == "taken_down"
    assert await kept_out(lambda: watch(world, scene.creator, recording)) == "taken_down"
    assert await refusal(world, scene.creator, PUBLISH, recording["id"], True, None, None) == "taken_down"
    await watch(world, ops, recording)
    await world.ask(ops, "restore", scene, params=about)
    assert (await world.service(PARTS, key))["parts"]
    rehearsed = await world.ask(ops, "take_down", scene, params=about, dry_run=True)
    assert await world.value("select dry_run from moderation_actions where id = $1", rehearsed)
    assert (await world.service(PARTS, key))["parts"], "a rehearsal takes nothing down"


async def test_what_is_heard_of_who_withdraws_is_withheld_until_the_creator_decides(world: World) -> None:
    scene = await world.live()
    speaker, other = [await joined(world, scene, role="speaker") for _ in range(2)]
    await start(world, scene)
    for person in (speaker, other):
        await world.as_user(person, CONSENT, scene.id, await version(world), True)
        await world.value(
            "insert into live_audio_stats (session_id, user_id, minute, talk_seconds)"
            " values ($1, $2, date_trunc('minute', now(), 'UTC') - interval '16 minutes', 20)", scene.id, person,
        )  # fmt: skip
    recording = await made(world, scene)
    viewer = await world.user()
    key = await watch(world, viewer, recording)
    for _ in range(2):
        await world.as_user(speaker, WITHDRAW, scene.id)
    cuts = (await world.service(PARTS, key))["cuts"]
    assert len(cuts) == 1
    decide = "select public.decide_cut($1::uuid, $2)"
    asked = await world.value("select id from live_recording_cuts where recording_id = $1", recording["id"])
    assert await refusal(world, speaker, decide, asked, "kept") == "unknown_recording"
    assert await refusal(world, scene.creator, decide, asked, "perhaps") == "invalid_choice"
    await world.as_user(scene.creator, decide, asked, "kept")
    assert (await world.service(PARTS, key))["cuts"] == []
    await world.value("delete from auth.users where id = $1", other)
    await world.service("select public.erase_account($1::uuid)", other)
    assert (await world.service(PARTS, key))["cuts"] == cuts, (
        "of an erased account it is cut without a question"
    )
    erased = await world.value("select id from live_recording_cuts where user_id = $1", other)
    assert await refusal(world, scene.creator, decide, erased, "kept") == "invalid_choice"
    cut = "select public.cut_recording($1::uuid, $2, $3)"
    assert (await world.as_user(scene.creator, cut, recording["id"], 0.0, 5.0))["cuts"] == 1
    assert await refusal(world, viewer, cut, recording["id"], 0.0, 5.0) == "unknown_recording"
    assert len((await world.service(PARTS, key))["cuts"]) == 2


async def cuts_due(world: World) -> dict[str, Json]:
    await world.value("update live_recording_cuts set erase_claimed_at = null")
    found: dict[str, Json] = {}
    while page := await world.service("select public.recording_cuts_to_erase(100)"):
        found |= {item["id"]: item for item in page}
    return found


async def test_what_is_cut_is_deleted_unless_it_is_held_and_the_row_says_so_when_storage_has_none(
    world: World,
) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    recording = await made(world, scene)
    cut = "select public.cut_recording($1::uuid, $2, $3)"
    await world.as_user(scene.creator, cut, recording["id"], 0.0, 5.0)
    asked = str(
        await world.value("select id from live_recording_cuts where recording_id = $1", recording["id"])
    )
    await world.as_user(ops, HOLD, recording["id"], True, "a claim is open")
    assert asked not in await cuts_due(world)
    await world.as_user(ops, HOLD, recording["id"], False, "the claim is settled")
    taken = (await cuts_due(world))[asked]
    prefix = f"{scene.id}/{recording['id']}/1"
    assert [part["prefix"] for part in taken["parts"]] == [prefix]
    assert asked not in {c["id"] for c in await world.service("select public.recording_cuts_to_erase(100)")}
    erased, there = "select public.recording_cut_erased($1::uuid, $2::text[])", f"{prefix}/segment_00000.ts"
    assert await world.service(erased, asked, [there]) is False, "the segment is still there"
    owner = await world.owner()
    async with owner.transaction():
        await owner.execute("set local storage.allow_delete_query = 'true'")
        await owner.execute("delete from storage.objects where name = $1", there)
    assert await world.service(erased, asked, [there]) is True
    assert asked not in await cuts_due(world)


async def due(world: World) -> dict[str, Json]:
    await world.value("update live_recordings set delete_claimed_at = null")
    found: dict[str, Json] = {}
    while page := await world.service("select public.recordings_to_delete(100)"):
        found |= {item["id"]: item for item in page}
    return found


async def test_files_are_deleted_in_time_and_the_row_says_so_when_storage_has_none(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    recording = await made(world, scene)
    viewer = await world.user()
    key = await watch(world, viewer, recording)
    deleted = "select public.recordings_deleted($1::uuid[])"
    assert await kept_out(lambda: world.service(DELETE, viewer, recording["id"])) == "unknown_recording"
    await world.as_user(ops, HOLD, recording["id"], True, "a claim is open")
    assert await kept_out(lambda: world.service(DELETE, scene.creator, recording["id"])) == "recording_held"
    await world.value("update live_recordings set retention_until = now() where id = $1", recording["id"])
    assert recording["id"] not in await due(world)
    assert (await world.service(PARTS, key))["parts"], "what is held can be watched"
    await world.as_user(ops, HOLD, recording["id"], False, "the claim is settled")
    taken = (await due(world))[recording["id"]]
    assert taken["parts"] == [{"prefix": f"{scene.id}/{recording['id']}/1", "store": "supabase"}]
    assert await world.service(deleted, [recording["id"]]) == {"deleted": 0}, "the file is still there"
    assert await kept_out(lambda: world.service(PARTS, key)) == "unknown_recording"
    owner = await world.owner()
    async with owner.transaction():
        await owner.execute("set local storage.allow_delete_query = 'true'")
        await owner.execute("delete from storage.objects where name like $1", taken["prefix"] + "/%")
    assert await world.service(deleted, [recording["id"]]) == {"deleted": 1}
    assert await world.value("select state from live_recordings where id = $1", recording["id"]) == "deleted"
    acts = await world.rows(
        "select act from live_recording_acts where recording_id = $1 order by at", recording["id"]
    )
    assert [act["act"] for act in acts] == ["started", "held", "released"]


async def test_a_creator_deletes_and_with_their_account_all_recordings_go(world: World) -> None:
    scene = await world.live()
    running = await start(world, scene)
    assert await kept_out(lambda: world.service(DELETE, scene.creator, running["id"])) == "recording_running"
    first, second = await made(world, scene), await made(world, scene)
    answer = await world.service(DELETE, scene.creator, first["id"])
    assert await world.service(DELETE, scene.creator, first["id"]) == answer
    assert {first["id"], second["id"]} & set(await due(world)) == {first["id"]}
    await world.service("select public.erase_account($1::uuid)", scene.creator)
    assert second["id"] in await due(world)
    assert (
        await world.value(
            "select bool_or(published_at is not null) from live_vods where creator_id = $1", scene.creator
        )
        is False
    )


async def test_watch_time_counts_who_watches_and_no_pause(world: World) -> None:
    scene, viewer = await world.live(), await world.user()
    recording = await made(world, scene)
    key = await watch(world, viewer, recording)
    for pause in (4, 4, 600, 4):
        await world.value(
            "update live_vod_plays set last_at = last_at - make_interval(secs => $2) where key_hash = $1",
            key,
            pause,
        )
        await world.service(PARTS, key)
    await watch(world, scene.creator, recording)
    figures = "select to_jsonb(f) from public.vod_figures($1::uuid) f"
    told = await world.as_user(scene.creator, figures, recording["id"])
    assert (told["plays"], told["people"]) == (1, 1)
    assert 12 <= told["watched_seconds"] < 20
    assert await world.as_user(viewer, figures, recording["id"]) is None


REPORT = "select public.report_recording($1::uuid, $2)"


async def test_reports_of_a_recording_are_a_case_with_it_and_who_watched_weighs(world: World) -> None:
    scene = await world.live()
    ops = await world.user(ops=True)
    recording = await made(world, scene)
    watchers = [await world.user() for _ in range(2)]
    for person in watchers:
        await watch(world, person, recording)
    by_title, blocked = await world.user(), await world.user()
    assert (await world.as_user(by_title, REPORT, recording["id"], "threat"))["repeated"] is False
    case = await world.row("select * from moderation_cases where recording_id = $1", recording["id"])
    assert (str(case["user_id"]), str(case["session_id"]), case["severity"]) == (
        scene.creator,
        scene.id,
        "info",
    )
    for person in watchers:
        await world.as_user(person, REPORT, recording["id"], "hate")
    assert (await world.as_user(watchers[0], REPORT, recording["id"], "hate"))["repeated"] is True
    await world.as_user(scene.creator, "select public.block_user($1::uuid)", blocked)
    assert await refusal(world, blocked, REPORT, recording["id"], "hate") == "unknown_recording"
    assert await refusal(world, scene.creator, REPORT, recording["id"], "hate") == "self_report"

    await world.ask(ops, "take_down", scene, params={"recording_id": recording["id"]}, reason="reported")
    file = await world.as_user(ops, "select public.case_file($1::uuid)", str(case["id"]))
    assert file["case"]["severity"] == "warning"
    assert (file["recording"]["id"], file["recording"]["taken_down_at"] is not None) == (
        recording["id"],
        True,
    )
    assert [act["action"] for act in file["actions"]] == ["take_down"], "what was done about it belongs to it"


async def test_nobody_reports_what_they_cannot_know_of(world: World) -> None:
    scene = await world.live()
    recording = await made(world, scene, publish=False)
    assert await refusal(world, await world.user(), REPORT, recording["id"], "hate") == "unknown_recording"
