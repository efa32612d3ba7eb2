"""Clips: never without a cause, never of a call, for ops alone and never for the one who is heard; deleted in time."""

import uuid
from datetime import UTC, datetime

import pytest

from tests.database.test_cases import RESOLVE, case_of, joined, refusal, report
from tests.database.world import Json, Refused, Scene, World

KEEP = "select public.keep_evidence($1::uuid, $2::uuid, $3)"
OPEN = "select public.evidence_open($1::uuid, $2::uuid, $3)"
HOLD = "select public.hold_evidence($1::uuid, $2, $3)"
TO_DELETE = "select public.evidence_to_delete(200)"
DELETED = "select public.evidence_deleted($1::uuid[])"
HASH = "0" * 64


def row(scene: Scene, user: str, clip: str | None = None, incident: str | None = None) -> Json:
    now = datetime.now(UTC).isoformat()
    return {
        "room": scene.room, "id": clip or str(uuid.uuid4()), "user_id": user, "incident_id": incident,
        "from_at": now, "to_at": now,
    }  # fmt: skip


async def put(world: World, asked: Json) -> Json:
    return await world.service("select public.agent_evidence('w1', $1)", asked)


async def stored(world: World, clip: str, *, file: bool = True) -> Json:
    """As the worker does when the file is there."""
    path = await world.value("select path from evidence_clips where id = $1", clip)
    if file:
        await world.value(
            "insert into storage.objects (bucket_id, name) values ('evidence', $1) on conflict do nothing",
            path,
        )
    return await world.service("select public.agent_evidence_stored('w1', $1::uuid, $2, 9)", clip, HASH)


async def incident(
    world: World, scene: Scene, user: str, severity: str = "warning", action: str | None = None
) -> str:
    return str(
        await world.value(
            "insert into moderation_incidents (session_id, user_id, rule, severity, started_at, action_id)"
            " values ($1, $2, 'too_loud', $3, now(), $4) returning id",
            scene.id, user, severity, action,
        )
    )  # fmt: skip


async def ordered(world: World) -> tuple[Scene, str, str, str]:
    """A clip that ops asked for and that is stored: session, speaker, operator, clip."""
    scene, ops = await world.live(), await world.user(ops=True)
    speaker = await joined(world, scene, role="speaker")
    kept = await world.as_user(ops, KEEP, scene.id, speaker, "shouting")
    assert (await put(world, row(scene, speaker, kept["clip_id"])))["ok"]
    assert (await stored(world, kept["clip_id"]))["ok"]
    return scene, speaker, ops, kept["clip_id"]


async def evidence(world: World, scene: Scene) -> Json:
    return await world.value("select live.evidence_of($1)", scene.id)


async def clip_of(world: World, clip: str) -> Json:
    return await world.row("select * from evidence_clips where id = $1", clip)


async def due(world: World) -> set[str]:
    """All that is to be deleted, page by page: other tests' clips are there too."""
    await world.value("update evidence_clips set delete_claimed_at = null")
    found: set[str] = set()
    while page := {clip["id"] for clip in await world.service(TO_DELETE)}:
        assert not page & found, "taken for a minute"
        found |= page
    return found


# -- causes --------------------------------------------------------------------------


async def test_one_report_only_marks_and_the_second_credible_one_asks_for_a_clip(world: World) -> None:
    scene = await world.live()
    speaker = await joined(world, scene, role="speaker")
    await report(world, await joined(world, scene), speaker, scene, "threat")
    await world.as_user(await world.user(), "select public.report_session($1::uuid, 'threat')", scene.id)
    assert (await case_of(world, speaker))["severity"] == "critical"
    assert (await evidence(world, scene))["kept"] == (await evidence(world, scene))["orders"] == []
    for n in range(3):
        await report(world, await joined(world, scene), speaker, scene)
        told = await evidence(world, scene)
        assert told["kept"] == [speaker]
        assert [order["user_id"] for order in told["orders"]] == [speaker], f"one clip after {n + 2} reports"


