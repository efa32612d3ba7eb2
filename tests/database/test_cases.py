"""Cases: reports raise them, operators claim and decide them, and what happened meanwhile belongs to them."""

import uuid

import pytest

from tests.database.world import Json, Refused, Scene, World

REPORT = "select public.report_person($1::uuid, $2, $3, $4::uuid)"
CLAIM = "select public.claim_case($1::uuid)"
OPEN = "select public.case_inbox('open', 200, $1)"
RESOLVE = "select public.resolve_case($1::uuid, $2, $3)"


async def joined(world: World, scene: Scene, *, role: str = "listener", user: str | None = None) -> str:
    """Seat somebody who has really been there."""
    person = await world.seat(scene, role, user=user)
    await world.value(
        "update live_participants set is_online = true, first_joined_at = now()"
        " where session_id = $1 and user_id = $2",
        scene.id, person,
    )  # fmt: skip
    return person


async def report(
    world: World, reporter: str, accused: str, scene: Scene | None, reason: str = "noise"
) -> Json:
    return await world.as_user(reporter, REPORT, accused, reason, None, scene.id if scene else None)


async def case_of(world: World, accused: str) -> Json:
    return await world.row("select * from moderation_cases where user_id = $1", accused)


async def whole(world: World, ops: str, inbox: str) -> list[Json]:
    """Every page of an inbox, `select public.…(…, 200, $1)`: other tests leave cases there too."""
    found: list[Json] = []
    while True:
        page = await world.as_user(ops, inbox, len(found))
        found += page
        if len(page) < 200:
            return found


async def refusal(world: World, user: str, sql: str, *args: object) -> str | None:
    """The code with which a statement of a person is refused."""
    with pytest.raises(Refused) as refused:
        await world.as_user(user, sql, *args)
    return refused.value.hint


async def test_five_credible_reports_make_a_case_critical_and_punish_nobody(world: World) -> None:
    scene = await world.live()
    accused = await joined(world, scene, role="speaker")
    graveness = []
    for _ in range(5):
        await report(world, await joined(world, scene), accused, scene)
        graveness.append((await case_of(world, accused))["severity"])
    assert graveness == ["info", "warning", "warning", "warning", "critical"]
    assert await world.value("select count(*) from user_reports where user_id = $1", accused) == 5
    assert (
        await world.value("select count(*) from moderation_actions where target_user_id = $1", accused) == 0
    )


async def test_one_person_reports_one_subject_once_a_day(world: World) -> None:
    scene = await world.live()
    accused, reporter = await joined(world, scene, role="speaker"), await joined(world, scene)
    first = await report(world, reporter, accused, scene)
    again = await report(world, reporter, accused, scene, "harassment")
    assert again == {"report_id": first["report_id"], "repeated": True}
    assert (await case_of(world, accused))["severity"] == "info"
    await world.value("update user_reports set day = day - 1 where id = $1", first["report_id"])
    assert (await report(world, reporter, accused, scene))["repeated"] is False
    assert (await case_of(world, accused))["severity"] == "info", "one person is one reporter on two days"


async def test_who_was_not_there_raises_nothing(world: World) -> None:
    scene = await world.live()
    accused = await joined(world, scene, role="speaker")
    stranger = await world.user()
    assert await refusal(world, stranger, REPORT, accused, "threat", None, scene.id) == "not_in_session"
    for _ in range(6):
        await world.as_user(await world.user(), "select public.report_session($1::uuid, 'threat')", scene.id)
    assert (await case_of(world, scene.creator))["severity"] == "info"


async def test_a_reporter_who_is_often_wrong_counts_for_less(world: World) -> None:
    scene = await world.live()
    ops = await world.user(ops=True)
    crowd = [await joined(world, scene) for _ in range(3)]
    for _ in range(3):
        innocent = await joined(world, scene, role="speaker")
        for person in crowd:
            await report(world, person, innocent, scene)
        case = await case_of(world, innocent)
        await world.as_user(ops, RESOLVE, str(case["id"]), "no_violation", None)
    accused = await joined(world, scene, role="speaker")
    for person in crowd:
        await report(world, person, accused, scene)
    assert (await case_of(world, accused))["severity"] == "info"


