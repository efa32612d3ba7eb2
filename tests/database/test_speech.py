"""What the speech process may know and write: flagged speakers, matched rules, sessions only, by a role of its own."""

import base64
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from tests.database.test_cases import RESOLVE, case_of, joined, report
from tests.database.test_evidence import KEEP, clip_of, evidence, incident
from tests.database.world import Json, Refused, Scene, World

PULL = "select public.speech_pull($1, $2, 200)"
FLAG = "select public.speech_flag($1, $2)"
FOUND = "select public.picture_found($1, $2)"
STORED = "select public.picture_stored($1, $2::uuid, $3, 9)"
PUT = "insert into storage.objects (bucket_id, name) values ('evidence', $1)"
SWITCH = "update app_settings set value = $2::jsonb where key = $1"


@pytest_asyncio.fixture(loop_scope="session")
async def on(world: World) -> AsyncIterator[None]:
    """Speech and pictures switched on, as no deployment begins."""
    for key in ("speech.enabled", "pictures.enabled"):
        await world.value(SWITCH, key, True)
    yield
    for key in ("speech.enabled", "pictures.enabled"):
        await world.value(SWITCH, key, False)


async def speech(world: World, sql: str, *args: object) -> Json:
    """As the process itself, by its own role."""
    async with world.acting("live_speech") as connection:
        return await connection.fetchval(sql, *args)


async def pulled(world: World, scene: Scene, worker: str = "s1") -> Json | None:
    told = await speech(world, PULL, worker, None)
    return next((room for room in told["rooms"] if room["room"] == scene.room), None)


async def flagged(world: World) -> tuple[Scene, str]:
    """A session with a speaker whose case ops have opened, and in which process s1 listens."""
    scene, ops = await world.live(), await world.user(ops=True)
    speaker = await joined(world, scene, role="speaker")
    await world.as_user(ops, KEEP, scene.id, speaker, "shouting")
    assert (await pulled(world, scene) or {})["flagged"] == [speaker]
    return scene, speaker


def words(scene: Scene, user: str, *patterns: str) -> Json:
    now = datetime.now(UTC).isoformat()
    return {
        "id": str(uuid.uuid4()), "room": scene.room, "user_id": user, "patterns": list(patterns),
        "engine": "whisper", "from_at": now, "to_at": now,
    }  # fmt: skip


def frame(scene: Scene, user: str, score: float = 0.99) -> Json:
    at = datetime.now(UTC).isoformat()
    return {
        "id": str(uuid.uuid4()),
        "room": scene.room,
        "user_id": user,
        "score": score,
        "engine": "n",
        "at": at,
    }


@pytest.mark.usefixtures("on")
async def test_a_room_in_which_none_listens_is_told_to_the_worker_that_sweeps(world: World) -> None:
    """Counted among whatever else is there: the difference is this room."""
    unheard = "select live.unheard_rooms()"
    scene, _ = await flagged(world)
    heard = await world.value(unheard)
    await world.value("delete from live.speech_rooms where room = $1", scene.room)
    assert await world.value(unheard) == heard + 1
    assert await world.service("select (agent_sweep('w1', null) ->> 'unheard_rooms')::int") >= 1
    await pulled(world, scene, "s2")
    assert await world.value(unheard) <= heard
    await world.value(SWITCH, "speech.enabled", False)
    await world.value(SWITCH, "pictures.enabled", False)
    assert await world.value(unheard) == 0


# -- of whom -------------------------------------------------------------------------


async def test_nothing_is_listened_to_or_looked_at_before_it_is_switched_on(world: World) -> None:
    scene, ops = await world.live("video_live"), await world.user(ops=True)
    speaker = await joined(world, scene, role="speaker")
    await world.as_user(ops, KEEP, scene.id, speaker, "shouting")
    told = await speech(world, PULL, "s1", None)
    assert (told["rooms"], told["lists"]) == ([], [])
    for function, row in ((FLAG, words(scene, speaker, "fuck*")), (FOUND, frame(scene, speaker))):
        assert await speech(world, function, "s1", row) == {"ok": False, "error": "no_cause"}