async def test_a_worker_learns_of_a_cause_by_its_next_pull_and_of_its_end(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    speaker = await joined(world, scene, role="speaker")
    claimed = await world.claim(scene.room)
    assert claimed["snapshot"]["evidence"]["kept"] == []
    epoch, cursor = claimed["epoch"], claimed["snapshot"]["cursor"]
    kept = await world.as_user(ops, KEEP, scene.id, speaker, "shouting")
    news = await world.pull(scene.room, epoch, cursor)
    assert news["evidence"]["orders"] == [{"id": kept["clip_id"], "user_id": speaker}]
    assert news["evidence"] == {**news["evidence"], "kept": [speaker], "seconds": 30, "after_seconds": 10}
    await put(world, row(scene, speaker, kept["clip_id"]))
    assert (await evidence(world, scene))["orders"] == []
    cursor = (await world.pull(scene.room, epoch, news["cursor"]) or news)["cursor"]
    await world.as_user(ops, RESOLVE, kept["case_id"], "no_violation", None)
    assert (await world.pull(scene.room, epoch, cursor))["evidence"]["kept"] == []


async def test_a_rule_that_asks_for_a_human_is_a_cause_and_a_word_list_is_none(world: World) -> None:
    scene = await world.live()
    speaker, writer = await joined(world, scene, role="speaker"), await joined(world, scene)
    epoch = (await world.claim(scene.room))["epoch"]
    asked = {
        "room": scene.room, "epoch": epoch, "id": str(uuid.uuid4()), "user_id": speaker, "rule": "too_loud",
        "severity": "critical", "started_at": "2027-01-01T00:00:00Z", "strikes": 1, "case_severity": "critical",
    }  # fmt: skip
    await world.service("select public.agent_incidents('w1', $1)", [asked])
    await world.value("select live.open_case($1, null, $2, 'info', 'rule')", scene.id, writer)
    assert (await evidence(world, scene))["kept"] == [speaker]


async def test_a_call_has_no_evidence(world: World) -> None:
    caller, callee, ops = await world.user(), await world.user(), await world.user(ops=True)
    call = await world.row(
        "insert into calls (caller_id, callee_id, type, status) values ($1, $2, 'audio', 'initiated')"
        " returning id, livekit_room",
        caller, callee,
    )  # fmt: skip
    case = await world.value("select live.open_case(null, $1, $2, 'critical', 'ops')", call["id"], caller)
    assert await world.value("select live.keep_sound($1, 'ops', $2)", case, ops) is None
    assert await refusal(world, ops, KEEP, str(call["id"]), caller, "because") == "session_not_live"
    scene = Scene(str(call["id"]), call["livekit_room"], caller)
    assert await put(world, row(scene, caller)) == {"ok": False, "error": "no_cause"}
    assert (await world.claim(call["livekit_room"]))["snapshot"]["evidence"] is None


async def test_what_has_no_cause_in_the_database_is_not_kept(world: World) -> None:
    scene, other = await world.live(), await world.live()
    speaker, bystander = (
        await joined(world, scene, role="speaker"),
        await joined(world, scene, role="speaker"),
    )
    seen, info = await incident(world, scene, speaker), await incident(world, scene, speaker, "info")
    for asked in (
        row(scene, speaker),
        row(scene, speaker, incident=info),
        row(scene, bystander, incident=seen),
        row(other, speaker, incident=seen),
    ):
        assert await put(world, asked) == {"ok": False, "error": "no_cause"}
    asked = row(scene, speaker, incident=seen)
    assert (
        (await put(world, asked))["path"]
        == (await put(world, asked))["path"]
        == f"{scene.id}/{asked['id']}.ogg"
    )
    assert (await clip_of(world, asked["id"]))["why"] == "incident"


async def test_ops_have_clips_made_in_a_live_session_of_others_and_say_why(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    speaker, away = await joined(world, scene, role="speaker"), await world.user()
    await joined(world, scene, user=ops)
    assert await refusal(world, speaker, KEEP, scene.id, speaker, "because") == "ops_only"
    assert await refusal(world, ops, KEEP, scene.id, ops, "because") == "own_case"
    assert await refusal(world, ops, KEEP, scene.id, away, "because") == "not_a_participant"
    assert await refusal(world, ops, KEEP, scene.id, speaker, "  ") == "bad_reason"
    await world.value("update live_sessions set status = 'ended' where id = $1", scene.id)
    assert await refusal(world, ops, KEEP, scene.id, speaker, "because") == "session_not_live"


async def test_who_is_told_where_sound_is_kept_reads_how_much_and_how_long(world: World) -> None:
    told = await world.as_user(await world.user(anonymous=True), "select public.evidence_notice()")
    assert told["kept"]
    for language in ("text_en", "text_tr"):
        assert all(number in told[language] for number in (" 40 ", " 7 ", " 90 "))


# -- who listens ---------------------------------------------------------------------


async def test_each_look_is_written_with_its_reason_and_nobody_hears_their_own_case(world: World) -> None:
    _, speaker, ops, clip = await ordered(world)
    other = await world.user()
    opened = await world.service(OPEN, ops, clip, "reported twice")
    assert opened["path"].endswith(f"{clip}.ogg")
    await (await world.owner()).execute("insert into live_ops (user_id) values ($1)", speaker)
    for who, reason, code in (
        (speaker, "what did I say", "own_case"),
        (other, "curious", "ops_only"),
        (ops, "", "bad_reason"),
        (ops, "ab", "bad_reason"),
    ):
        with pytest.raises(Refused) as refused:
            await world.service(OPEN, who, clip, reason)
        assert refused.value.hint == code
    assert await world.as_user(speaker, "select count(*) from evidence_clips where id = $1", clip) == 0
    assert await world.as_user(other, "select count(*) from evidence_access where clip_id = $1", clip) == 0
    looks = "select array_agg(act || ': ' || reason) from evidence_access where clip_id = $1"
    assert await world.as_user(ops, looks, clip) == ["opened: reported twice"]
    assert await refusal(world, speaker, HOLD, clip, True, "mine") == "own_case"


@pytest.mark.parametrize(
    "sql", ["update evidence_access set reason = 'other'", "delete from evidence_access"]
)
async def test_who_listened_is_neither_changed_nor_removed(world: World, sql: str) -> None:
    _, _, ops, clip = await ordered(world)
    await world.service(OPEN, ops, clip, "reported twice")
    with pytest.raises(Exception, match="append-only"):
        await (await world.owner()).execute(f"{sql} where clip_id = $1", clip)


async def test_a_case_shows_its_clips_and_its_person_that_there_are_some(world: World) -> None:
    scene, speaker, ops, clip = await ordered(world)
    await world.service(OPEN, ops, clip, "reported twice")
    muted = await world.ask(ops, "mute", scene, speaker)
    case = str((await case_of(world, speaker))["id"])
    file = await world.as_user(ops, "select public.case_file($1::uuid)", case)
    assert [(c["id"], c["why"], [a["reason"] for a in c["access"]]) for c in file["clips"]] == [
        (clip, "ops", ["reported twice"])
    ]
    assert [note["body"] for note in file["notes"]] == ["Sound kept: shouting"]
    decisions = await world.as_user(speaker, "select public.my_decisions()")
    assert {d["action_id"]: d["clips"] for d in decisions} == {muted: 1}
    assert clip not in str(await world.as_user(speaker, "select public.export_my_data()"))
    await world.as_user(ops, RESOLVE, case, "violation", "noise")
    export = await world.as_user(speaker, "select public.export_my_data()")
    assert clip in str(export)
    assert ops not in str(export["tables"]["public.evidence_clips"])


# -- how long ------------------------------------------------------------------------


async def test_what_nobody_has_judged_goes_after_a_week(world: World) -> None:
    _, _, _, clip = await ordered(world)
    days = "select round(extract(epoch from retention_until - created_at) / 86400) from evidence_clips where id = $1"
    assert await world.value(days, clip) == 7
    assert clip not in await due(world)
    await world.value("update evidence_clips set retention_until = now() where id = $1", clip)
    assert clip in await due(world)


@pytest.mark.parametrize(
    ("decision", "code", "days"), [("violation", "noise", 90), ("no_violation", None, 0)]
)
async def test_a_decision_says_how_long(world: World, decision: str, code: str | None, days: int) -> None:
    _, speaker, ops, clip = await ordered(world)
    await world.as_user(ops, RESOLVE, str((await case_of(world, speaker))["id"]), decision, code)
    left = "select extract(epoch from retention_until - clock_timestamp()) / 86400 from evidence_clips where id = $1"
    assert round(await world.value(left, clip)) == days
    assert (clip in await due(world)) is (days == 0)


async def test_an_open_appeal_and_a_legal_hold_keep_it_whatever_its_time(world: World) -> None:
    scene, speaker, ops, clip = await ordered(world)
    muted = await world.ask(ops, "mute", scene, speaker)
    await world.value("update evidence_clips set retention_until = now() where id = $1", clip)
    await world.as_user(speaker, "select public.appeal($1::uuid, 'it was not me')", muted)
    assert clip not in await due(world)
    await world.value(
        "update moderation_appeals set decision = 'upheld', decided_at = now() where action_id = $1", muted
    )
    assert clip in await due(world)
    await world.as_user(ops, HOLD, clip, True, "the police asked")
    assert clip not in await due(world)
    await world.as_user(ops, HOLD, clip, False, "they are done")
    assert clip in await due(world)


async def test_a_decision_that_was_lifted_is_no_reason_to_hold_sound(world: World) -> None:
    scene, speaker, ops, clip = await ordered(world)
    muted = await world.ask(ops, "mute", scene, speaker)
    await world.as_user(ops, RESOLVE, str((await case_of(world, speaker))["id"]), "violation", "noise")
    asked = await world.as_user(speaker, "select public.appeal($1::uuid, 'it was not me')", muted)
    assert clip not in await due(world)
    decide = "select public.decide_appeal($1::uuid, 'lifted')"
    await world.as_user(await world.user(ops=True), decide, asked["appeal_id"])
    assert clip in await due(world)


async def test_a_clip_is_deleted_when_its_file_is_gone_and_not_before(world: World) -> None:
    _, _, ops, clip = await ordered(world)
    await world.value(
        "update evidence_clips set retention_until = now() - interval '2 hours' where id = $1", clip
    )
    assert clip in await due(world)
    faults = "select book from live_faults() where id = $1"
    assert await world.service(faults, clip) == "evidence_clips: past its time"
    assert (await world.service(DELETED, [clip]))["deleted"] == 0
    owner = await world.owner()
    async with owner.transaction():
        await owner.execute("set local storage.allow_delete_query = 'true'")
        await owner.execute(
            "delete from storage.objects where name = (select path from evidence_clips where id = $1)", clip
        )
    assert (await world.service(DELETED, [clip]))["deleted"] == 1
    assert await world.service(faults, clip) is None
    with pytest.raises(Refused) as refused:
        await world.service(OPEN, ops, clip, "once more")
    assert refused.value.hint == "clip_deleted"
    assert (
        await world.value(
            "select count(*) from evidence_clips where id = $1 and deleted_at is not null", clip
        )
        == 1
    )


async def test_files_that_are_not_given_up_keep_no_younger_one_waiting(world: World) -> None:
    scene, speaker, _, stuck = await ordered(world)
    fresh = str(uuid.uuid4())
    asked = row(scene, speaker, fresh, await incident(world, scene, speaker))
    assert (await put(world, asked))["ok"]
    over = "update evidence_clips set retention_until = now() - $2::text::interval where id = $1"
    await world.value(over, stuck, "2 minutes")
    await world.value(over, fresh, "1 minute")
    await world.value(
        "update evidence_clips set delete_claimed_at = now() - interval '2 minutes' where id <> $1", fresh
    )
    first = "select public.evidence_to_delete(1)"
    assert [clip["id"] for clip in await world.service(first)] == [fresh]
    assert fresh not in [clip["id"] for clip in await world.service(first)]


async def test_the_audit_finds_lost_and_stray_files(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    speaker = await joined(world, scene, role="speaker")
    kept = await world.as_user(ops, KEEP, scene.id, speaker, "shouting")
    await put(world, row(scene, speaker, kept["clip_id"]))
    await stored(world, kept["clip_id"], file=False)
    await world.value(
        "update evidence_clips set stored_at = now() - interval '5 minutes' where id = $1", kept["clip_id"]
    )
    stray = f"{uuid.uuid4()}.ogg"
    await world.value(
        "insert into storage.objects (bucket_id, name, created_at) values ('evidence', $1, now() - interval '3 hours')",
        stray,
    )
    rows = await world.rows("select book, id from live.evidence_faults()")
    assert {(r["book"], r["id"]) for r in rows} >= {
        ("evidence_clips: file", kept["clip_id"]),
        ("bucket evidence: file of no clip", stray),
    }
    owner = await world.owner()
    async with owner.transaction():
        await owner.execute("set local storage.allow_delete_query = 'true'")
        await owner.execute("delete from storage.objects where name = $1", stray)
    await world.value("delete from evidence_clips where id = $1", kept["clip_id"])


# -- the end of an account -----------------------------------------------------------


async def test_an_erased_account_leaves_no_reports_by_it_and_what_is_held_about_it_stays(
    world: World,
) -> None:
    scene, speaker, ops, clip = await ordered(world)
    reporter = await joined(world, scene)
    await report(world, reporter, speaker, scene)
    case = str((await case_of(world, speaker))["id"])
    await world.as_user(ops, HOLD, clip, True, "the police asked")
    await world.as_user(ops, RESOLVE, case, "violation", "noise")
    erased = await world.service("select public.erase_account($1::uuid)", reporter)
    assert erased["deleted"]["user_reports"] == 1
    assert await world.value("select count(*) from user_reports where reporter_id = $1", reporter) == 0
    erased = await world.service("select public.erase_account($1::uuid)", speaker)
    assert erased["kept"]["evidence_clips"]["rows"] == erased["kept"]["moderation_cases"]["rows"] == 1
    assert (await clip_of(world, clip))["deleted_at"] is None
    assert clip not in await due(world)

    # What a held clip shows is nothing without its case; when it goes, so does the case.
    await world.value(
        "update moderation_cases set resolved_at = now() - interval '10 years' where id = $1", case
    )
    cases = "select count(*) from moderation_cases where id = $1"
    await world.value("select live.forget_rows('public.moderation_cases', 2000)")
    assert await world.value(cases, case) == 1
    await world.value("update evidence_clips set deleted_at = now() where id = $1", clip)
    await world.value("select live.forget_rows('public.moderation_cases', 2000)")
    assert await world.value(cases, case) == 0