async def test_the_reported_never_learns_who_reported(world: World) -> None:
    scene = await world.live()
    accused, reporter = await joined(world, scene, role="speaker"), await joined(world, scene)
    await report(world, reporter, accused, scene)
    about_them = (
        "select count(*) from user_reports where user_id = $1",
        "select count(*) from moderation_cases where user_id = $1",
    )
    for sql in about_them:
        assert await world.as_user(accused, sql, accused) == 0
    await (await world.owner()).execute("insert into live_ops (user_id) values ($1)", accused)
    case = str((await case_of(world, accused))["id"])
    for sql in about_them:
        assert await world.as_user(accused, sql, accused) == 0
    assert case not in [c["id"] for c in await whole(world, accused, OPEN)]
    for sql in (CLAIM, "select public.case_file($1::uuid)", "select public.add_case_note($1::uuid, 'hm')"):
        assert await refusal(world, accused, sql, case) == "own_case"
    export = await world.as_user(accused, "select public.export_my_data()")
    assert reporter not in str(export["tables"].get("public.user_reports"))


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select public.report_person($1::uuid, 'boredom')", "unknown_reason_code"),
        ("select public.report_person($1::uuid, 'evasion')", "unknown_reason_code"),
        ("select public.report_person($1::uuid, 'spam', E'a\\u202eb')", "invalid_text"),
        ("select public.report_person(auth.uid(), 'spam', $1::text)", "self_report"),
        ("select public.report_message($1::uuid, 'spam')", "unknown_message"),
        ("select public.report_session($1::uuid, 'spam')", "unknown_session"),
    ],
)
async def test_a_report_that_makes_no_sense_is_refused(world: World, sql: str, code: str) -> None:
    assert await refusal(world, await world.user(), sql, await world.user()) == code


async def test_a_message_is_reported_by_who_could_read_it(world: World) -> None:
    scene = await world.live()
    author, reader = await joined(world, scene), await joined(world, scene)
    message = str(
        await world.as_user(
            author,
            "insert into live_messages (session_id, body) values ($1, 'buy my coins') returning id",
            scene.id,
        )
    )
    sql = "select public.report_message($1::uuid, 'spam')"
    assert await refusal(world, await world.user(), sql, message) == "unknown_message"
    await world.as_user(reader, sql, message)
    ops = await world.user(ops=True)
    case = await case_of(world, author)
    file = await world.as_user(ops, "select public.case_file($1::uuid)", str(case["id"]))
    assert [m["body"] for m in file["messages"]] == ["buy my coins"]
    assert str(case["message_id"]) == message


async def test_two_operators_do_not_work_on_the_same_case(world: World) -> None:
    scene = await world.live()
    accused = await joined(world, scene, role="speaker")
    await report(world, await joined(world, scene), accused, scene)
    case = str((await case_of(world, accused))["id"])
    first, second = await world.user(ops=True), await world.user(ops=True)
    assert (await world.as_user(first, CLAIM, case))["claimed_by"] == first
    assert await refusal(world, second, CLAIM, case) == "claimed_by_another"
    assert await refusal(world, second, RESOLVE, case, "no_violation", None) == "claimed_by_another"
    assert (await world.as_user(first, CLAIM, case))["claimed_by"] == first, "looking again keeps it"
    inbox = await whole(world, second, OPEN)
    assert [(c["state"], c["claimed_by"]) for c in inbox if c["id"] == case] == [("claimed", first)]
    await world.value(
        "update moderation_cases set claim_expires_at = now() - interval '1 s' where id = $1", case
    )
    assert (await world.as_user(second, CLAIM, case))["claimed_by"] == second
    await world.as_user(second, "select public.release_case($1::uuid)", case)
    assert (await world.as_user(first, CLAIM, case))["claimed_by"] == first