@pytest.mark.usefixtures("on")
async def test_one_report_or_a_word_in_the_chat_flags_nobody_and_two_credible_reports_do(
    world: World,
) -> None:
    scene = await world.live("audio_room")
    speaker = await joined(world, scene, role="speaker")
    await report(world, await joined(world, scene), speaker, scene, "threat")
    await world.value("select live.open_case($1, null, $2::uuid, 'info', 'rule')", scene.id, speaker)
    assert await pulled(world, scene) is None
    await report(world, await joined(world, scene), speaker, scene)
    assert (await pulled(world, scene) or {})["flagged"] == [speaker]


@pytest.mark.usefixtures("on")
async def test_a_strike_flags_where_the_policy_acts_and_a_decided_case_flags_no_more(world: World) -> None:
    scene, ops = await world.live("audio_room"), await world.user(ops=True)
    struck, other = await joined(world, scene, role="speaker"), await joined(world, scene, role="speaker")
    row = await incident(world, scene, struck)
    await world.value(
        "update moderation_incidents set strikes = 1, ended_at = now(), measured = jsonb_build_object('step', 'notice')"
        " where id = $1",
        row,
    )
    for mode, expected in (("observe", None), ("enforce", [struck])):
        await world.value(
            "update live_sessions set moderation = jsonb_build_object('mode', $2::text) where id = $1",
            scene.id,
            mode,
        )
        told = await pulled(world, scene)
        assert (told and told["flagged"]) == expected
    kept = await world.as_user(ops, KEEP, scene.id, other, "shouting")
    assert set((await pulled(world, scene) or {})["flagged"]) == {struck, other}
    await world.as_user(ops, RESOLVE, kept["case_id"], "no_violation", None)
    assert (await pulled(world, scene) or {})["flagged"] == [struck]


@pytest.mark.usefixtures("on")
async def test_two_processes_never_listen_in_the_same_room_and_the_next_takes_over(world: World) -> None:
    scene, _ = await flagged(world)
    assert await pulled(world, scene, "s2") is None
    assert await pulled(world, scene, "s1") is not None
    await world.value("update live.speech_rooms set until = now() where room = $1", scene.room)
    assert await pulled(world, scene, "s2") is not None
    assert await pulled(world, scene, "s1") is None


# -- words ---------------------------------------------------------------------------


@pytest.mark.usefixtures("on")
async def test_words_open_a_case_ask_for_a_clip_and_mute_nobody(world: World) -> None:
    scene, speaker = await flagged(world)
    row = words(scene, speaker, "kill you", "fuck*")
    told = await speech(world, FLAG, "s1", row)
    assert told["ok"]
    assert (await speech(world, FLAG, "s1", row))["ok"]
    case = await case_of(world, speaker)
    assert (str(case["id"]), case["severity"]) == (told["case_id"], "critical")
    assert len((await evidence(world, scene))["orders"]) == 1, (
        "that of ops holds it; the next half minute has its own"
    )
    await world.value(
        "update live.evidence_orders set asked_at = now() - interval '31 seconds' where case_id = $1",
        case["id"],
    )
    assert (await speech(world, FLAG, "s1", words(scene, speaker, "fuck*")))["ok"]
    assert (
        await world.value(
            "select count(*) from live.evidence_orders where case_id = $1 and why = 'speech'", case["id"]
        )
        == 1
    )
    assert (
        await world.value("select count(*) from moderation_actions where target_user_id = $1", speaker) == 0
    )
    file = await world.as_user(await world.user(ops=True), "select public.case_file($1::uuid)", case["id"])
    assert [(flag["kind"], sorted(flag["patterns"])) for flag in file["flags"]] == [
        ("threat", ["fuck*", "kill you"]),
        ("words", ["fuck*"]),
    ]


@pytest.mark.usefixtures("on")
async def test_no_process_can_write_what_was_said_or_of_whom_it_may_not(world: World) -> None:
    scene, speaker = await flagged(world)
    other = await joined(world, scene, role="speaker")
    said = "my secret is 1234 and I will kill you"
    assert await speech(world, FLAG, "s1", words(scene, speaker, said)) == {"ok": False, "error": "no_match"}
    assert (await speech(world, FLAG, "s1", words(scene, speaker, said, "kill you")))["ok"]
    assert await world.value("select patterns from content_flags where user_id = $1", speaker) == ["kill you"]
    for worker, row in (("s1", words(scene, other, "kill you")), ("s2", words(scene, speaker, "kill you"))):
        assert await speech(world, FLAG, worker, row) == {"ok": False, "error": "no_cause"}


