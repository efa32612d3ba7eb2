"""Pages are written with the event, once for each case and severity, and end when somebody has decided."""

import uuid

import pytest

from tests.database.world import Json, Scene, World

CLAIM = "select public.page_claim(100)"
FINISH = "select public.page_finish($1::uuid, $2, $3, $4)"


async def case(world: World, severity: str, scene: Scene | None = None, user: str | None = None) -> str:
    scene = scene or await world.live()
    user = user or await world.seat(scene, "speaker")
    return str(
        await world.value("select live.open_case($1, null, $2, $3, 'report')", scene.id, user, severity)
    )


async def pages(world: World, about: str) -> list[Json]:
    return await world.rows("select * from page_outbox where case_id = $1 order by created_at", about)


async def claimed(world: World, about: str) -> list[Json]:
    # A claim takes so many at most, and other tests leave theirs.
    await world.value("update page_outbox set status = 'expired' where case_id <> $1", about)
    return [page for page in await world.service(CLAIM) if page["case_id"] == about]


async def make_due(world: World, about: str) -> None:
    await world.value("update page_outbox set due_at = now() where case_id = $1", about)


async def test_a_critical_case_calls_once_and_a_grave_enough_one_when_it_becomes_critical(
    world: World,
) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    about = await case(world, "warning", scene, user)
    assert await pages(world, about) == []
    for _ in range(2):
        assert await case(world, "critical", scene, user) == about
    assert [(page["severity"], page["status"]) for page in await pages(world, about)] == [
        ("critical", "pending")
    ]


async def test_a_rule_that_asks_for_a_human_calls_one(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    epoch = (await world.claim(scene.room))["epoch"]
    row = {
        "room": scene.room,
        "epoch": epoch,
        "id": str(uuid.uuid4()),
        "user_id": user,
        "rule": "too_loud",
        "severity": "warning",
        "started_at": "2027-01-01T00:00:00Z",
        "strikes": 1,
        "case_severity": "warning",
    }
    for _ in range(2):
        await world.service("select public.agent_incidents('w1', $1)", [row])
    about = await world.value("select id from moderation_cases where user_id = $1", user)
    assert [page["severity"] for page in await pages(world, str(about))] == ["warning"]
    assert [page["rules"] for page in await claimed(world, str(about))] == [["too_loud"]]


async def test_what_was_rolled_back_calls_nobody(world: World) -> None:
    connection = await world.owner()
    transaction = connection.transaction()
    await transaction.start()
    about = await case(world, "critical")
    assert await pages(world, about)
    await transaction.rollback()
    assert await pages(world, about) == []


async def test_a_page_that_was_not_taken_comes_again_ever_later_as_the_same(world: World) -> None:
    about = await case(world, "critical")
    numbers, waits = set[str](), []
    for attempt in range(1, 12):
        [page] = await claimed(world, about)
        assert await claimed(world, about) == [], "it is somebody's for 30 s"
        numbers.add(page["id"])
        await world.service(FINISH, page["id"], False, "HTTP 500", None)
        row = (await pages(world, about))[0]
        assert (row["status"], row["attempts"], row["error"]) == ("pending", attempt, "HTTP 500")
        waits.append(
            await world.value(
                "select extract(epoch from due_at - clock_timestamp())::int from page_outbox where id = $1",
                row["id"],
            )
        )
        await make_due(world, about)
    assert len(numbers) == 1
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512]
    [page] = await claimed(world, about)
    await world.service(FINISH, page["id"], True, None, None)
    await make_due(world, about)
    assert await claimed(world, about) == []


@pytest.mark.parametrize(("after", "waits"), [(30.0, 30), (7200.0, 600), (0.5, 2)])
async def test_the_receiver_says_when_to_come_again_within_bounds(
    world: World, after: float, waits: int
) -> None:
    about = await case(world, "critical")
    [page] = await claimed(world, about)
    await world.service(FINISH, page["id"], False, "HTTP 429", after)
    due = "select extract(epoch from due_at - clock_timestamp())::int from page_outbox where case_id = $1"
    assert await world.value(due, about) == waits


async def test_nobody_is_called_about_what_somebody_works_on_until_their_claim_ends(world: World) -> None:
    about, ops = await case(world, "critical"), await world.user(ops=True)
    await world.as_user(ops, "select public.claim_case($1::uuid)", about)
    assert await claimed(world, about) == []
    await world.value("update moderation_cases set claim_expires_at = clock_timestamp() where id = $1", about)
    await make_due(world, about)
    assert len(await claimed(world, about)) == 1


async def test_a_decided_case_calls_nobody_and_neither_does_an_old_page(world: World) -> None:
    decided, old = await case(world, "critical"), await case(world, "critical")
    ops = await world.user(ops=True)
    await world.as_user(ops, "select public.resolve_case($1::uuid, 'no_violation')", decided)
    await world.value(
        "update page_outbox set created_at = now() - interval '7 hours' where case_id = $1", old
    )
    assert [page for page in await world.service(CLAIM) if page["case_id"] in (decided, old)] == []
    assert {(await pages(world, about))[0]["status"] for about in (decided, old)} == {"expired"}


async def test_a_page_names_nobody(world: World) -> None:
    scene = await world.live()
    user = await world.seat(scene, "speaker")
    about = await case(world, "critical", scene, user)
    [page] = await claimed(world, about)
    assert not [secret for secret in (user, scene.id, scene.creator, "evening") if secret in str(page)]