async def test_a_decision_has_a_reason_and_is_made_once(world: World) -> None:
    scene = await world.live()
    accused = await joined(world, scene, role="speaker")
    await report(world, await joined(world, scene), accused, scene)
    case = str((await case_of(world, accused))["id"])
    ops = await world.user(ops=True)
    assert await refusal(world, ops, RESOLVE, case, "violation", None) == "reason_code_needed"
    assert await refusal(world, ops, RESOLVE, case, "violation", "boredom") == "unknown_reason_code"
    decided = await world.as_user(ops, RESOLVE, case, "violation", "harassment")
    assert await world.as_user(ops, RESOLVE, case, "violation", "harassment") == decided
    assert await refusal(world, ops, RESOLVE, case, "no_violation", None) == "case_resolved"
    assert await refusal(world, ops, CLAIM, case) == "case_resolved"
    await report(world, await joined(world, scene), accused, scene)
    assert await world.value("select count(*) from moderation_cases where user_id = $1", accused) == 2


async def test_what_happens_while_a_case_is_open_belongs_to_it(world: World) -> None:
    scene = await world.live()
    accused = await joined(world, scene, role="speaker")
    await world.value(
        "insert into moderation_incidents (session_id, user_id, rule, severity, started_at)"
        " values ($1, $2, 'loud', 'warning', now())",
        scene.id, accused,
    )  # fmt: skip
    await report(world, await joined(world, scene), accused, scene)
    case = str((await case_of(world, accused))["id"])
    ops = await world.user(ops=True)
    for dry in (True, False):
        await world.as_user(
            ops,
            "insert into moderation_actions (session_id, target_user_id, action, dry_run)"
            " values ($1, $2, 'mute', $3)",
            scene.id, accused, dry,
        )  # fmt: skip
    note = str(uuid.uuid4())
    for _ in range(2):
        await world.as_user(ops, "select public.add_case_note($1::uuid, 'heard it', $2::uuid)", case, note)
    file = await world.as_user(ops, "select public.case_file($1::uuid)", case)
    assert [i["rule"] for i in file["incidents"]] == ["loud"]
    assert [(a["action"], a["dry_run"]) for a in file["actions"]] == [("mute", False)]
    assert [n["body"] for n in file["notes"]] == ["heard it"]
    await world.as_user(ops, RESOLVE, case, "violation", "noise")
    await world.as_user(
        ops,
        "insert into moderation_actions (session_id, target_user_id, action) values ($1, $2, 'unmute')",
        scene.id, accused,
    )  # fmt: skip
    assert await world.value(
        "select case_id from moderation_actions where target_user_id = $1 and action = 'unmute'", accused
    ) is None  # fmt: skip


async def test_the_most_urgent_case_comes_first(world: World) -> None:
    ops = await world.user(ops=True)
    scene = await world.live()
    quiet, loud = await joined(world, scene, role="speaker"), await joined(world, scene, role="speaker")
    await report(world, await joined(world, scene), quiet, scene)
    for _ in range(3):
        await report(world, await joined(world, scene), loud, scene)
    inbox = await whole(world, ops, OPEN)
    order = [c["user_id"] for c in inbox if c["user_id"] in (quiet, loud)]
    assert order == [loud, quiet]
    assert await refusal(world, loud, "select public.case_inbox()") == "ops_only"


async def test_a_case_rings_at_ops_with_ids_only(world: World) -> None:
    scene = await world.live()
    accused = await joined(world, scene, role="speaker")
    await report(world, await joined(world, scene), accused, scene)
    case = await case_of(world, accused)
    rung = await world.rows(
        "select payload from realtime.messages where topic = 'live:cases' and payload ->> 'id' = $1",
        str(case["id"]),
    )
    payload = rung[0]["payload"]
    assert {name: payload[name] for name in ("id", "severity", "state")} == {
        "id": str(case["id"]),
        "severity": "info",
        "state": "open",
    }
    assert set(payload) == {"id", "severity", "state"}
    ops = await world.user(ops=True)
    assert await world.as_user(ops, "select live.may_listen('live:cases')") is True
    assert await world.as_user(accused, "select live.may_listen('live:cases')") is False