# -- pictures ------------------------------------------------------------------------


@pytest.mark.usefixtures("on")
async def test_a_frame_opens_a_case_is_stored_once_and_kept_as_evidence(world: World) -> None:
    scene = await world.live("video_live")
    filmed = await joined(world, scene, role="speaker")
    assert (await pulled(world, scene) or {})["pictures"]
    assert (await speech(world, FOUND, "s1", frame(scene, filmed, 0.5)))["error"] == "no_cause"
    row = frame(scene, filmed)
    told = await speech(world, FOUND, "s1", row)
    assert told["path"] == f"{scene.id}/{row['id']}.jpg"
    awaited = "select live.frame_is_awaited($1)"
    with pytest.raises(Refused):
        await speech(world, PUT, f"{scene.id}/other.jpg")
    await speech(world, PUT, told["path"])
    assert await world.value(awaited, told["path"])
    assert (await speech(world, STORED, "s1", row["id"], "0" * 64))["ok"]
    assert not await world.value(awaited, told["path"]), "nobody replaces it"
    clip = await clip_of(world, row["id"])
    assert (clip["kind"], clip["why"], str(clip["case_id"])) == ("picture", "picture", told["case_id"])
    assert (clip["retention_until"] - clip["created_at"]).days in {6, 7}
    for _ in range(3):
        told = await speech(world, FOUND, "s1", frame(scene, filmed))
    assert (told["ok"], told["path"]) == (True, None), "three frames of a case are enough"
    assert await world.value("select count(*) from content_flags where user_id = $1", filmed) == 4


@pytest.mark.usefixtures("on")
async def test_no_camera_of_an_audio_room_or_of_somebody_who_is_not_there(world: World) -> None:
    scene, speaker = await flagged(world)
    assert not (await pulled(world, scene) or {})["pictures"]
    video = await world.live("video_live")
    await joined(world, video, role="speaker")
    assert await pulled(world, video) is not None
    for where, who in ((scene, speaker), (video, speaker)):
        assert (await speech(world, FOUND, "s1", frame(where, who)))["error"] == "no_cause"


# -- its role, and what becomes of it ---------------------------------------------------


@pytest.mark.usefixtures("on")
async def test_its_role_may_call_its_functions_and_read_or_write_nothing_else(world: World) -> None:
    await flagged(world)
    allowed = await world.value(
        "select array_agg(p.proname::text order by 1) from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname in ('public', 'live') and p.proacl::text like '%live_speech=X%'"
    )
    own = {
        "frame_is_awaited",
        "picture_found",
        "picture_shown",
        "picture_stored",
        "speech_flag",
        "speech_pull",
    }
    assert own <= set(allowed)
    each_request = {"before_request", "bound_request", "app_pre_request_name"}
    assert set(allowed) <= own | each_request
    tables = await world.value(
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('public', 'live', 'auth') and c.relacl::text like '%live_speech=%'"
    )
    assert tables == 0
    assert (
        await world.value(
            "select rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = 'live_speech'"
        )
    ) is False
    for sql in (
        "select count(*) from public.moderation_cases",
        "select public.agent_overview()",
        "select public.evidence_open(gen_random_uuid(), gen_random_uuid(), 'why')",
        "insert into storage.objects (bucket_id, name) values ('evidence', 'mine.jpg')",
    ):
        with pytest.raises(Refused) as refused:
            await speech(world, sql)
        assert refused.value.sqlstate == "42501", sql
    for role in ("anon", "authenticated"):
        may = "select has_function_privilege($1, 'public.speech_flag(text, jsonb)', 'execute')"
        assert await world.value(may, role) is False


