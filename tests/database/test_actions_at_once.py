"""Actions, arrivals and reports that meet: none lost, none twice, no deadlock."""

import asyncio
from typing import Any

import asyncpg

from tests.database.actions import apply_all, status
from tests.database.world import Scene, World

INSERT = (
    "insert into moderation_actions (session_id, target_user_id, action, params)"
    " values ($1, $2, $3, $4) returning id"
)


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
            c.fetchval("select live.claim_actions($1, $2, null, '{}', 100)", f"w{n}", scene.id)
            for n, c in enumerate(connections)
        )
    )
    ids = [a["id"] for batch in taken for a in batch]
    assert len(ids) == len(set(ids)) == 10


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
