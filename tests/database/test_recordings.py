"""Recordings: the wish and its state, what workers are told and may report, and consent as a right to publish."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.database.test_cases import joined, refusal
from tests.database.world import Json, Refused, Scene, World

START = "select public.recording_start($1::uuid, $2::uuid, $3)"
STOP = "select public.recording_stop($1::uuid, $2::uuid)"
CONSENT = "select public.consent_to_recording($1::uuid, $2, $3)"
WITHDRAW = "select public.withdraw_recording_consent($1::uuid)"
REPORT = "select public.agent_recording_report($1, $2)"
ERRANDS = "select public.agent_recording_errands($1, 100)"


async def start(world: World, scene: Scene, user: str | None = None, mode: str | None = None) -> Json:
    return (await world.service(START, user or scene.creator, scene.id, mode))["recording"]


async def begun(world: World, scene: Scene, mode: str | None = None) -> Json:
    """A recording whose announcement is over."""
    asked = await start(world, scene, mode=mode)
    await world.value(
        "update live_recordings set begins_at = begins_at - interval '1 minute' where id = $1", asked["id"]
    )
    return asked


async def state_of(world: World, recording: Json) -> tuple[str, bool]:
    row = await world.row("select state, wanted from live_recordings where id = $1", recording["id"])
    return row["state"], row["wanted"]


async def report(
    world: World, scene: Scene, epoch: int, recording: Json, worker: str = "w1", **said: Any
) -> Json:
    row = {"id": recording["id"], "room": scene.room, "epoch": epoch, **said}
    return (await world.service(REPORT, worker, [row]))[0]


async def recorded(world: World, scene: Scene, epoch: int) -> Json:
    """A recording that is active in its first part."""
    asked = await begun(world, scene)
    steps: tuple[Json, ...] = (
        {"state": "starting", "part": {"number": 1}},
        {
            "state": "active",
            "part": {"number": 1, "egress_id": f"EG_{uuid.uuid4().hex[:8]}", "started_at": now()},
        },
    )
    for said in steps:
        assert (await report(world, scene, epoch, asked, **said))["ok"]
    return asked


def now() -> str:
    return datetime.now(UTC).isoformat()


async def publishes(world: World, scene: Scene, user: str) -> Json:
    """What a person may publish, as the one function that every right comes from says."""
    return await world.value(
        "select live.allowed_sources(r, p) from live_participants p join live_sessions s on s.id = p.session_id"
        " join live_roles r on r.context = s.type and r.role = p.role where p.session_id = $1 and p.user_id = $2",
        scene.id, user,
    )  # fmt: skip


async def events(world: World, scene: Scene) -> list[Json]:
    return await world.rows(
        "select type, payload from live_events where session_id = $1 and type like 'recording%' order by seq",
        scene.id,
    )


# -- the wish ------------------------------------------------------------------------


async def test_a_start_announces_first_and_asked_again_it_is_the_same(world: World) -> None:
    scene = await world.live()
    asked = await start(world, scene)
    assert (await start(world, scene))["id"] == asked["id"]
    assert (asked["state"], asked["mode"], asked["requested_by"]) == ("requested", "audio", scene.creator)
    begins = datetime.fromisoformat(asked["begins_at"])
    assert timedelta(seconds=8) < begins - datetime.now(UTC) <= timedelta(seconds=10)
    told = await events(world, scene)
    assert [event["type"] for event in told] == ["recording_starting"]
    assert told[0]["payload"]["recording_id"] == asked["id"]
    both = await start(world, scene, mode="composite")
    assert both["id"] != asked["id"], "one for each mode"


async def test_two_starts_at_once_are_one_recording(world: World) -> None:
    scene = await world.live()
    first, second = [await world.connect() for _ in range(2)]
    answers = await asyncio.gather(
        *(connection.fetchval(START, scene.creator, scene.id, None) for connection in (first, second))
    )
    assert len({answer["recording"]["id"] for answer in answers}) == 1


async def test_who_may_start_and_stop(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)
    seats = {role: await joined(world, scene, role=role) for role in ("co_host", "moderator", "speaker")}
    for user in (*seats.values(), await world.user()):
        with pytest.raises(Refused) as refused:
            await start(world, scene, user)
        assert refused.value.hint == "unknown_session"
    by_ops = await start(world, scene, ops)
    assert (by_ops["requested_via"], by_ops["requested_by"]) == ("ops", None)
    with pytest.raises(Refused):
        await world.service(STOP, seats["co_host"], by_ops["id"])
    stopped = (await world.service(STOP, scene.creator, by_ops["id"]))["recording"]
    assert (stopped["state"], stopped["unwanted_why"]) == ("aborted", "stopped")
    await world.value("update app_settings set value = 'true' where key = 'recording.co_host'")
    try:
        assert (await start(world, scene, seats["co_host"]))["requested_by"] == seats["co_host"]
    finally:
        await world.value("update app_settings set value = 'false' where key = 'recording.co_host'")
    acts = await world.rows(
        "select act, via, user_id::text from live_recording_acts where recording_id = $1 order by at",
        by_ops["id"],
    )
    assert [tuple(act.values()) for act in acts] == [
        ("started", "ops", ops),
        ("stopped", "app", scene.creator),
    ]


async def test_what_cannot_be_recorded_is_refused_with_its_code(world: World) -> None:
    scene, ops = await world.live(), await world.user(ops=True)

    async def refused(mode: str | None = None) -> str | None:
        with pytest.raises(Refused) as refusal:
            await start(world, scene, mode=mode)
        return refusal.value.hint

    assert await refused("host") == await refused("everything") == "invalid_mode"
    allow = "select public.set_recording_allowed($1::uuid, $2, $3)"
    await world.as_user(ops, allow, scene.creator, False, "asked us not to")
    assert await refused() == "recording_not_allowed"
    await world.as_user(ops, allow, scene.creator, True, "may again")
    assert await refusal(world, scene.creator, allow, scene.creator, True, "please") == "ops_only"
    for key, value, code in (
        ("recording.enabled", "false", "recording_disabled"),
        ("recording.monthly_minutes", "1", "recording_minutes_used"),
    ):
        was = await world.value("select value from app_settings where key = $1", key)
        used = await begun(world, await world.live())
        await world.value(
            "insert into live_recording_parts (recording_id, number, prefix, started_at)"
            " values ($1, 1, 'x', now() - interval '3 minutes')", used["id"],
        )  # fmt: skip
        await world.value("update app_settings set value = $2::text::jsonb where key = $1", key, value)
        try:
            assert await refused() == code
            if code == "recording_minutes_used":
                told = await world.as_user(ops, "select public.recording_usage()")
                assert (told["level"], told["limit"]) == ("exceeded", 1)
                assert told["used"] >= 3
        finally:
            await world.value("update app_settings set value = $2 where key = $1", key, was)
            await world.value("delete from live_recording_parts where recording_id = $1", used["id"])
    await world.value("update live_sessions set status = 'ended' where id = $1", scene.id)
    assert await refused() == "session_ended"


async def test_the_end_of_the_session_and_of_the_time_end_the_wish(world: World) -> None:
    scene, long = await world.live(), await world.live()
    asked, running = await start(world, scene), await begun(world, long)
    epoch = (await world.claim(long.room))["epoch"]
    await report(world, long, epoch, running, state="starting", part={"number": 1})
    await world.value("update live_sessions set status = 'ended' where id = $1", scene.id)
    assert await state_of(world, asked) == ("aborted", False)
    assert [event["type"] for event in await events(world, scene)] == ["recording_starting"], (
        "nothing follows the end of a session"
    )
    await world.value(
        "update live_recordings set begins_at = now() - interval '2 minutes', max_until = now() where id = $1",
        running["id"],
    )
    told = await world.service(
        "select public.agent_recordings('w1', $1)", [{"room": long.room, "epoch": epoch}]
    )
    assert told[0]["held"]
    assert [(r["id"], r["wanted"], r["state"]) for r in told[0]["recordings"]] == [
        (running["id"], False, "starting")
    ]
    assert (await start(world, long))["id"] != running["id"], "what is stopping blocks no other"


# -- what workers do -----------------------------------------------------------------


async def test_the_holder_learns_of_a_wish_by_its_next_pull(world: World) -> None:
    scene = await world.live()
    claimed = await world.claim(scene.room)
    epoch, cursor = claimed["epoch"], claimed["snapshot"]["cursor"]
    assert claimed["snapshot"]["recordings"] == []
    asked = await start(world, scene)
    news = await world.pull(scene.room, epoch, cursor)
    assert [(r["id"], r["wanted"], r["consented"]) for r in news["recordings"]] == [
        (asked["id"], True, [scene.creator])
    ]
    await world.service(STOP, scene.creator, asked["id"])
    assert (await world.pull(scene.room, epoch, news["cursor"]))["recordings"] == []
    marked = await world.value(
        "select woken_at > now() - interval '1 minute' from live.wake_marks where room = $1", scene.room
    )
    assert marked, "and it was woken"


async def test_a_recording_goes_through_its_states_and_the_room_is_told(world: World) -> None:
    scene = await world.live()
    epoch = (await world.claim(scene.room))["epoch"]
    asked = await start(world, scene)
    early = await report(world, scene, epoch, asked, state="starting", part={"number": 1})
    assert (early["ok"], early["error"], early["state"]) == (False, "too_early", "requested")
    await world.value("update live_recordings set begins_at = now() where id = $1", asked["id"])
    assert (await report(world, scene, epoch, asked, state="active"))["error"] == "impossible_transition"
    for _ in range(2):
        assert (await report(world, scene, epoch, asked, state="starting", part={"number": 1}))["ok"]
    part = {"number": 1, "egress_id": "EG_" + asked["id"][:8], "started_at": now()}
    for _ in range(2):
        assert (await report(world, scene, epoch, asked, state="active", part=part))["ok"]
    gap = {"from_at": now(), "to_at": now(), "why": "lost"}
    lost = {"number": 1, "ended_at": now(), "error": "the recorder left the room"}
    assert (await report(world, scene, epoch, asked, part=lost))["ok"]
    for _ in range(2):
        assert (await report(world, scene, epoch, asked, state="starting", part={"number": 2}, gap=gap))["ok"]
    assert (
        await report(world, scene, epoch, asked, state="active", part={"number": 2, "started_at": now()})
    )["ok"]
    await world.service(STOP, scene.creator, asked["id"])
    assert (await report(world, scene, epoch, asked, state="starting", part={"number": 3}))[
        "error"
    ] == "not_wanted"
    for state in ("stopping", "processing"):
        assert (await report(world, scene, epoch, asked, state=state))["ok"]
    ready = await report(world, scene, epoch, asked, state="ready", bytes=1234, duration_seconds=60.5)
    assert (ready["ok"], ready["state"], ready["wanted"]) == (True, "ready", False)
    row = await world.row("select * from live_recordings where id = $1", asked["id"])
    assert row["gaps"] == [gap]
    assert (row["bytes"], row["duration_seconds"]) == (1234, 60.5)
    assert None not in [row[name] for name in ("active_at", "stopped_at", "ready_at", "retention_until")]
    parts = await world.rows(
        "select number, egress_id, prefix, error from live_recording_parts where recording_id = $1 order by number",
        asked["id"],
    )
    assert [p["number"] for p in parts] == [1, 2, 3]
    assert (parts[0]["egress_id"], parts[0]["error"]) == (part["egress_id"], lost["error"])
    assert parts[1]["prefix"] == f"{scene.id}/{asked['id']}/2"
    assert [event["type"] for event in await events(world, scene)] == [
        "recording_starting", "recording_started", "recording_stopped",
    ]  # fmt: skip
    for state in ("active", "deleted", "requested"):
        assert (await report(world, scene, epoch, asked, state=state))["error"] == "impossible_transition"


async def test_every_transition_that_is_not_listed_is_refused(world: World) -> None:
    scene = await world.live()
    states = (
        "requested",
        "starting",
        "active",
        "stopping",
        "processing",
        "ready",
        "failed",
        "aborted",
        "deleted",
    )
    listed = {
        tuple(t.values())
        for t in await world.rows("select from_state, to_state from live_recording_transitions")
    }
    asked = await start(world, scene)
    owner = await world.owner()
    for before in states:
        for after in states:
            move = owner.transaction()
            await move.start()
            if before != "requested":
                step = (
                    "insert into live_recording_transitions values ('requested', $1) on conflict do nothing"
                )
                await owner.execute(step, before)
                await owner.execute(
                    "update live_recordings set state = $2 where id = $1", asked["id"], before
                )
                if ("requested", before) not in listed:
                    step = "delete from live_recording_transitions where from_state = 'requested' and to_state = $1"
                    await owner.execute(step, before)
            try:
                await owner.execute("update live_recordings set state = $2 where id = $1", asked["id"], after)
                refused = None
            except asyncpg.PostgresError as error:
                refused = getattr(error, "hint", None)
            finally:
                await move.rollback()
            fits = before == after or (before, after) in listed
            assert refused == (None if fits else "illegal_transition"), (before, after)


async def test_a_worker_that_lost_the_room_writes_nothing(world: World) -> None:
    scene = await world.live()
    epoch = (await world.claim(scene.room, "w1", ttl_ms=1))["epoch"]
    asked = await recorded(world, scene, epoch)
    taken = (await world.claim(scene.room, "w2"))["epoch"]
    for worker, said in (
        ("w1", {"epoch": epoch}),
        ("w2", {"epoch": epoch}),
        ("w1", {"epoch": taken}),
        ("w2", {"epoch": taken, "room": (await world.live()).room}),
        ("w1", {"errand": 0}),
    ):
        row = {"id": asked["id"], "room": scene.room, "state": "stopping", "part": {"number": 9}, **said}
        assert (await world.service(REPORT, worker, [row]))[0]["error"] == "fenced"
    assert await state_of(world, asked) == ("active", True)
    assert (
        await world.value("select count(*) from live_recording_parts where recording_id = $1", asked["id"])
        == 1
    )
    assert (await report(world, scene, taken, asked, "w2", state="stopping"))["ok"]
    unknown = await report(world, scene, taken, {"id": str(uuid.uuid4())}, "w2", state="active")
    assert (unknown["ok"], unknown["error"]) == (False, "unknown_recording")


async def test_what_nobody_holds_is_an_errand_of_one_worker_at_a_time(world: World) -> None:
    scene = await world.live()
    epoch = (await world.claim(scene.room, "w1"))["epoch"]
    asked = await recorded(world, scene, epoch)
    await world.value("update live_sessions set status = 'ended' where id = $1", scene.id)

    async def errands(worker: str) -> dict[str, Json]:
        return {item["id"]: item for item in await world.service(ERRANDS, worker)}

    assert asked["id"] not in await errands("w2"), "who holds the room sees to it"
    waiting = await begun(world, await world.live())
    assert waiting["id"] not in await errands("w2"), "what has not begun begins in its room"
    await world.value(
        "update agent_rooms set lease_expires_at = now() - interval '1 second' where room = $1", scene.room
    )
    first = (await errands("w2"))[asked["id"]]
    assert asked["id"] not in await errands("w3")
    assert (await errands("w2"))[asked["id"]]["errand"] == first["errand"]
    row = {
        "id": asked["id"],
        "errand": first["errand"],
        "state": "processing",
        "part": {"number": 1, "ended_at": now()},
    }
    assert (await world.service(REPORT, "w3", [row]))[0]["error"] == "fenced"
    await world.value("update live_recordings set errand_until = now() where id = $1", asked["id"])
    taken = (await errands("w3"))[asked["id"]]
    assert taken["errand"] > first["errand"]
    assert (await world.service(REPORT, "w2", [row]))[0]["error"] == "fenced"
    assert (await world.service(REPORT, "w3", [{**row, "errand": taken["errand"]}]))[0][
        "state"
    ] == "processing"


async def test_a_webhook_of_egress_says_when_a_part_ended_and_wakes_the_holder(world: World) -> None:
    scene = await world.live()
    epoch = (await world.claim(scene.room))["epoch"]
    asked = await begun(world, scene)
    egress = "EG_" + uuid.uuid4().hex[:12]
    await report(world, scene, epoch, asked, state="starting", part={"number": 1, "egress_id": egress})
    began = datetime.now(UTC) - timedelta(seconds=20)
    ended = began + timedelta(seconds=12)
    info = {
        "egressId": egress, "roomName": scene.room, "status": "EGRESS_FAILED", "error": "upload failed",
        "startedAt": str(int(began.timestamp() * 1e9)), "endedAt": str(int(ended.timestamp() * 1e9)),
        "segmentResults": [{"size": "700"}], "fileResults": [{"size": "300"}],
    }  # fmt: skip
    await world.value(
        "update live.wake_marks set woken_at = now() - interval '1 hour' where room = $1", scene.room
    )
    hook = "select public.record_webhook($1, $2, $3, $4)"
    said = {"egressInfo": info, "createdAt": str(int(ended.timestamp()))}
    name = uuid.uuid4().hex
    asked_only = {"egressInfo": {k: v for k, v in info.items() if k in ("egressId", "roomName", "startedAt")}}
    await world.service(hook, name + "0", "egress_started", "", asked_only)
    began_at = await world.value("select started_at from live_recording_parts where egress_id = $1", egress)
    assert began_at is None, "Egress was asked, and has recorded nothing yet"
    assert (await world.service(hook, name, "egress_ended", "", said))["outcome"] == "recorded"
    assert (await world.service(hook, name, "egress_ended", "", said))["outcome"] == "duplicate"
    part = await world.row("select * from live_recording_parts where egress_id = $1", egress)
    assert abs((part["ended_at"] - part["started_at"]).total_seconds() - 12) < 0.001
    assert (part["bytes"], part["error"]) == (1000, "upload failed")
    assert await world.value(
        "select woken_at > now() - interval '1 minute' from live.wake_marks where room = $1", scene.room
    )
    strange = {"egressInfo": {**info, "egressId": "EG_other", "roomName": "elsewhere"}, "createdAt": "1"}
    assert (await world.service(hook, name + "2", "egress_started", "", strange))["outcome"] == "ignored"


async def test_a_webhook_that_comes_when_all_is_over_changes_nothing_that_was_decided(world: World) -> None:
    scene = await world.live()
    epoch = (await world.claim(scene.room))["epoch"]
    asked = await begun(world, scene)
    egress, lost_at = "EG_" + uuid.uuid4().hex[:12], datetime.now(UTC) - timedelta(seconds=20)
    part = {"number": 1, "egress_id": egress, "started_at": (lost_at - timedelta(minutes=1)).isoformat()}
    await report(world, scene, epoch, asked, state="starting", part=part)
    ended = {"number": 1, "ended_at": lost_at.isoformat(), "bytes": 500, "duration_seconds": 60}
    for state in ("stopping", "processing", "ready"):
        assert (await report(world, scene, epoch, asked, state=state, part=ended, duration_seconds=60))["ok"]
    before = await world.row("select * from live_recordings where id = $1", asked["id"])
    now = datetime.now(UTC).timestamp()
    info = {
        "egressId": egress, "roomName": scene.room, "status": "EGRESS_ABORTED", "error": "late",
        "segmentResults": [{"size": "9"}], "startedAt": str(int((now - 90) * 1e9)), "endedAt": str(int(now * 1e9)),
    }  # fmt: skip
    hook = "select public.record_webhook($1, $2, $3, $4)"
    for event in ("egress_ended", "egress_started", "egress_updated"):
        said = {"egressInfo": info, "createdAt": str(int(now))}
        await world.service(hook, uuid.uuid4().hex, event, "", said)
    row = await world.row("select * from live_recording_parts where egress_id = $1", egress)
    assert (row["ended_at"], row["bytes"], row["error"]) == (lost_at, 500, None), "what was known first stays"
    assert await world.row("select * from live_recordings where id = $1", asked["id"]) == before
    vod = await world.row("select * from live_vods where recording_id = $1", asked["id"])
    assert vod["duration_seconds"] == 60


# -- consent -------------------------------------------------------------------------


async def version(world: World) -> Json:
    return (await world.value("select public.recording_notice()"))["version"]


async def test_until_when_somebody_may_publish_is_told_to_themselves_staff_and_ops_alone(
    world: World,
) -> None:
    scene = await world.live()
    speaker, stranger = await joined(world, scene, role="speaker"), await world.user()
    ops = await world.user(ops=True)
    await start(world, scene)
    made_up = (
        "select public.publish_until(jsonb_populate_record(null::public.live_participants,"
        " jsonb_build_object('session_id', $1::text, 'user_id', $2::text)))"
    )
    for person in (speaker, scene.creator, ops):
        assert await world.as_user(person, made_up, scene.id, speaker) is not None
    assert await world.as_user(stranger, made_up, scene.id, speaker) is None


async def test_who_has_not_agreed_by_the_beginning_listens_and_who_agrees_publishes(world: World) -> None:
    scene = await world.live()
    speaker, silent = [await joined(world, scene, role="speaker") for _ in range(2)]
    listener = await joined(world, scene)
    claimed = await world.claim(scene.room)
    asked = await start(world, scene)
    for person in (scene.creator, speaker, silent):
        assert await publishes(world, scene, person) == ["microphone"], "while the announcement runs"
    people = {
        p["user_id"]: p
        for p in (await world.pull(scene.room, claimed["epoch"], claimed["snapshot"]["cursor"]))["people"]
    }
    assert people[scene.creator]["publish_until"] is None, "who starts it has agreed"
    answer_by = datetime.fromisoformat(people[silent]["publish_until"])
    assert answer_by == datetime.fromisoformat(asked["begins_at"]) - timedelta(seconds=1)
    assert listener not in people, "who may not publish anyway is no news"
    told = await world.as_user(speaker, CONSENT, scene.id, await version(world), True)
    assert told["agreed"]
    await world.value("update live_recordings set begins_at = now() where id = $1", asked["id"])
    assert (
        await publishes(world, scene, speaker)
        == await publishes(world, scene, scene.creator)
        == ["microphone"]
    )
    assert await publishes(world, scene, silent) == []
    await world.service(STOP, scene.creator, asked["id"])
    assert await publishes(world, scene, silent) == ["microphone"], "nothing is recorded any more"


async def test_a_refusal_and_a_withdrawal_take_the_right_at_once_and_a_new_consent_gives_it_back(
    world: World,
) -> None:
    scene = await world.live()
    speaker = await joined(world, scene, role="speaker")
    epoch = (await world.claim(scene.room))["epoch"]
    await start(world, scene)
    words = await version(world)
    cursor = (await world.pull(scene.room, epoch))["cursor"]
    for act, allowed in (
        ((CONSENT, scene.id, words, False), []),
        ((CONSENT, scene.id, words, True), ["microphone"]),
        ((WITHDRAW, scene.id), []),
        ((WITHDRAW, scene.id), []),
        ((CONSENT, scene.id, words, True), ["microphone"]),
    ):
        sql, *values = act
        await world.as_user(speaker, sql, *values)
        assert await publishes(world, scene, speaker) == allowed
    news = await world.pull(scene.room, epoch, cursor)
    assert [(p["user_id"], p["publish_until"]) for p in news["people"]] == [(speaker, None)]
    answers = await world.rows(
        "select agreed_at is not null as agreed, withdrawn_at is null as stands from live_recording_consents"
        " where session_id = $1 and user_id = $2 order by created_at", scene.id, speaker,
    )  # fmt: skip
    assert [tuple(answer.values()) for answer in answers] == [
        (False, False), (True, False), (False, False), (True, True),
    ]  # fmt: skip


async def test_the_token_of_a_host_who_has_not_agreed_carries_no_right(world: World) -> None:
    scene, ops = await world.live("video_live"), await world.user(ops=True)
    enter = "select public.session_token($1::uuid, $2::uuid)"
    asked = await start(world, scene, ops)
    await world.value("update live_recordings set begins_at = now() where id = $1", asked["id"])
    assert (await world.service(enter, scene.creator, scene.id))["join"]["can_publish_sources"] == []
    await world.as_user(scene.creator, CONSENT, scene.id, await version(world), True)
    assert "camera" in (await world.service(enter, scene.creator, scene.id))["join"]["can_publish_sources"]


async def test_an_answer_is_of_who_is_there_and_of_the_notice_that_stands(world: World) -> None:
    scene = await world.live()
    speaker, stranger = await joined(world, scene, role="speaker"), await world.user()
    guest = await world.user(anonymous=True)
    words = await version(world)
    assert await refusal(world, stranger, CONSENT, scene.id, words, True) == "unknown_session"
    assert await refusal(world, guest, CONSENT, scene.id, words, True) == "account_required"
    assert await refusal(world, speaker, CONSENT, scene.id, "old", True) == "notice_changed"
    assert await refusal(world, speaker, CONSENT, scene.id, words, None) == "invalid_choice"
    await world.value("update live_sessions set status = 'ended' where id = $1", scene.id)
    assert await refusal(world, speaker, CONSENT, scene.id, words, True) == "session_ended"
    assert (await world.as_user(speaker, WITHDRAW, scene.id))["agreed"] is False, "also afterwards"
    told = await world.as_user(guest, "select public.recording_notice()")
    assert " 90 " in told["text_en"]
    assert " 90 " in told["text_tr"]


async def test_a_call_is_never_recorded(world: World) -> None:
    caller, callee = await world.user(), await world.user()
    call = await world.row(
        "insert into calls (caller_id, callee_id, type, status) values ($1, $2, 'audio', 'initiated')"
        " returning id, livekit_room", caller, callee,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        await world.service(START, caller, call["id"], "audio")
    assert refused.value.hint == "unknown_session"
    claimed = await world.claim(call["livekit_room"])
    assert claimed["snapshot"]["recordings"] == []
    assert all("publish_until" not in person for person in claimed["snapshot"]["people"])