@pytest.mark.usefixtures("on")
async def test_a_flag_is_exported_once_its_case_is_decided_and_outlives_the_account(world: World) -> None:
    scene, speaker = await flagged(world)
    told = await speech(world, FLAG, "s1", words(scene, speaker, "kill you"))
    export = "select public.export_my_data()"
    assert "kill you" not in str(await world.as_user(speaker, export))
    await world.as_user(await world.user(ops=True), RESOLVE, told["case_id"], "violation", "threat")
    assert "kill you" in str(await world.as_user(speaker, export))


async def test_only_ops_change_what_is_listened_for(world: World) -> None:
    user = await world.user()
    with pytest.raises(Refused):
        await world.as_user(user, "insert into speech_rules (pattern, kind) values ('hello', 'words')")


WALL = "select public.wall_pictures($1::uuid[])"
SHOWN = "select public.picture_shown('s1', $1, $2::uuid, now(), $3, $4)"
STILL = base64.b64encode(b"\xff\xd8 a picture \xff\xd9").decode()


@pytest.mark.usefixtures("on")
async def test_the_wall_has_one_picture_of_a_room_and_only_while_somebody_looks(world: World) -> None:
    scene, ops = await world.live("video_live"), await world.user(ops=True)
    guest = await joined(world, scene, role="speaker")
    await joined(world, scene, role="host", user=scene.creator)
    assert not (await pulled(world, scene) or {})["shown"]
    assert (await speech(world, SHOWN, scene.room, guest, STILL, "shown"))["error"] == "no_cause", (
        "nobody looks"
    )
    assert await world.as_user(ops, WALL, [scene.id]) == {"on": True, "pictures": []}
    assert (await pulled(world, scene) or {})["shown"]
    for who in (guest, scene.creator, guest):
        assert (await speech(world, SHOWN, scene.room, who, STILL, "shown"))["ok"]
    [picture] = (await world.as_user(ops, WALL, [scene.id]))["pictures"]
    assert (picture["user_id"], picture["jpeg"]) == (scene.creator, STILL), "the host's, where there is one"
    await world.value(
        "update live.wall_pictures set looked_at = now() - interval '61 seconds' where session_id = $1",
        scene.id,
    )
    assert (await world.as_user(ops, WALL, [scene.id]))["pictures"] == []
    await world.value("select live.sweep_wall()")
    assert await world.value("select count(*) from live.wall_pictures where session_id = $1", scene.id) == 0


@pytest.mark.usefixtures("on")
async def test_a_black_or_frozen_camera_is_on_the_wall_as_such_and_no_old_picture_stays(world: World) -> None:
    scene, ops = await world.live("video_live"), await world.user(ops=True)
    await joined(world, scene, role="host", user=scene.creator)
    await pulled(world, scene)
    await world.as_user(ops, WALL, [scene.id])

    async def told(state: str, jpeg: str | None) -> dict[str, Any]:
        assert (await speech(world, SHOWN, scene.room, scene.creator, jpeg, state))["ok"]
        [picture] = (await world.as_user(ops, WALL, [scene.id]))["pictures"]
        assert picture["state"] == state
        return dict(picture)

    await told("shown", STILL)
    black = await told("black", STILL)
    assert (await told("black", STILL))["since"] == black["since"], "it has been black since the first look"
    frozen = await told("frozen", None)
    assert (frozen["jpeg"], frozen["taken_at"] > black["since"]) == (STILL, True), "the last picture"
    await world.value(
        "update live.wall_pictures set taken_at = now() - interval '61 seconds' where session_id = $1",
        scene.id,
    )
    later = await told("frozen", None)
    assert (later["jpeg"], later["taken_at"], later["since"]) == (None, None, frozen["since"])


async def test_the_wall_has_no_picture_where_they_are_switched_off_and_none_for_others(world: World) -> None:
    scene, ops = await world.live("video_live"), await world.user(ops=True)
    assert await world.as_user(ops, WALL, [scene.id]) == {"on": False, "pictures": []}
    assert await world.value("select count(*) from live.wall_watches where session_id = $1", scene.id) == 0
    for who, sessions, hint in (
        (scene.creator, [scene.id], "ops_only"),
        (ops, [scene.id] * 13, "invalid_choice"),
    ):
        with pytest.raises(Refused) as refused:
            await world.as_user(who, WALL, sessions)
        assert refused.value.hint == hint
